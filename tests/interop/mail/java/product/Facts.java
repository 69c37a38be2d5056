package product;

import jakarta.mail.Session;
import jakarta.mail.Store;
import jakarta.mail.Transport;
import java.io.InputStream;
import java.io.Reader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Properties;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** What the product knows of the sandbox, one properties file; and how it connects. */
final class Facts {
  private final Properties facts = new Properties();

  private Facts() {}

  static Facts read(String file) throws Exception {
    Facts read = new Facts();
    try (Reader reader = Files.newBufferedReader(Path.of(file))) {
      read.facts.load(reader);
    }
    return read;
  }

  String get(String name) {
    String value = facts.getProperty(name);
    if (value == null) throw new IllegalArgumentException("no fact " + name);
    return value;
  }

  byte[] archive() throws Exception {
    return Files.readAllBytes(Path.of(get("archive")));
  }

  /** A session for a token; {@code secure} is TLS at once, else STARTTLS. */
  Session byToken(String protocol, boolean secure) {
    Properties asked = common(protocol, secure);
    asked.put("mail." + protocol + ".auth.mechanisms", "XOAUTH2");
    return Session.getInstance(asked);
  }

  /** A session that shows the certificate of the structure and names the mailbox as authorization identity. */
  Session byCertificate(String protocol, boolean secure, String mailbox) throws Exception {
    Properties asked = common(protocol, secure);
    asked.put("mail." + protocol + ".ssl.socketFactory", withCertificate().getSocketFactory());
    asked.put("mail." + protocol + ".sasl.enable", "true");
    asked.put("mail." + protocol + ".sasl.mechanisms", "EXTERNAL");
    asked.put("mail." + protocol + ".sasl.authorizationid", mailbox);
    return Session.getInstance(asked);
  }

  Transport transport(Session session, boolean secure, String user, String secret) throws Exception {
    Transport transport = session.getTransport("smtp");
    transport.connect(get("host"), port(secure ? "submissions" : "submission"), user, secret);
    return transport;
  }

  Store store(Session session, boolean secure, String user, String secret) throws Exception {
    Store store = session.getStore("imap");
    store.connect(get("host"), port(secure ? "imaps" : "imap"), user, secret);
    return store;
  }

  void control(String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(get("control") + path))
            .header("Authorization", "Bearer " + get("control_token"))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) throw new IllegalStateException(path + ": " + answer.body());
  }

  private int port(String listener) {
    return Integer.parseInt(get(listener));
  }

  private static Properties common(String protocol, boolean secure) {
    Properties asked = new Properties();
    String of = "mail." + protocol + ".";
    asked.put(of + (secure ? "ssl.enable" : "starttls.enable"), "true");
    asked.put(of + "starttls.required", secure ? "false" : "true");
    asked.put(of + "ssl.checkserveridentity", "true");
    asked.put(of + "auth", "true");
    asked.put(of + "connectiontimeout", "20000");
    asked.put(of + "timeout", "20000");
    asked.put("mail.smtp.localhost", "product.test");
    return asked;
  }

  private SSLContext withCertificate() throws Exception {
    char[] password = get("password").toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = Files.newInputStream(Path.of(get("pkcs12")))) {
      store.load(file, password);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }
}
