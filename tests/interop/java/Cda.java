package lps;

import static lps.Dom.HL7;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** A published CDA made ours: document id, patient and authors are rewritten, the rest stays. */
final class Cda {
    private static final DateTimeFormatter WITH_OFFSET = DateTimeFormatter.ofPattern("yyyyMMddHHmmssxx");
    private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyyyMMddHHmmss");

    private Cda() {
    }

    record Coded(String code, String system, String label) {
    }

    /** Who signs and submits: identifiers and names of one physician in one structure. */
    record Author(String nameId, String family, String given, String structure, String structureName) {
        static final Coded SPECIALTY = new Coded("G15_10/SM26", "1.2.250.1.213.1.1.4.5",
            "Médecin - Qualifié en Médecine Générale (SM)");
    }

    /** The bytes to send and what the metadata must repeat of them; instants are yyyyMMddHHmmss in UTC. */
    record Made(byte[] bytes, String uniqueId, String title, Coded type, Coded facility, Coded practice,
                String created, String start, String stop) {
    }

    /** Reads SUBSET01/DOC0001.XML of an XDM archive and makes it the document of this author and patient. */
    static Made rewrite(Path archive, Ids ids, Ids.Patient patient, Author author) throws Exception {
        Document document = Dom.parse(read(archive));
        Element root = document.getDocumentElement();
        String uniqueId = ids.oid();
        identify(Dom.at(root, HL7, "id"), uniqueId, null);
        identify(Dom.at(root, HL7, "setId"), ids.oid(), null);
        rewritePatient(Dom.at(root, HL7, "recordTarget", "patientRole"), patient);
        rewriteAuthor(Dom.at(root, HL7, "author", "assignedAuthor"), author);
        rewriteAuthor(Dom.at(root, HL7, "legalAuthenticator", "assignedEntity"), author);
        organization(Dom.at(root, HL7, "custodian", "assignedCustodian", "representedCustodianOrganization"), author);
        document.setXmlStandalone(true);
        byte[] bytes = Dom.bytes(document, true);
        Element again = Dom.parse(bytes).getDocumentElement();
        again.normalize();
        root.normalize();
        if (!again.isEqualNode(root)) {
            throw new IllegalStateException("the JDK did not write back what it read from " + archive.getFileName());
        }
        return describe(root, bytes, uniqueId);
    }

    private static byte[] read(Path archive) throws IOException {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            ZipEntry entry = zip.stream().filter(e -> e.getName().endsWith("SUBSET01/DOC0001.XML")).findFirst()
                .orElseThrow(() -> new IOException("no DOC0001.XML in " + archive));
            try (InputStream in = zip.getInputStream(entry)) {
                return in.readAllBytes();
            }
        }
    }

    private static void rewritePatient(Element role, Ids.Patient patient) {
        List<Element> numbers = Dom.children(role, HL7, "id");
        identify(numbers.get(0), Ids.INS_TEST_OID, patient.ins());
        numbers.stream().skip(1).forEach(local -> identify(local, patient.domain(), patient.local()));
        for (Element telecom : Dom.children(role, HL7, "telecom")) {
            String value = telecom.getAttribute("value");
            telecom.setAttributeNS(null, "value", value.replaceAll("\\d{15}@", patient.ins() + "@"));
        }
        Element person = Dom.at(role, HL7, "patient");
        Dom.children(Dom.at(person, HL7, "name"), HL7, "family").forEach(e -> e.setTextContent(patient.family()));
        Dom.children(Dom.at(person, HL7, "name"), HL7, "given").forEach(e -> e.setTextContent(patient.given()));
        Element gender = Dom.at(person, HL7, "administrativeGenderCode");
        gender.setAttributeNS(null, "code", patient.sex());
        gender.setAttributeNS(null, "displayName", patient.sex().equals("F") ? "Féminin" : "Masculin");
        Dom.at(person, HL7, "birthTime").setAttributeNS(null, "value", patient.birth());
    }

    private static void rewriteAuthor(Element entity, Author author) {
        identify(Dom.at(entity, HL7, "id"), Ids.PS_OID, author.nameId());
        Element code = Dom.at(entity, HL7, "code");
        if (code != null) {
            code.setAttributeNS(null, "code", Author.SPECIALTY.code());
            code.setAttributeNS(null, "displayName", Author.SPECIALTY.label());
        }
        Element name = Dom.at(entity, HL7, "assignedPerson", "name");
        Dom.at(name, HL7, "family").setTextContent(author.family());
        Dom.at(name, HL7, "given").setTextContent(author.given());
        organization(Dom.at(entity, HL7, "representedOrganization"), author);
    }

    private static void organization(Element organization, Author author) {
        if (organization == null) {
            return;
        }
        identify(Dom.at(organization, HL7, "id"), Ids.STRUCTURE_OID, author.structure());
        Dom.at(organization, HL7, "name").setTextContent(author.structureName());
    }

    private static void identify(Element id, String root, String extension) {
        id.setAttributeNS(null, "root", root);
        id.removeAttribute("extension");
        if (extension != null) {
            id.setAttributeNS(null, "extension", extension);
        }
    }

    private static Made describe(Element root, byte[] bytes, String uniqueId) {
        Element event = Dom.at(root, HL7, "documentationOf", "serviceEvent");
        Element facility = Dom.at(root, HL7, "componentOf", "encompassingEncounter", "location",
            "healthCareFacility", "code");
        Element practice = Dom.all(event, HL7, "standardIndustryClassCode").get(0);
        String stop = Dom.attribute(Dom.at(event, HL7, "effectiveTime", "high"), "value");
        return new Made(bytes, uniqueId, Dom.content(Dom.at(root, HL7, "title")), coded(Dom.at(root, HL7, "code")),
            coded(facility), coded(practice),
            utc(Dom.attribute(Dom.at(root, HL7, "effectiveTime"), "value")),
            utc(Dom.attribute(Dom.at(event, HL7, "effectiveTime", "low"), "value")),
            stop.isEmpty() ? null : utc(stop));
    }

    private static Coded coded(Element code) {
        return new Coded(code.getAttribute("code"), code.getAttribute("codeSystem"), code.getAttribute("displayName"));
    }

    /** XDS instants are UTC; CDA ones carry their offset. */
    static String utc(String value) {
        return OffsetDateTime.parse(value, WITH_OFFSET).withOffsetSameInstant(ZoneOffset.UTC).format(UTC);
    }
}
