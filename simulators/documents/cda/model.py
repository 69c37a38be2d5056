"""What the header and the body of a CDA document say, each value with the XPath of its place.

Values are as written; ``""`` stands for an absent attribute, ``None`` for an absent element. Names of
fields follow HL7 CDA R2; ``Ii``, ``Cd``, ``Ts`` are its data types (instance identifier, coded
value, instant). Source: HL7 CDA R2 (2005), CI-SIS minimal header as met in the national samples.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from simulators.core.xml import text as text_of
from simulators.core.xml import where as where_of
from simulators.documents.errors import UnreadableCda

HL7 = "urn:hl7-org:v3"

_PATHS: dict[str, str] = {
    "id": "id",
    "typeCode": "code",
    "title": "title",
    "effectiveTime": "effectiveTime",
    "confidentialityCode": "confidentialityCode",
    "languageCode": "languageCode",
    "setId": "setId",
    "versionNumber": "versionNumber",
    "patientId": "recordTarget/patientRole/id",
    "patient": "recordTarget/patientRole/patient",
    "author": "author",
    "authorPerson": "author/assignedAuthor/id",
    "authorInstitution": "author/assignedAuthor/representedOrganization/id",
    "custodian": "custodian/assignedCustodian/representedCustodianOrganization/id",
    "legalAuthenticator": "legalAuthenticator/assignedEntity/id",
    "serviceStartTime": "documentationOf/serviceEvent/effectiveTime/low",
    "serviceStopTime": "documentationOf/serviceEvent/effectiveTime/high",
    "facility": "componentOf/encompassingEncounter/location/healthCareFacility/code",
    "practice": (
        "documentationOf/serviceEvent/performer/assignedEntity/representedOrganization/standardIndustryClassCode"
    ),
    "relatedDocument": "relatedDocument/parentDocument/id",
    "body": "component",
}
"""Names accepted by ``CdaDocument.where`` → path below ClinicalDocument."""


@dataclass(frozen=True, slots=True)
class Ii:
    """Instance identifier."""

    root: str
    extension: str
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Cd:
    """Coded value with its translations."""

    code: str
    system: str
    display: str
    where: str = field(compare=False, default="")
    translations: tuple[Cd, ...] = ()


@dataclass(frozen=True, slots=True)
class Ts:
    """Instant, HL7 TS as written (``20260105093000+0100``)."""

    value: str
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Text:
    """Text, blanks around it dropped."""

    text: str
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Organization:
    """A structure; ``practice`` is its standardIndustryClassCode."""

    ids: tuple[Ii, ...]
    name: Text | None
    practice: Cd | None
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Participant:
    """An author, a legal authenticator, an authenticator, a performer.

    ``role`` is the functionCode, ``specialty`` the code of the assigned person, ``device`` the
    software name of an authoring device.
    """

    ids: tuple[Ii, ...]
    family: str
    given: str
    time: Ts | None
    role: Cd | None
    specialty: Cd | None
    device: Text | None
    organization: Organization | None
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Patient:
    """Identifiers and traits. ``birth_*`` are qualified BR, ``used_*`` CL; ``given_names`` is the unqualified list.

    ``birth_place`` is the INSEE code of the birth address (county), ``birth_city`` its name.
    """

    ids: tuple[Ii, ...]
    birth_family: Text | None
    birth_given: Text | None
    given_names: Text | None
    used_family: Text | None
    used_given: Text | None
    sex: Cd | None
    birth_time: Ts | None
    birth_place: Text | None
    birth_city: Text | None
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One documentationOf/serviceEvent with its first performer."""

    code: Cd | None
    low: Ts | None
    high: Ts | None
    performer: Participant | None
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class RelatedDocument:
    """``type_code`` is RPLC, APND or XFRM."""

    type_code: str
    parents: tuple[Ii, ...]
    where: str = field(compare=False, default="")


@dataclass(frozen=True)
class Body:
    """``kind``: ``nonXML`` (level 1), ``structured`` (level 2 or 3), ``none`` when the document has no body."""

    kind: Literal["nonXML", "structured", "none"]
    media_type: str
    representation: str
    level: int
    where: str = field(compare=False, default="")
    source: etree._Element | None = field(compare=False, repr=False, default=None)

    def content(self) -> bytes:
        """The embedded bytes of a level 1 body, or its text in UTF-8 when it is not base64.

        Raises :class:`UnreadableCda` for another kind of body and for damaged base64.
        """
        if self.kind != "nonXML" or self.source is None:
            raise UnreadableCda(f"a body of kind {self.kind!r} embeds no content", self.where)
        text = text_of(self.source)
        if self.representation != "B64":
            return text.encode()
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnreadableCda(f"damaged base64 in the body: {error}", self.where) from None


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """An ``xml-stylesheet`` instruction, or an XSL import or include. ``kind`` is ``embedded`` for ``#...``."""

    href: str
    kind: Literal["embedded", "external"]
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Link:
    """An active content or an outgoing link. ``target`` is the script's name, handler or URL."""

    target: str
    where: str = field(compare=False, default="")


@dataclass(frozen=True)
class Presentation:
    """How the document is to be shown. ``embedded`` tells that the file itself is an XSL style sheet."""

    embedded: bool
    stylesheets: tuple[Stylesheet, ...] = ()
    scripts: tuple[Link, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def external(self) -> tuple[Stylesheet, ...]:
        """The style sheets the document does not carry itself."""
        return tuple(sheet for sheet in self.stylesheets if sheet.kind == "external")


@dataclass(frozen=True)
class CdaDocument:
    """One CDA document. ``source`` is its ClinicalDocument element.

    ``orders`` and ``accessions`` are the order and imaging accession numbers of ``inFulfillmentOf``.
    """

    source: etree._Element = field(compare=False, repr=False)
    template_ids: tuple[Ii, ...]
    id: Ii | None
    code: Cd | None
    title: Text | None
    effective_time: Ts | None
    confidentiality: Cd | None
    language: Cd | None
    set_id: Ii | None
    version: Text | None
    patient: Patient | None
    authors: tuple[Participant, ...]
    custodian: Organization | None
    legal_authenticator: Participant | None
    service_events: tuple[ServiceEvent, ...]
    facility: Cd | None
    related: tuple[RelatedDocument, ...]
    orders: tuple[Ii, ...]
    accessions: tuple[Ii, ...]
    body: Body
    presentation: Presentation

    @property
    def unique_id(self) -> str:
        """The document identifier as XDS writes it: ``root`` or ``root^extension``; ``""`` when absent."""
        if self.id is None:
            return ""
        return f"{self.id.root}^{self.id.extension}" if self.id.extension else self.id.root

    @property
    def main_event(self) -> ServiceEvent | None:
        """The first act with a start, else the first act."""
        dated = (event for event in self.service_events if event.low is not None and event.low.value)
        return next(dated, next(iter(self.service_events), None))

    @property
    def replaces(self) -> tuple[Ii, ...]:
        """Identifiers of the documents this one replaces."""
        return tuple(parent for link in self.related if link.type_code == "RPLC" for parent in link.parents)

    def where(self, name: str = "") -> str:
        """XPath of a header item (keys: ``id``, ``typeCode``, ``patientId``, ``author``, ``facility``, ``body``...).

        Where it is missing, the deepest of its ancestors that exists.
        """
        place = self.source
        for step in _PATHS[name].split("/") if name else ():
            found = place.find(f"{{{HL7}}}{step}")
            if found is None:
                break
            place = found
        return where_of(place)
