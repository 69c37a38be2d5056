package product;

import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** What the product knows of the sandbox: one JSON file, named by SEGUR_INTEROP_ROOM. */
final class Room {
  final String clientId;
  final String secret;
  final String professional;
  final Map<String, Object> psc;

  private final Map<String, Object> facts;

  private Room(Map<String, Object> facts) {
    this.facts = facts;
    this.psc = object(object(facts, "services"), "pro_sante_connect");
    this.clientId = text(object(facts, "client"), "client_id");
    this.secret = text(object(facts, "client"), "secret");
    this.professional = text(facts, "professional");
  }

  static Room read() throws Exception {
    return new Room(JSONObjectUtils.parse(Files.readString(Path.of(System.getenv("SEGUR_INTEROP_ROOM")))));
  }

  URI psc(String name) {
    return URI.create(text(psc, name));
  }

  /** A TLS context that shows the AUTH_CLI certificate of the structure; trust is the machine's. */
  SSLContext withCertificate() throws Exception {
    char[] password = text(facts, "password").toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store(password), password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  X509Certificate certificate() throws Exception {
    KeyStore store = store(text(facts, "password").toCharArray());
    return (X509Certificate) store.getCertificate(store.aliases().nextElement());
  }

  /** Sets one setting of the world, or takes it away (null). */
  void setting(String name, String value) throws Exception {
    String given = value == null ? "null" : "\"" + value + "\"";
    control("PATCH", "/policy", "{\"settings\": {\"" + name + "\": " + given + "}}");
  }

  void control(String method, String path, String body) throws Exception {
    Map<String, Object> control = object(facts, "control");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(text(control, "url") + "/worlds/" + text(facts, "world") + path))
            .header("Authorization", "Bearer " + text(control, "token"))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) throw new IllegalStateException(path + ": " + answer.body());
  }

  private KeyStore store(char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = Files.newInputStream(Path.of(text(facts, "pkcs12")))) {
      store.load(file, password);
    }
    return store;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Map<String, Object> of, String name) {
    return (Map<String, Object>) of.get(name);
  }

  private static String text(Map<String, Object> of, String name) {
    return (String) of.get(name);
  }
}
