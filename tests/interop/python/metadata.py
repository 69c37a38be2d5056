"""XDS metadata of a document: what this product says about a CDA, read from its header or from an XDM archive.

Shape: facts, dmp.md 3.2 and dmp-messages 5.2. Class and format are not in a CDA header: an archive's METADATA.XML
brings them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from lxml import etree

from tests.interop.python import cda
from tests.interop.python.identity import Identity
from tests.interop.python.names import (
    DE_AUTHOR,
    DE_CLASS,
    DE_CONFIDENTIALITY,
    DE_EVENT,
    DE_FACILITY,
    DE_FORMAT,
    DE_PATIENT_ID,
    DE_PRACTICE,
    DE_TYPE,
    DE_UNIQUE_ID,
    RIM,
    parse,
)


@dataclass(frozen=True)
class Code:
    """A coded value: code, OID (or URN) of its system, label."""

    code: str
    system: str
    label: str


@dataclass(frozen=True)
class Author:
    """An author: XCN, XON (either may be absent), coded speciality, role in words."""

    person: str | None
    institution: str | None
    specialty: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class Entry:
    """A DocumentEntry to submit; times are yyyyMMddHHmmss in UTC, ``sha1`` upper or lower hexadecimal."""

    unique_id: str
    patient_id: str
    source_patient_id: str
    title: str
    creation: str
    start: str
    legal_authenticator: str
    authors: tuple[Author, ...]
    class_code: Code
    type_code: Code
    format_code: Code
    facility: Code
    practice: Code
    confidentiality: tuple[Code, ...]
    source_patient_info: tuple[str, ...] = ()
    events: tuple[Code, ...] = ()
    stop: str | None = None
    language: str = "fr-FR"
    mime_type: str = "text/xml"
    sha1: str | None = None
    size: int | None = None

    def measured(self, content: bytes) -> Entry:
        """The entry with hash and size of ``content``."""
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        return replace(self, sha1=digest, size=len(content))


def from_archive(data: bytes) -> Entry:
    """The one DocumentEntry of a METADATA.XML, as published. Raises ValueError unless there is exactly one."""
    (entry,) = parse(data).iter(f"{{{RIM}}}ExtrinsicObject")
    slots = {slot.get("name", ""): _values(slot) for slot in entry.findall(f"{{{RIM}}}Slot")}
    codes = {scheme: _codes(entry, scheme) for scheme in (DE_EVENT, DE_CONFIDENTIALITY)}
    return Entry(
        unique_id=_external(entry, DE_UNIQUE_ID),
        patient_id=_external(entry, DE_PATIENT_ID),
        source_patient_id=slots["sourcePatientId"][0],
        source_patient_info=tuple(slots.get("sourcePatientInfo", ())),
        title=_label(entry),
        creation=slots["creationTime"][0],
        start=slots["serviceStartTime"][0],
        stop=slots.get("serviceStopTime", [None])[0],
        language=slots["languageCode"][0],
        legal_authenticator=slots["legalAuthenticator"][0],
        authors=tuple(_author(one) for one in _classifications(entry, DE_AUTHOR)),
        class_code=_code(entry, DE_CLASS),
        type_code=_code(entry, DE_TYPE),
        format_code=_code(entry, DE_FORMAT),
        facility=_code(entry, DE_FACILITY),
        practice=_code(entry, DE_PRACTICE),
        confidentiality=codes[DE_CONFIDENTIALITY],
        events=codes[DE_EVENT],
        mime_type=entry.get("mimeType", ""),
        sha1=slots["hash"][0],
        size=int(slots["size"][0]),
    )


def from_cda(content: bytes, published: Entry, who: Identity) -> Entry:
    """The entry of this product's own CDA ``content``; codes the header does not hold come from ``published``."""
    header = cda.read(content)
    patient = who.patient
    return replace(
        published,
        unique_id=header.unique_id,
        patient_id=patient.cx,
        source_patient_id=f"{patient.ipp}^^^&{patient.ipp_root}&ISO^PI",
        source_patient_info=(
            f"PID-5|{patient.name}^{patient.given}^^^^^L",
            f"PID-7|{patient.birth}",
            f"PID-8|{patient.gender}",
        ),
        title=header.title,
        creation=header.creation,
        start=header.start or published.start,
        stop=header.stop,
        language=header.language,
        legal_authenticator=header.legal_authenticator,
        authors=tuple(Author(one.person, one.institution, one.specialty, one.role) for one in header.authors),
    ).measured(content)


def _author(classification: etree._Element) -> Author:
    slots = {slot.get("name", ""): _values(slot)[0] for slot in classification.findall(f"{{{RIM}}}Slot")}
    get = slots.get
    return Author(get("authorPerson"), get("authorInstitution"), get("authorSpecialty"), get("authorRole"))


def _code(entry: etree._Element, scheme: str) -> Code:
    (only,) = _codes(entry, scheme)
    return only


def _codes(entry: etree._Element, scheme: str) -> tuple[Code, ...]:
    return tuple(
        Code(one.get("nodeRepresentation", ""), _values(one)[0], _label(one)) for one in _classifications(entry, scheme)
    )


def _classifications(entry: etree._Element, scheme: str) -> list[etree._Element]:
    found = entry.findall(f"{{{RIM}}}Classification")
    return [one for one in found if one.get("classificationScheme") == scheme]


def _external(entry: etree._Element, scheme: str) -> str:
    (only,) = entry.findall(f"{{{RIM}}}ExternalIdentifier[@identificationScheme='{scheme}']")
    return only.get("value", "")


def _label(element: etree._Element) -> str:
    text = element.find(f"{{{RIM}}}Name/{{{RIM}}}LocalizedString")
    return "" if text is None else text.get("value", "")


def _values(element: etree._Element) -> list[str]:
    return [value.text or "" for value in element.iter(f"{{{RIM}}}Value")]
