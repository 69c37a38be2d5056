"""PV1 and ZBE: the stay and its movements (PAM §5.1.1, §5.3, §6.13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Message
from simulators.core.rules import Example, Finding, Grade, Level
from simulators.population.pam import names
from simulators.population.pam.rules.writing import (
    dated,
    event_of,
    filled,
    listed,
    movement,
    on,
    rule,
)

VISIT: Final = rule(
    "PV1",
    "PV1",
    "un mouvement sans segment PV1",
    "a movement without PV1 segment",
    "ajoutez PV1 : classe (PV1-2), unité (PV1-3), venue (PV1-19)",
    "add PV1: class (PV1-2), unit (PV1-3), visit (PV1-19)",
    code="100",
    section="§5.2",
    example=Example("PV1", "", "PV1"),
)
CLASS: Final = rule(
    "PV1-2",
    "PV1-2",
    "la classe du patient n'est pas E, I, N, O ou R",
    "the patient class is not E, I, N, O or R",
    "E urgences, I hospitalisé, O externe, R récurrent, N sans objet",
    "E emergency, I inpatient, O outpatient, R recurring, N not applicable",
    code="103",
    section="§5.3.5",
    example=Example("PV1-2", "", "E, I, N, O, R"),
)
UNIT: Final = rule(
    "PV1-3",
    "PV1-3.1",
    "l'unité d'hébergement (PV1-3.1) manque pour cet événement",
    "the hosting unit (PV1-3.1) is missing for this event",
    "PV1-3.1 : code de l'UF d'hébergement",
    "PV1-3.1: code of the hosting unit",
    code="101",
    section="§5.1.1",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("PV1-3.1", "", "the code of a unit"),
)
ACCOUNT: Final = rule(
    "PID-18",
    "PID-18",
    "le numéro de dossier administratif manque",
    "the account number is missing",
    "PID-18 : 24000006^^^NOM&FINESS&M^AN",
    "PID-18: 24000006^^^NAME&FINESS&M^AN",
    code="101",
    section="§5.4",
    example=Example("PID-18", "", "an account of type AN"),
)
NUMBER: Final = rule(
    "PV1-19",
    "PV1-19",
    "le numéro de venue manque",
    "the visit number is missing",
    "PV1-19 : 000897406^^^NOM&FINESS&M^VN",
    "PV1-19: 000897406^^^NAME&FINESS&M^VN",
    code="101",
    section="§5.4",
    needs=("PV1",),
    example=Example("PV1-19", "", "a visit of type VN"),
)
SEGMENT: Final = rule(
    "ZBE",
    "ZBE",
    "un mouvement sans segment ZBE",
    "a movement without ZBE segment",
    "ajoutez ZBE : identifiant, date, INSERT, UPDATE ou CANCEL, N ou Y, nature",
    "add ZBE: identifier, date, INSERT, UPDATE or CANCEL, N or Y, nature",
    code="100",
    section="§6.13",
    example=Example("ZBE", "", "ZBE"),
)
ID: Final = rule(
    "ZBE-1",
    "ZBE-1",
    "le mouvement n'a pas d'identifiant",
    "the movement has no identifier",
    "ZBE-1 : 312^NOM^FINESS ; une annulation et une mise à jour reprennent le même",
    "ZBE-1: 312^NAME^FINESS; a cancellation and an update bear the same one",
    code="101",
    section="§6.13",
    example=Example("ZBE-1", "", "312^NAME^FINESS"),
)
DATE: Final = rule(
    "ZBE-2",
    "ZBE-2",
    "la date du mouvement manque ou n'est pas une date HL7",
    "the date of the movement is missing or no HL7 date",
    "ZBE-2 : AAAAMMJJHHMMSS",
    "ZBE-2: YYYYMMDDHHMMSS",
    code="102",
    section="§6.13",
    example=Example("ZBE-2", "", "YYYYMMDDHHMMSS"),
)
FORBIDDEN: Final = rule(
    "ZBE-3",
    "ZBE-3",
    "ZBE-3 est interdit : toute la suite du segment est décalée d'un champ",
    "ZBE-3 is forbidden: the rest of the segment is shifted by one field",
    "ZBE-3 vide : ZBE|id|date||INSERT|N||UF médicale|UF de soins|nature",
    "empty ZBE-3: ZBE|id|date||INSERT|N||medical unit|care unit|nature",
    code="198",
    section="§6.13",
    example=Example("ZBE-3", "20260309102840", ""),
)
ACTION: Final = rule(
    "ZBE-4",
    "ZBE-4",
    "l'action n'est ni INSERT, ni UPDATE, ni CANCEL",
    "the action is neither INSERT, UPDATE nor CANCEL",
    "INSERT, UPDATE (Z99) ou CANCEL",
    "INSERT, UPDATE (Z99) or CANCEL",
    code="103",
    section="§6.13",
    needs=("ZBE-3",),
    example=Example("ZBE-4", "DELETE", "INSERT, UPDATE, CANCEL"),
)
COHERENCE: Final = rule(
    "ZBE-4-EVENT",
    "ZBE-4 against MSH-9.2",
    "l'action ne va pas avec l'événement",
    "the action does not go with the event",
    "annulations (A11, A12, A13, A38…) : CANCEL ; Z99 : UPDATE ; les autres : INSERT",
    "cancellations (A11, A12, A13, A38…): CANCEL; Z99: UPDATE; the others: INSERT",
    code="207",
    section="§5.3.2, §6.13",
    needs=("ZBE-3", "ZBE-4"),
    example=Example("ZBE-4", "CANCEL", "INSERT"),
)
HISTORIC: Final = rule(
    "ZBE-5",
    "ZBE-5",
    "ZBE-5 ne dit pas si le mouvement est historique",
    "ZBE-5 does not tell whether the movement is a historic one",
    "N courant, Y historique",
    "N current, Y historic",
    code="103",
    section="§6.13",
    needs=("ZBE-3",),
    example=Example("ZBE-5", "", "Y, N"),
)
ORIGINAL: Final = rule(
    "ZBE-6",
    "ZBE-6",
    "une mise à jour ou une annulation ne dit pas l'événement d'origine",
    "an update or a cancellation does not tell the original event",
    "ZBE-6 : l'événement qui avait créé le mouvement (A01, A02…)",
    "ZBE-6: the event that had created the movement (A01, A02…)",
    code="101",
    section="§6.13",
    needs=("ZBE-3", "ZBE-4", "ZBE-4-EVENT"),
    example=Example("ZBE-6", "", "A01, A02…"),
)
ORIGIN: Final = rule(
    "ZBE-6-EVENT",
    "ZBE-6 against MSH-9.2",
    "l'événement d'origine n'est pas celui que ce message peut annuler ou modifier",
    "the original event is not one that this message can cancel or modify",
    "A11 : A01 ou A04 ; A12 : A02 ; A13 : A03 ; A38 : A05 ; Z99 : un événement d'insertion",
    "A11: A01 or A04; A12: A02; A13: A03; A38: A05; Z99: an event that inserts",
    code="207",
    section="§5.3.2",
    grade=Grade.INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("ZBE-3", "ZBE-4", "ZBE-4-EVENT", "ZBE-6"),
    example=Example("ZBE-6", "A05", "A02"),
)
UNITS: Final = rule(
    "ZBE-7",
    "ZBE-7, ZBE-8",
    "une UF sans code (composant 10) ou sans le type UF (composant 7)",
    "a unit without code (component 10) or without the type UF (component 7)",
    "ZBE-7 : libellé^^^^^NOM&FINESS&M^UF^^^code",
    "ZBE-7: label^^^^^NAME&FINESS&M^UF^^^code",
    code="101",
    section="§6.13",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("ZBE-3",),
    example=Example("ZBE-7.10", "", "the code of a unit"),
)
NATURE: Final = rule(
    "ZBE-9",
    "ZBE-9",
    "la nature du mouvement manque ou n'est pas connue",
    "the nature of the movement is missing or unknown",
    "HMS pour les trois responsabilités, sinon S, H, M, L, D, SM, SH, MH, LD, C",
    "HMS for the three responsibilities, else S, H, M, L, D, SM, SH, MH, LD, C",
    code="103",
    section="§6.13",
    needs=("ZBE-3",),
    example=Example("ZBE-9", "", ", ".join(names.NATURES)),
)
CORRECTION: Final = rule(
    "ZBE-9-C",
    "ZBE-9 against MSH-9.2 and ZBE-6",
    "la nature C ne va qu'avec Z99 sur A01, A04 ou A05",
    "nature C only goes with Z99 over A01, A04 or A05",
    "C corrige la situation administrative, sans mouvement : Z99, ZBE-6 A01, A04 ou A05",
    "C corrects the administrative situation, without movement: Z99, ZBE-6 A01, A04 or A05",
    code="207",
    section="§6.13",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("ZBE-3", "ZBE-9"),
    example=Example("ZBE-9", "C", "HMS"),
)
RULES: Final = (
    *(ACCOUNT, VISIT, CLASS, UNIT, NUMBER, SEGMENT, ID, DATE, FORBIDDEN, ACTION, COHERENCE, HISTORIC, ORIGINAL),
    *(ORIGIN, UNITS, NATURE, CORRECTION),
)
_INSERTS: Final = names.MOVEMENT_EVENTS - (frozenset(names.CANCELLED_BY) - names.EITHER_WAY) - {names.UPDATE_EVENT}


@movement
def stay(message: Message) -> Iterator[Finding]:
    yield from filled(ACCOUNT, message.first("PID"), 18, "an account of type AN")
    pv1 = message.first("PV1")
    if pv1 is None:
        yield VISIT.finding("PV1", expected="PV1")
        return
    if pv1.get(2) not in names.CLASSES:
        yield CLASS.finding("PV1-2", found=pv1.get(2), expected=", ".join(names.CLASSES))
    yield from filled(NUMBER, pv1, 19, "a visit of type VN")


@on(names.HOSTED_EVENTS)
def hosting(message: Message) -> Iterator[Finding]:
    pv1 = message.first("PV1")
    if pv1 is not None and not pv1.get(3):
        yield UNIT.finding("PV1-3.1", expected="the code of a unit")


@movement
def shape(message: Message) -> Iterator[Finding]:
    zbe = message.first("ZBE")
    if zbe is None:
        yield SEGMENT.finding("ZBE", expected="ZBE")
        return
    yield from filled(ID, zbe, 1, "312^NAME^FINESS")
    yield from filled(DATE, zbe, 2, "YYYYMMDDHHMMSS")
    yield from dated(DATE, zbe, 2)
    if zbe.filled(3):
        yield FORBIDDEN.finding("ZBE-3", found=zbe.raw(3), expected="")
    if zbe.get(4) not in names.ACTIONS:
        yield ACTION.finding("ZBE-4", found=zbe.get(4), expected=", ".join(names.ACTIONS))
    if zbe.get(5) not in {"Y", "N"}:
        yield HISTORIC.finding("ZBE-5", found=zbe.get(5), expected="Y, N")


@movement
def coherence(message: Message) -> Iterator[Finding]:
    zbe, told = message.first("ZBE"), event_of(message)
    if zbe is None:
        return
    action, original = zbe.get(4), zbe.get(6)
    allowed = actions_of(told)
    if action not in allowed:
        yield COHERENCE.finding("ZBE-4", found=f"{told} {action}", expected=", ".join(allowed))
    if action in {names.UPDATE, names.CANCEL}:
        yield from filled(ORIGINAL, zbe, 6, "A01, A02…")
        origins = originals_of(told)
        if original and original not in origins:
            yield ORIGIN.finding("ZBE-6", found=original, expected=", ".join(origins))


@movement
def responsibility(message: Message) -> Iterator[Finding]:
    zbe = message.first("ZBE")
    for field in (7, 8):
        if zbe is not None and zbe.filled(field) and not (zbe.get(field, 10) and zbe.get(field, 7) == "UF"):
            component = 10 if not zbe.get(field, 10) else 7
            yield UNITS.finding(zbe.where(field, component), found=zbe.raw(field), expected="label^^^^^HD^UF^^^code")
    yield from filled(NATURE, zbe, 9, ", ".join(names.NATURES))
    yield from listed(NATURE, zbe, 9, names.NATURES)
    over = zbe is not None and event_of(message) == names.UPDATE_EVENT and zbe.get(6) in {"A01", "A04", "A05"}
    if zbe is not None and zbe.get(9) == "C" and not over:
        yield CORRECTION.finding("ZBE-9", found="C", expected="HMS")


def actions_of(event: str) -> tuple[str, ...]:
    """What ZBE-4 may hold in this event."""
    if event == names.UPDATE_EVENT:
        return (names.UPDATE,)
    if event in names.EITHER_WAY:
        return (names.INSERT, names.CANCEL)
    return (names.CANCEL,) if event in names.CANCELLED_BY else (names.INSERT,)


def originals_of(event: str) -> tuple[str, ...]:
    """What ZBE-6 may hold in this event when it modifies or cancels."""
    return tuple(sorted(_INSERTS)) if event == names.UPDATE_EVENT else names.CANCELLED_BY.get(event, ())


CHECKS: Final = (stay, hosting, shape, coherence, responsibility)
