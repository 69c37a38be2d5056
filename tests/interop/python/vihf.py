"""The VIHF: a signed SAML 2.0 assertion that says who calls, for whom, in which mode.

Shape: facts, dmp-messages 2.1 to 2.4. Signed with signxml: RSA-SHA256, or RSA-SHA1 for the products of the field
that still sign that way (signxml refuses SHA-1 unless told otherwise, hence the subclass).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod, XMLSigner

from tests.interop.python.identity import Identity
from tests.interop.python.names import DS, HL7, SAML, XS, XSI, default

INDIRECT = "INDIRECTE"
AIR = "INDIRECTE_RENFORCEE"
SHORT = timedelta(minutes=10)
EXC_C14N = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
_ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
_PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"


@dataclass(frozen=True)
class Credential:
    """A key pair as PEM texts: leaf certificate, private key, issuing chain (may be empty)."""

    certificate: str
    key: str
    chain: str = ""

    @property
    def x509(self) -> x509.Certificate:
        """The leaf, parsed."""
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def distinguished_name(self) -> str:
        """Subject in RFC 4514 order (CN first)."""
        return self.x509.subject.rfc4514_string()


class LegacySigner(XMLSigner):  # type: ignore[misc]  # untyped library
    """XMLSigner that lets SHA-1 pass: an explicit choice of the caller, never a default."""

    def check_deprecated_methods(self) -> None:
        """Allow every method."""


def signer(algorithm: str) -> XMLSigner:
    """Enveloped-signature signer for ``sha256`` or ``sha1``. Raises KeyError on another name."""
    kind, method, digest = {
        "sha256": (XMLSigner, SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256),
        "sha1": (LegacySigner, SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA1),
    }[algorithm]
    return kind(SignatureConstructionMethod.enveloped, method, digest, EXC_C14N)


def unsigned(who: Identity, mode: str, issuer: str, *, structure_id: str | None = None,
             lifetime: timedelta | None = None) -> etree._Element:  # fmt: skip
    """The assertion with an empty signature where the real one goes (after Issuer).

    ``structure_id`` overrides Identifiant_Structure; ``lifetime`` adds Conditions (absent by default).
    """
    now = datetime.now(UTC)
    root = etree.Element(
        f"{{{SAML}}}Assertion",
        {"ID": f"_{uuid.uuid4()}", "IssueInstant": _instant(now), "Version": "2.0"},
        nsmap={"saml2": SAML, "xsi": XSI, "xs": XS},
    )
    name_format = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
    _add(root, "Issuer", issuer, Format=name_format)
    etree.SubElement(root, f"{{{DS}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DS})
    _add(_add(root, "Subject"), "NameID", who.professional.national_id)
    if lifetime is not None:
        _add(root, "Conditions", NotOnOrAfter=_instant(now + lifetime))
    context = _add(_add(root, "AuthnStatement", AuthnInstant=_instant(now)), "AuthnContext")
    _add(context, "AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient")
    if mode == AIR:
        _add(context, "AuthnContextDecl", "APP_BROWSER_AUTH")
    _attributes(_add(root, "AttributeStatement"), who, mode, structure_id or who.structure.national_id)
    return root


def signed(assertion: etree._Element, credential: Credential, algorithm: str = "sha256") -> etree._Element:
    """``assertion`` with its signature: leaf certificate only, exclusive C14N, reference to its own ID."""
    made: etree._Element = signer(algorithm).sign(
        assertion,
        key=credential.key,
        cert=credential.certificate,
        reference_uri="#" + assertion.get("ID", ""),
        id_attribute="ID",
    )
    return made


def _attributes(statement: etree._Element, who: Identity, mode: str, structure_id: str) -> None:
    doctor = who.professional
    _simple(statement, "Identifiant_Structure", structure_id)
    _simple(statement, "Secteur_Activite", f"{who.structure.sector}^1.2.250.1.71.4.2.4")
    _simple(statement, "urn:oasis:names:tc:xspa:1.0:subject:subject-id", f"{doctor.given} {doctor.name}")
    _coded(statement, _ROLE, [
        ("Role", "10", "1.2.250.1.71.1.2.7", "professions", "Médecin"),
        ("Role", doctor.speciality, "1.2.250.1.71.4.2.5", "specialites RPPS", doctor.speciality_label),
    ])  # fmt: skip
    _simple(statement, "VIHF_Version", "3.0")
    _simple(statement, "Authentification_mode", mode)
    _simple(statement, "urn:oasis:names:tc:xacml:2.0:resource:resource-id", who.patient.cx)
    _simple(statement, "Ressource_URN", "urn:dmp")
    purpose = ("PurposeOfUse", "normal", "1.2.250.1.213.1.1.4.248", "mode acces VIHF 2.0", "Accès normal")
    _coded(statement, _PURPOSE, [purpose])
    _simple(statement, "LPS_ID", "07.31.12")
    _simple(statement, "LPS_Nom", "DOSSIER VOYAGEUR")
    _simple(statement, "LPS_Version", "4.2")
    _simple(statement, "LPS_ID_HOMOLOGATION_DMP", "VOYAGE-000731")


def _simple(statement: etree._Element, name: str, value: str) -> None:
    attribute = _add(statement, "Attribute", Name=name)
    _add(attribute, "AttributeValue", value).set(f"{{{XSI}}}type", "xs:string")


def _coded(statement: etree._Element, name: str, values: list[tuple[str, str, str, str, str]]) -> None:
    attribute = _add(statement, "Attribute", Name=name)
    for tag, code, system, system_name, label in values:
        holder = _add(attribute, "AttributeValue")
        coded = etree.SubElement(holder, f"{{{HL7}}}{tag}", nsmap=default(HL7))
        for key, value in (("code", code), ("codeSystem", system), ("codeSystemName", system_name)):
            coded.set(key, value)
        coded.set("displayName", label)
        coded.set(f"{{{XSI}}}type", "CE")


def _add(parent: etree._Element, tag: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{SAML}}}{tag}", attributes)
    element.text = text
    return element


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
