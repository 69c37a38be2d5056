// A product in Java: one HTTPS call with the kit's trust store and a structure's PKCS#12, and one chain judged alone.

import java.io.FileInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.CertPathBuilder;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public final class Trust {
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("get")) {
            get(arguments);
        } else {
            judge(arguments);
        }
    }

    // get URL truststore password keystore password [ocsp|crl]: status and body, with or without revocation checks
    private static void get(String[] arguments) throws Exception {
        KeyStore roots = store(arguments[2], arguments[3]);
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store(arguments[4], arguments[5]), arguments[5].toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        if (arguments.length > 6) {
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(roots, new X509CertSelector());
            PKIXRevocationChecker checker = (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
            checker.setOptions(arguments[6].equals("crl")
                ? EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK)
                : EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK, PKIXRevocationChecker.Option.ONLY_END_ENTITY));
            parameters.addCertPathChecker(checker);
            trust.init(new CertPathTrustManagerParameters(parameters));
        } else {
            trust.init(roots);
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        HttpClient client = HttpClient.newBuilder().sslContext(context).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[1])).POST(HttpRequest.BodyPublishers.ofString("<a/>"))
            .header("Content-Type", "application/soap+xml").build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode());
        System.out.println(answer.body());
    }

    // judge truststore password chain.pem...: one line each, ok or the refusal
    private static void judge(String[] arguments) throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store(arguments[1], arguments[2]));
        X509TrustManager manager = (X509TrustManager) trust.getTrustManagers()[0];
        for (int index = 3; index < arguments.length; index++) {
            try {
                manager.checkServerTrusted(chain(arguments[index]), "RSA");
                System.out.println("ok");
            } catch (java.security.cert.CertificateException refused) {
                System.out.println("refused " + refused.getMessage());
            }
        }
    }

    private static KeyStore store(String path, String password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream data = new FileInputStream(path)) {
            store.load(data, password.toCharArray());
        }
        return store;
    }

    private static X509Certificate[] chain(String path) throws Exception {
        List<X509Certificate> found = new ArrayList<>();
        try (InputStream data = new FileInputStream(path)) {
            CertificateFactory.getInstance("X.509").generateCertificates(data).forEach(c -> found.add((X509Certificate) c));
        }
        return found.toArray(new X509Certificate[0]);
    }
}
