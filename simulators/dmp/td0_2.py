"""TD0.2, existence test: does the patient have a DMP, and may the caller consult it (facts dmp-messages §3).

Three situations: active, closed (``terminated``), none (``NF``). The answer always begins with the caller's
authorisation, its code first: a client in the field cuts the text there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from lxml import etree

from simulators.core.clock import PARIS
from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.core.world import identifier
from simulators.core.xml import NAMESPACES
from simulators.dmp import authorisations
from simulators.dmp.hl7_query import ExistenceQuery, Id, read_existence_query
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.rules import td0 as rules
from simulators.population.model import Patient

ACTION: Final = "urn:hl7-org:v3:PRPA_IN201308UV02"
DEVICE: Final = "1.2.250.1.213.4.1.1.1"
_HL7: Final = NAMESPACES["hl7"]
_XSI_TYPE: Final = f"{{{NAMESPACES['xsi']}}}type"
# The types CV and BL resolve in the default namespace (facts dmp-messages §3.2).
_BOUND: Final = {cast("str", None): _HL7, "xsi": NAMESPACES["xsi"]}
_KEYWORDS: Final = "1.2.250.1.213.4.1.2.6"
_OBSERVATIONS: Final = (
    ("COMPTE_INTERNET_OUVERT", "1.2.250.1.213.4.1.2.9", "internet_account"),
    ("RATTACHEMENT_ENS", "1.2.250.1.213.4.1.2.3", "attached_to_mes"),
)
_MOTIVES: Final = "1.2.250.1.213.4.1.2.4"
_DEFAULT_MOTIVE: Final = "FERMETURE_DEMANDE_PATIENT"


def perform(call: Call, request: DmpRequest) -> Reply:
    """Answers OK (active or closed) or NF. Raises ``Refused``."""
    query = read_existence_query(request.soap.body)
    call.judge([rules.existence, rules.patient_of], (query, request.vihf))
    patient = request.parties.patient
    found = patient if patient is not None and patient.dmp_state != "none" else None
    status = request.parties.authorisation if found is not None else authorisations.ABSENT
    fresh = str(identifier(call.tx, "dmp-message"))
    root = _message(call, query, fresh, status, found is not None and request.parties.treating)
    _acknowledgement(root, query, "AA")
    process = _process(root)
    _echo_reason(process, query)
    if found is not None:
        _subject(process, found)
        if found.dmp_state == "closed":
            _closing(process, found)
    _query_ack(process, query, "OK" if found is not None else "NF")
    return Reply(root, ACTION)


def refusal(call: Call, request: DmpRequest, finding: Finding, sentence: str, fresh: str) -> Reply:
    """The AE acknowledgement of an application refusal: code, text, then the XPath as location (form inferred).

    ``fresh`` is the UUID of the answer.
    """
    query = read_existence_query(request.soap.body)
    root = _message(call, query, fresh, authorisations.ABSENT, treating=False)
    acknowledgement = _acknowledgement(root, query, "AE")
    detail = _put(acknowledgement, "acknowledgementDetail", typeCode="E")
    _put(detail, "code", code=finding.rule.code)
    _put(detail, "text").text = sentence
    _put(detail, "location").text = finding.where
    _query_ack(_process(root), query, "AE")
    return Reply(root, ACTION)


def _message(call: Call, query: ExistenceQuery, fresh: str, status: str, treating: bool) -> etree._Element:
    root = etree.Element(f"{{{_HL7}}}PRPA_IN201308UV02", nsmap=_BOUND)
    root.set("ITSVersion", "XML_1.0")
    _put(root, "id", root=fresh)
    _put(root, "creationTime", value=call.wire_now.astimezone(PARIS).strftime("%Y%m%d%H%M%S"))
    _put(root, "interactionId", extension="PRPA_IN201308UV02", root="2.16.840.1.113883.1.6")
    for name, code in (("processingCode", "P"), ("processingModeCode", "T"), ("acceptAckCode", "NE")):
        _put(root, name, code=code)
    _device(root, "receiver", "RCV", query.sender, query.sender_name)
    _device(root, "sender", "SND", Id(DEVICE), "DMP")
    _attention(root, "AUTORISATION", "1", code=status, codeSystem=f"{_KEYWORDS}.2", type="CV")
    _attention(root, "STATUT_MT", "3", value=_bool(treating), type="BL")
    return root


def _device(root: etree._Element, name: str, kind: str, of: Id, software: str | None) -> None:
    device = _put(_put(root, name, typeCode=kind), "device", classCode="DEV", determinerCode="INSTANCE")
    _put_id(device, "id", of)
    if software is not None:
        _put(device, "softwareName").text = software


def _attention(root: etree._Element, keyword: str, arc: str, *, type: str, **value: str) -> None:
    line = _put(root, "attentionLine")
    _put(line, "keyWordText", code=keyword, codeSystem=f"{_KEYWORDS}.{arc}")
    _put(line, "value", **value).set(_XSI_TYPE, type)


def _acknowledgement(root: etree._Element, query: ExistenceQuery, kind: str) -> etree._Element:
    acknowledgement = _put(root, "acknowledgement", typeCode=kind)
    _put_id(_put(acknowledgement, "targetMessage"), "id", query.id)
    return acknowledgement


def _process(root: etree._Element) -> etree._Element:
    return _put(root, "controlActProcess", classCode="CACT", moodCode="EVN")


def _echo_reason(process: etree._Element, query: ExistenceQuery) -> None:
    reason = _put(process, "reasonCode")
    for name, value in query.reason_attributes:
        reason.set(name, value)


def _subject(process: etree._Element, patient: Patient) -> None:
    subject = _put(process, "subject", contextConductionInd="false", typeCode="SUBJ")
    event = _put(subject, "registrationEvent", classCode="REG", moodCode="EVN")
    _put(event, "statusCode", code="completed")
    _patient(_put(_put(event, "subject1", typeCode="SBJ"), "patient", classCode="PAT"), patient)
    custodian = _put(_put(event, "custodian", typeCode="CST"), "assignedEntity", classCode="ASSIGNED")
    _put(custodian, "id", root=DEVICE)


def _patient(element: etree._Element, patient: Patient) -> None:
    _put(element, "id", extension=patient.ins.matricule, root=patient.ins.oid)
    _put(element, "statusCode", code="terminated" if patient.dmp_state == "closed" else "active")
    if patient.dmp_closed_on is not None:
        high = patient.dmp_closed_on.strftime("%Y%m%d") + "000000"
        _put(_put(element, "effectiveTime"), "high", value=high)
    _person(_put(element, "patientPerson", classCode="PSN", determinerCode="INSTANCE"), patient)
    for code, system, attribute in _OBSERVATIONS:
        holder = _put(element, "subjectOf", typeCode="SBJ")
        observation = _put(holder, "administrativeObservation", classCode="OBS", moodCode="EVN")
        _put(observation, "code", code=code, codeSystem=system)
        _put(observation, "value", value=_bool(getattr(patient, attribute))).set(_XSI_TYPE, "BL")


def _person(element: etree._Element, patient: Patient) -> None:
    name = _put(element, "name")
    _put(name, "prefix").text = "M" if patient.sex == "M" else "Mme"
    _put(name, "given").text = patient.given_names[0]
    _put(name, "family", qualifier="SP").text = patient.name
    _put(name, "family", qualifier="BR").text = patient.birth_name
    for use, value in _telecoms(patient):
        _put(element, "telecom", **({"use": use} if use else {}), value=value)
    _put(element, "administrativeGenderCode", code=patient.sex)
    _put(element, "birthTime", value=patient.birth_date.strftime("%Y%m%d"))


def _telecoms(patient: Patient) -> Iterable[tuple[str, str]]:
    if patient.phone:
        yield ("MC" if patient.phone[:2] in {"06", "07"} else "HP"), f"tel:{patient.phone}"
    if patient.email:
        yield "", f"mailto:{patient.email}"


def _closing(process: etree._Element, patient: Patient) -> None:
    motive = patient.dmp_closing_motive or _DEFAULT_MOTIVE
    event = _put(_put(process, "reasonOf", typeCode="RSON"), "detectedIssueEvent", classCode="ALRT", moodCode="EVN")
    _put(event, "code", code=motive, codeSystem=_MOTIVES)
    _put(event, "text").text = patient.dmp_closing_reason or motive


def _query_ack(process: etree._Element, query: ExistenceQuery, code: str) -> None:
    ack = _put(process, "queryAck")
    _put_id(ack, "queryId", query.query_id)
    _put(ack, "queryResponseCode", code=code)


def _put_id(parent: etree._Element, name: str, of: Id) -> None:
    written = {"extension": of.extension, "root": of.root}
    _put(parent, name, **{key: value for key, value in written.items() if value is not None})


def _put(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_HL7}}}{name}")
    for key, value in attributes.items():
        element.set(key, value)
    return element


def _bool(value: bool) -> str:
    return "true" if value else "false"
