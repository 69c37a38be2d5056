"""Model → ebRIM elements, in the two layouts of the French profile.

Submission (clients, XDM ``METADATA.XML``): facts dmp-messages.md 5.2, symbolic identifiers of the
inner objects (``cla1``, ``ei1``), default namespace. Response (registry answers): facts
dmp-messages.md 7.4, exact order of slots, classifications and attributes, prefix ``ns4``, because
published clients cut the text of the answer. Inner identifiers of a response are UUIDs derived from
the object's own, so the same object is always written the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import cast
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, Lot, RegistryObject, SubmissionSet
from simulators.documents.xds.schemes import LCM, RIM

_DEFAULT = cast("str", None)  # lxml takes None as the default prefix; its stubs do not
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_AUTHOR_SLOTS = ("authorInstitution", "authorPerson", "authorRole", "authorSpecialty")

RESPONSE_PREFIX = "ns4"


def submission_list(lot: Lot) -> etree._Element:
    """``RegistryObjectList`` of a submission: sets, entries, associations."""
    holder = etree.Element(f"{{{RIM}}}RegistryObjectList", nsmap={_DEFAULT: RIM})
    writer = _Writer(_DEFAULT, _counted("cla"), _counted("ei"))
    for submission_set in lot.submission_sets:
        holder.append(writer.submission_set(submission_set))
    for entry in lot.entries:
        holder.append(writer.entry(entry))
    for association in lot.associations:
        holder.append(writer.association(association))
    return holder


def submit_objects_request(lot: Lot) -> etree._Element:
    """``SubmitObjectsRequest`` around :func:`submission_list`."""
    request = etree.Element(f"{{{LCM}}}SubmitObjectsRequest", nsmap={"lcm": LCM, _DEFAULT: RIM})
    request.append(submission_list(lot))
    return request


def response_object(item: DocumentEntry | SubmissionSet | Association) -> etree._Element:
    """One object of a registry answer, with the prefix ``ns4``."""
    ids = _derived(item.entry_id)
    writer = _Writer(RESPONSE_PREFIX, ids, ids, response=True)
    if isinstance(item, DocumentEntry):
        return writer.entry(item)
    if isinstance(item, SubmissionSet):
        return writer.submission_set(item)
    return writer.association(item)


def response_list(items: Iterable[DocumentEntry | SubmissionSet | Association]) -> etree._Element:
    """``RegistryObjectList`` of a registry answer, present even when empty."""
    holder = etree.Element(f"{{{RIM}}}RegistryObjectList", nsmap={RESPONSE_PREFIX: RIM})
    for item in items:
        holder.append(response_object(item))
    return holder


def object_refs(identifiers: Iterable[str]) -> etree._Element:
    """``RegistryObjectList`` of ``ObjectRef``, for a query that asks for references only."""
    holder = etree.Element(f"{{{RIM}}}RegistryObjectList", nsmap={RESPONSE_PREFIX: RIM})
    for identifier in identifiers:
        etree.SubElement(holder, f"{{{RIM}}}ObjectRef", {"id": identifier})
    return holder


def _counted(prefix: str) -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


def _derived(owner: str) -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:segur-sandbox:1:{owner}:{next(numbers)}')}"


class _Writer:
    """Writes registry objects in one layout. ``prefix`` is that of the ebRIM namespace."""

    def __init__(
        self, prefix: str, class_id: Callable[[], str], identifier_id: Callable[[], str], *, response: bool = False
    ) -> None:
        self._nsmap = {prefix: RIM}
        self._class_id = class_id
        self._identifier_id = identifier_id
        self._response = response

    def entry(self, entry: DocumentEntry) -> etree._Element:
        element = self._object("ExtrinsicObject", self._entry_attributes(entry))
        for name, values in self._ordered(_entry_slots(entry)):
            self._slot(element, name, values)
        self._texts(element, entry.title, entry.comments)
        version = entry.version or ("1" if self._response else None)
        if version is not None:
            self._child(element, "VersionInfo", {"versionName": version})
        self._authors(element, entry, entry.authors, schemes.ENTRY_AUTHOR)
        for scheme, code in self._entry_codes(entry):
            self._code(element, entry, scheme, code)
        self._external(element, entry, schemes.ENTRY_PATIENT_ID, entry.patient_id, "XDSDocumentEntry.patientId")
        self._external(element, entry, schemes.ENTRY_UNIQUE_ID, entry.unique_id, "XDSDocumentEntry.uniqueId")
        return element

    def submission_set(self, item: SubmissionSet) -> etree._Element:
        attributes = {"id": item.entry_id, **self._registered(item.entry_id, item.logical_id, item.status)}
        if item.home_community_id is not None:
            attributes["home"] = item.home_community_id
        element = self._object("RegistryPackage", attributes)
        slots = {"submissionTime": _one(item.submission_time), "intendedRecipient": item.intended_recipients}
        for name, values in self._ordered({**slots, **item.extra_slots}):
            self._slot(element, name, values)
        self._texts(element, item.title, item.comments)
        self._authors(element, item, item.authors, schemes.SET_AUTHOR)
        if item.content_type is not None:
            self._code(element, item, schemes.SET_CONTENT_TYPE, item.content_type)
        if item.classified:
            node = {"classificationNode": schemes.SUBMISSION_SET, "classifiedObject": item.entry_id}
            self._child(element, "Classification", {**node, "id": self._class_id()})
        self._external(element, item, schemes.SET_PATIENT_ID, item.patient_id, "XDSSubmissionSet.patientId")
        self._external(element, item, schemes.SET_SOURCE_ID, item.source_id, "XDSSubmissionSet.sourceId")
        self._external(element, item, schemes.SET_UNIQUE_ID, item.unique_id, "XDSSubmissionSet.uniqueId")
        return element

    def association(self, item: Association) -> etree._Element:
        attributes = {"associationType": item.type, "id": item.entry_id}
        attributes |= {"sourceObject": item.source_object, "status": item.status, "targetObject": item.target_object}
        element = self._object("Association", {name: value for name, value in attributes.items() if value is not None})
        for name, values in item.slots.items():
            self._slot(element, name, values)
        return element

    def _entry_attributes(self, entry: DocumentEntry) -> dict[str, str]:
        """Alphabetical, as the real answers have them."""
        attributes = {"id": entry.entry_id, "mimeType": entry.mime_type, "objectType": entry.object_type}
        attributes |= {"home": entry.home_community_id}
        attributes |= self._registered(entry.entry_id, entry.logical_id, entry.status)
        if self._response:
            attributes["isOpaque"] = "false"
        return {name: value for name, value in sorted(attributes.items()) if value is not None}

    def _registered(self, entry_id: str, logical_id: str | None, status: str | None) -> dict[str, str]:
        """``lid`` and ``status``: always in an answer, only if given in a submission."""
        if self._response:
            return {"lid": logical_id or entry_id, "status": status or schemes.APPROVED}
        given = {"lid": logical_id, "status": status}
        return {name: value for name, value in given.items() if value is not None}

    def _entry_codes(self, entry: DocumentEntry) -> Iterator[tuple[str, Code]]:
        single = {
            schemes.ENTRY_CLASS: entry.class_code,
            schemes.ENTRY_TYPE: entry.type_code,
            schemes.ENTRY_FORMAT: entry.format_code,
            schemes.ENTRY_FACILITY: entry.facility_code,
            schemes.ENTRY_PRACTICE: entry.practice_code,
        }
        codes: dict[str, tuple[Code, ...]] = {
            scheme: () if code is None else (code,) for scheme, code in single.items()
        }
        codes[schemes.ENTRY_CONFIDENTIALITY] = entry.confidentiality_codes
        codes[schemes.ENTRY_EVENT] = entry.event_codes
        order = _RESPONSE_ORDER if self._response else tuple(schemes.ENTRY_CODES.values())
        return ((scheme, code) for scheme in order for code in codes[scheme])

    def _ordered(self, slots: Mapping[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
        items = [(name, values) for name, values in slots.items() if values]
        return sorted(items) if self._response else items

    def _authors(
        self, element: etree._Element, owner: RegistryObject, authors: tuple[Author, ...], scheme: str
    ) -> None:
        for author in authors:
            found = self._classification(element, owner, scheme, "")
            values = (author.institutions, _one(author.person), author.roles, author.specialties)
            for name, texts in zip(_AUTHOR_SLOTS, values, strict=True):
                if texts:
                    self._slot(found, name, texts)

    def _code(self, element: etree._Element, owner: RegistryObject, scheme: str, code: Code) -> None:
        found = self._classification(element, owner, scheme, code.code)
        self._slot(found, "codingScheme", (code.system,))
        self._localized(found, "Name", code.display)

    def _classification(self, element: etree._Element, owner: RegistryObject, scheme: str, code: str) -> etree._Element:
        attributes = {"classificationScheme": scheme, "classifiedObject": owner.entry_id, "id": self._class_id()}
        return self._child(element, "Classification", {**attributes, "nodeRepresentation": code})

    def _external(
        self, element: etree._Element, owner: RegistryObject, scheme: str, value: str | None, name: str
    ) -> None:
        if value is None:
            return
        attributes = {"id": self._identifier_id(), "identificationScheme": scheme, "registryObject": owner.entry_id}
        found = self._child(element, "ExternalIdentifier", {**attributes, "value": value})
        self._localized(found, "Name", name)

    def _texts(self, element: etree._Element, title: str | None, comments: str | None) -> None:
        if title is not None:
            self._localized(element, "Name", title)
        if comments is not None:
            self._localized(element, "Description", comments)

    def _localized(self, element: etree._Element, name: str, text: str) -> None:
        holder = self._child(element, name, {})
        self._child(holder, "LocalizedString", {"charset": "UTF8", "value": text, _LANG: "FR"})

    def _slot(self, element: etree._Element, name: str, texts: tuple[str, ...]) -> None:
        values = self._child(self._child(element, "Slot", {"name": name}), "ValueList", {})
        for text in texts:
            self._child(values, "Value", {}).text = text

    def _object(self, name: str, attributes: Mapping[str, str]) -> etree._Element:
        return etree.Element(f"{{{RIM}}}{name}", dict(attributes), nsmap=self._nsmap)

    def _child(self, parent: etree._Element, name: str, attributes: Mapping[str, str]) -> etree._Element:
        return etree.SubElement(parent, f"{{{RIM}}}{name}", dict(attributes))


_RESPONSE_ORDER = (
    schemes.ENTRY_CLASS,
    schemes.ENTRY_CONFIDENTIALITY,
    schemes.ENTRY_EVENT,
    schemes.ENTRY_FORMAT,
    schemes.ENTRY_FACILITY,
    schemes.ENTRY_PRACTICE,
    schemes.ENTRY_TYPE,
)


def _entry_slots(entry: DocumentEntry) -> dict[str, tuple[str, ...]]:
    """Every slot of an entry, in submission order."""
    slots = {
        "creationTime": _one(entry.creation_time),
        "languageCode": _one(entry.language),
        "legalAuthenticator": _one(entry.legal_authenticator),
        "serviceStartTime": _one(entry.service_start),
        "serviceStopTime": _one(entry.service_stop),
        "sourcePatientId": _one(entry.source_patient_id),
        "sourcePatientInfo": entry.source_patient_info,
        "hash": _one(entry.hash),
        "size": _one(entry.size),
        "URI": _one(entry.uri),
        "repositoryUniqueId": _one(entry.repository_unique_id),
        "documentAvailability": _one(entry.document_availability),
        schemes.REFERENCE_ID_LIST: entry.reference_ids,
    }
    return {**slots, **entry.extra_slots}


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
