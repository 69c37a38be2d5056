package lps;

import static lps.Dom.QUERY;
import static lps.Dom.RIM;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/** TD3.1, search (ITI-18): metadata of documents, or only the reference of one. */
final class Td31 {
    private static final String ACTION = "urn:ihe:iti:2007:RegistryStoredQuery";
    static final String ANSWER_ACTION = ACTION + "Response";
    private static final String FIND = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d";
    private static final String GET = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4";
    private static final String APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved";

    private Td31() {
    }

    /** Slots of a stored query, values already in their literal form. */
    static final class Criteria {
        private final Map<String, String> slots = new LinkedHashMap<>();

        Criteria in(String slot, String... values) {
            slots.put("$" + slot, java.util.Arrays.stream(values).map(Criteria::quoted)
                .collect(Collectors.joining(",", "(", ")")));
            return this;
        }

        Criteria one(String slot, String value) {
            slots.put("$" + slot, quoted(value));
            return this;
        }

        Criteria digits(String slot, String value) {
            slots.put("$" + slot, value);
            return this;
        }

        private static String quoted(String value) {
            return "'" + value.replace("'", "''") + "'";
        }
    }

    /** One ExtrinsicObject of an answer: codes by classification scheme, slots by name. */
    record Entry(String id, String status, String mimeType, String title, String uniqueId, String patientId,
                 Map<String, List<String>> slots, Map<String, List<String>> codes) {
        String slot(String name) {
            return slots.getOrDefault(name, List.of("")).get(0);
        }

        String code(String scheme) {
            return String.join(" ", codes.getOrDefault(scheme, List.of()));
        }
    }

    static Soap.Answer find(Lps lps, Criteria criteria) throws Exception {
        criteria.one("XDSDocumentEntryPatientId", lps.patient.cx()).in("XDSDocumentEntryStatus", APPROVED);
        return query(lps, Vihf.Mode.INDIRECTE_RENFORCEE, FIND, "LeafClass", criteria);
    }

    /** TD3.1b: only the entryUUID of a document we know, allowed without authorisation. */
    static Soap.Answer reference(Lps lps, Vihf.Mode mode, String uniqueId) throws Exception {
        return query(lps, mode, GET, "ObjectRef", new Criteria().in("XDSDocumentEntryUniqueId", uniqueId));
    }

    private static Soap.Answer query(Lps lps, Vihf.Mode mode, String id, String returnType, Criteria criteria)
        throws Exception {
        return lps.call("registry", ACTION, mode, body -> {
            Element request = Dom.add(body, QUERY, "q:AdhocQueryRequest");
            Dom.add(request, QUERY, "q:ResponseOption", "returnType", returnType, "returnComposedObjects", "true");
            Element query = Dom.add(request, RIM, "r:AdhocQuery", "id", id);
            for (Map.Entry<String, String> slot : criteria.slots.entrySet()) {
                Element element = Dom.add(query, RIM, "r:Slot", "name", slot.getKey());
                Dom.text(Dom.add(element, RIM, "r:ValueList"), RIM, "r:Value", slot.getValue());
            }
        });
    }

    static boolean success(Soap.Answer answer) {
        return Dom.is(answer.body(), QUERY, "AdhocQueryResponse")
            && answer.body().getAttribute("status").equals(Td21.SUCCESS);
    }

    static List<String> references(Soap.Answer answer) {
        return Dom.all(answer.body(), RIM, "ObjectRef").stream().map(e -> e.getAttribute("id")).toList();
    }

    static List<Entry> entries(Soap.Answer answer) {
        List<Entry> entries = new ArrayList<>();
        for (Element object : Dom.all(answer.body(), RIM, "ExtrinsicObject")) {
            entries.add(entry(object));
        }
        return entries;
    }

    private static Entry entry(Element object) {
        Map<String, List<String>> slots = new LinkedHashMap<>();
        for (Element slot : Dom.children(object, RIM, "Slot")) {
            slots.put(slot.getAttribute("name"), Dom.all(slot, RIM, "Value").stream().map(Dom::content).toList());
        }
        Map<String, List<String>> codes = new LinkedHashMap<>();
        for (Element code : Dom.children(object, RIM, "Classification")) {
            codes.computeIfAbsent(code.getAttribute("classificationScheme"), k -> new ArrayList<>())
                .add(code.getAttribute("nodeRepresentation"));
        }
        Map<String, String> identifiers = new LinkedHashMap<>();
        for (Element identifier : Dom.children(object, RIM, "ExternalIdentifier")) {
            identifiers.put(identifier.getAttribute("identificationScheme"), identifier.getAttribute("value"));
        }
        return new Entry(object.getAttribute("id"), object.getAttribute("status"), object.getAttribute("mimeType"),
            Dom.attribute(Dom.at(object, RIM, "Name", "LocalizedString"), "value"),
            identifiers.getOrDefault(Metadata.UNIQUE_ID, ""), identifiers.getOrDefault(Metadata.PATIENT_ID, ""),
            slots, codes);
    }
}
