"""The bodies of the five transactions (dmp-messages §3, §4, §7, §8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from lxml import etree

from simulators.clients.dmp.names import DEFAULT
from simulators.core.clock import PARIS
from simulators.core.xml import NAMESPACES
from simulators.population.ins import Ins

HL7, XSI, HAB, XDS = (NAMESPACES[p] for p in ("hl7", "xsi", "hab", "xds"))
RIM, QUERY = NAMESPACES["rim"], NAMESPACES["query"]
LPS_OID = "1.2.250.1.999.9.1"
DMP_DEVICE = "1.2.250.1.213.4.1.1.1"
FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"


def existence_test(ins: Ins, message_id: str, now: datetime) -> etree._Element:
    """PRPA_IN201307UV02 with reason TEST_EXST."""
    root = etree.Element(f"{{{HL7}}}PRPA_IN201307UV02", {"ITSVersion": "XML_1.0"}, nsmap={DEFAULT: HL7, "xsi": XSI})
    _hl7(root, "id", root=f"{LPS_OID}.4", extension=message_id)
    _hl7(root, "creationTime", value=now.astimezone(PARIS).strftime("%Y%m%d%H%M%S"))
    _hl7(root, "interactionId", root="2.16.840.1.113883.1.6", extension="PRPA_IN201307UV02")
    for name, code in (("processingCode", "D"), ("processingModeCode", "T"), ("acceptAckCode", "AL")):
        _hl7(root, name, code=code)
    _device(_hl7(root, "receiver", typeCode="RCV"), DMP_DEVICE, "DMP")
    _device(_hl7(root, "sender", typeCode="SND"), LPS_OID, "Segur sandbox")
    act = _hl7(root, "controlActProcess", classCode="CACT", moodCode="EVN")
    _hl7(act, "reasonCode", code="TEST_EXST", codeSystem="1.2.250.1.213.1.1.4.11")
    query = _hl7(act, "queryByParameter")
    _hl7(query, "queryId", root=f"{LPS_OID}.5", extension=message_id)
    _hl7(query, "statusCode", code="new")
    identifier = _hl7(_hl7(query, "parameterList"), "patientIdentifier")
    _hl7(identifier, "value", root=ins.oid, extension=ins.matricule)
    _hl7(identifier, "semanticsText").text = "Patient.id"
    return root


def set_authorization(action: str = "AJOUT", role: str | None = None) -> etree._Element:
    """``action`` AJOUT or SUPPRESSION; ``role`` MEDECIN_TRAITANT or none."""
    root = etree.Element(f"{{{HAB}}}setAuthorization", nsmap={DEFAULT: HAB})
    etree.SubElement(root, f"{{{HAB}}}action").text = action
    if role:
        etree.SubElement(root, f"{{{HAB}}}role").text = role
    return root


def stored_query(query: str, slots: Mapping[str, str], return_type: str = "LeafClass") -> etree._Element:
    """An AdhocQueryRequest; slot values as they go on the wire (quotes and parentheses included)."""
    root = etree.Element(f"{{{QUERY}}}AdhocQueryRequest", nsmap={DEFAULT: RIM, "query": QUERY})
    etree.SubElement(root, f"{{{QUERY}}}ResponseOption", {"returnComposedObjects": "true", "returnType": return_type})
    adhoc = etree.SubElement(root, f"{{{RIM}}}AdhocQuery", {"id": query})
    for name, value in slots.items():
        slot = etree.SubElement(adhoc, f"{{{RIM}}}Slot", {"name": name})
        etree.SubElement(etree.SubElement(slot, f"{{{RIM}}}ValueList"), f"{{{RIM}}}Value").text = value
    return root


def quoted(*values: str) -> str:
    """A list value of the stored-query grammar: ``('a','b')``."""
    return "(" + ",".join("'" + value.replace("'", "''") + "'" for value in values) + ")"


def retrieve(repository: str, unique_ids: Sequence[str]) -> etree._Element:
    """RetrieveDocumentSetRequest of one repository."""
    root = etree.Element(f"{{{XDS}}}RetrieveDocumentSetRequest", nsmap={DEFAULT: XDS})
    for unique_id in unique_ids:
        request = etree.SubElement(root, f"{{{XDS}}}DocumentRequest")
        etree.SubElement(request, f"{{{XDS}}}RepositoryUniqueId").text = repository
        etree.SubElement(request, f"{{{XDS}}}DocumentUniqueId").text = unique_id
    return root


def _hl7(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{HL7}}}{name}", attributes)


def _device(parent: etree._Element, oid: str, software: str) -> None:
    device = _hl7(parent, "device", classCode="DEV", determinerCode="INSTANCE")
    _hl7(device, "id", root=oid)
    _hl7(device, "softwareName").text = software
