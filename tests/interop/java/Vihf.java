package lps;

import static lps.Dom.HL7;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import org.w3c.dom.Element;

/** SAML 2.0 assertion of the VIHF 3.0 in the two organisation modes, enveloped signature by the JDK. */
final class Vihf {
    static final String SAML = "urn:oasis:names:tc:SAML:2.0:assertion";
    private static final String CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:";
    private static final String RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
    private static final String RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    private static final XMLSignatureFactory DSIG = XMLSignatureFactory.getInstance("DOM");

    private Vihf() {
    }

    enum Mode { INDIRECTE, INDIRECTE_RENFORCEE }

    /** What the user, the structure and the patient put in the assertion. */
    record Claims(Mode mode, String nameId, String person, String structure, String sector, String cx, String id,
                  boolean sha1) {
        Claims withStructure(String other) {
            return new Claims(mode, nameId, person, other, sector, cx, id, sha1);
        }

        Claims withSha1() {
            return new Claims(mode, nameId, person, structure, sector, cx, id, true);
        }
    }

    /** Builds and signs; the result is the root of a document of its own. */
    static Element sign(Claims claims, Pem.Identity signer, Instant now) throws Exception {
        Instant moment = now.truncatedTo(ChronoUnit.MILLIS);
        Element assertion = build(claims, signer, moment);
        assertion.setIdAttribute("ID", true);
        Reference reference = DSIG.newReference("#" + claims.id(),
            DSIG.newDigestMethod(claims.sha1() ? DigestMethod.SHA1 : DigestMethod.SHA256, null),
            List.of(DSIG.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
                DSIG.newTransform(CanonicalizationMethod.EXCLUSIVE, (TransformParameterSpec) null)), null, null);
        SignedInfo info = DSIG.newSignedInfo(
            DSIG.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null),
            DSIG.newSignatureMethod(claims.sha1() ? RSA_SHA1 : RSA_SHA256, null), List.of(reference));
        DOMSignContext context = new DOMSignContext(signer.key(), assertion, Dom.at(assertion, SAML, "Subject"));
        context.setDefaultNamespacePrefix("dsig");
        DSIG.newXMLSignature(info, keyInfo(signer)).sign(context);
        return assertion;
    }

    static KeyInfo keyInfo(Pem.Identity signer) {
        KeyInfoFactory factory = DSIG.getKeyInfoFactory();
        return factory.newKeyInfo(List.of(factory.newX509Data(List.of(signer.certificate()))));
    }

    /** The JDK's own validation of the bytes that will travel. */
    static boolean verifies(byte[] assertion, Pem.Identity signer) throws Exception {
        Element root = Dom.parse(assertion).getDocumentElement();
        root.setIdAttribute("ID", true);
        DOMValidateContext context = new DOMValidateContext(signer.certificate().getPublicKey(),
            Dom.at(root, XMLSignature.XMLNS, "Signature"));
        // Secure validation refuses SHA-1, which the DMP samples use.
        context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.FALSE);
        return DSIG.unmarshalXMLSignature(context).validate(context);
    }

    private static Element build(Claims claims, Pem.Identity signer, Instant now) throws Exception {
        Element root = Dom.add(Dom.empty(), SAML, "saml:Assertion", "Version", "2.0", "ID", claims.id(),
            "IssueInstant", now.toString());
        Dom.declare(root, Dom.XSI, "xsi");
        Dom.declare(root, "http://www.w3.org/2001/XMLSchema", "xsd");
        Dom.text(root, SAML, "saml:Issuer", signer.certificate().getSubjectX500Principal()
            .getName(X500Principal.RFC1779), "Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName");
        Dom.text(Dom.add(root, SAML, "saml:Subject"), SAML, "saml:NameID", claims.nameId());
        Dom.add(root, SAML, "saml:Conditions", "NotBefore", now.minusSeconds(120).toString(),
            "NotOnOrAfter", now.plusSeconds(3600).toString());
        boolean strong = claims.mode() == Mode.INDIRECTE_RENFORCEE;
        Element context = Dom.add(Dom.add(root, SAML, "saml:AuthnStatement", "AuthnInstant", now.toString()),
            SAML, "saml:AuthnContext");
        Dom.text(context, SAML, "saml:AuthnContextClassRef",
            CLASSES + (strong ? "MobileTwoFactorUnregistered" : "Password"));
        if (strong) {
            Dom.text(context, SAML, "saml:AuthnContextDecl", "APP_BROWSER_AUTH");
        }
        attributes(Dom.add(root, SAML, "saml:AttributeStatement"), claims);
        return root;
    }

    private static void attributes(Element statement, Claims claims) {
        value(statement, "VIHF_Version", "3.0");
        value(statement, "LPS_Nom", "DOSSIER FICTIF JAVA");
        value(statement, "LPS_Version", "17.0");
        value(statement, "LPS_ID", "JV-2026-7");
        value(statement, "LPS_ID_HOMOLOGATION_DMP", "FICTIF-JAVA-0017");
        value(statement, "urn:oasis:names:tc:xspa:1.0:subject:subject-id", claims.person());
        // Two of the three published families write Mode with a capital.
        value(statement, "Authentification_Mode", claims.mode().name());
        value(statement, "Ressource_URN", "urn:dmp");
        if (claims.cx() != null) {
            value(statement, "urn:oasis:names:tc:xacml:2.0:resource:resource-id", claims.cx());
        }
        value(statement, "Identifiant_Structure", claims.structure());
        value(statement, "Secteur_Activite", claims.sector() + "^1.2.250.1.71.4.2.4");
        Element purpose = attribute(statement, "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse");
        coded(purpose, "PurposeOfUse", "normal", "1.2.250.1.213.1.1.4.248", "mode acces VIHF 2.0", "Accès normal");
        Element roles = attribute(statement, "urn:oasis:names:tc:xacml:2.0:subject:role");
        coded(roles, "Role", "10", "1.2.250.1.71.1.2.7", "TRE_G15-ProfessionSante", "Médecin");
        coded(roles, "Role", "SM26", "1.2.250.1.71.4.2.5", "TRE_R01", "Qualifié en Médecine générale (SM)");
    }

    private static Element attribute(Element statement, String name) {
        return Dom.add(statement, SAML, "saml:Attribute", "Name", name);
    }

    private static void value(Element statement, String name, String text) {
        Dom.text(attribute(statement, name), SAML, "saml:AttributeValue", text, "xsi:type", "xsd:string");
    }

    private static void coded(Element attribute, String element, String code, String system, String systemName,
                              String label) {
        Dom.add(Dom.add(attribute, SAML, "saml:AttributeValue"), HL7, element, "xsi:type", "CE", "code", code,
            "codeSystem", system, "codeSystemName", systemName, "displayName", label);
    }
}
