"""What the record decides by itself when a document leaves: it obeys the consents and the identity told by PAM.

Sources: facts pfi §1.5 (INS only with PID-32 VALI), §3.1, §5.2 (ZFA-9), §1.10 (invisible to the patient: no mail).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from simulators.core.rules import Text
from simulators.documents.hl7.model import Flags
from simulators.dpi.patients import Person
from simulators.dpi.produced import Order

OPPOSED: Final = Text(
    "le patient s'oppose à l'alimentation du DMP (ZFA-9 = IO) : DESTDMP = N",
    "the patient opposes the feeding of the DMP (ZFA-9 = IO): DESTDMP = N",
)
NOT_QUALIFIED: Final = Text(
    "l'identité n'est pas qualifiée (PID-32 ≠ VALI) : pas d'INS dans le message, DESTDMP = N",
    "the identity is not qualified (PID-32 is not VALI): no INS in the message, DESTDMP = N",
)
NO_PATIENT_BOX: Final = Text(
    "sans INS qualifié le patient n'a pas d'adresse MSSanté : DESTMSSANTEPAT = N",
    "without a qualified INS the patient has no MSSanté address: DESTMSSANTEPAT = N",
)
HIDDEN: Final = Text(
    "le document est invisible au patient : il ne lui est pas envoyé (DESTMSSANTEPAT = N)",
    "the document is invisible to the patient: it is not sent to them (DESTMSSANTEPAT = N)",
)
CHOICES: Final = tuple(Flags.__dataclass_fields__)
"""The names of the ten flags."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``addresses`` are those of the RCT participants; ``reasons`` say where the user's wish was not followed."""

    flags: Flags
    addresses: tuple[str, ...]
    with_ins: bool
    reasons: tuple[Text, ...]


def wanted(order: Order) -> Flags:
    """The ten flags as the user wishes them: a document feeds the DMP unless told otherwise (PROG.02)."""
    usual = Flags(
        destdmp=True,
        destmssanteps=bool(order.recipients),
        destmssantepat=order.to_patient,
        ack_reception=order.ack_reception,
        ack_lecture_mss=order.ack_lecture,
    )
    return replace(usual, **order.flags)


def decide(order: Order, person: Person, citizen_domain: str) -> Decision:
    """What leaves, given who the patient is today."""
    flags, reasons = wanted(order), []
    if flags.destdmp and person.opposed:
        flags, reasons = replace(flags, destdmp=False), [OPPOSED]
    if not person.qualified:
        flags, reasons = replace(flags, destdmp=False), [*reasons, NOT_QUALIFIED]
    if flags.destmssantepat and not person.qualified:
        flags, reasons = replace(flags, destmssantepat=False), [*reasons, NO_PATIENT_BOX]
    if flags.destmssantepat and flags.invisible_patient:
        flags, reasons = replace(flags, destmssantepat=False), [*reasons, HIDDEN]
    patient = (f"{person.matricule}@{citizen_domain}",) if flags.destmssantepat else ()
    return Decision(flags, (*order.recipients, *patient), person.qualified, tuple(reasons))
