"""Builds and signs a VIHF (facts dmp-messages §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from simulators.clients.dmp.names import DEFAULT
from simulators.core.pki.issued import IssuedCertificate
from simulators.core.xml import NAMESPACES
from simulators.core.xmldsig import sign_enveloped
from simulators.population.model import Activity, Coded, Professional

SAML, HL7, XSI = NAMESPACES["saml2"], NAMESPACES["hl7"], NAMESPACES["xsi"]
XSPA = "urn:oasis:names:tc:xspa:1.0"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
RESOURCE = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
SECRET = f"{XSPA}:resource:patient:hl7:confidentiality-code"
SECTORS = "1.2.250.1.71.4.2.4"
AIR = "INDIRECTE_RENFORCEE"


@dataclass(frozen=True)
class VihfPlan:
    """What the assertion says. ``overrides`` replaces simple attributes by name (``None`` leaves one
    out); ``NameID`` and ``Issuer`` are understood too."""

    mode: str
    professional: Professional
    activity: Activity
    structure: str
    patient_cx: str
    assertion_id: str
    issued: datetime
    issuer: str
    purpose: str = "normal"
    product: str = "Segur sandbox"
    version: str = "1.0"
    overrides: Mapping[str, str | None] = field(default_factory=dict)

    def attributes(self) -> dict[str, str | None]:
        """The simple attributes in the order of the published samples."""
        person = self.professional
        values: dict[str, str | None] = {
            "Identifiant_Structure": self.structure,
            "Secteur_Activite": f"{self.activity.sector}^{SECTORS}",
            f"{XSPA}:subject:subject-id": f"{person.given} {person.family}",
            "VIHF_Version": "3.0",
            "Authentification_mode": self.mode,
            RESOURCE: self.patient_cx,
            "Ressource_URN": "urn:dmp",
            "LPS_ID": "00.00.01",
            "LPS_Nom": self.product,
            "LPS_Version": self.version,
            "LPS_ID_HOMOLOGATION_DMP": "SIM-000001",
        }
        return values | {k: v for k, v in self.overrides.items() if k not in {"NameID", "Issuer"}}


def build_vihf(plan: VihfPlan, parent: etree._Element, signer: IssuedCertificate) -> etree._Element:
    """Builds the assertion under ``parent`` (already in its envelope) and signs it there."""
    instant = plan.issued.strftime("%Y-%m-%dT%H:%M:%S.") + f"{plan.issued.microsecond // 1000:03d}Z"
    assertion = etree.SubElement(
        parent,
        f"{{{SAML}}}Assertion",
        {"ID": plan.assertion_id, "IssueInstant": instant, "Version": "2.0"},
        nsmap={"saml2": SAML, "xsi": XSI},
    )
    issuer = _add(assertion, "Issuer", plan.overrides.get("Issuer") or plan.issuer)
    issuer.set("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName")
    name_id = plan.overrides.get("NameID") or plan.professional.ps_idnat.value
    _add(_add(assertion, "Subject"), "NameID", name_id)
    statement = _add(assertion, "AuthnStatement")
    statement.set("AuthnInstant", instant)
    context = _add(statement, "AuthnContext")
    _add(context, "AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient")
    if plan.mode == AIR:
        _add(context, "AuthnContextDecl", "APP_BROWSER_AUTH")
    _attributes(_add(assertion, "AttributeStatement"), plan)
    sign_enveloped(assertion, signer.key, signer.der())
    return assertion


def _attributes(statement: etree._Element, plan: VihfPlan) -> None:
    for name, value in plan.attributes().items():
        if value is not None:
            _add(_named(statement, name), "AttributeValue", value)
    roles = _named(statement, ROLE)
    for role in (plan.activity.profession, plan.activity.specialty):
        if role is not None:
            _coded(roles, "Role", role)
    purpose = _named(statement, f"{XSPA}:subject:purposeofuse")
    _coded(purpose, "PurposeOfUse", Coded(plan.purpose, "1.2.250.1.213.1.1.4.248"))


def _named(statement: etree._Element, name: str) -> etree._Element:
    attribute = _add(statement, "Attribute")
    attribute.set("Name", name)
    return attribute


def _coded(attribute: etree._Element, tag: str, coded: Coded) -> None:
    value = _add(attribute, "AttributeValue")
    element = etree.SubElement(value, f"{{{HL7}}}{tag}", nsmap={DEFAULT: HL7})
    element.set("code", coded.code)
    element.set("codeSystem", coded.system)
    element.set(f"{{{XSI}}}type", "CE")


def _add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{SAML}}}{tag}")
    element.text = text
    return element
