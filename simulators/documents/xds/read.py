"""ebRIM elements → model. Parsed by name, in any order, whatever the prefixes; nothing is judged.

A missing field is ``None``. Only what cannot be read at all raises :class:`UnreadableMetadata`: no
``RegistryObjectList``, a registry object without identifier, nested lists. Source: facts
dmp-messages.md 5.2 and 7.4, dmp.md 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lxml import etree

from simulators.core.xml import text, where
from simulators.documents.errors import UnreadableMetadata
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, Lot, SubmissionSet
from simulators.documents.xds.places import find, localized, rim, slots, values


def read_lot(element: etree._Element) -> Lot:
    """The lot under ``element``: a ``RegistryObjectList`` or any ancestor of exactly one.

    Raises :class:`UnreadableMetadata`.
    """
    holder = _object_list(element)
    packages = holder.findall(rim("RegistryPackage"))
    folders = [package for package in packages if _is_node(holder, package, schemes.FOLDER)]
    return Lot(
        submission_sets=tuple(read_submission_set(package) for package in packages if package not in folders),
        entries=tuple(read_entry(entry) for entry in holder.findall(rim("ExtrinsicObject"))),
        associations=tuple(read_association(association) for association in holder.findall(rim("Association"))),
        folders=len(folders),
        source=holder,
    )


def read_entry(element: etree._Element) -> DocumentEntry:
    """One ``ExtrinsicObject``. Raises :class:`UnreadableMetadata` when it has no id."""
    coded = {name: tuple(_code(found) for found in find(element, name)) for name in schemes.ENTRY_CODES}
    single = {name: next(iter(found), None) for name, found in coded.items()}
    return DocumentEntry(
        entry_id=_identifier(element),
        unique_id=_external(element, "uniqueId"),
        patient_id=_external(element, "patientId"),
        mime_type=element.get("mimeType"),
        object_type=element.get("objectType"),
        title=_text(element, "Name"),
        comments=_text(element, "Description"),
        authors=_authors(element),
        class_code=single["classCode"],
        type_code=single["typeCode"],
        confidentiality_codes=coded["confidentialityCode"],
        format_code=single["formatCode"],
        facility_code=single["healthcareFacilityTypeCode"],
        practice_code=single["practiceSettingCode"],
        event_codes=coded["eventCodeList"],
        creation_time=_slot(element, "creationTime"),
        language=_slot(element, "languageCode"),
        legal_authenticator=_slot(element, "legalAuthenticator"),
        service_start=_slot(element, "serviceStartTime"),
        service_stop=_slot(element, "serviceStopTime"),
        source_patient_id=_slot(element, "sourcePatientId"),
        source_patient_info=_slot_values(element, "sourcePatientInfo"),
        hash=_slot(element, "hash"),
        size=_slot(element, "size"),
        uri=_slot(element, "URI"),
        repository_unique_id=_slot(element, "repositoryUniqueId"),
        document_availability=_slot(element, "documentAvailability"),
        reference_ids=_slot_values(element, schemes.REFERENCE_ID_LIST),
        logical_id=element.get("lid"),
        version=_version(element),
        status=element.get("status"),
        home_community_id=element.get("home"),
        extra_slots=_other_slots(element, frozenset(schemes.ENTRY_SLOTS.values())),
        source=element,
    )


def read_submission_set(element: etree._Element) -> SubmissionSet:
    """One ``RegistryPackage`` taken as a submission set. Raises :class:`UnreadableMetadata` when it has no id."""
    parent = element.getparent()
    return SubmissionSet(
        entry_id=_identifier(element),
        unique_id=_external(element, "uniqueId"),
        source_id=_external(element, "sourceId"),
        patient_id=_external(element, "patientId"),
        title=_text(element, "Name"),
        comments=_text(element, "Description"),
        authors=_authors(element),
        content_type=next((_code(found) for found in find(element, "contentTypeCode")), None),
        submission_time=_slot(element, "submissionTime"),
        intended_recipients=_slot_values(element, "intendedRecipient"),
        classified=_is_node(element if parent is None else parent, element, schemes.SUBMISSION_SET),
        logical_id=element.get("lid"),
        status=element.get("status"),
        home_community_id=element.get("home"),
        extra_slots=_other_slots(element, frozenset(schemes.SET_SLOTS.values())),
        source=element,
    )


def read_association(element: etree._Element) -> Association:
    """One ``Association``. Its id may be missing on the wire of some clients: then ``""``."""
    return Association(
        entry_id=element.get("id", ""),
        type=element.get("associationType"),
        source_object=element.get("sourceObject"),
        target_object=element.get("targetObject"),
        status=element.get("status"),
        slots=_other_slots(element, frozenset()),
        source=element,
    )


def _object_list(element: etree._Element) -> etree._Element:
    lists = list(element.iter(rim("RegistryObjectList")))
    if len(lists) != 1:
        raise UnreadableMetadata(f"expected one RegistryObjectList, found {len(lists)}", where(element))
    return lists[0]


def _identifier(element: etree._Element) -> str:
    identifier = element.get("id")
    if not identifier:
        raise UnreadableMetadata(f"{etree.QName(element).localname} without id", where(element))
    return identifier


def _is_node(holder: etree._Element, package: etree._Element, node: str) -> bool:
    """Classified by a child, or by a sibling of the list that names the package (ebRIM allows both)."""
    mine = package.findall(rim("Classification"))
    beside = [c for c in holder.findall(rim("Classification")) if c.get("classifiedObject") == package.get("id")]
    return any(classification.get("classificationNode") == node for classification in (*mine, *beside))


def _code(classification: etree._Element) -> Code:
    return Code(
        (classification.get("nodeRepresentation") or "").strip(),
        _slot(classification, "codingScheme") or "",
        _text(classification, "Name") or "",
    )


def _authors(element: etree._Element) -> tuple[Author, ...]:
    return tuple(
        Author(
            person=_slot(author, "authorPerson"),
            institutions=_slot_values(author, "authorInstitution"),
            roles=_slot_values(author, "authorRole"),
            specialties=_slot_values(author, "authorSpecialty"),
        )
        for author in find(element, "author")
    )


def _external(element: etree._Element, name: str) -> str | None:
    return next((found.get("value") for found in find(element, name)), None)


def _text(element: etree._Element, name: str) -> str | None:
    label = localized(element, name)
    return None if label is None else label.get("value")


def _version(element: etree._Element) -> str | None:
    info = element.find(rim("VersionInfo"))
    return None if info is None else info.get("versionName")


def _slot(element: etree._Element, name: str) -> str | None:
    return next(iter(_slot_values(element, name)), None)


def _slot_values(element: etree._Element, name: str) -> tuple[str, ...]:
    """Non-empty values of every slot of that name, blanks around them dropped."""
    texts = [text(value).strip() for slot in slots(element, name) for value in values(slot)]
    return tuple(filter(None, texts))


def _other_slots(element: etree._Element, known: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    names = [slot.get("name", "") for slot in element.findall(rim("Slot"))]
    return MappingProxyType({name: _slot_values(element, name) for name in names if name not in known})
