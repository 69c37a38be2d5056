"""A discharge letter as a product's record sends it: the published CDA and the published message, made its own.

Nothing of the sandbox's code is used: the world as the control API tells it, templates, and text.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tests.interop.hl7.repairs import mended
from tests.interop.hl7.ward import RADIOLOGY, component, field, published, put
from tests.interop.psc.room import Bench
from tests.interop.python.cda import rewrite
from tests.interop.python.identity import Identity, Patient, Professional, Structure
from tests.interop.python.samples import LIAISON_LETTER, archive

APPLICATION, ROOT = "DPI-PRODUIT", "2.25.26202611210845"
CODE = "11490-0^Lettre de liaison à la sortie^LN"
CITIZEN_OID = "1.2.250.1.213.1.4.10"


def discharge_letter(bench: Bench, world: str, control_id: str) -> str:
    """The message: to the DMP, the treating physician and the patient, with every receipt asked for."""
    told = bench.call("GET", f"/worlds/{world}")
    who = _identity(told)
    message = mended(published(RADIOLOGY), control_id, _mailbox(bench, told, "PER", "treating-physician"), world)
    message = _header(message, who)
    message = _patient(message, who)
    message = _document(message, rewrite(archive(LIAISON_LETTER).document, who, f"{ROOT}.{len(control_id)}"))
    citizen = _mailbox(bench, told, "CITIZEN", "adult")
    lines = message.rstrip("\n").split("\n")
    last = max(number for number, line in enumerate(lines) if line.startswith("PRT|"))
    lines.insert(last + 1, _participant_citizen(who, citizen))
    message = "\n".join(lines)
    for number, said in ((3, "N"), (9, "Y")):  # visible to the patient, who gets it too
        message = put(message, "OBX", number, 5, f"{said}^^expandedYes-NoIndicator")
    return message


def member(told: Mapping[str, Any], family: str, slug: str) -> Mapping[str, Any]:
    """Somebody of a world by reference name."""
    found: Mapping[str, Any] = next(one for one in told[family] if one["slug"] == slug)
    return found


def _identity(told: Mapping[str, Any]) -> Identity:
    hospital, doctor = member(told, "structures", "hospital"), member(told, "professionals", "hospital-specialist")
    adult = member(told, "patients", "adult")
    return Identity(
        Structure(hospital["id"], hospital["name"]),
        Professional(doctor["id"], doctor["family"], doctor["given"]),
        Patient(
            adult["id"],
            adult["birth_name"],
            adult["given_names"][0],
            adult["sex"],
            adult["birth_date"].replace("-", ""),
            "IPP0001",
            f"{ROOT}.9",
        ),
        ROOT,
    )


def _mailbox(bench: Bench, told: Mapping[str, Any], kind: str, slug: str) -> str:
    holder = member(told, "patients" if kind == "CITIZEN" else "professionals", slug)["id"]
    boxes = bench.call("GET", f"/worlds/{told['name']}/mailboxes?kind={kind}")["mailboxes"]
    return str(next(box["address"] for box in boxes if box["owners"][:1] == [holder]))


def _header(message: str, who: Identity) -> str:
    message = put(message, "MSH", 1, 3, APPLICATION)
    doctor, finess = who.professional, who.structure.national_id[1:]
    person = field(message, "PRT", 1, 5)
    for number, value in ((1, doctor.national_id), (2, doctor.name), (3, doctor.given)):
        person = component(person, number, value)
    message = put(message, "PRT", 1, 5, person)
    place = component(component(field(message, "PRT", 1, 8), 10, finess), 1, who.structure.name)
    message = put(message, "PRT", 1, 8, place)
    return put(message, "PRT", 2, 5, "")


def _patient(message: str, who: Identity) -> str:
    patient = who.patient
    message = put(message, "PID", 1, 3, component(field(message, "PID", 1, 3), 1, patient.ins))
    message = put(message, "PID", 1, 5, f"{patient.name}^{patient.given}^{patient.given}^^^^L")
    message = put(message, "PID", 1, 7, patient.birth)
    message = put(message, "PID", 1, 8, patient.gender)
    message = put(message, "PID", 1, 11, f"^^^^^^BDL^^{patient.ins[5:10]}")
    return put(message, "PID", 1, 32, "VALI")


def _document(message: str, cda: bytes) -> str:
    number = cda.decode().partition('<id root="')[2].partition('"')[0]
    message = put(put(message, "OBR", 1, 4, CODE), "OBX", 1, 3, CODE)
    message = put(put(message, "TXA", 1, 2, "11490-0"), "TXA", 1, 12, number)
    message = put(put(message, "TXA", 1, 4, ""), "TXA", 1, 22, "")
    return put(message, "OBX", 1, 5, f"^text^XML^Base64^{base64.b64encode(cda).decode()}")


def _participant_citizen(who: Identity, address: str) -> str:
    patient = who.patient
    person = f"{patient.ins}^{patient.name}^{patient.given}^^^^^^ASIP-SANTE-INS-NIR&{CITIZEN_OID}&ISO^^^^INS"
    return f"PRT||UC||RCT^^participation|{person}||||||||||^^X.400^{address}"
