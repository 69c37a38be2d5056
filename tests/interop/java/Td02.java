package lps;

import static lps.Dom.HL7;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import org.w3c.dom.Element;

/** TD0.2, existence test and state of the caller's authorisation (HL7 V3 PRPA_IN201307UV02). */
final class Td02 {
    private static final String ACTION = "urn:hl7-org:v3:PRPA_IN201307UV02";
    static final String ANSWER_ACTION = "urn:hl7-org:v3:PRPA_IN201308UV02";
    private static final String DMP_DEVICE = "1.2.250.1.213.4.1.1.1";

    private Td02() {
    }

    /** What a product keeps of the answer; empty strings where the answer says nothing. */
    record State(String acknowledgement, String response, String dmp, String authorisation, String ins,
                 String birth, String echoedQuery) {
    }

    static Soap.Answer call(Lps lps, String queryId) throws Exception {
        return call(lps, lps.assertion(Vihf.Mode.INDIRECTE_RENFORCEE), queryId);
    }

    static Soap.Answer call(Lps lps, Element assertion, String queryId) throws Exception {
        return lps.call("patients", ACTION, assertion, body -> write(body, lps, queryId));
    }

    private static void write(Element body, Lps lps, String queryId) {
        String root = lps.ids.oid();
        Element message = Dom.add(body, HL7, "v3:PRPA_IN201307UV02", "ITSVersion", "XML_1.0");
        Dom.add(message, HL7, "v3:id", "root", root, "extension", "java-" + queryId);
        Dom.add(message, HL7, "v3:creationTime", "value",
            LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMddHHmmss")));
        Dom.add(message, HL7, "v3:interactionId", "root", "2.16.840.1.113883.1.6",
            "extension", "PRPA_IN201307UV02");
        Dom.add(message, HL7, "v3:processingCode", "code", "T");
        Dom.add(message, HL7, "v3:processingModeCode", "code", "T");
        Dom.add(message, HL7, "v3:acceptAckCode", "code", "AL");
        device(Dom.add(message, HL7, "v3:receiver", "typeCode", "RCV"), DMP_DEVICE, "DMP");
        device(Dom.add(message, HL7, "v3:sender", "typeCode", "SND"), root, "DOSSIER FICTIF JAVA");
        Element act = Dom.add(message, HL7, "v3:controlActProcess", "classCode", "CACT", "moodCode", "EVN");
        Dom.add(act, HL7, "v3:reasonCode", "code", "TEST_EXST", "codeSystem", "1.2.250.1.213.1.1.4.11");
        Element query = Dom.add(act, HL7, "v3:queryByParameter");
        Dom.add(query, HL7, "v3:queryId", "root", root, "extension", queryId);
        Dom.add(query, HL7, "v3:statusCode", "code", "new");
        Element patient = Dom.add(Dom.add(query, HL7, "v3:parameterList"), HL7, "v3:patientIdentifier");
        Dom.add(patient, HL7, "v3:value", "root", Ids.INS_TEST_OID, "extension", lps.patient.ins());
        Dom.text(patient, HL7, "v3:semanticsText", "Patient.id");
    }

    private static void device(Element party, String root, String name) {
        Element device = Dom.add(party, HL7, "v3:device", "classCode", "DEV", "determinerCode", "INSTANCE");
        Dom.add(device, HL7, "v3:id", "root", root);
        Dom.text(device, HL7, "v3:softwareName", name);
    }

    static State read(Soap.Answer answer) {
        Element body = answer.body();
        if (!Dom.is(body, HL7, "PRPA_IN201308UV02")) {
            return new State("", "", "", "", "", "", "");
        }
        Element act = Dom.at(body, HL7, "controlActProcess");
        Element ack = Dom.at(act, HL7, "queryAck");
        Element patient = Dom.at(act, HL7, "subject", "registrationEvent", "subject1", "patient");
        Element id = patient == null ? null : Dom.children(patient, HL7, "id").stream()
            .filter(e -> e.getAttribute("root").equals(Ids.INS_TEST_OID)).findFirst().orElse(null);
        return new State(Dom.attribute(Dom.at(body, HL7, "acknowledgement"), "typeCode"),
            Dom.attribute(Dom.at(ack, HL7, "queryResponseCode"), "code"),
            Dom.attribute(Dom.at(patient, HL7, "statusCode"), "code"), authorisation(body),
            Dom.attribute(id, "extension"),
            Dom.attribute(Dom.at(patient, HL7, "patientPerson", "birthTime"), "value"),
            Dom.attribute(Dom.at(ack, HL7, "queryId"), "extension"));
    }

    private static String authorisation(Element body) {
        for (Element line : Dom.children(body, HL7, "attentionLine")) {
            if (Dom.attribute(Dom.at(line, HL7, "keyWordText"), "code").equals("AUTORISATION")) {
                return Dom.attribute(Dom.at(line, HL7, "value"), "code");
            }
        }
        return "";
    }
}
