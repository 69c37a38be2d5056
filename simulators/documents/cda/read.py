"""CDA bytes → :class:`CdaDocument`. Namespace-aware, hardened, tolerant: absent things are ``None``.

Raises ``XmlRefused`` for hostile or malformed XML and :class:`UnreadableCda` when the bytes do not
hold exactly one ClinicalDocument (alone, or inside a self-presentable XSL style sheet).
"""

from __future__ import annotations

from lxml import etree

from simulators.core.xml import XmlLimits, parse, text, where
from simulators.documents.cda.model import (
    HL7,
    Body,
    Cd,
    CdaDocument,
    Ii,
    Organization,
    Participant,
    Patient,
    RelatedDocument,
    ServiceEvent,
    Text,
    Ts,
)
from simulators.documents.cda.presentation import read_presentation
from simulators.documents.errors import UnreadableCda

DEFAULT_LIMITS = XmlLimits()
DICOM = "urn:dicom-org:ps3-20"


def read_cda(data: bytes, *, limits: XmlLimits = DEFAULT_LIMITS) -> CdaDocument:
    """Reads one document. See the module for what is raised."""
    return read_cda_element(parse(data, limits=limits))


def read_cda_element(root: etree._Element) -> CdaDocument:
    """Reads a parsed document; ``root`` is the root element of the file."""
    document = _clinical_document(root)
    return CdaDocument(
        source=document,
        template_ids=_ids(document, "templateId"),
        id=next(iter(_ids(document, "id")), None),
        code=_code(document, "code"),
        title=_text(document, "title"),
        effective_time=_time(document, "effectiveTime"),
        confidentiality=_code(document, "confidentialityCode"),
        language=_code(document, "languageCode"),
        set_id=next(iter(_ids(document, "setId")), None),
        version=_attribute(document, "versionNumber", "value"),
        patient=_patient(document),
        authors=tuple(_participant(author, "assignedAuthor") for author in _all(document, "author")),
        custodian=_organization(_first(document, "custodian/assignedCustodian/representedCustodianOrganization")),
        legal_authenticator=_optional_participant(_first(document, "legalAuthenticator"), "assignedEntity"),
        service_events=tuple(_event(event) for event in _all(document, "documentationOf/serviceEvent")),
        facility=_code(document, "componentOf/encompassingEncounter/location/healthCareFacility/code"),
        related=tuple(_related(link) for link in _all(document, "relatedDocument")),
        orders=_ids(document, "inFulfillmentOf/order/id"),
        accessions=_accessions(document),
        body=_body(document),
        presentation=read_presentation(root),
    )


def _clinical_document(root: etree._Element) -> etree._Element:
    documents = list(root.iter(f"{{{HL7}}}ClinicalDocument"))
    if not documents:
        raise UnreadableCda("no ClinicalDocument of HL7 v3 in the document", where(root))
    if len(documents) > 1:
        raise UnreadableCda(f"{len(documents)} ClinicalDocument elements in one document", where(documents[1]))
    return documents[0]


def _patient(document: etree._Element) -> Patient | None:
    role = _first(document, "recordTarget/patientRole")
    if role is None:
        return None
    name = "patient/name"
    birth = "patient/birthplace/place/addr"
    return Patient(
        ids=_ids(role, "id"),
        birth_family=_qualified(role, f"{name}/family", "BR") or _qualified(role, f"{name}/family", ""),
        birth_given=_qualified(role, f"{name}/given", "BR"),
        given_names=_qualified(role, f"{name}/given", ""),
        used_family=_qualified(role, f"{name}/family", "CL"),
        used_given=_qualified(role, f"{name}/given", "CL"),
        sex=_code(role, "patient/administrativeGenderCode"),
        birth_time=_time(role, "patient/birthTime"),
        birth_place=_text(role, f"{birth}/county"),
        birth_city=_text(role, f"{birth}/city"),
        where=where(role),
    )


def _optional_participant(element: etree._Element | None, entity: str) -> Participant | None:
    return None if element is None else _participant(element, entity)


def _participant(element: etree._Element, entity: str) -> Participant:
    family = _text(element, f"{entity}/assignedPerson/name/family")
    given = _text(element, f"{entity}/assignedPerson/name/given")
    return Participant(
        ids=_ids(element, f"{entity}/id"),
        family=family.text if family else "",
        given=given.text if given else "",
        time=_time(element, "time"),
        role=_code(element, "functionCode"),
        specialty=_code(element, f"{entity}/code"),
        device=_text(element, f"{entity}/assignedAuthoringDevice/softwareName"),
        organization=_organization(_first(element, f"{entity}/representedOrganization")),
        where=where(element),
    )


def _organization(element: etree._Element | None) -> Organization | None:
    if element is None:
        return None
    return Organization(
        ids=_ids(element, "id"),
        name=_text(element, "name"),
        practice=_code(element, "standardIndustryClassCode"),
        where=where(element),
    )


def _event(element: etree._Element) -> ServiceEvent:
    return ServiceEvent(
        code=_code(element, "code"),
        low=_time(element, "effectiveTime/low") or _time(element, "effectiveTime[@value]"),
        high=_time(element, "effectiveTime/high"),
        performer=_optional_participant(_first(element, "performer"), "assignedEntity"),
        where=where(element),
    )


def _related(element: etree._Element) -> RelatedDocument:
    return RelatedDocument(element.get("typeCode", ""), _ids(element, "parentDocument/id"), where(element))


def _accessions(document: etree._Element) -> tuple[Ii, ...]:
    orders = _all(document, "inFulfillmentOf/order")
    found = (number for order in orders for number in order.findall(f"{{{DICOM}}}accessionNumber"))
    return tuple(Ii(number.get("root", ""), number.get("extension", ""), where(number)) for number in found)


def _body(document: etree._Element) -> Body:
    content = _first(document, "component/nonXMLBody/text")
    if content is not None:
        return Body(
            "nonXML", content.get("mediaType", ""), content.get("representation", "TXT"), 1, where(content), content
        )
    structured = _first(document, "component/structuredBody")
    if structured is None:
        return Body("none", "", "", 0, where(document))
    level = 2 if next(structured.iter(_path("entry")), None) is None else 3
    return Body("structured", "", "", level, where(structured), structured)


def _path(path: str) -> str:
    return "/".join(f"{{{HL7}}}{step}" for step in path.split("/"))


def _first(element: etree._Element, path: str) -> etree._Element | None:
    return element.find(_path(path))


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(_path(path))


def _ids(element: etree._Element, path: str) -> tuple[Ii, ...]:
    return tuple(Ii(found.get("root", ""), found.get("extension", ""), where(found)) for found in _all(element, path))


def _code(element: etree._Element, path: str) -> Cd | None:
    found = _first(element, path)
    return None if found is None else _cd(found)


def _cd(found: etree._Element) -> Cd:
    translations = tuple(_cd(translation) for translation in _all(found, "translation"))
    code, system, display = found.get("code", ""), found.get("codeSystem", ""), found.get("displayName", "")
    return Cd(code, system, display, where(found), translations)


def _time(element: etree._Element, path: str) -> Ts | None:
    found = _first(element, path)
    return None if found is None else Ts(found.get("value", ""), where(found))


def _text(element: etree._Element, path: str) -> Text | None:
    found = _first(element, path)
    return None if found is None else Text(text(found).strip(), where(found))


def _attribute(element: etree._Element, path: str, name: str) -> Text | None:
    found = _first(element, path)
    return None if found is None else Text(found.get(name, ""), where(found))


def _qualified(element: etree._Element, path: str, qualifier: str) -> Text | None:
    """The first name part with that qualifier; qualifiers are a space-separated list in HL7."""
    for found in _all(element, path):
        qualifiers = found.get("qualifier", "").split()
        if (qualifier in qualifiers) if qualifier else not qualifiers:
            return Text(text(found).strip(), where(found))
    return None
