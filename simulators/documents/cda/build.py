"""Builder of CDA R2 level 1 documents: the CI-SIS minimal header around a PDF in ``nonXMLBody``.

Source: HL7 CDA R2, IHE XDS-SD (template 1.3.6.1.4.1.19376.1.2.20), CI-SIS "structuration minimale"
(template 1.2.250.1.213.1.1.1.1); element order is that of the CDA schema. Bytes depend only on the
plan.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from lxml import etree

from simulators.core.xml import serialize
from simulators.documents.cda.kinds import NORMAL, DocumentKind, facility_of, practice_of, specialty_of
from simulators.documents.cda.model import HL7, Ii
from simulators.documents.errors import CannotBuild
from simulators.documents.xds.model import Code
from simulators.documents.xds.values import write_ts
from simulators.population.identifiers import PS_IDNAT_OID, STRUCT_IDNAT_OID
from simulators.population.model import Address, Patient, Professional, Structure
from simulators.population.oid import is_valid_oid

TEMPLATES = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", "1.3.6.1.4.1.19376.1.2.20")
"""HL7 France header, CI-SIS minimal structure, IHE XDS-SD (level 1)."""

_DEFAULT = cast("str", None)  # lxml takes None as the default prefix; its stubs do not
_SEX = {"F": "Féminin", "M": "Masculin"}


@dataclass(frozen=True)
class CdaPlan:
    """All that a document needs. Instants carry their time zone and are written with it.

    ``local_id`` is the patient number of the structure (IPP); ``orders`` fill ``inFulfillmentOf``;
    ``replaces`` is the uniqueId of the document replaced; ``document_id``, ``set_id`` are OIDs.
    """

    kind: DocumentKind
    patient: Patient
    author: Professional
    structure: Structure
    document_id: str
    created: datetime
    service_start: datetime
    content: bytes
    service_stop: datetime | None = None
    title: str = ""
    local_id: Ii | None = None
    set_id: str = ""
    version: int = 1
    replaces: str = ""
    legal_authenticator: Professional | None = None
    confidentiality: Code = NORMAL
    facility: Code | None = None
    practice: Code | None = None
    orders: tuple[Ii, ...] = ()
    media_type: str = "application/pdf"

    def __post_init__(self) -> None:
        for oid in (self.document_id, *filter(None, (self.set_id, self.replaces))):
            if not is_valid_oid(oid):
                raise CannotBuild(f"not an OID: {oid!r}")
        if not self.content:
            raise CannotBuild("a level 1 document needs a content")
        if not self.author.activities:
            raise CannotBuild(f"author {self.author.slug} has no activity to take a specialty from")
        if self.service_stop is not None and self.service_stop < self.service_start:
            raise CannotBuild("the act ends before it starts")


def build_cda(plan: CdaPlan) -> bytes:
    """The document in UTF-8 with its XML declaration. Raises :class:`CannotBuild`."""
    root = etree.Element(f"{{{HL7}}}ClinicalDocument", nsmap={_DEFAULT: HL7})
    _identity(root, plan)
    _record_target(root, plan)
    _author(root, plan)
    holder = _add(_add(root, "custodian"), "assignedCustodian")
    _organization(holder, "representedCustodianOrganization", plan.structure, contact=True)
    _legal_authenticator(root, plan)
    for order in plan.orders:
        _ii(_add(_add(root, "inFulfillmentOf"), "order"), order.root, order.extension)
    _service_event(root, plan)
    if plan.replaces:
        parent = _add(_add(root, "relatedDocument", typeCode="RPLC"), "parentDocument")
        _ii(parent, plan.replaces)
    _encounter(root, plan)
    body = _add(_add(root, "component"), "nonXMLBody")
    content = _add(body, "text", mediaType=plan.media_type, representation="B64")
    content.text = base64.b64encode(plan.content).decode("ascii")
    return serialize(root, declaration=True)


def _identity(root: etree._Element, plan: CdaPlan) -> None:
    _add(root, "realmCode", code="FR")
    _ii(root, "2.16.840.1.113883.1.3", "POCD_HD000040", name="typeId")
    for template in TEMPLATES:
        _ii(root, template, name="templateId")
    _ii(root, plan.document_id)
    kind = plan.kind.type_code
    _code(root, "code", kind)
    _add(root, "title").text = plan.title or kind.display
    _add(root, "effectiveTime", value=write_ts(plan.created))
    _code(root, "confidentialityCode", plan.confidentiality)
    _add(root, "languageCode", code="fr-FR")
    _ii(root, plan.set_id or plan.document_id, name="setId")
    _add(root, "versionNumber", value=str(plan.version))


def _record_target(root: etree._Element, plan: CdaPlan) -> None:
    patient = plan.patient
    role = _add(_add(root, "recordTarget"), "patientRole")
    _ii(role, patient.ins.oid, patient.ins.matricule)
    if plan.local_id is not None:
        _ii(role, plan.local_id.root, plan.local_id.extension)
    _address(role, patient.address)
    _telecoms(role, (patient.phone, "tel:"), (patient.email, "mailto:"))
    person = _add(role, "patient", classCode="PSN")
    _patient_name(_add(person, "name"), patient)
    _code(person, "administrativeGenderCode", Code(patient.sex, "2.16.840.1.113883.5.1", _SEX[patient.sex]))
    _add(person, "birthTime", value=patient.birth_date.strftime("%Y%m%d"))
    if patient.birth_place:
        address = _add(_add(_add(person, "birthplace"), "place"), "addr")
        _add(address, "county").text = patient.birth_place


def _patient_name(name: etree._Element, patient: Patient) -> None:
    _add(name, "family", qualifier="BR").text = patient.birth_name
    _add(name, "given").text = " ".join(patient.given_names)
    _add(name, "given", qualifier="BR").text = patient.given_names[0]
    if patient.used_name:
        _add(name, "family", qualifier="CL").text = patient.used_name
        _add(name, "given", qualifier="CL").text = patient.given_names[0]


def _author(root: etree._Element, plan: CdaPlan) -> None:
    author = _add(root, "author")
    _add(author, "time", value=write_ts(plan.created))
    assigned = _add(author, "assignedAuthor")
    _person(assigned, plan.author)
    _organization(assigned, "representedOrganization", plan.structure)


def _legal_authenticator(root: etree._Element, plan: CdaPlan) -> None:
    element = _add(root, "legalAuthenticator")
    _add(element, "time", value=write_ts(plan.created))
    _add(element, "signatureCode", code="S")
    entity = _add(element, "assignedEntity")
    _person(entity, plan.legal_authenticator or plan.author)
    _organization(entity, "representedOrganization", plan.structure)


def _service_event(root: etree._Element, plan: CdaPlan) -> None:
    event = _add(_add(root, "documentationOf"), "serviceEvent")
    _code(event, "code", plan.kind.type_code)
    _interval(event, plan)
    entity = _add(_add(event, "performer", typeCode="PRF"), "assignedEntity")
    _person(entity, plan.author)
    organization = _organization(entity, "representedOrganization", plan.structure)
    _code(organization, "standardIndustryClassCode", plan.practice or practice_of(plan.structure))


def _encounter(root: etree._Element, plan: CdaPlan) -> None:
    encounter = _add(_add(root, "componentOf"), "encompassingEncounter")
    _interval(encounter, plan)
    facility = _add(_add(encounter, "location"), "healthCareFacility")
    _ii(facility, STRUCT_IDNAT_OID, plan.structure.struct_idnat.value)
    _code(facility, "code", plan.facility or facility_of(plan.structure))
    _add(_add(facility, "location"), "name").text = plan.structure.name


def _interval(parent: etree._Element, plan: CdaPlan) -> None:
    interval = _add(parent, "effectiveTime")
    _add(interval, "low", value=write_ts(plan.service_start))
    if plan.service_stop is not None:
        _add(interval, "high", value=write_ts(plan.service_stop))


def _person(parent: etree._Element, professional: Professional) -> None:
    """Identifier, specialty, contact and name of a professional, in the order of the schema."""
    _ii(parent, PS_IDNAT_OID, professional.ps_idnat.value)
    if professional.activities:
        _code(parent, "code", specialty_of(professional.activities[0]))
    _address(parent, None)
    _telecoms(parent)
    name = _add(_add(parent, "assignedPerson"), "name")
    if professional.civility:
        _add(name, "prefix").text = professional.civility
    _add(name, "family").text = professional.family
    _add(name, "given").text = professional.given


def _organization(parent: etree._Element, tag: str, structure: Structure, *, contact: bool = False) -> etree._Element:
    organization = _add(parent, tag)
    _ii(organization, STRUCT_IDNAT_OID, structure.struct_idnat.value)
    _add(organization, "name").text = structure.name
    if contact:
        _telecoms(organization)
        _address(organization, None)
    return organization


def _address(parent: etree._Element, address: Address | None) -> None:
    if address is None:
        _add(parent, "addr", nullFlavor="NAV")
        return
    # The CI-SIS address is either lines only or parts only; postal code and city make it parts.
    element = _add(parent, "addr")
    for index, line in enumerate(address.lines):
        _add(element, "additionalLocator" if index else "streetName").text = line
    _add(element, "postalCode").text = address.postal_code
    _add(element, "city").text = address.city
    if address.country:
        _add(element, "country").text = address.country


def _telecoms(parent: etree._Element, *numbers: tuple[str | None, str]) -> None:
    known = [scheme + value for value, scheme in numbers if value]
    for value in known:
        _add(parent, "telecom", value=value)
    if not known:
        _add(parent, "telecom", nullFlavor="NAV")


def _code(parent: etree._Element, tag: str, code: Code) -> None:
    element = _add(parent, tag, code=code.code)
    if code.display:
        element.set("displayName", code.display)
    element.set("codeSystem", code.system)


def _ii(parent: etree._Element, root: str, extension: str = "", *, name: str = "id") -> None:
    element = _add(parent, name, root=root)
    if extension:
        element.set("extension", extension)


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{HL7}}}{tag}", attributes)
