package lps;

import static lps.Dom.LCM;
import static lps.Dom.RIM;
import static lps.Dom.XDS;
import static lps.Dom.XOP;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.w3c.dom.Element;

/** TD2.1, feeding (ITI-41): metadata, lot signature and MTOM frame written by hand. */
final class Td21 {
    private static final String ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
    static final String ANSWER_ACTION = ACTION + "Response";
    private static final String MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember";
    private static final String SIGNS = "urn:ihe:iti:2007:AssociationType:signs";
    static final String SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success";

    private Td21() {
    }

    /** Liberties that the guides leave to the sender. */
    record Style(boolean soap11, boolean base64, boolean symbolicIds, Vihf.Mode mode) {
        static final Style PLAIN = new Style(false, false, false, Vihf.Mode.INDIRECTE);
    }

    static Soap.Answer submit(Lps lps, List<Metadata.Filed> lot, Style style) throws Exception {
        String setId = lps.ids.oid();
        Map<String, byte[]> documents = new LinkedHashMap<>();
        lot.forEach(filed -> documents.put(filed.document().uniqueId(), filed.document().bytes()));
        byte[] signature = LotSignature.sign("SIG-" + lps.ids.uuid(), setId, documents, lps.signer);
        if (!LotSignature.verifies(signature, documents, lps.signer)) {
            throw new IllegalStateException("our own lot signature does not verify");
        }
        String soap = style.soap11() ? Soap.S11 : Soap.S12;
        Soap.Message message = Soap.message(soap, lps.url("repository"), ACTION, lps.assertion(style.mode()));
        Element request = Dom.add(message.body(), XDS, "xds:ProvideAndRegisterDocumentSetRequest");
        Element list = Dom.add(Dom.add(request, LCM, "lcm:SubmitObjectsRequest"), RIM, "rim:RegistryObjectList");
        Map<String, byte[]> parts = fill(list, request, lps, lot, setId, signature, style);
        return post(lps, message, parts, style);
    }

    /** Writes entries, associations and xop references; returns the parts by Content-ID, signature first. */
    private static Map<String, byte[]> fill(Element list, Element request, Lps lps, List<Metadata.Filed> lot,
                                            String setUniqueId, byte[] signature, Style style) throws Exception {
        String now = LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyyMMddHHmmss"));
        Metadata metadata = new Metadata(list, lps);
        String set = symbol(lps, style, "lot");
        String signatureEntry = symbol(lps, style, "sceau");
        Map<String, byte[]> parts = new LinkedHashMap<>();
        parts.put(include(request, signatureEntry, lps), signature);
        metadata.submissionSet(set, setUniqueId, lps.ids.oid(), now);
        metadata.signature(signatureEntry, lps.ids.oid(), lot.get(0).document(), now);
        for (Metadata.Filed filed : lot) {
            String entry = symbol(lps, style, "doc" + parts.size());
            metadata.document(entry, filed);
            metadata.association(MEMBER, set, entry);
            parts.put(include(request, entry, lps), filed.document().bytes());
        }
        metadata.association(MEMBER, set, signatureEntry);
        metadata.association(SIGNS, signatureEntry, set);
        return parts;
    }

    private static String symbol(Lps lps, Style style, String name) {
        return style.symbolicIds() ? name : "urn:uuid:" + lps.ids.uuid();
    }

    private static String include(Element request, String entry, Lps lps) {
        String id = lps.ids.uuid() + "@java.invalid";
        Dom.add(Dom.add(request, XDS, "xds:Document", "id", entry), XOP, "inc:Include",
            "href", "cid:" + id.replace("@", "%40"));
        return id;
    }

    private static Soap.Answer post(Lps lps, Soap.Message message, Map<String, byte[]> parts, Style style)
        throws Exception {
        String inner = style.soap11() ? "text/xml" : "application/soap+xml";
        Multipart frame = new Multipart("java=_" + lps.ids.uuid());
        frame.part("enveloppe@java.invalid", "application/xop+xml; charset=UTF-8; type=\"" + inner + "\"",
            Dom.bytes(message.envelope(), true), false);
        for (Map.Entry<String, byte[]> part : parts.entrySet()) {
            frame.part(part.getKey(), "text/xml", part.getValue(), style.base64());
        }
        byte[] bytes = frame.close();
        String type = "multipart/related; start-info=\"" + inner + "\"; start=\"<enveloppe@java.invalid>\"; "
            + "type=\"application/xop+xml\"; boundary=\"" + frame.boundary() + "\"";
        return lps.soap().post(lps.url("repository"), type, message.id(), bytes);
    }

    static String status(Soap.Answer answer) {
        return Dom.is(answer.body(), Dom.RS, "RegistryResponse") ? answer.body().getAttribute("status") : "";
    }
}
