package lps;

import static lps.Dom.XDS;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.w3c.dom.Element;

/** TD3.2, retrieve (ITI-43): plain request, multipart answer. */
final class Td32 {
    private static final String ACTION = "urn:ihe:iti:2007:RetrieveDocumentSet";
    static final String ANSWER_ACTION = ACTION + "Response";

    private Td32() {
    }

    static Soap.Answer call(Lps lps, String repository, List<String> uniqueIds) throws Exception {
        return lps.call("repository", ACTION, Vihf.Mode.INDIRECTE_RENFORCEE, body -> {
            Element request = Dom.add(body, XDS, "RetrieveDocumentSetRequest");
            for (String uniqueId : uniqueIds) {
                Element one = Dom.add(request, XDS, "DocumentRequest");
                Dom.text(one, XDS, "RepositoryUniqueId", repository);
                Dom.text(one, XDS, "DocumentUniqueId", uniqueId);
            }
        });
    }

    static String status(Soap.Answer answer) {
        return Dom.attribute(Dom.at(answer.body(), Dom.RS, "RegistryResponse"), "status");
    }

    /** Bytes by uniqueId, whether they came as MIME parts or as inline base64. */
    static Map<String, byte[]> documents(Soap.Answer answer) {
        Map<String, byte[]> found = new LinkedHashMap<>();
        for (Element response : Dom.all(answer.body(), XDS, "DocumentResponse")) {
            Element document = Dom.at(response, XDS, "Document");
            Element include = document == null ? null : Dom.at(document, Dom.XOP, "Include");
            byte[] bytes = include != null ? answer.parts().included(include.getAttribute("href"))
                : Base64.getMimeDecoder().decode(Dom.content(document));
            found.put(Dom.content(Dom.at(response, XDS, "DocumentUniqueId")), bytes);
        }
        return found;
    }
}
