package lps;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;

/** What a product knows of the sandbox: the endpoints file, the trust roots, the control API. */
final class Sandbox {
    private final Object endpoints;
    private final HttpClient http = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1).proxy(HttpClient.Builder.NO_PROXY).build();

    Sandbox(Path file) throws IOException {
        endpoints = Json.read(Files.readString(file));
    }

    String dmp(String service) {
        return Json.string(endpoints, "services", "dmp", service);
    }

    List<X509Certificate> roots() throws Exception {
        return Pem.certificates(Files.readString(Path.of(Json.string(endpoints, "trust", "roots"))));
    }

    /** The two pairs of a structure, as the control API gave them. */
    record Pairs(Pem.Identity authentication, Pem.Identity signature) {
    }

    Pairs issue(String structure) throws Exception {
        Object made = control("/worlds/main/certificates", "{\"structure\":" + Json.quote(structure) + "}");
        return new Pairs(pair(made, "auth_cli"), pair(made, "sign"));
    }

    /** Moves the business clock of the world; wire time does not move. */
    Object advance(String period) throws Exception {
        return control("/worlds/main/clock", "{\"advance\":" + Json.quote(period) + "}");
    }

    private static Pem.Identity pair(Object made, String name) throws Exception {
        return Pem.identity(Json.string(made, name, "certificate"), Json.string(made, name, "key"),
            Json.string(made, name, "chain"));
    }

    private Object control(String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(Json.string(endpoints, "control", "url") + path))
            .header("Authorization", "Bearer " + Json.string(endpoints, "control", "token"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException("control " + path + ": HTTP " + answer.statusCode() + " " + answer.body());
        }
        return Json.read(answer.body());
    }
}
