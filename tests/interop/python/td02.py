"""TD0.2, existence test of a DMP: PRPA_IN201307UV02 and its answer (facts, dmp-messages 3)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from tests.interop.python.identity import Identity
from tests.interop.python.names import HL7, OID_DMP, OID_INS_TEST, XSI, default


class NotAcknowledged(Exception):
    """The answer carries another acknowledgement than AA; text = codes and texts of its details."""


@dataclass(frozen=True)
class Existence:
    """What TD0.2 says: record found or not, its status, and the authorisation of the caller."""

    found: bool
    status: str
    authorisation: str
    treating_physician: bool
    patient_ids: dict[str, str]
    name: str

    @property
    def active(self) -> bool:
        """The DMP exists and is open."""
        return self.found and self.status == "active"


def request(who: Identity) -> etree._Element:
    """The body of the request about ``who.patient``."""
    root = etree.Element(f"{{{HL7}}}PRPA_IN201307UV02", {"ITSVersion": "XML_1.0"}, nsmap=default(HL7, xsi=XSI))
    _id(root, "id", f"{who.root}.4", uuid.uuid4().hex)
    _v(root, "creationTime", value=datetime.now(UTC).strftime("%Y%m%d%H%M%S"))
    _id(root, "interactionId", "2.16.840.1.113883.1.6", "PRPA_IN201307UV02")
    for tag, code in (("processingCode", "D"), ("processingModeCode", "T"), ("acceptAckCode", "AL")):
        _v(root, tag, code=code)
    _device(_v(root, "receiver", typeCode="RCV"), OID_DMP, "DMP")
    _device(_v(root, "sender", typeCode="SND"), who.root, "DOSSIER VOYAGEUR")
    _nil(root, "attentionLine")
    act = _v(root, "controlActProcess", classCode="CACT", moodCode="EVN")
    _v(act, "reasonCode", code="TEST_EXST", codeSystem="1.2.250.1.213.1.1.4.11")
    query = _v(act, "queryByParameter")
    _id(query, "queryId", f"{who.root}.5", uuid.uuid4().hex)
    _v(query, "statusCode", code="new")
    parameters = _v(query, "parameterList")
    _nil(parameters, "dataSource")
    identifier = _v(parameters, "patientIdentifier")
    _id(identifier, "value", OID_INS_TEST, who.patient.ins)
    _v(identifier, "semanticsText").text = "Patient.id"
    return root


def read(body: etree._Element) -> Existence:
    """Read PRPA_IN201308UV02. Raises NotAcknowledged when the ack is not AA."""
    acknowledgement = body.find(f"{{{HL7}}}acknowledgement")
    if acknowledgement is None or acknowledgement.get("typeCode") != "AA":
        raise NotAcknowledged(etree.tostring(body, encoding="unicode")[:4000])
    act = f"{{{HL7}}}controlActProcess/"
    response = body.find(f"{act}{{{HL7}}}queryAck/{{{HL7}}}queryResponseCode")
    patient = body.find(f".//{{{HL7}}}registrationEvent/{{{HL7}}}subject1/{{{HL7}}}patient")
    attention = _attention(body)
    return Existence(
        found=response is not None and response.get("code") == "OK",
        status=_status(patient),
        authorisation=attention.get("AUTORISATION", ""),
        treating_physician=attention.get("STATUT_MT") == "true",
        patient_ids={} if patient is None else _ids(patient),
        name="" if patient is None else patient.findtext(f".//{{{HL7}}}name/{{{HL7}}}family", "").strip(),
    )


def _attention(body: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in body.findall(f"{{{HL7}}}attentionLine"):
        keyword, value = line.find(f"{{{HL7}}}keyWordText"), line.find(f"{{{HL7}}}value")
        if keyword is not None and value is not None:
            found[keyword.get("code", "")] = value.get("code") or value.get("value") or ""
    return found


def _status(patient: etree._Element | None) -> str:
    code = None if patient is None else patient.find(f"{{{HL7}}}statusCode")
    return "" if code is None else code.get("code", "")


def _ids(patient: etree._Element) -> dict[str, str]:
    return {one.get("root", ""): one.get("extension", "") for one in patient.findall(f"{{{HL7}}}id")}


def _v(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{HL7}}}{tag}", attributes)


def _id(parent: etree._Element, tag: str, root: str, extension: str) -> None:
    _v(parent, tag, root=root, extension=extension)


def _nil(parent: etree._Element, tag: str) -> None:
    _v(parent, tag).set(f"{{{XSI}}}nil", "true")


def _device(parent: etree._Element, root: str, name: str) -> None:
    device = _v(parent, "device", classCode="DEV", determinerCode="INSTANCE")
    _v(device, "id", root=root)
    _v(device, "softwareName").text = name
