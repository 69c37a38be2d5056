"""Where an XDS attribute stands in an ebRIM object: found by name, whatever the order.

The reader and the ``where`` of the model share this module, so that what is read and what is pointed
at are the same element. Source of the carriers: facts dmp.md 3.2 and 3.3.
"""

from __future__ import annotations

from lxml import etree

from simulators.core.xml import text, where
from simulators.documents.xds import schemes
from simulators.documents.xds.schemes import RIM

_SLOTS = {**schemes.ENTRY_SLOTS, **schemes.SET_SLOTS}
_CODES = {name: (scheme,) for table in (schemes.ENTRY_CODES, schemes.SET_CODES) for name, scheme in table.items()} | {
    "author": (schemes.ENTRY_AUTHOR, schemes.SET_AUTHOR)
}
_IDENTIFIERS = {
    "patientId": (schemes.ENTRY_PATIENT_ID, schemes.SET_PATIENT_ID),
    "uniqueId": (schemes.ENTRY_UNIQUE_ID, schemes.SET_UNIQUE_ID),
    "sourceId": (schemes.SET_SOURCE_ID,),
}
_ATTRIBUTES = {
    "entryUUID": "id",
    "logicalId": "lid",
    "mimeType": "mimeType",
    "objectType": "objectType",
    "availabilityStatus": "status",
    "homeCommunityId": "home",
    "associationType": "associationType",
    "sourceObject": "sourceObject",
    "targetObject": "targetObject",
}
_ELEMENTS = {"title": "Name", "comments": "Description", "version": "VersionInfo"}


def rim(name: str) -> str:
    """Clark name in the ebRIM namespace."""
    return f"{{{RIM}}}{name}"


def find(source: etree._Element, attribute: str) -> list[etree._Element]:
    """The child elements that carry an attribute; for an XML attribute, the object itself when it has it."""
    if attribute in _CODES:
        return _having(source, "Classification", "classificationScheme", _CODES[attribute])
    if attribute in _IDENTIFIERS:
        return _having(source, "ExternalIdentifier", "identificationScheme", _IDENTIFIERS[attribute])
    if attribute in _ELEMENTS:
        return source.findall(rim(_ELEMENTS[attribute]))
    if attribute in _ATTRIBUTES:
        return [source] if source.get(_ATTRIBUTES[attribute]) is not None else []
    if attribute == "classificationNode":
        return _having(source, "Classification", "classificationNode", (schemes.SUBMISSION_SET,))
    return slots(source, _SLOTS.get(attribute, attribute))


def slots(source: etree._Element, name: str) -> list[etree._Element]:
    """The ``Slot`` children of one name."""
    return [slot for slot in source.findall(rim("Slot")) if slot.get("name") == name]


def values(slot: etree._Element) -> list[etree._Element]:
    """The ``Value`` elements of a slot."""
    return slot.findall(f"{rim('ValueList')}/{rim('Value')}")


def localized(element: etree._Element, name: str) -> etree._Element | None:
    """The first ``LocalizedString`` of a ``Name`` or ``Description`` child."""
    return element.find(f"{rim(name)}/{rim('LocalizedString')}")


def where_of(source: etree._Element, attribute: str, part: str = "", index: int = 0) -> str:
    """XPath of an attribute, or of ``source`` where it is missing. See ``RegistryObject.where``."""
    if not attribute:
        return where(source)
    if attribute in _ATTRIBUTES:
        return where(source, _ATTRIBUTES[attribute]) if find(source, attribute) else where(source)
    found = find(source, attribute)
    if attribute in _CODES:
        return _where_code(found[index], part) if index < len(found) else where(source)
    if attribute in _IDENTIFIERS:
        return _where_attribute(found[index], "value") if index < len(found) else where(source)
    if attribute == "classificationNode":
        return where(found[0]) if found else where(source)
    if attribute in _ELEMENTS:
        return _where_text(found[0]) if found else where(source)
    return _where_value(found, index, source)


def _where_code(classification: etree._Element, part: str) -> str:
    if part == "code":
        return _where_attribute(classification, "nodeRepresentation")
    if part == "display":
        label = localized(classification, "Name")
        return where(classification) if label is None else _where_attribute(label, "value")
    if part:
        return _where_value(slots(classification, "codingScheme" if part == "system" else part), 0, classification)
    return where(classification)


def _where_attribute(element: etree._Element, name: str) -> str:
    return where(element, name) if element.get(name) is not None else where(element)


def _where_text(element: etree._Element) -> str:
    if element.tag == rim("VersionInfo"):
        return _where_attribute(element, "versionName")
    label = element.find(rim("LocalizedString"))
    return where(element) if label is None else _where_attribute(label, "value")


def _where_value(found: list[etree._Element], index: int, otherwise: etree._Element) -> str:
    every = [value for slot in found for value in values(slot)]
    filled = [value for value in every if text(value).strip()]
    if index < len(filled):
        return where(filled[index])
    return where(next(iter((*every, *found)), otherwise))


def _having(source: etree._Element, tag: str, name: str, wanted: tuple[str, ...]) -> list[etree._Element]:
    return [child for child in source.findall(rim(tag)) if child.get(name) in wanted]
