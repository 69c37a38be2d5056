package lps;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.w3c.dom.Element;

/**
 * A product of its own against a running sandbox.
 *
 * <p>Arguments: folder of the XDM samples, seed. Environment: SEGUR_SANDBOX_ENDPOINTS.
 * Exit code: 0 when every check held, 1 otherwise, 2 for a wrong call.
 */
public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: lps.Main SAMPLES_XDM_FOLDER SEED");
            System.exit(2);
        }
        Checks checks = new Checks();
        try {
            identifiers(checks, arguments[1]);
            frames(checks);
            Path endpoints = Path.of(System.getenv("SEGUR_SANDBOX_ENDPOINTS"));
            Lps lps = new Lps(new Sandbox(endpoints), new Ids(arguments[1]));
            System.out.println("     structure " + lps.author.structure() + ", professional " + lps.author.nameId()
                + ", patient " + lps.patient.ins());
            List<Metadata.Filed> filed = Samples.file(Path.of(arguments[0]), lps);
            assertions(checks, lps);
            new Journey(new Sandbox(endpoints), lps, filed, checks).run();
        } catch (Exception stopped) {
            stopped.printStackTrace(System.out);
            checks.that(false, "the journey went to its end", stopped.toString());
        }
        System.exit(checks.finish());
    }

    /** Our generators against known good and bad numbers. */
    private static void identifiers(Checks checks, String seed) throws Exception {
        checks.that(Ids.luhn("0B0127189") && Ids.luhn("99700000013") && !Ids.luhn("120459876"), "own Luhn", "wrong");
        checks.equal("89", Ids.insKey("2790351215189"), "own INS key");
        Ids ids = new Ids(seed);
        checks.that(Ids.luhn(ids.structure().substring(1)) && Ids.luhn(ids.professional().substring(1)),
            "own FINESS and RPPS", "wrong key");
        checks.that(Files.exists(Path.of(String.valueOf(System.getenv("SEGUR_SANDBOX_ENDPOINTS")))),
            "endpoints file", "SEGUR_SANDBOX_ENDPOINTS names no file");
    }

    /** Our multipart reader against our writer: transfer encodings, start parameter, escaped Content-ID. */
    private static void frames(Checks checks) throws Exception {
        byte[] raw = {13, 10, 45, 45, 0, -1, 13, 10};
        Multipart frame = new Multipart("b");
        byte[] bytes = frame.part("first@x", "text/xml", raw, false).part("urn:a+1@urn:b", "text/xml", raw, true)
            .part("root", "application/xop+xml", new byte[] {1}, false).close();
        Multipart.Parts parts = Multipart.read("multipart/related;start=\"<root>\"; boundary=b", bytes);
        checks.that(parts.root().length == 1 && Arrays.equals(raw, parts.included("cid:first%40x"))
            && Arrays.equals(raw, parts.included("cid:urn%3Aa+1@urn%3Ab")), "own multipart", "not read back");
    }

    /** Our assertions as the JDK itself validates them, and a damaged one as it refuses it. */
    private static void assertions(Checks checks, Lps lps) throws Exception {
        for (Vihf.Mode mode : Vihf.Mode.values()) {
            byte[] bytes = Dom.bytes(lps.assertion(mode), false);
            checks.that(Vihf.verifies(bytes, lps.signer), "own assertion " + mode, "does not verify");
        }
        Vihf.Claims claims = lps.claims(Vihf.Mode.INDIRECTE).withSha1();
        Element old = Vihf.sign(claims, lps.signer, Instant.now());
        checks.that(Vihf.verifies(Dom.bytes(old, false), lps.signer), "own assertion with SHA-1", "does not verify");
        Dom.at(old, Vihf.SAML, "Subject", "NameID").setTextContent("899700000013");
        checks.that(!Vihf.verifies(Dom.bytes(old, false), lps.signer), "own damaged assertion", "verifies");
    }
}
