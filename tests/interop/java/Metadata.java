package lps;

import static lps.Dom.RIM;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.w3c.dom.Element;

/** XDS metadata of a lot, in an order and a prefix style of our own (ebRIM 3.0, French profile). */
final class Metadata {
    static final String PATIENT_ID = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427";
    static final String UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab";
    static final String CLASS = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a";
    static final String TYPE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983";
    static final String CONFIDENTIALITY = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f";
    static final String FORMAT = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d";
    static final String FACILITY = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1";
    static final String PRACTICE = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead";
    private static final String EVENT = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4";
    private static final String AUTHOR = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d";
    private static final String SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd";
    private static final String SET_AUTHOR = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d";
    private static final String SET_CONTENT = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500";
    private static final String SET_PATIENT = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446";
    private static final String SET_SOURCE = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832";
    private static final String SET_UNIQUE = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8";
    private static final String DOCUMENT_ENTRY = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1";
    private static final Cda.Coded NORMAL = new Cda.Coded("N", "2.16.840.1.113883.5.25", "Normal");
    private static final String VISIBILITY = "1.2.250.1.213.1.1.4.13";

    private final Element list;
    private final Lps lps;
    private int numbers;

    Metadata(Element registryObjectList, Lps lps) {
        this.list = registryObjectList;
        this.lps = lps;
    }

    /** One document of a lot with the two codes that a CDA does not hold. */
    record Filed(Cda.Made document, Cda.Coded classCode, Cda.Coded format) {
    }

    void submissionSet(String id, String uniqueId, String sourceId, String now) {
        Element set = Dom.add(list, RIM, "rim:RegistryPackage", "id", id);
        slot(set, "submissionTime", now);
        name(set, "Name", "Dépôt du dossier fictif");
        Dom.add(set, RIM, "rim:Classification", "id", number(), "classifiedObject", id,
            "classificationNode", SET_NODE);
        coded(set, id, SET_CONTENT, new Cda.Coded("07", "1.2.250.1.213.2.2", "Consultations soins externes"));
        author(set, id, SET_AUTHOR);
        external(set, id, SET_UNIQUE, "XDSSubmissionSet.uniqueId", uniqueId);
        external(set, id, SET_SOURCE, "XDSSubmissionSet.sourceId", sourceId);
        external(set, id, SET_PATIENT, "XDSSubmissionSet.patientId", lps.patient.cx());
    }

    void document(String id, Filed filed) throws Exception {
        Cda.Made made = filed.document();
        Element entry = entry(id);
        slot(entry, "size", Integer.toString(made.bytes().length));
        slot(entry, "hash", sha1(made.bytes()));
        slot(entry, "sourcePatientInfo", "PID-8|" + lps.patient.sex(), "PID-7|" + lps.patient.birth(),
            "PID-5|" + lps.patient.family() + "^" + lps.patient.given() + "^^^^^L");
        slot(entry, "sourcePatientId", lps.patient.local() + "^^^&" + lps.patient.domain() + "&ISO^PI");
        slot(entry, "languageCode", "fr-FR");
        times(entry, made.created(), made.start(), made.stop());
        name(entry, "Name", made.title());
        name(entry, "Description", "envoyé par un client Java");
        coded(entry, id, TYPE, made.type());
        coded(entry, id, CLASS, filed.classCode());
        coded(entry, id, FORMAT, filed.format());
        coded(entry, id, CONFIDENTIALITY, NORMAL);
        coded(entry, id, PRACTICE, made.practice());
        coded(entry, id, FACILITY, made.facility());
        author(entry, id, AUTHOR);
        identifiers(entry, id, made.uniqueId());
    }

    void signature(String id, String uniqueId, Cda.Made signed, String now) {
        Element entry = entry(id);
        slot(entry, "sourcePatientId", lps.patient.cx());
        slot(entry, "languageCode", "art");
        times(entry, now, now, now);
        name(entry, "Name", "Source");
        coded(entry, id, CLASS,
            new Cda.Coded("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature"));
        coded(entry, id, TYPE, new Cda.Coded("E1762", "ASTM", "Full Document"));
        coded(entry, id, FORMAT,
            new Cda.Coded("http://www.w3.org/2000/09/xmldsig#", "URN", "Default Signature Style"));
        coded(entry, id, EVENT, new Cda.Coded("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12", "Source"));
        for (Cda.Coded code : List.of(NORMAL,
            new Cda.Coded("MASQUE_PS", VISIBILITY, "Masqué aux professionnels de santé"),
            new Cda.Coded("INVISIBLE_PATIENT", VISIBILITY, "Non visible par le patient"))) {
            coded(entry, id, CONFIDENTIALITY, code);
        }
        coded(entry, id, PRACTICE, signed.practice());
        coded(entry, id, FACILITY, signed.facility());
        author(entry, id, AUTHOR);
        identifiers(entry, id, uniqueId);
    }

    void association(String type, String source, String target) {
        Element association = Dom.add(list, RIM, "rim:Association", "id", "urn:uuid:" + lps.ids.uuid(),
            "associationType", type, "sourceObject", source, "targetObject", target);
        slot(association, "SubmissionSetStatus", "Original");
    }

    static String sha1(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes));
    }

    private Element entry(String id) {
        return Dom.add(list, RIM, "rim:ExtrinsicObject", "id", id, "objectType", DOCUMENT_ENTRY,
            "mimeType", "text/xml");
    }

    private void times(Element entry, String created, String start, String stop) {
        slot(entry, "creationTime", created);
        slot(entry, "serviceStartTime", start);
        if (stop != null) {
            slot(entry, "serviceStopTime", stop);
        }
        slot(entry, "legalAuthenticator", person());
    }

    private void identifiers(Element entry, String id, String uniqueId) {
        external(entry, id, UNIQUE_ID, "XDSDocumentEntry.uniqueId", uniqueId);
        external(entry, id, PATIENT_ID, "XDSDocumentEntry.patientId", lps.patient.cx());
    }

    private String person() {
        Cda.Author author = lps.author;
        return author.nameId() + "^" + author.family() + "^" + author.given() + "^^^^^^&" + Ids.PS_OID
            + "&ISO^D^^^IDNPS";
    }

    private void author(Element object, String id, String scheme) {
        Element classification = Dom.add(object, RIM, "rim:Classification", "id", number(),
            "classifiedObject", id, "classificationScheme", scheme);
        Cda.Coded specialty = Cda.Author.SPECIALTY;
        slot(classification, "authorInstitution", lps.author.structureName() + "^^^^^&" + Ids.STRUCTURE_OID
            + "&ISO^IDNST^^^" + lps.author.structure());
        slot(classification, "authorPerson", person());
        slot(classification, "authorSpecialty", specialty.code() + "^" + specialty.label() + "^"
            + specialty.system());
    }

    private void coded(Element object, String id, String scheme, Cda.Coded code) {
        Element classification = Dom.add(object, RIM, "rim:Classification", "id", number(),
            "classifiedObject", id, "classificationScheme", scheme, "nodeRepresentation", code.code());
        slot(classification, "codingScheme", code.system());
        name(classification, "Name", code.label());
    }

    private void external(Element object, String id, String scheme, String name, String value) {
        Element identifier = Dom.add(object, RIM, "rim:ExternalIdentifier", "id", number(), "registryObject", id,
            "identificationScheme", scheme, "value", value);
        name(identifier, "Name", name);
    }

    private static void name(Element object, String element, String value) {
        Dom.add(Dom.add(object, RIM, "rim:" + element), RIM, "rim:LocalizedString", "value", value);
    }

    private static void slot(Element object, String name, String... values) {
        Element list = Dom.add(Dom.add(object, RIM, "rim:Slot", "name", name), RIM, "rim:ValueList");
        for (String value : values) {
            Dom.text(list, RIM, "rim:Value", value);
        }
    }

    private String number() {
        return "n" + ++numbers;
    }
}
