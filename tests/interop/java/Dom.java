package lps;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Namespace-aware DOM building, reading and writing. Namespaces by URI only: prefixes mean nothing. */
final class Dom {
    static final String HL7 = "urn:hl7-org:v3";
    static final String XSI = XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI;
    static final String RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0";
    static final String RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0";
    static final String LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0";
    static final String QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0";
    static final String XDS = "urn:ihe:iti:xds-b:2007";
    static final String XOP = "http://www.w3.org/2004/08/xop/include";

    private Dom() {
    }

    private static DocumentBuilder builder() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder();
    }

    static Document empty() throws Exception {
        return builder().newDocument();
    }

    static Document parse(byte[] xml) throws Exception {
        return builder().parse(new ByteArrayInputStream(xml));
    }

    static byte[] bytes(Node node, boolean declaration) throws Exception {
        Transformer copy = TransformerFactory.newInstance().newTransformer();
        copy.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, declaration ? "no" : "yes");
        copy.setOutputProperty(OutputKeys.ENCODING, "UTF-8");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        copy.transform(new DOMSource(node), new StreamResult(out));
        return out.toByteArray();
    }

    /** Appends an element, declaring its prefix where it is not bound yet; attributes as name, value pairs. */
    static Element add(Node parent, String namespace, String name, String... attributes) {
        Document document = parent instanceof Document d ? d : parent.getOwnerDocument();
        Element element = document.createElementNS(namespace, name);
        parent.appendChild(element);
        declare(element, namespace, prefix(name));
        for (int i = 0; i < attributes.length; i += 2) {
            String attribute = attributes[i];
            if (attribute.startsWith("xsi:")) {
                declare(element, XSI, "xsi");
                element.setAttributeNS(XSI, attribute, attributes[i + 1]);
            } else {
                element.setAttributeNS(null, attribute, attributes[i + 1]);
            }
        }
        return element;
    }

    static Element text(Node parent, String namespace, String name, String text, String... attributes) {
        Element element = add(parent, namespace, name, attributes);
        element.appendChild(element.getOwnerDocument().createTextNode(text));
        return element;
    }

    /** Canonicalisers of the JDK see attribute nodes only, so a binding must exist as a node before signing. */
    static void declare(Element element, String namespace, String prefix) {
        for (Node node = element; node instanceof Element here; node = node.getParentNode()) {
            String name = prefix == null ? "xmlns" : "xmlns:" + prefix;
            if (here.hasAttribute(name)) {
                if (here.getAttribute(name).equals(namespace)) {
                    return;
                }
                break;
            }
        }
        element.setAttributeNS(XMLConstants.XMLNS_ATTRIBUTE_NS_URI, prefix == null ? "xmlns" : "xmlns:" + prefix,
            namespace);
    }

    private static String prefix(String name) {
        return name.indexOf(':') < 0 ? null : name.substring(0, name.indexOf(':'));
    }

    static boolean is(Node node, String namespace, String local) {
        return node instanceof Element && local.equals(node.getLocalName())
            && java.util.Objects.equals(namespace, node.getNamespaceURI());
    }

    static List<Element> children(Node parent, String namespace, String local) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (is(node, namespace, local)) {
                found.add((Element) node);
            }
        }
        return found;
    }

    /** First element reached by child steps of one namespace, or null. */
    static Element at(Node from, String namespace, String... steps) {
        Node here = from;
        for (String step : steps) {
            List<Element> next = here == null ? List.of() : children(here, namespace, step);
            here = next.isEmpty() ? null : next.get(0);
        }
        return (Element) here;
    }

    static List<Element> all(Node from, String namespace, String local) {
        var nodes = from instanceof Document d ? d.getElementsByTagNameNS(namespace, local)
            : ((Element) from).getElementsByTagNameNS(namespace, local);
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            found.add((Element) nodes.item(i));
        }
        return found;
    }

    static Element firstChild(Node parent) {
        for (Node node = parent == null ? null : parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                return element;
            }
        }
        return null;
    }

    static String attribute(Element element, String name) {
        return element == null ? "" : element.getAttribute(name);
    }

    static String content(Element element) {
        return element == null ? "" : element.getTextContent().strip();
    }
}
