"""PRT segments (HL7 v2.9, used early by the volets): sender, recipients, address for the reply."""

from __future__ import annotations

from simulators.core.hl7 import Field, Message, Segment, seg
from simulators.core.hl7.writing import Part
from simulators.documents.hl7.model import Participant, Role
from simulators.documents.hl7.names import INS_NIA, INS_OIDS, PARTICIPATION, PS_OID, ST_OID, UNIT_TYPES

_ROLES: dict[str, Role] = {"SB": "SB", "RCT": "RCT", "REPLY": "REPLY"}
_LABELS = {"SB": "Send by", "RCT": "Result Copies To", "REPLY": "Reply To"}


def read_participants(message: Message) -> tuple[Participant, ...]:
    """Every PRT whose role is known, in the order of the message."""
    roles = ((prt, _ROLES.get(prt.get(4).strip())) for prt in message.all("PRT"))
    return tuple(_participant(prt, role) for prt, role in roles if role is not None)


def _participant(prt: Segment, role: Role) -> Participant:
    person_type, org_type = prt.get(5, 13).strip(), prt.get(8, 7).strip()
    return Participant(
        role,
        person_id=prt.get(5).strip(),
        family=prt.get(5, 2),
        given=prt.get(5, 3),
        person_type=person_type,
        person_oid=_patient_oid(prt) if person_type == "INS" else "",
        org_name=prt.get(8),
        org_id=prt.get(8, 10).strip(),
        org_type=org_type,
        org_parent=prt.get(8, 6).strip() if org_type in UNIT_TYPES else "",
        device_id=prt.get(10).strip(),
        address=prt.get(15, 4).strip(),
        place=prt,
    )


def _patient_oid(prt: Segment) -> str:
    """The samples write the OID of a patient's authority in the place of its name."""
    name, oid = prt.get(5, 9).strip(), prt.get(5, 9, 2).strip()
    return name if name in INS_OIDS and oid not in INS_OIDS else oid


def participant_line(one: Participant) -> str:
    """The PRT of ``one``."""
    fields: dict[int, Field] = {2: "UC", 4: [one.role, _LABELS[one.role], PARTICIPATION]}
    if one.person_id or one.family:
        fields[5] = _person(one)
    if one.org_id or one.org_name:
        fields[8] = _organisation(one)
    if one.device_id:
        fields[10] = one.device_id
    if one.address:
        fields[15] = {3: "X.400", 4: one.address}
    return seg("PRT", fields)


def _person(one: Participant) -> dict[int, Part]:
    authority: Part = ["ASIP-SANTE-PS", PS_OID, "ISO"]
    if one.person_type == "INS":
        authority = ["ASIP-SANTE-INS-NIA" if one.person_oid == INS_NIA else "ASIP-SANTE-INS-NIR", one.person_oid, "ISO"]
    return {1: one.person_id, 2: one.family, 3: one.given, 9: authority, 13: one.person_type}


def _organisation(one: Participant) -> dict[int, Part]:
    authority: Part = ["ASIP-SANTE-ST", ST_OID, "ISO"]
    if one.org_type in UNIT_TYPES:
        authority = one.org_parent
    return {1: one.org_name, 6: authority, 7: one.org_type, 10: one.org_id}
