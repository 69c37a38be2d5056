package lps;

import static lps.Checks.fault;
import static lps.Checks.reason;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.xml.crypto.dsig.XMLSignature;
import org.w3c.dom.Element;

/** The whole journey: authorise, feed, search, retrieve, be refused, six months later. */
final class Journey {
    private static final String DENIED = "DMPAccessDeniedByRightsService";
    private static final String REPOSITORY = "1.2.250.1.213.4.1.1.1.2";

    private final Sandbox sandbox;
    private final Lps lps;
    private final List<Metadata.Filed> filed;
    private final Checks checks;

    Journey(Sandbox sandbox, Lps lps, List<Metadata.Filed> filed, Checks checks) {
        this.sandbox = sandbox;
        this.lps = lps;
        this.filed = filed;
        this.checks = checks;
    }

    void run() throws Exception {
        existence("TD0.2 first", "NON_EXISTE");
        checks.exchange("TD3.1 without authorisation refused", null, () -> Td31.find(lps, new Td31.Criteria()),
            fault(Soap.S12, DENIED));
        authorise("TD0.3 declares the access");
        existence("TD0.2 authorised", "VALIDE");
        feed();
        search();
        references();
        retrieve("TD3.2 six documents");
        refusals();
        sandbox.advance("P6M");
        lapsed();
    }

    private void existence(String label, String authorisation) {
        String query = label.replace(' ', '-');
        Soap.Answer answer = checks.exchange(label, Td02.ANSWER_ACTION, () -> Td02.call(lps, query),
            got -> Td02.read(got).acknowledgement().equals("AA"));
        if (answer != null) {
            Td02.State expected = new Td02.State("AA", "OK", "active", authorisation, lps.patient.ins(),
                Td02.read(answer).birth(), query);
            checks.equal(expected, Td02.read(answer), label + ": active, " + authorisation);
        }
    }

    private void authorise(String label) {
        checks.exchange(label, Td03.ANSWER_ACTION, () -> Td03.add(lps), got -> Td03.status(got).equals("DMPOk"));
    }

    private void feed() {
        Td21.Style plain = Td21.Style.PLAIN;
        Vihf.Mode indirect = Vihf.Mode.INDIRECTE;
        submit("TD2.1 in AIR refused", Samples.DISCHARGE, new Td21.Style(false, false, false,
            Vihf.Mode.INDIRECTE_RENFORCEE), fault(Soap.S12, DENIED));
        Checks.Judge success = answer -> Td21.status(answer).equals(Td21.SUCCESS);
        submit("TD2.1 discharge letter", Samples.DISCHARGE, plain, success);
        submit("TD2.1 admission letter, symbolic ids", Samples.ADMISSION,
            new Td21.Style(false, false, true, indirect), success);
        submit("TD2.1 biology, parts in base64", Samples.BIOLOGY,
            new Td21.Style(false, true, false, indirect), success);
        submit("TD2.1 PDF in a CDA, SOAP 1.1", Samples.PDF, new Td21.Style(true, false, false, indirect), success);
        List<Metadata.Filed> pair = List.of(Samples.PRESCRIPTION.of(filed), Samples.VACCINATIONS.of(filed));
        checks.exchange("TD2.1 lot of two documents", Td21.ANSWER_ACTION, () -> Td21.submit(lps, pair, plain), success);
    }

    private void submit(String label, Samples sample, Td21.Style style, Checks.Judge judge) {
        String action = style.mode() == Vihf.Mode.INDIRECTE ? Td21.ANSWER_ACTION : null;
        checks.exchange(label, action, () -> Td21.submit(lps, List.of(sample.of(filed)), style), judge);
    }

    private void search() throws Exception {
        found("TD3.1 without filter", new Td31.Criteria(), Samples.values());
        found("TD3.1 by type", new Td31.Criteria().in("XDSDocumentEntryTypeCode", "11490-0^^2.16.840.1.113883.6.1",
            "11369-6^^2.16.840.1.113883.6.1"), Samples.DISCHARGE, Samples.VACCINATIONS);
        found("TD3.1 by class", new Td31.Criteria().in("XDSDocumentEntryClassCode", "10^^1.2.250.1.213.1.1.4.1"),
            Samples.DISCHARGE, Samples.BIOLOGY, Samples.PDF);
        found("TD3.1 by format", new Td31.Criteria().in("XDSDocumentEntryFormatCode",
            "urn:ihe:iti:xds-sd:pdf:2008^^1.3.6.1.4.1.19376.1.2.3"), Samples.PDF);
        String created = Samples.DISCHARGE.of(filed).document().created();
        found("TD3.1 by creation date", new Td31.Criteria()
            .digits("XDSDocumentEntryCreationTimeFrom", created.substring(0, 8))
            .digits("XDSDocumentEntryCreationTimeTo", created.substring(0, 8) + "235959"), Samples.DISCHARGE);
        found("TD3.1 From is inclusive", new Td31.Criteria()
            .digits("XDSDocumentEntryCreationTimeFrom", created)
            .digits("XDSDocumentEntryCreationTimeTo", created.substring(0, 8) + "235959"), Samples.DISCHARGE);
        found("TD3.1 To is exclusive", new Td31.Criteria()
            .digits("XDSDocumentEntryCreationTimeFrom", created.substring(0, 8))
            .digits("XDSDocumentEntryCreationTimeTo", created));
        metadata();
    }

    private void found(String label, Td31.Criteria criteria, Samples... expected) {
        Soap.Answer answer = checks.exchange(label, Td31.ANSWER_ACTION, () -> Td31.find(lps, criteria), Td31::success);
        if (answer == null) {
            return;
        }
        Set<String> ids = Td31.entries(answer).stream().map(Td31.Entry::uniqueId)
            .collect(Collectors.toCollection(TreeSet::new));
        Set<String> wanted = Arrays.stream(expected).map(sample -> sample.of(filed).document().uniqueId())
            .collect(Collectors.toCollection(TreeSet::new));
        checks.equal(wanted, ids, label + ": the documents");
        checks.equal(Integer.toString(expected.length), answer.body().getAttribute("totalResultCount"),
            label + ": totalResultCount");
    }

    /** What comes back is what was said, plus what only the server knows. */
    private void metadata() throws Exception {
        Soap.Answer answer = Td31.find(lps, new Td31.Criteria());
        for (Td31.Entry entry : Td31.entries(answer)) {
            Metadata.Filed sent = filed.stream().filter(f -> f.document().uniqueId().equals(entry.uniqueId()))
                .findFirst().orElse(null);
            if (sent == null) {
                continue;
            }
            Cda.Made made = sent.document();
            List<String> expected = List.of(made.title(), lps.patient.cx(), "text/xml", made.created(), made.start(),
                Metadata.sha1(made.bytes()), Integer.toString(made.bytes().length), REPOSITORY, made.type().code(),
                sent.classCode().code(), sent.format().code(), "N", made.facility().code(), made.practice().code(),
                "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved");
            List<String> found = List.of(entry.title(), entry.patientId(), entry.mimeType(), entry.slot("creationTime"),
                entry.slot("serviceStartTime"), entry.slot("hash").toLowerCase(), entry.slot("size"),
                entry.slot("repositoryUniqueId"), entry.code(Metadata.TYPE), entry.code(Metadata.CLASS),
                entry.code(Metadata.FORMAT), entry.code(Metadata.CONFIDENTIALITY), entry.code(Metadata.FACILITY),
                entry.code(Metadata.PRACTICE), entry.status());
            checks.equal(expected, found, "TD3.1 metadata of " + made.title());
        }
    }

    /** The reference of one document, with and without a user: neither needs the authorisation. */
    private void references() {
        for (Vihf.Mode mode : Vihf.Mode.values()) {
            String label = "TD3.1b ObjectRef, " + mode;
            Soap.Answer answer = checks.exchange(label, Td31.ANSWER_ACTION,
                () -> Td31.reference(lps, mode, filed.get(0).document().uniqueId()), Td31::success);
            if (answer == null) {
                continue;
            }
            List<String> ids = Td31.references(answer);
            checks.that(ids.size() == 1 && ids.get(0).matches("urn:uuid:[0-9a-f-]{36}"), label + ": one entryUUID",
                ids.toString());
        }
    }

    private void retrieve(String label) {
        List<String> ids = filed.stream().map(f -> f.document().uniqueId()).toList();
        Soap.Answer answer = checks.exchange(label, Td32.ANSWER_ACTION, () -> Td32.call(lps, REPOSITORY, ids),
            got -> Td32.status(got).equals(Td21.SUCCESS));
        if (answer == null) {
            return;
        }
        checks.that(answer.contentType().startsWith("multipart/related"), label + ": multipart", answer.contentType());
        Map<String, byte[]> documents = Td32.documents(answer);
        for (Metadata.Filed one : filed) {
            checks.that(Arrays.equals(one.document().bytes(), documents.get(one.document().uniqueId())),
                label + ": identical bytes, " + one.document().title(), "other bytes or none");
        }
    }

    private void refusals() {
        checks.exchange("TD0.2 with RSA-SHA1 accepted", Td02.ANSWER_ACTION,
            () -> Td02.call(lps, signed(air().withSha1()), "sha1"), got -> Td02.read(got).response().equals("OK"));
        checks.exchange("damaged SignatureValue refused", null,
            () -> Td02.call(lps, damaged(signed(air())), "damaged"), fault(Soap.WSSE, "FailedCheck"));
        checks.exchange("assertion changed after its signature refused", null,
            () -> Td02.call(lps, changed(signed(air())), "changed"), fault(Soap.WSSE, "FailedCheck"));
        checks.exchange("structure of somebody else refused", null,
            () -> Td02.call(lps, signed(air().withStructure(lps.ids.structure())), "structure"),
            reason("personne morale"));
        checks.exchange("no assertion refused", null, () -> Td02.call(lps, null, "none"),
            fault(Soap.WSSE, "InvalidSecurity"));
        checks.exchange("TD3.2 of an unknown uniqueId refused", null,
            () -> Td32.call(lps, REPOSITORY, List.of(lps.ids.oid())),
            got -> got.fault() != null && got.told().contains("XDSDocumentUniqueIdError"));
    }

    private Vihf.Claims air() {
        return lps.claims(Vihf.Mode.INDIRECTE_RENFORCEE);
    }

    private Element signed(Vihf.Claims claims) throws Exception {
        return Vihf.sign(claims, lps.signer, Instant.now());
    }

    private static Element damaged(Element assertion) {
        Element value = Dom.all(assertion, XMLSignature.XMLNS, "SignatureValue").get(0);
        String text = value.getTextContent().strip();
        value.setTextContent((text.charAt(0) == 'A' ? "B" : "A") + text.substring(1));
        return assertion;
    }

    private Element changed(Element assertion) {
        Dom.at(assertion, Vihf.SAML, "Subject", "NameID").setTextContent(lps.ids.professional());
        return assertion;
    }

    private void lapsed() throws Exception {
        checks.exchange("TD3.1 after six months refused", null, () -> Td31.find(lps, new Td31.Criteria()),
            fault(Soap.S12, DENIED));
        checks.exchange("TD3.2 after six months refused", null,
            () -> Td32.call(lps, REPOSITORY, List.of(filed.get(0).document().uniqueId())), fault(Soap.S12, DENIED));
        existence("TD0.2 after six months", "EXPIRE");
        authorise("TD0.3 renews the access");
        existence("TD0.2 renewed", "VALIDE");
        found("TD3.1 after renewal", new Td31.Criteria(), Samples.values());
        retrieve("TD3.2 after renewal");
    }
}
