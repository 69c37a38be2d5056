package lps;

import java.io.ByteArrayInputStream;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.xml.crypto.OctetStreamData;
import javax.xml.crypto.URIDereferencer;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Manifest;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignatureProperties;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** XAdES 1.1.1 signature of a lot: a manifest of identifiers and digests, nothing of the documents inside. */
final class LotSignature {
    private static final String XADES = "http://uri.etsi.org/01903/v1.1.1#";
    private static final String C14N = CanonicalizationMethod.INCLUSIVE_WITH_COMMENTS;
    private static final XMLSignatureFactory DSIG = XMLSignatureFactory.getInstance("DOM");
    /** Published digest of the submission set itself: one zero byte, "not digested". */
    private static final byte[] NOT_DIGESTED = {0};

    private LotSignature() {
    }

    /** Signs; documents maps uniqueId to the bytes that will travel. */
    static byte[] sign(String id, String submissionSet, Map<String, byte[]> documents, Pem.Identity signer)
        throws Exception {
        Document document = Dom.empty();
        DOMSignContext context = new DOMSignContext(signer.key(), document);
        context.setDefaultNamespacePrefix("dsig");
        context.setURIDereferencer(resolver(documents));
        Element qualifying = qualifying(document, id, signer.certificate());
        context.setIdAttributeNS(Dom.at(qualifying, XADES, "SignedProperties"), null, "Id");
        SignedInfo info = DSIG.newSignedInfo(
            DSIG.newCanonicalizationMethod(C14N, (C14NMethodParameterSpec) null),
            DSIG.newSignatureMethod("http://www.w3.org/2000/09/xmldsig#rsa-sha1", null),
            List.of(DSIG.newReference("#IHEManifest", sha1(), null, Manifest.TYPE, null),
                DSIG.newReference("#S0-SignedProperties", sha1(), null, XADES + "SignedProperties", null)));
        List<XMLObject> objects = List.of(object(new DOMStructure(qualifying)),
            object(manifest(submissionSet, documents)), object(purpose(document, id)));
        DSIG.newXMLSignature(info, Vihf.keyInfo(signer), objects, id, null).sign(context);
        return Dom.bytes(document, true);
    }

    private static XMLObject object(javax.xml.crypto.XMLStructure content) {
        return DSIG.newXMLObject(List.of(content), null, null, null);
    }

    private static Manifest manifest(String submissionSet, Map<String, byte[]> documents) throws Exception {
        List<Reference> references = new ArrayList<>();
        references.add(DSIG.newReference("urn:oid:" + submissionSet, sha1(), null, null, null, NOT_DIGESTED));
        for (String uniqueId : documents.keySet()) {
            references.add(DSIG.newReference("urn:oid:" + uniqueId, sha1(),
                List.of(DSIG.newTransform(C14N, (TransformParameterSpec) null)), null, null));
        }
        return DSIG.newManifest(references, "IHEManifest");
    }

    private static SignatureProperties purpose(Document document, String id) {
        DOMStructure text = new DOMStructure(document.createTextNode("1.2.840.10065.1.12.1.14"));
        return DSIG.newSignatureProperties(
            List.of(DSIG.newSignatureProperty(List.of(text), "#" + id, "purposeOfSignature")), null);
    }

    private static Element qualifying(Document document, String id, X509Certificate certificate) throws Exception {
        Element root = Dom.add(document.createDocumentFragment(), XADES, "xad:QualifyingProperties",
            "Target", "#" + id);
        Element signed = Dom.add(root, XADES, "xad:SignedProperties", "Id", "S0-SignedProperties");
        Element properties = Dom.add(signed, XADES, "xad:SignedSignatureProperties");
        Dom.text(properties, XADES, "xad:SigningTime", OffsetDateTime.now().withNano(0).toString());
        Element cert = Dom.add(Dom.add(properties, XADES, "xad:SigningCertificate"), XADES, "xad:Cert");
        Element digest = Dom.add(cert, XADES, "xad:CertDigest");
        Dom.add(digest, XADES, "xad:DigestMethod", "Algorithm", DigestMethod.SHA1);
        Dom.text(digest, XADES, "xad:DigestValue", Base64.getEncoder().encodeToString(
            MessageDigest.getInstance("SHA-1").digest(certificate.getEncoded())));
        Element serial = Dom.add(cert, XADES, "xad:IssuerSerial");
        Dom.text(serial, XMLSignature.XMLNS, "d:X509IssuerName", certificate.getIssuerX500Principal().getName());
        Dom.text(serial, XMLSignature.XMLNS, "d:X509SerialNumber", certificate.getSerialNumber().toString());
        Dom.add(Dom.add(properties, XADES, "xad:SignaturePolicyIdentifier"), XADES, "xad:SignaturePolicyImplied");
        Dom.add(signed, XADES, "xad:SignedDataObjectProperties");
        return root;
    }

    private static DigestMethod sha1() throws Exception {
        return DSIG.newDigestMethod(DigestMethod.SHA1, null);
    }

    private static URIDereferencer resolver(Map<String, byte[]> documents) {
        URIDereferencer usual = DSIG.getURIDereferencer();
        return (reference, context) -> {
            byte[] bytes = documents.get(reference.getURI().replaceFirst("^urn:oid:", ""));
            return bytes != null ? new OctetStreamData(new ByteArrayInputStream(bytes))
                : usual.dereference(reference, context);
        };
    }

    /** The JDK's validation of the signature and of every document digest of its manifest. */
    static boolean verifies(byte[] signature, Map<String, byte[]> documents, Pem.Identity signer) throws Exception {
        Element root = Dom.parse(signature).getDocumentElement();
        Dom.all(root, XMLSignature.XMLNS, "Manifest").forEach(e -> e.setIdAttribute("Id", true));
        Dom.all(root, XADES, "SignedProperties").forEach(e -> e.setIdAttribute("Id", true));
        DOMValidateContext context = new DOMValidateContext(signer.certificate().getPublicKey(), root);
        context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.FALSE);
        context.setURIDereferencer(resolver(documents));
        XMLSignature read = DSIG.unmarshalXMLSignature(context);
        if (!read.validate(context)) {
            return false;
        }
        int good = 0;
        for (Object object : read.getObjects()) {
            for (Object content : ((XMLObject) object).getContent()) {
                if (content instanceof Manifest manifest) {
                    // The first reference is the submission set, which nobody can digest.
                    for (Object reference : manifest.getReferences().subList(1, manifest.getReferences().size())) {
                        good += ((Reference) reference).validate(context) ? 1 : 0;
                    }
                }
            }
        }
        return good == documents.size();
    }
}
