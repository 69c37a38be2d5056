"""TD3.1, search (ITI-18): FindDocuments for consultation, GetDocuments + ObjectRef for the reference (facts, 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from tests.interop.python.metadata import Code
from tests.interop.python.names import (
    APPROVED,
    DE_CLASS,
    DE_FORMAT,
    DE_PATIENT_ID,
    DE_TYPE,
    DE_UNIQUE_ID,
    FIND_DOCUMENTS,
    GET_DOCUMENTS,
    QUERY,
    RIM,
    default,
)
from tests.interop.python.soap import Unreadable, require_success


@dataclass(frozen=True)
class Found:
    """One entry of an answer, as a product would keep it."""

    entry_uuid: str
    unique_id: str
    patient_id: str
    title: str
    status: str
    mime_type: str
    codes: dict[str, list[Code]]
    slots: dict[str, list[str]]

    def code(self, scheme: str) -> Code:
        """The one code of ``scheme``."""
        (only,) = self.codes[scheme]
        return only

    def slot(self, name: str) -> str:
        """First value of the Slot ``name``."""
        return self.slots[name][0]

    @property
    def kind(self) -> tuple[Code, Code, Code]:
        """Class, type and format."""
        return self.code(DE_CLASS), self.code(DE_TYPE), self.code(DE_FORMAT)


def find_documents(patient_id: str, **filters: str | Iterable[str]) -> etree._Element:
    """FindDocuments of the approved documents of ``patient_id`` (a CX).

    ``filters``: names after ``$XDSDocumentEntry`` (``TypeCode=[...]``). A string is a date or number and goes
    unquoted; a list goes quoted and in parentheses.
    """
    root, query = _query(FIND_DOCUMENTS, "LeafClass")
    _slot(query, "PatientId", _quoted(patient_id))
    _slot(query, "Status", f"({_quoted(APPROVED)})")
    for name, value in filters.items():
        _slot(query, name, value if isinstance(value, str) else _listed(value))
    return root


def get_references(unique_ids: Iterable[str]) -> etree._Element:
    """GetDocuments of ``unique_ids`` returning ObjectRef (TD3.1b)."""
    root, query = _query(GET_DOCUMENTS, "ObjectRef")
    _slot(query, "UniqueId", _listed(unique_ids))
    return root


def coded(code: Code) -> str:
    """``code^^system``, the literal of a coded parameter."""
    return f"{code.code}^^{code.system}"


def with_query_id(body: etree._Element, query_id: str) -> etree._Element:
    """The same request for another stored query."""
    for query in body.iter(f"{{{RIM}}}AdhocQuery"):
        query.set("id", query_id)
    return body


def read(body: etree._Element) -> list[Found]:
    """Entries of an AdhocQueryResponse. Raises RegistryFailure; Unreadable when totalResultCount lies."""
    require_success(body)
    entries = [_found(one) for one in body.iter(f"{{{RIM}}}ExtrinsicObject")]
    if body.get("totalResultCount") != str(len(entries)):
        raise Unreadable(f"totalResultCount {body.get('totalResultCount')} for {len(entries)} entries")
    return entries


def read_references(body: etree._Element) -> list[str]:
    """entryUUIDs of an ObjectRef answer. Raises RegistryFailure."""
    require_success(body)
    return [one.get("id", "") for one in body.iter(f"{{{RIM}}}ObjectRef")]


def _query(query_id: str, return_type: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{QUERY}}}AdhocQueryRequest", nsmap=default(RIM, query=QUERY))
    option = {"returnComposedObjects": "true", "returnType": return_type}
    etree.SubElement(root, f"{{{QUERY}}}ResponseOption", option)
    return root, etree.SubElement(root, f"{{{RIM}}}AdhocQuery", {"id": query_id})


def _slot(query: etree._Element, name: str, value: str) -> None:
    slot = etree.SubElement(query, f"{{{RIM}}}Slot", {"name": f"$XDSDocumentEntry{name}"})
    etree.SubElement(etree.SubElement(slot, f"{{{RIM}}}ValueList"), f"{{{RIM}}}Value").text = value


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _listed(values: Iterable[str]) -> str:
    return "(" + ",".join(_quoted(value) for value in values) + ")"


def _found(entry: etree._Element) -> Found:
    return Found(
        entry_uuid=entry.get("id", ""),
        unique_id=_external(entry, DE_UNIQUE_ID),
        patient_id=_external(entry, DE_PATIENT_ID),
        title=_label(entry),
        status=entry.get("status", ""),
        mime_type=entry.get("mimeType", ""),
        codes=_codes(entry),
        slots={slot.get("name", ""): _values(slot) for slot in entry.findall(f"{{{RIM}}}Slot")},
    )


def _codes(entry: etree._Element) -> dict[str, list[Code]]:
    codes: dict[str, list[Code]] = {}
    for one in entry.findall(f"{{{RIM}}}Classification"):
        system = one.find(f"{{{RIM}}}Slot[@name='codingScheme']")
        if system is not None:
            code = Code(one.get("nodeRepresentation", ""), _values(system)[0], _label(one))
            codes.setdefault(one.get("classificationScheme", ""), []).append(code)
    return codes


def _external(entry: etree._Element, scheme: str) -> str:
    found = [one for one in entry.findall(f"{{{RIM}}}ExternalIdentifier") if one.get("identificationScheme") == scheme]
    return found[0].get("value", "") if found else ""


def _label(element: etree._Element) -> str:
    text = element.find(f"{{{RIM}}}Name/{{{RIM}}}LocalizedString")
    return "" if text is None else text.get("value", "")


def _values(slot: etree._Element) -> list[str]:
    return [value.text or "" for value in slot.iter(f"{{{RIM}}}Value")]
