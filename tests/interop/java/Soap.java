package lps;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** SOAP with WS-Addressing headers and one assertion, over mutual TLS. */
final class Soap {
    static final String S12 = "http://www.w3.org/2003/05/soap-envelope";
    static final String S11 = "http://schemas.xmlsoap.org/soap/envelope/";
    static final String WSA = "http://www.w3.org/2005/08/addressing";
    static final String WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

    private final HttpClient http;

    Soap(SSLContext tls) {
        // The environment's proxy must never see the sandbox.
        http = HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY).connectTimeout(Duration.ofSeconds(20)).build();
    }

    /** Subcode as a resolved QName, so that a check never looks at a prefix. */
    record Fault(String code, String subcodeNamespace, String subcode, String reason, String detail) {
    }

    record Answer(int status, String contentType, String sent, Element body, String action, String relatesTo,
                  Multipart.Parts parts) {
        Fault fault() {
            return Dom.is(body, S12, "Fault") ? readFault(body) : null;
        }

        boolean answers() {
            return sent.equals(relatesTo);
        }

        String told() throws Exception {
            String xml = body == null ? "(no body)" : new String(Dom.bytes(body, false), "UTF-8");
            return "HTTP " + status + " " + (xml.length() > 3000 ? xml.substring(0, 3000) + "..." : xml);
        }
    }

    /** One message ready to leave: its id and its envelope. */
    record Message(String id, Document envelope) {
        Element body() {
            String soap = envelope.getDocumentElement().getNamespaceURI();
            return Dom.at(envelope.getDocumentElement(), soap, "Body");
        }
    }

    static Message message(String soap, String url, String action, Element assertion) throws Exception {
        Document document = Dom.empty();
        Element envelope = Dom.add(document, soap, "env:Envelope");
        Element header = Dom.add(envelope, soap, "env:Header");
        Dom.declare(header, WSA, "a");
        String id = "urn:uuid:" + UUID.randomUUID();
        Dom.text(header, WSA, "a:Action", action);
        Dom.text(header, WSA, "a:MessageID", id);
        Dom.text(Dom.add(header, WSA, "a:ReplyTo"), WSA, "a:Address", WSA + "/anonymous");
        Dom.text(header, WSA, "a:To", url);
        if (assertion != null) {
            Dom.add(header, WSSE, "sec:Security").appendChild(document.importNode(assertion, true));
        }
        Dom.add(envelope, soap, "env:Body");
        return new Message(id, document);
    }

    /** Sends as plain SOAP 1.2. */
    Answer send(String url, String action, Message message) throws Exception {
        return post(url, "application/soap+xml; charset=utf-8; action=\"" + action + "\"", message.id(),
            Dom.bytes(message.envelope(), true));
    }

    Answer post(String url, String contentType, String messageId, byte[] bytes) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(90))
            .header("Content-Type", contentType).POST(HttpRequest.BodyPublishers.ofByteArray(bytes)).build();
        HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        return read(response.statusCode(), response.headers().firstValue("Content-Type").orElse(""), messageId,
            response.body());
    }

    private static Answer read(int status, String contentType, String sent, byte[] body) throws Exception {
        boolean multipart = contentType.toLowerCase().startsWith("multipart/");
        Multipart.Parts parts = multipart ? Multipart.read(contentType, body) : new Multipart.Parts(body, Map.of());
        Element envelope;
        try {
            envelope = Dom.parse(parts.root()).getDocumentElement();
        } catch (org.xml.sax.SAXException notXml) {
            throw new IllegalStateException("HTTP " + status + " " + contentType + ": " + new String(body, "UTF-8"));
        }
        Element header = Dom.at(envelope, S12, "Header");
        return new Answer(status, contentType, sent, Dom.firstChild(Dom.at(envelope, S12, "Body")),
            header == null ? "" : Dom.content(Dom.at(header, WSA, "Action")),
            header == null ? "" : Dom.content(Dom.at(header, WSA, "RelatesTo")), parts);
    }

    private static Fault readFault(Element fault) {
        Element code = Dom.at(fault, S12, "Code", "Value");
        Element sub = Dom.at(fault, S12, "Code", "Subcode", "Value");
        String name = Dom.content(sub);
        int colon = name.indexOf(':');
        String namespace = sub == null ? "" : sub.lookupNamespaceURI(colon < 0 ? null : name.substring(0, colon));
        String value = Dom.content(code);
        return new Fault(value.substring(value.indexOf(':') + 1), namespace, name.substring(colon + 1),
            Dom.content(Dom.at(fault, S12, "Reason", "Text")), Dom.content(Dom.at(fault, S12, "Detail")));
    }
}
