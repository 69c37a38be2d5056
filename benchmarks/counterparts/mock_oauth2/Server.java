import java.net.InetAddress;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.OAuth2Config;
import no.nav.security.mock.oauth2.http.Route;

/**
 * navikt mock-oauth2-server on its standalone server (Netty), over TLS, for the benchmark: everybody is signed in at
 * once. Arguments: PKCS#12 file, its password. Prints its issuer once it listens.
 */
public final class Server {
    private static final String CONFIGURATION = """
        {
          "interactiveLogin": false,
          "rotateRefreshToken": true,
          "httpServer": {
            "type": "NettyWrapper",
            "ssl": {"keystoreFile": "%1$s", "keystoreType": "PKCS12", "keystorePassword": "%2$s", "keyPassword": "%2$s"}
          }
        }
        """;

    private Server() {}

    public static void main(String[] arguments) throws Exception {
        String text = CONFIGURATION.formatted(arguments[0], arguments[1]);
        MockOAuth2Server server = new MockOAuth2Server(OAuth2Config.Companion.fromJson(text), new Route[0]);
        server.start(InetAddress.getByName("localhost"), 0);
        System.out.println(server.issuerUrl("benchmark"));
        Thread.currentThread().join();
    }
}
