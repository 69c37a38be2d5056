package lps;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** PEM texts to JDK keys, certificates and TLS contexts. */
final class Pem {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----",
        Pattern.DOTALL);

    private Pem() {
    }

    /** A private key with its certificate first and the issuers after it. */
    record Identity(PrivateKey key, List<X509Certificate> chain) {
        X509Certificate certificate() {
            return chain.get(0);
        }
    }

    static Identity identity(String certificate, String key, String issuers) throws GeneralSecurityException {
        List<X509Certificate> chain = new ArrayList<>(certificates(certificate).subList(0, 1));
        for (X509Certificate issuer : certificates(issuers)) {
            // A root in a TLS message is useless and the chain may repeat the leaf.
            boolean root = issuer.getSubjectX500Principal().equals(issuer.getIssuerX500Principal());
            if (!root && !chain.contains(issuer)) {
                chain.add(issuer);
            }
        }
        byte[] der = blocks(key, "PRIVATE KEY").get(0);
        return new Identity(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der)), chain);
    }

    static List<X509Certificate> certificates(String pem) throws GeneralSecurityException {
        List<X509Certificate> found = new ArrayList<>();
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (byte[] der : blocks(pem, "CERTIFICATE")) {
            found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
        }
        return found;
    }

    /** Context that trusts these roots only and shows this identity to the server. */
    static SSLContext tls(Identity identity, List<X509Certificate> roots) throws Exception {
        char[] password = "interop".toCharArray();
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", identity.key(), password, identity.chain().toArray(new Certificate[0]));
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (X509Certificate root : roots) {
            trusted.setCertificateEntry("root" + trusted.size(), root);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(own, password);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static List<byte[]> blocks(String pem, String label) {
        List<byte[]> found = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(pem);
        while (matcher.find()) {
            if (matcher.group(1).equals(label)) {
                byte[] text = matcher.group(2).getBytes(StandardCharsets.US_ASCII);
                found.add(Base64.getMimeDecoder().decode(text));
            }
        }
        return found;
    }
}
