"""What a message of the volets says: one document, its patient, who sends it to whom, and what is asked for it.

Values are as written in the message; ``""`` stands for an absent one. Source: facts of the two CI-SIS volets,
profils-messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from simulators.core.hl7 import Segment
from simulators.documents.cda.model import CdaDocument
from simulators.documents.hl7.names import LPS_NAME, QUALIFIED

Kind = Literal["MDM", "ORU"]
Role = Literal["SB", "RCT", "REPLY"]
ZamKind = Literal["Z01", "Z02", "Z03"]


class Action(StrEnum):
    """What is asked for the document."""

    INITIAL = "initial"
    REPLACE = "replace"
    DELETE = "delete"

    @property
    def orc(self) -> str:
        """ORC-1."""
        return {"initial": "NW", "replace": "RO", "delete": "CA"}[self.value]

    @property
    def status(self) -> str:
        """OBX-11 of the document (table 0085)."""
        return {"initial": "F", "replace": "C", "delete": "D"}[self.value]

    @property
    def event(self) -> str:
        """Trigger of the MDM."""
        return {"initial": "T02", "replace": "T10", "delete": "T04"}[self.value]


@dataclass(frozen=True, slots=True)
class Flags:
    """The ten Y or N of the metadata; what is absent, or neither Y nor N, is N."""

    masque_ps: bool = False
    invisible_patient: bool = False
    invisible_rep_legaux: bool = False
    connexion_secrete: bool = False
    modif_conf_code: bool = False
    destdmp: bool = False
    destmssanteps: bool = False
    destmssantepat: bool = False
    ack_reception: bool = False
    ack_lecture_mss: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """One PRT. ``person_oid`` is the authority of a patient's ``person_id``; ``org_parent`` the FINESS of the
    establishment of a unit or service; ``place`` the segment it was read from."""

    role: Role
    person_id: str = ""
    family: str = ""
    given: str = ""
    person_type: str = ""
    person_oid: str = ""
    org_name: str = ""
    org_id: str = ""
    org_type: str = ""
    org_parent: str = ""
    device_id: str = ""
    address: str = ""
    place: Segment | None = field(default=None, compare=False, repr=False)

    @property
    def is_patient(self) -> bool:
        """Whether the address, or without address the person's type, is the one of a patient."""
        if self.address:
            return self.address.lower().partition("@")[2].startswith("patient.mssante.")
        return self.person_type == "INS"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Authority that gave the local numbers: ``kind`` is L (local), M (FINESS of the entity) or N (of the site)."""

    name: str = ""
    id: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PatientTraits:
    """PID. ``ins`` is the matricule with its key, ``oid`` its authority; ``ipp`` the local number and ``account`` the
    one of the stay, both of ``issuer``; ``given_list`` the INSi list; ``birth_date`` as in PID-7; ``birth_place`` the
    INSEE code; ``status`` PID-32; ``used_name`` the XPN of type D."""

    ins: str = ""
    oid: str = ""
    ipp: str = ""
    family: str = ""
    given: str = ""
    given_list: str = ""
    birth_date: str = ""
    sex: str = ""
    birth_place: str = ""
    status: str = ""
    used_name: str = ""
    account: str = ""
    issuer: Issuer = Issuer()

    @property
    def qualified(self) -> bool:
        """Whether there is an INS that may be used: PID-32 is VALI (IHE PAM FR 6.6.15)."""
        return bool(self.ins) and self.status == QUALIFIED

    def without_ins(self) -> PatientTraits:
        """The same patient as a receiver keeps him when his INS may not be used."""
        return replace(self, ins="", oid="")


@dataclass(frozen=True, slots=True)
class Visit:
    """PV1: class (PV1-2), hosting unit, number of the venue, instants of admission and discharge as written."""

    class_: str = ""
    number: str = ""
    admit: str = ""
    discharge: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """The MSSanté mail that brought the document (flow 6). ``message_id`` is without its brackets."""

    message_id: str
    subject: str
    body: str


@dataclass(frozen=True)
class Transmission:
    """One request on one document.

    ``profile`` is MSH-21 trimmed (``2.1^CISIS_CDA_HL7_V2``). ``document_id`` and ``replaces`` are written as XDS does:
    ``root`` or ``root^extension``. ``cda`` are the octets of the document, whatever they are, and ``document`` what was
    read of them: None in a plan, and when they are no CDA. ``mail_bodies`` has the
    keys ``ps`` and ``patient``, each only when the message gives it. ``fin``: the patient must not reply.
    """

    kind: Kind = "MDM"
    profile: str = ""
    control_id: str = ""
    sending_app: str = ""
    sending_facility: str = ""
    action: Action = Action.INITIAL
    patient: PatientTraits = PatientTraits()
    visit: Visit = Visit()
    type_code: str = ""
    type_label: str = ""
    type_system: str = "LN"
    document_id: str = ""
    replaces: str = ""
    cda: bytes = field(default=b"", repr=False)
    document: CdaDocument | None = field(default=None, compare=False, repr=False)
    mail: Mail | None = None
    flags: Flags = Flags()
    participants: tuple[Participant, ...] = ()
    mail_bodies: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False

    @property
    def from_mail(self) -> bool:
        """Whether it is a flow 6: a document that came by MSSanté, on its way to a record."""
        return self.profile.endswith(LPS_NAME)

    @property
    def sender(self) -> Participant | None:
        return next((one for one in self.participants if one.role == "SB"), None)

    @property
    def recipients(self) -> tuple[Participant, ...]:
        return tuple(one for one in self.participants if one.role == "RCT")

    @property
    def reply_to(self) -> Participant | None:
        return next((one for one in self.participants if one.role == "REPLY"), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The mailboxes that the flags ask to write to, each once."""
        wanted = (one for one in self.recipients if one.address and self._asked(one))
        return tuple(dict.fromkeys(one.address for one in wanted))

    def _asked(self, one: Participant) -> bool:
        return self.flags.destmssantepat if one.is_patient else self.flags.destmssanteps


@dataclass(frozen=True)
class Zam:
    """One business receipt. ``request`` is the MSH-10 it answers; ``address`` and ``reader_id`` the mailbox and who
    holds it (Z02, Z03); ``error`` the code and label of a refusal; ``at`` when the acknowledged event took place."""

    kind: ZamKind
    request: str
    accepted: bool
    address: str = ""
    reader_id: str = ""
    error: tuple[str, str] | None = None
    at: datetime | None = None
