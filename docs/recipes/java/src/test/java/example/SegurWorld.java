package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A world of the Segur sandbox for one test. All it knows comes from environment variables and HTTP. */
final class SegurWorld implements AutoCloseable {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final JsonNode described;

    /** Structures with their certificates as PEM texts, patients, professionals, addresses. */
    SegurWorld() throws IOException, InterruptedException {
        String name = "java-" + UUID.randomUUID().toString().substring(0, 8);
        described = control("POST", "/worlds", Map.of("name", name, "certificates", true));
    }

    String name() {
        return described.get("name").asText();
    }

    /** One address of a simulator in this world. */
    URI url(String service, String name) {
        return URI.create(described.at("/services/" + service + "/" + name).asText());
    }

    /** What a product needs for mutual TLS as one structure of the world. */
    SSLContext identity(String slug) throws GeneralSecurityException, IOException {
        JsonNode pem = structure(slug).at("/certificates/pem/auth_cli");
        KeyStore own = empty();
        byte[] der = Base64.getMimeDecoder().decode(pem.get("key").asText().replaceAll("-----[A-Z ]+-----", ""));
        Certificate[] chain = certificates(pem.get("certificate").asText() + pem.get("chain").asText());
        own.setKeyEntry("own", KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der)), PASSWORD, chain);
        KeyStore trusted = empty();
        for (Certificate root : certificates(Files.readString(Path.of(System.getenv("SEGUR_ROOTS"))))) {
            trusted.setCertificateEntry("root-" + trusted.size(), root);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /** The exchange that matches, with its verdict; an error with the near misses otherwise. */
    JsonNode await(Map<String, Object> expect, int seconds) throws IOException, InterruptedException {
        Map<String, Object> body = Map.of("since", 0, "timeout", seconds, "expect", expect);
        JsonNode told = control("POST", "/worlds/" + name() + "/exchanges/wait", body);
        if (told.get("exchange").isNull()) {
            throw new AssertionError("nothing with " + expect + ": " + told.get("near"));
        }
        return told.get("exchange");
    }

    /** Moves business time, for instance by P6M; both times afterwards. */
    JsonNode advance(String period) throws IOException, InterruptedException {
        return control("POST", "/worlds/" + name() + "/clock", Map.of("advance", period));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        control("DELETE", "/worlds/" + name(), Map.of());
    }

    private JsonNode control(String method, String path, Map<String, Object> body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("SEGUR_CONTROL_URL") + path))
                .header("Authorization", "Bearer " + System.getenv("SEGUR_TOKEN"))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
                .build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new AssertionError(method + " " + path + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    private JsonNode structure(String slug) {
        for (JsonNode structure : described.get("structures")) {
            if (structure.get("slug").asText().equals(slug)) {
                return structure;
            }
        }
        throw new IllegalArgumentException("no structure " + slug);
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Certificate[] certificates(String pem) throws GeneralSecurityException {
        byte[] text = pem.getBytes(StandardCharsets.US_ASCII);
        Collection<? extends Certificate> found =
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(text));
        return found.toArray(new Certificate[0]);
    }
}
