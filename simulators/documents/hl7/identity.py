"""PID and PV1 of the volets, after IHE PAM FR 2.11."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.core.hl7 import Field, Message, Reps, Segment, seg
from simulators.core.hl7.writing import Part
from simulators.documents.hl7.model import Issuer, PatientTraits, Visit
from simulators.documents.hl7.names import INS_NIA, INS_OIDS


def read_patient(message: Message) -> PatientTraits:
    """The traits of PID; all empty when there is none."""
    pid = message.first("PID")
    if pid is None:
        return PatientTraits()
    ins, local = ins_repetition(pid), _repetition(pid, 3, 5, "PI")
    born, used = birth_name_repetition(pid), _repetition(pid, 5, 7, "D")
    birth_place = birth_place_repetition(pid)
    return PatientTraits(
        ins=_value(pid, 3, 1, ins),
        oid=_sub(pid, 3, ins, 2),
        ipp=_value(pid, 3, 1, local),
        family=_value(pid, 5, 1, born),
        given=_value(pid, 5, 2, born),
        given_list=_value(pid, 5, 3, born),
        birth_date=pid.get(7).strip(),
        sex=pid.get(8).strip(),
        birth_place=_value(pid, 11, 9, birth_place),
        status=pid.get(32).strip(),
        used_name=_value(pid, 5, 1, used),
        account=pid.get(18).strip(),
        issuer=_issuer(pid, 3, local) if local else _issuer(pid, 18, 1),
    )


def ins_repetition(pid: Segment) -> int:
    """Which repetition of PID-3 is the INS (CX-5, else its authority); 0 when none is."""
    for number in _numbers(pid, 3):
        kind = pid.get(3, 5, repetition=number).strip()
        if kind == "INS" or (not kind and _sub(pid, 3, number, 2) in INS_OIDS):
            return number
    return 0


def birth_name_repetition(pid: Segment) -> int:
    """Which repetition of PID-5 is the birth name (XPN-7 L), else the first one; 0 when the field is empty."""
    return _repetition(pid, 5, 7, "L") or (1 if pid.filled(5) else 0)


def birth_place_repetition(pid: Segment) -> int:
    """Which repetition of PID-11 is the birth place (XAD-7 BDL); 0 when none is."""
    return _repetition(pid, 11, 7, "BDL")


def read_visit(message: Message) -> Visit:
    """PV1; all empty when there is none."""
    pv1 = message.first("PV1")
    if pv1 is None:
        return Visit()
    return Visit(pv1.get(2).strip(), pv1.get(19).strip(), pv1.get(44).strip(), pv1.get(45).strip(), pv1.get(3).strip())


def patient_line(patient: PatientTraits) -> str:
    """PID of ``patient``."""
    return seg(
        "PID",
        {
            3: Reps(list(_identifiers(patient))),
            5: Reps(list(_names(patient))),
            7: patient.birth_date,
            8: patient.sex,
            11: {7: "BDL", 9: patient.birth_place} if patient.birth_place else "",
            18: _local(patient.account, patient.issuer, "AN") if patient.account else "",
            32: patient.status,
        },
    )


def visit_line(visit: Visit, issuer: Issuer) -> str:
    """PV1 of ``visit``, whose number ``issuer`` gave."""
    number = _local(visit.number, issuer, "VN") if visit.number else ""
    held: dict[int, Field] = {1: "1", 2: visit.class_, 3: visit.unit, 19: number, 44: visit.admit, 45: visit.discharge}
    return seg("PV1", held)


def _identifiers(patient: PatientTraits) -> Iterator[Field]:
    if patient.ins:
        name = "ASIP-SANTE-INS-NIA" if patient.oid == INS_NIA else "ASIP-SANTE-INS-NIR"
        yield {1: patient.ins, 4: [name, patient.oid, "ISO"], 5: "INS"}
    if patient.ipp:
        yield _local(patient.ipp, patient.issuer, "PI")


def _names(patient: PatientTraits) -> Iterator[Field]:
    yield {1: patient.family, 2: patient.given, 3: patient.given_list, 7: "L"}
    if patient.used_name:
        yield {1: patient.used_name, 2: patient.given, 7: "D"}


def _local(number: str, issuer: Issuer, kind: str) -> dict[int, Part]:
    return {1: number, 4: [issuer.name, issuer.id, issuer.kind], 5: kind}


def _issuer(pid: Segment, field: int, repetition: int) -> Issuer:
    return Issuer(*(_sub(pid, field, repetition, sub) for sub in (1, 2, 3)))


def _repetition(pid: Segment, field: int, component: int, kind: str) -> int:
    numbers = _numbers(pid, field)
    return next((n for n in numbers if pid.get(field, component, repetition=n).strip() == kind), 0)


def _numbers(pid: Segment, field: int) -> range:
    return range(1, pid.count(field) + 1)


def _value(pid: Segment, field: int, component: int, repetition: int) -> str:
    return pid.get(field, component, repetition=repetition).strip() if repetition else ""


def _sub(pid: Segment, field: int, repetition: int, sub: int) -> str:
    return pid.get(field, 4, sub, repetition).strip() if repetition else ""
