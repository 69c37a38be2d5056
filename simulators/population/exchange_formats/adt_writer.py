"""Patients as HL7 v2.5 ADT^A28 messages of PAM France 2.11, one after the other, UTF-8, segments ended by CR.

Sources: facts pfi §5 (PAM: MSH-12, MSH-21, ZFA), §1.5 (PID). A message cannot say all: see ``adt_reader``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from simulators.population.idnat import PS_IDNAT_OID
from simulators.population.ins import Ins
from simulators.population.patient import Address, Patient

IPP_AUTHORITY: Final = "SIM-SEGUR-SANDBOX"
_ESCAPES: Final = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_ZFA_1: Final = {"active": "ACTIF", "closed": "FERME", "none": "INEXISTANT"}
PROFILE: Final = "2.11^IHE_FRANCE-2.11-PAM"


def write_adt(patients: Iterable[Patient], at: datetime) -> bytes:
    """One A28 a patient; ``at`` is the wire time put in MSH-7 and EVN-2."""
    return b"".join(_message(patient, number, at) for number, patient in enumerate(patients, 1))


def _message(patient: Patient, number: int, at: datetime) -> bytes:
    when = at.strftime("%Y%m%d%H%M%S%z")
    header = {
        3: "SEGUR-SANDBOX",
        4: "SIMULATION",
        5: "PRODUCT",
        6: "SIMULATION",
        7: when,
        9: "ADT^A28^ADT_A05",
        10: f"SIM{number:06d}",
        11: "D",
        12: "2.5^FRA^2.11",
        17: "FRA",
        18: "UNICODE UTF-8",
        21: PROFILE,
    }
    segments = [
        _segment("MSH|^~\\&", header, first=3),
        _segment("EVN", {2: when}),
        _segment("PID", _pid(patient)),
        *_pd1(patient),
        _segment("PV1", {2: "N"}),
        _segment("ZFA", _zfa(patient)),
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


def _segment(name: str, fields: Mapping[int, str], first: int = 1) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(first, max(fields) + 1))])


def _pid(patient: Patient) -> dict[int, str]:
    return {
        3: f"{_ins(patient.ins)}~{_text(patient.slug)}^^^{IPP_AUTHORITY}^PI",
        5: _names(patient),
        7: patient.birth_date.isoformat().replace("-", ""),
        8: patient.sex,
        11: "~".join(_places_lived(patient)),
        13: "~".join(_contacts(patient)),
        32: "VALI",
    }


def _ins(ins: Ins) -> str:
    name = "ASIP-SANTE-INS-NIA" if ins.is_nia else "ASIP-SANTE-INS-NIR"
    return f"{_text(ins.matricule)}^^^{name}&{_text(ins.oid)}&ISO^INS"


def _names(patient: Patient) -> str:
    first, every = patient.given_names[0], " ".join(patient.given_names)
    names = f"{_text(patient.birth_name)}^{_text(first)}^{_text(every)}^^^^L"
    return names if patient.used_name is None else f"{names}~{_text(patient.used_name)}^{_text(first)}^^^^^D"


def _places_lived(patient: Patient) -> Iterable[str]:
    if patient.birth_place:
        yield f"^^^^^^BDL^^{_text(patient.birth_place)}"
    if patient.address:
        yield _home(patient.address)


def _home(address: Address) -> str:
    lines = [*address.lines, "", "", ""]
    city, code, country = (_text(value) for value in (address.city, address.postal_code, address.country))
    return f"{_text(lines[0])}^{_text(lines[1])}^{city}^^{code}^{country}^H^{_text(lines[2])}".rstrip("^")


def _contacts(patient: Patient) -> Iterable[str]:
    if patient.phone:
        yield f"^PRN^PH^^^^^^^^^{_text(patient.phone)}"
    if patient.email:
        yield f"^NET^Internet^{_text(patient.email)}"


def _pd1(patient: Patient) -> Iterable[str]:
    if patient.treating_physicians:
        authority = f"ASIP-SANTE-PS&{PS_IDNAT_OID}&ISO"
        every = (f"{_text(ps.value)}^^^^^^^^{authority}^^^^IDNPS" for ps in patient.treating_physicians)
        yield _segment("PD1", {4: "~".join(every)})


def _zfa(patient: Patient) -> dict[int, str]:
    """``NA`` where nothing is opposed: the world knows of no refusal, which is not yet a consent."""
    closed = patient.dmp_closed_on.isoformat().replace("-", "") if patient.dmp_closed_on else ""
    opposed = patient.oppositions
    return {
        1: _ZFA_1[patient.dmp_state],
        3: closed,
        9: "IO" if opposed.alimentation else "NA",
        11: "INC" if opposed.consultation else "NA",
    }


def _text(value: str) -> str:
    """Escapes the separators; a control character, which would end the segment, becomes a space."""
    return "".join(_ESCAPES.get(sign, sign if sign.isprintable() else " ") for sign in value)
