package lps;

import java.time.Instant;
import java.util.UUID;
import org.w3c.dom.Element;

/** The product: one physician in one structure, in front of one patient. */
final class Lps {
    private static final String SECTOR = "SA05";

    final Ids ids;
    final Ids.Patient patient;
    final Cda.Author author;
    final Pem.Identity signer;
    private final Sandbox sandbox;
    private final Soap soap;

    Lps(Sandbox sandbox, Ids ids) throws Exception {
        this.sandbox = sandbox;
        this.ids = ids;
        this.patient = ids.patient();
        this.author = new Cda.Author(ids.professional(), "SONGE-FICTIF", "NOE", ids.structure(),
            "MAISON DE SANTE IMAGINAIRE");
        Sandbox.Pairs pairs = sandbox.issue(author.structure());
        this.signer = pairs.signature();
        this.soap = new Soap(Pem.tls(pairs.authentication(), sandbox.roots()));
    }

    Soap soap() {
        return soap;
    }

    String url(String service) {
        return sandbox.dmp(service);
    }

    Vihf.Claims claims(Vihf.Mode mode) {
        return new Vihf.Claims(mode, author.nameId(), author.given() + " " + author.family(), author.structure(),
            SECTOR, patient.cx(), "VIHF-" + UUID.randomUUID(), false);
    }

    Element assertion(Vihf.Mode mode) throws Exception {
        return Vihf.sign(claims(mode), signer, Instant.now());
    }

    /** Writes the only child of soap:Body. */
    @FunctionalInterface
    interface BodyWriter {
        void write(Element body) throws Exception;
    }

    Soap.Answer call(String service, String action, Vihf.Mode mode, BodyWriter writer) throws Exception {
        return call(service, action, assertion(mode), writer);
    }

    Soap.Answer call(String service, String action, Element assertion, BodyWriter writer) throws Exception {
        Soap.Message message = Soap.message(Soap.S12, url(service), action, assertion);
        writer.write(message.body());
        return soap.send(url(service), action, message);
    }
}
