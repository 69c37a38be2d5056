"""The VIHF as a value: what the signed assertion says, and where it says it.

:func:`read_vihf` is given the subtree that the signature verification returned, never the message, so that nothing
unsigned can ever be read from it (facts dmp-messages §2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from lxml import etree

from simulators.core.xml import clark, text, where
from simulators.population.identifiers import InvalidIdentifier, split_ins_cx

STRUCTURE: Final = "Identifiant_Structure"
SECTOR: Final = "Secteur_Activite"
SUBJECT_ID: Final = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
ROLE: Final = "urn:oasis:names:tc:xacml:2.0:subject:role"
VERSION: Final = "VIHF_Version"
MODE: Final = "Authentification_mode"
RESOURCE_ID: Final = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
RESOURCE_URN: Final = "Ressource_URN"
PURPOSE: Final = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
CONFIDENTIALITY: Final = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
LPS_ID: Final = "LPS_ID"
LPS_NAME: Final = "LPS_Nom"
LPS_VERSION: Final = "LPS_Version"
LPS_HOMOLOGATION: Final = "LPS_ID_HOMOLOGATION_DMP"
CODED: Final = {ROLE: "Role", PURPOSE: "PurposeOfUse"}

DIRECT: Final = "DIRECTE"
INDIRECT: Final = "INDIRECTE"
AIR: Final = "INDIRECTE_RENFORCEE"

_STATEMENT = "/saml2:AttributeStatement"
_SUBJECT = "/saml2:Subject/saml2:NameID"
_CONTEXT = "/saml2:AuthnStatement/saml2:AuthnContext"
_ELEMENTS: Final = {
    "Issuer": "/saml2:Issuer",
    "NameID": _SUBJECT,
    "Conditions": "/saml2:Conditions",
    "AudienceRestriction": "/saml2:Conditions/saml2:AudienceRestriction",
    "AuthnContextClassRef": f"{_CONTEXT}/saml2:AuthnContextClassRef",
    "AuthnContextDecl": f"{_CONTEXT}/saml2:AuthnContextDecl",
}
_ATTRIBUTES: Final = {
    "ID": ("", "ID"),
    "IssueInstant": ("", "IssueInstant"),
    "Version": ("", "Version"),
    "Format": ("/saml2:Issuer", "Format"),
    "NotBefore": ("/saml2:Conditions", "NotBefore"),
    "NotOnOrAfter": ("/saml2:Conditions", "NotOnOrAfter"),
    "AuthnInstant": ("/saml2:AuthnStatement", "AuthnInstant"),
}


_Place = tuple[etree._Element, str | None]


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A Role or a PurposeOfUse, and the XPath of its element in the message."""

    code: str
    system: str
    at: str

    def __str__(self) -> str:
        return f"{self.code}^{self.system}"


@dataclass(frozen=True)
class Vihf:
    """A VIHF as received. ``values`` holds the trimmed text of elements, attributes and simple SAML attributes by name;
    an absent or empty one has no entry.

    Names are those of :meth:`where`: ``Issuer``, ``Format``, ``NameID``, ``ID``, ``IssueInstant``, ``NotBefore``,
    ``NotOnOrAfter``, ``AuthnContextClassRef``, ``AuthnContextDecl``... and the constants of this module.
    ``repeated`` are the places of what is there twice.
    """

    at: str
    values: Mapping[str, str]
    roles: tuple[CodedValue, ...]
    purpose: CodedValue | None
    repeated: tuple[tuple[str, str], ...] = ()
    # Nodes, not paths: naming one costs a walk, and only findings ask.
    _places: Mapping[str, _Place] = field(default_factory=dict, repr=False, compare=False)

    def where(self, name: str) -> str:
        """The XPath in the message of what ``name`` names, or of the place where it should be."""
        if name in self._places:
            return where(*self._places[name])
        if name in _ELEMENTS:
            return self.at + _ELEMENTS[name]
        if name in _ATTRIBUTES:
            parent, attribute = _ATTRIBUTES[name]
            return f"{self.at}{parent}/@{attribute}"
        return f"{self.at}{_STATEMENT}/saml2:Attribute[@Name='{name}']"

    def get(self, name: str) -> str:
        """The value of ``name``, empty when absent."""
        return self.values.get(name, "")

    @property
    def structure(self) -> str:
        """Struct_IdNat of the caller."""
        return self.get(STRUCTURE)

    @property
    def professional(self) -> str:
        """PS_IdNat of the caller (NameID)."""
        return self.get("NameID")

    @property
    def mode(self) -> str:
        """``DIRECTE``, ``INDIRECTE`` or ``INDIRECTE_RENFORCEE`` once checked."""
        return self.get(MODE)

    @property
    def air(self) -> bool:
        """Whether the user was strongly authenticated by a trusted application (AIR)."""
        return self.mode == AIR

    @property
    def emergency(self) -> bool:
        """Access in bris de glace or by a regulation centre."""
        return self.purpose is not None and self.purpose.code in {"bris_de_glace", "centre_15"}

    @property
    def secret(self) -> bool:
        """Connection hidden from the legal guardians of a minor (facts dmp §4.6)."""
        return bool(self.get(CONFIDENTIALITY))

    @property
    def sector(self) -> tuple[str, str]:
        """Code and code system of Secteur_Activite."""
        code, _, system = self.get(SECTOR).partition("^")
        return code, system

    @property
    def patient(self) -> tuple[str, str] | None:
        """Matricule and authority of the resource-id, unchecked; None when absent or no ``<INS>^^^&<OID>&ISO^NH``."""
        try:
            return split_ins_cx(self.get(RESOURCE_ID)) if self.get(RESOURCE_ID) else None
        except InvalidIdentifier:
            return None


def read_vihf(assertion: etree._Element) -> Vihf:
    """Reads ``assertion`` (a SAML 2 Assertion standing where the message has it, see ``SignedContent.element``).

    Tolerant: whatever is missing or strange is left to the checks.
    """
    reader = _Reader(assertion)
    reader.elements()
    reader.attributes()
    reader.statement()
    return Vihf(
        where(assertion),
        MappingProxyType(reader.values),
        tuple(reader.coded[ROLE]),
        next(iter(reader.coded[PURPOSE]), None),
        tuple(reader.repeated),
        MappingProxyType(reader.places),
    )


class _Reader:
    def __init__(self, assertion: etree._Element) -> None:
        self._root = assertion
        self.values: dict[str, str] = {}
        self.places: dict[str, _Place] = {}
        self.coded: dict[str, list[CodedValue]] = {ROLE: [], PURPOSE: []}
        self.repeated: list[tuple[str, str]] = []

    def elements(self) -> None:
        for name, path in _ELEMENTS.items():
            found = self._find(path)
            self._keep(name, *found[:1])
            self.repeated += [(name, where(extra)) for extra in found[1:]]

    def attributes(self) -> None:
        for name, (path, attribute) in _ATTRIBUTES.items():
            for element in self._find(path)[:1]:
                self.places[name] = element, attribute
                if value := (element.get(attribute) or "").strip():
                    self.values[name] = value

    def statement(self) -> None:
        seen: set[str] = set()
        for attribute in self._find(f"{_STATEMENT}/saml2:Attribute"):
            name = _canonical(attribute.get("Name") or "")
            if name in seen:
                self.repeated.append((name, where(attribute)))
            else:
                seen.add(name)
                self._attribute(name, attribute)

    def _attribute(self, name: str, attribute: etree._Element) -> None:
        values = list(attribute.iterchildren(clark("saml2:AttributeValue")))
        self.places[name] = (values[0] if values else attribute), None
        if name in CODED:
            self._codes(name, [e for value in values for e in value.iterchildren(clark(f"hl7:{CODED[name]}"))])
            return
        self._keep(name, *values[:1])
        self.repeated += [(name, where(extra)) for extra in values[1:]]

    def _codes(self, name: str, elements: list[etree._Element]) -> None:
        for element in elements:
            code, system = (element.get("code") or "").strip(), (element.get("codeSystem") or "").strip()
            self.coded[name].append(CodedValue(code, system, where(element)))
        if elements:
            self.places[name] = elements[0], None
        if name == PURPOSE:
            self.repeated += [(name, where(extra)) for extra in elements[1:]]

    def _keep(self, name: str, *elements: etree._Element) -> None:
        for element in elements:
            self.places[name] = element, None
            if value := text(element).strip():
                self.values[name] = value

    def _find(self, path: str) -> list[etree._Element]:
        found = [self._root]
        for step in path.split("/")[1:]:
            found = [child for parent in found for child in parent.iterchildren(clark(step))]
        return found


def _canonical(name: str) -> str:
    """The one name whose case varies between the parties in the field (facts dmp §2.3)."""
    return MODE if name.casefold() == MODE.casefold() else name
