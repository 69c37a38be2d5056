package lps;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Random;
import java.util.UUID;

/** Fictitious but valid identifiers drawn from a seed; nobody's constants. */
final class Ids {
    static final String INS_TEST_OID = "1.2.250.1.213.1.4.10";
    static final String PS_OID = "1.2.250.1.71.4.2.1";
    static final String STRUCTURE_OID = "1.2.250.1.71.4.2.2";

    private final Random random;
    private final String seed;
    private int last;

    Ids(String seed) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(seed.getBytes(StandardCharsets.UTF_8));
        this.random = new Random(new BigInteger(1, hash).longValue());
        this.seed = seed;
    }

    /** A patient under the test authority; the matricule says the same sex and month of birth as the traits. */
    record Patient(String ins, String family, String given, String sex, String birth, String local, String domain) {
        String cx() {
            return ins + "^^^&" + INS_TEST_OID + "&ISO^NH";
        }
    }

    Patient patient() {
        boolean woman = random.nextBoolean();
        int year = 35 + random.nextInt(60);
        int month = 1 + random.nextInt(12);
        // Department 00 exists for nobody, so the matricule cannot be a real person's.
        String body = String.format("%d%02d%02d00%03d%03d", woman ? 2 : 1, year, month,
            1 + random.nextInt(989), 1 + random.nextInt(989));
        String birth = String.format("19%02d%02d%02d", year, month, 1 + random.nextInt(28));
        return new Patient(body + insKey(body), "CHIMERE-" + letters(4), "ALIX", woman ? "F" : "M", birth,
            "DP" + digits(8), oid());
    }

    /** RPPS of the test range, with the 8 that PS_IdNat puts in front. */
    String professional() {
        String body = "997" + digits(7);
        return "8" + body + luhnDigit(body);
    }

    /** Struct_IdNat of a test FINESS with the letter B. */
    String structure() {
        String body = "0B0" + digits(5);
        return "1" + body + luhnDigit(body);
    }

    UUID uuid() {
        return UUID.nameUUIDFromBytes((seed + "/" + ++last).getBytes(StandardCharsets.UTF_8));
    }

    /** OID of the ITU-T X.667 arc: unique without owning a root. */
    String oid() {
        return "2.25." + new BigInteger(uuid().toString().replace("-", ""), 16);
    }

    static String insKey(String body) {
        return String.format("%02d", 97 - Long.parseLong(body) % 97);
    }

    /** Luhn over digits where the letter B of test FINESS numbers counts as 2. */
    static boolean luhn(String number) {
        int sum = 0;
        for (int i = 0; i < number.length(); i++) {
            char c = number.charAt(number.length() - 1 - i);
            int digit = c == 'B' ? 2 : Character.digit(c, 10);
            int weighted = i % 2 == 1 ? digit * 2 : digit;
            sum += weighted > 9 ? weighted - 9 : weighted;
        }
        return sum % 10 == 0;
    }

    private static int luhnDigit(String body) {
        int digit = 0;
        while (!luhn(body + digit)) {
            digit++;
        }
        return digit;
    }

    private String digits(int count) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < count; i++) {
            out.append(random.nextInt(10));
        }
        return out.toString();
    }

    private String letters(int count) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < count; i++) {
            out.append((char) ('A' + random.nextInt(26)));
        }
        return out.toString();
    }
}
