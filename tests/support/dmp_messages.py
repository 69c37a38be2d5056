"""DMP requests as a product would write them: plain text, the fictitious values of the facts, one signature.

Assertions are unsigned until :func:`seal`; a test edits the tree first, then seals it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from simulators.core.xmldsig import sign_enveloped

INS, OTHER_INS, OID = "185010099900171", "290050099900233", "1.2.250.1.213.1.4.10"
PROFESSIONAL, STRUCTURE, OTHER_STRUCTURE = "899700000013", "10B0999009", "10B0999025"
ISSUER = f"CN=SIMULATION CENTRE FICTIF,OU={STRUCTURE},O=SIMULATION CENTRE FICTIF,O=SIMULATION SEGUR SANDBOX,C=FR"
INSTANT = "2026-01-05T08:30:00.000Z"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient"
ACTIONS = {
    "TD0.2": "urn:hl7-org:v3:PRPA_IN201307UV02",
    "TD0.3": "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization",
    "TD2.1": "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
    "TD3.1": "urn:ihe:iti:2007:RegistryStoredQuery",
    "TD3.2": "urn:ihe:iti:2007:RetrieveDocumentSet",
    "TD3.3a": "urn:ihe:iti:2010:UpdateDocumentSet",
    "TD3.3c": "urn:ihe:iti:2010:UpdateDocumentSet",
}
SERVICES = {
    "TD0.2": "patients",
    "TD0.3": "habilitations",
    "TD2.1": "repository",
    "TD3.1": "registry",
    "TD3.2": "repository",
    "TD3.3a": "registry",
    "TD3.3c": "registry",
}
PHYSICIAN = (("10", "1.2.250.1.71.1.2.7"), ("SM26", "1.2.250.1.71.4.2.5"))
NURSE = (("60", "1.2.250.1.71.1.2.7"),)
SECRETARY = (("SECRETARIAT_MEDICAL", "1.2.250.1.213.1.1.4.6"),)


@dataclass(frozen=True)
class VihfPlan:
    """Every value of a VIHF; ``but(...)`` changes some. An empty ``declaration``, ``conditions`` or ``confidentiality``
    is left out."""

    structure: str = STRUCTURE
    sector: str = "SA01^1.2.250.1.71.4.2.4"
    professional: str = PROFESSIONAL
    subject: str = "CAMILLE FICTIF"
    roles: tuple[tuple[str, str], ...] = PHYSICIAN
    version: str = "3.0"
    mode: str = "INDIRECTE_RENFORCEE"
    resource: str = f"{INS}^^^&{OID}&ISO^NH"
    purpose: str = "normal"
    confidentiality: str = ""
    declaration: str = "APP_BROWSER_AUTH"
    context: str = CONTEXT
    conditions: str = ""
    issuer: str = ISSUER
    id: str = "_00000000-0000-4000-8000-000000000003"
    instant: str = INSTANT
    lps_version: str = "1.0"

    def but(self, **values: object) -> VihfPlan:
        return replace(self, **values)  # type: ignore[arg-type]


AIR = VihfPlan()
INDIRECT = VihfPlan(mode="INDIRECTE", declaration="")
CARD = "CN=899700000013+SN=FICTIF+GN=CAMILLE,T=Médecin,O=SIMULATION SEGUR SANDBOX,C=FR"
DIRECT = VihfPlan(mode="DIRECTE", declaration="", issuer=CARD)


def assertion(plan: VihfPlan = AIR) -> str:
    """The unsigned assertion, in the order of the samples."""
    roles = "".join(f"<saml2:AttributeValue>{_code('Role', *role)}</saml2:AttributeValue>" for role in plan.roles)
    purpose = _code("PurposeOfUse", plan.purpose, "1.2.250.1.213.1.1.4.248")
    attributes = (
        _attribute("Identifiant_Structure", plan.structure),
        _attribute("Secteur_Activite", plan.sector),
        _attribute("urn:oasis:names:tc:xspa:1.0:subject:subject-id", plan.subject) if plan.subject else "",
        f'<saml2:Attribute Name="urn:oasis:names:tc:xacml:2.0:subject:role">{roles}</saml2:Attribute>',
        _attribute("VIHF_Version", plan.version),
        _attribute("Authentification_mode", plan.mode),
        _attribute("urn:oasis:names:tc:xacml:2.0:resource:resource-id", plan.resource) if plan.resource else "",
        _attribute("Ressource_URN", "urn:dmp"),
        '<saml2:Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"><saml2:AttributeValue>'
        f"{purpose}</saml2:AttributeValue></saml2:Attribute>",
        _secret(plan.confidentiality),
        _attribute("LPS_ID", "00.00.01"),
        _attribute("LPS_Nom", "LPS FICTIF"),
        _attribute("LPS_Version", plan.lps_version) if plan.lps_version else "",
        _attribute("LPS_ID_HOMOLOGATION_DMP", "FICTIF-000001"),
    )
    declaration = f"<saml2:AuthnContextDecl>{plan.declaration}</saml2:AuthnContextDecl>" if plan.declaration else ""
    return (
        f'<saml2:Assertion xmlns:saml2="{SAML}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'ID="{plan.id}" IssueInstant="{plan.instant}" Version="2.0">'
        '<saml2:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName">'
        f"{escape(plan.issuer)}</saml2:Issuer>"
        f"<saml2:Subject><saml2:NameID>{escape(plan.professional)}</saml2:NameID></saml2:Subject>"
        f"{plan.conditions}"
        f'<saml2:AuthnStatement AuthnInstant="{plan.instant}"><saml2:AuthnContext>'
        f"<saml2:AuthnContextClassRef>{plan.context}</saml2:AuthnContextClassRef>{declaration}"
        "</saml2:AuthnContext></saml2:AuthnStatement>"
        f"<saml2:AttributeStatement>{''.join(attributes)}</saml2:AttributeStatement></saml2:Assertion>"
    )


def conditions(**attributes: str) -> str:
    """A saml2:Conditions element."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<saml2:Conditions{given}/>"


def envelope(operation: str, body: str, plan: VihfPlan = AIR, *, version: str = "1.2") -> bytes:
    """A request of ``operation`` (``TD0.2``...) around ``body``, unsigned."""
    soap = {
        "1.2": "http://www.w3.org/2003/05/soap-envelope",
        "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    }[version]
    to = f"https://dmp.exemple.test/si-dmp-server/v2/services/{SERVICES[operation]}"
    wsa = 'xmlns="http://www.w3.org/2005/08/addressing"'
    return (
        f'<soap:Envelope xmlns:soap="{soap}"><soap:Header>'
        f"<MessageID {wsa}>urn:uuid:00000000-0000-4000-8000-000000000001</MessageID>"
        f"<To {wsa}>{to}</To>"
        f"<ReplyTo {wsa}><Address>http://www.w3.org/2005/08/addressing/anonymous</Address></ReplyTo>"
        f'<Action {wsa} mustUnderstand="true">{ACTIONS[operation]}</Action>'
        '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
        f"{assertion(plan)}</wsse:Security></soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def existence(ins: str = INS, oid: str = OID) -> str:
    """The body of TD0.2, with the mixed prefixes of the field."""
    return (
        '<urn:PRPA_IN201307UV02 xmlns:urn="urn:hl7-org:v3" xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ITSVersion="XML_1.0">'
        '<id root="1.2.250.1.999.9.1.4" extension="m-0001"/><creationTime value="20260105093000"/>'
        '<interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201307UV02"/>'
        '<processingCode code="D"/><processingModeCode code="T"/><acceptAckCode code="AL"/>'
        '<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE"><id root="1.2.250.1.213.4.1.1.1"/>'
        "<softwareName>DMP</softwareName></device></receiver>"
        '<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE"><id root="1.2.250.1.999.9.1"/>'
        '<softwareName>LPS FICTIF</softwareName></device></sender><attentionLine xsi:nil="true"/>'
        '<urn:controlActProcess classCode="CACT" moodCode="EVN">'
        '<reasonCode code="TEST_EXST" codeSystem="1.2.250.1.213.1.1.4.11"/><queryByParameter>'
        '<queryId root="1.2.250.1.999.9.1.5" extension="q-0001"/><statusCode code="new"/><parameterList>'
        '<dataSource xsi:nil="true"/><patientIdentifier>'
        f'<value root="{oid}" extension="{ins}"/><semanticsText>Patient.id</semanticsText>'
        "</patientIdentifier></parameterList></queryByParameter></urn:controlActProcess></urn:PRPA_IN201307UV02>"
    )


def set_authorization(action: str = "AJOUT", role: str = "") -> str:
    """The body of TD0.3; an empty action or role is left out."""
    children = f"<action>{action}</action>" if action else ""
    children += f"<role>{role}</role>" if role else ""
    return f'<setAuthorization xmlns="urn:si-dmp-habilitations">{children}</setAuthorization>'


def td02(plan: VihfPlan = AIR, *, ins: str = INS, oid: str = OID) -> bytes:
    """A whole TD0.2 request, unsigned."""
    return envelope("TD0.2", existence(ins, oid), plan)


def td03(action: str = "AJOUT", role: str = "", plan: VihfPlan = AIR) -> bytes:
    """A whole TD0.3 request, unsigned."""
    return envelope("TD0.3", set_authorization(action, role), plan)


def search(uuid: str = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", kind: str = "LeafClass") -> str:
    """The body of TD3.1, without parameters."""
    return (
        '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">'
        f'<ResponseOption returnComposedObjects="true" returnType="{kind}"/>'
        f'<AdhocQuery xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="{uuid}"/></AdhocQueryRequest>'
    )


def for_patient(ins: str, plan: VihfPlan = AIR) -> VihfPlan:
    """The plan with another patient in its resource-id."""
    return plan.but(resource=f"{ins}^^^&{OID}&ISO^NH")


def seal(message: bytes, key: RSAPrivateKey, certificate_der: bytes) -> bytes:
    """The same message, its first assertion signed (again); a message without one is left alone."""
    root = etree.fromstring(message)
    found = next(root.iter(f"{{{SAML}}}Assertion"), None)
    if found is None:
        return message
    for old in found.findall(f"{{{DS}}}Signature"):
        found.remove(old)
    if found.get("ID"):
        sign_enveloped(found, key, certificate_der)
    return etree.tostring(root)


def package(root: bytes, parts: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """(Content-Type, body) of an MTOM message in the form of the DRIMbox: bare line feeds, nothing after the end."""
    lines = [_part("0.1", 'application/xop+xml; charset=UTF-8; type="application/soap+xml"', root)]
    lines += [_part(content_id, "application/octet-stream", content) for content_id, content in parts]
    kind = 'multipart/related;boundary="B_ound"; type="application/xop+xml"; start="<0.1>"'
    return f'{kind}; start-info="application/soap+xml"', b"".join(lines) + b"--B_ound--"


def _part(content_id: str, kind: str, content: bytes) -> bytes:
    head = f"--B_ound\nContent-Type: {kind}\nContent-Transfer-Encoding: binary\nContent-ID: <{content_id}>\n\n"
    return head.encode() + content + b"\n"


def revalue(message: bytes, key: RSAPrivateKey) -> bytes:
    """The same message, the value of its signature computed again over SignedInfo as it stands."""
    root = etree.fromstring(message)
    (info,) = root.iter(f"{{{DS}}}SignedInfo")
    value = key.sign(etree.tostring(info, method="c14n", exclusive=True), padding.PKCS1v15(), hashes.SHA256())
    (holder,) = root.iter(f"{{{DS}}}SignatureValue")
    holder.text = b64encode(value).decode()
    return etree.tostring(root)


def _attribute(name: str, value: str) -> str:
    written = f'<saml2:AttributeValue xsi:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema">{escape(value)}'
    return f'<saml2:Attribute Name="{name}">{written}</saml2:AttributeValue></saml2:Attribute>'


def _secret(code: str) -> str:
    name = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
    return _attribute(name, code) if code else ""


def _code(name: str, code: str, system: str) -> str:
    return f'<{name} xmlns="urn:hl7-org:v3" code="{code}" codeSystem="{system}" displayName="libelle" xsi:type="CE"/>'
