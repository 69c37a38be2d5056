"""ebRIM of a lot: RegistryPackage, ExtrinsicObject, Association (facts, dmp-messages 5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from lxml import etree

from tests.interop.python.metadata import Author, Code, Entry
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
    DOCUMENT_ENTRY,
    RIM,
    SS_AUTHOR,
    SS_CONTENT_TYPE,
    SS_NODE,
    SS_PATIENT_ID,
    SS_SOURCE_ID,
    SS_UNIQUE_ID,
    default,
)


class Lot:
    """Writer of one RegistryObjectList; numbers its classifications and external identifiers."""

    def __init__(self, parent: etree._Element) -> None:
        self.list = etree.SubElement(parent, f"{{{RIM}}}RegistryObjectList", nsmap=default(RIM))
        self._numbers: Iterator[int] = count(1)

    def package(self, key: str, *, unique_id: str, source_id: str, patient_id: str, time: str, title: str,
                content_type: Code, author: Author) -> None:  # fmt: skip
        """The SubmissionSet; ``time`` is yyyyMMddHHmmss in UTC."""
        package = etree.SubElement(self.list, f"{{{RIM}}}RegistryPackage", {"id": key})
        slot(package, "submissionTime", [time])
        name(package, title)
        self._author(package, key, SS_AUTHOR, author)
        self._code(package, key, SS_CONTENT_TYPE, content_type)
        node = {"id": self._id("cl"), "classificationNode": SS_NODE, "classifiedObject": key}
        etree.SubElement(package, f"{{{RIM}}}Classification", node)
        self._external(package, key, SS_PATIENT_ID, patient_id, "XDSSubmissionSet.patientId")
        self._external(package, key, SS_SOURCE_ID, source_id, "XDSSubmissionSet.sourceId")
        self._external(package, key, SS_UNIQUE_ID, unique_id, "XDSSubmissionSet.uniqueId")

    def document(self, key: str, entry: Entry) -> None:
        """A DocumentEntry; absent values have no Slot."""
        attributes = {"id": key, "mimeType": entry.mime_type, "objectType": DOCUMENT_ENTRY}
        extrinsic = etree.SubElement(self.list, f"{{{RIM}}}ExtrinsicObject", attributes)
        for label, values in _slots(entry):
            slot(extrinsic, label, values)
        name(extrinsic, entry.title)
        for author in entry.authors:
            self._author(extrinsic, key, DE_AUTHOR, author)
        for scheme, code in _codes(entry):
            self._code(extrinsic, key, scheme, code)
        self._external(extrinsic, key, DE_PATIENT_ID, entry.patient_id, "XDSDocumentEntry.patientId")
        self._external(extrinsic, key, DE_UNIQUE_ID, entry.unique_id, "XDSDocumentEntry.uniqueId")

    def link(self, kind: str, source: str, target: str) -> None:
        """An Association of the lot (all carry SubmissionSetStatus = Original)."""
        attributes = {"associationType": kind, "id": self._id("as"), "sourceObject": source, "targetObject": target}
        slot(etree.SubElement(self.list, f"{{{RIM}}}Association", attributes), "SubmissionSetStatus", ["Original"])

    def _author(self, parent: etree._Element, key: str, scheme: str, author: Author) -> None:
        attributes = {"id": self._id("cl"), "classificationScheme": scheme, "classifiedObject": key}
        one = etree.SubElement(parent, f"{{{RIM}}}Classification", {**attributes, "nodeRepresentation": ""})
        for label, value in (
            ("authorInstitution", author.institution),
            ("authorPerson", author.person),
            ("authorRole", author.role),
            ("authorSpecialty", author.specialty),
        ):
            if value:
                slot(one, label, [value])

    def _code(self, parent: etree._Element, key: str, scheme: str, code: Code) -> None:
        attributes = {"id": self._id("cl"), "classificationScheme": scheme, "classifiedObject": key}
        one = etree.SubElement(parent, f"{{{RIM}}}Classification", {**attributes, "nodeRepresentation": code.code})
        slot(one, "codingScheme", [code.system])
        name(one, code.label)

    def _external(self, parent: etree._Element, key: str, scheme: str, value: str, label: str) -> None:
        attributes = {"id": self._id("ei"), "identificationScheme": scheme, "registryObject": key, "value": value}
        name(etree.SubElement(parent, f"{{{RIM}}}ExternalIdentifier", attributes), label)

    def _id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"


def slot(parent: etree._Element, label: str, values: Iterable[str]) -> None:
    """Add the Slot ``label`` to ``parent``."""
    one = etree.SubElement(parent, f"{{{RIM}}}Slot", {"name": label})
    holder = etree.SubElement(one, f"{{{RIM}}}ValueList")
    for value in values:
        etree.SubElement(holder, f"{{{RIM}}}Value").text = value


def name(parent: etree._Element, text: str) -> None:
    """Add the French Name ``text`` to ``parent``."""
    string = etree.SubElement(etree.SubElement(parent, f"{{{RIM}}}Name"), f"{{{RIM}}}LocalizedString")
    string.set("{http://www.w3.org/XML/1998/namespace}lang", "FR")
    string.set("charset", "UTF8")
    string.set("value", text)


def _slots(entry: Entry) -> Iterator[tuple[str, list[str]]]:
    yield "creationTime", [entry.creation]
    if entry.sha1 is not None and entry.size is not None:
        yield "hash", [entry.sha1]
        yield "size", [str(entry.size)]
    yield "languageCode", [entry.language]
    yield "legalAuthenticator", [entry.legal_authenticator]
    yield "serviceStartTime", [entry.start]
    if entry.stop:
        yield "serviceStopTime", [entry.stop]
    yield "sourcePatientId", [entry.source_patient_id]
    if entry.source_patient_info:
        yield "sourcePatientInfo", list(entry.source_patient_info)


def _codes(entry: Entry) -> Iterator[tuple[str, Code]]:
    yield DE_CLASS, entry.class_code
    for code in entry.confidentiality:
        yield DE_CONFIDENTIALITY, code
    for code in entry.events:
        yield DE_EVENT, code
    yield DE_FORMAT, entry.format_code
    yield DE_FACILITY, entry.facility
    yield DE_PRACTICE, entry.practice
    yield DE_TYPE, entry.type_code
