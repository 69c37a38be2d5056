"""What a receiver remembers of a patient, and how each PAM message changes it: one pure function.

The opposition to feeding and the consent to consult belong to an episode of care: a new one begins without answers
(facts requirements CONF.06, CONF.09). Feeding is allowed unless opposed, consulting only when consented (facts pfi
§5.2). An INS is kept only with a validated identity (PAM §6.6.15).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from simulators.population.pam import names
from simulators.population.pam.model import Consent, Name, PamEvent

PREADMITTED, ADMITTED, REGISTERED = "preadmitted", "admitted", "registered"
ABSENT, DISCHARGED, CANCELLED = "absent", "discharged", "cancelled"
_BEGINS: Final = {"A01": ADMITTED, "A04": REGISTERED, "A05": PREADMITTED}
_BECOMES: Final = {
    "A03": DISCHARGED,
    "A06": ADMITTED,
    "A07": REGISTERED,
    "A11": CANCELLED,
    "A13": ADMITTED,
    "A21": ABSENT,
    "A22": ADMITTED,
    "A38": CANCELLED,
    "A52": ADMITTED,
    "A53": ABSENT,
}


@dataclass(frozen=True, slots=True)
class Stay:
    """One episode of care. ``number`` is PV1-19, ``account`` PID-18, ``class_`` PV1-2, ``unit`` where the patient is;
    ``state`` preadmitted, admitted, registered, absent, discharged or cancelled, ``before`` the state that a discharge
    ended; instants are TS; ``moves`` are the movements that stand: ZBE-1.1 and the unit each led to."""

    number: str
    account: str = ""
    class_: str = ""
    state: str = ADMITTED
    unit: str = ""
    admitted: str = ""
    discharged: str = ""
    before: str = ""
    moves: tuple[tuple[str, str], ...] = ()

    @property
    def open(self) -> bool:
        return self.state not in {DISCHARGED, CANCELLED}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "moves": tuple((id, unit) for id, unit in data.get("moves", ()))})


@dataclass(frozen=True, slots=True)
class PatientStanding:
    """``references`` are what the patient may be found by (``PamEvent.references``); ``ins`` is empty unless it may be
    used; ``feed`` NA, IO, INO; ``consult`` NA, INC, IC; ``secret`` is the receiver's own *connexion secrète*, asked
    again at each episode; ``merged_into`` is the reference of the identity this one was merged into."""

    references: tuple[str, ...] = ()
    status: str = ""
    ins: str = ""
    ins_oid: str = ""
    family: str = ""
    used_name: str = ""
    given: str = ""
    given_list: str = ""
    birth_date: str = ""
    sex: str = ""
    birth_place: str = ""
    feed: str = names.NOT_ASKED
    feed_at: str = ""
    consult: str = names.NOT_ASKED
    consult_at: str = ""
    dmp_status: str = ""
    dmp_closed: str = ""
    secret: bool = False
    merged_into: str = ""
    stay: Stay | None = None

    @property
    def may_feed(self) -> bool:
        """Whether the patient lets the DMP be fed: by default, and unless opposed."""
        return self.feed != names.FEED_OPPOSED

    @property
    def may_consult(self) -> bool:
        """Whether the patient lets the DMP be consulted: only once he said so."""
        return self.consult == names.CONSULT_ALLOWED

    @property
    def qualified(self) -> bool:
        """A validated identity with its INS: what a document needs to enter the DMP."""
        return self.status == names.VALIDATED and bool(self.ins)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``from_json`` is the inverse."""
        return {**asdict(self), "references": list(self.references)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        stay = Stay.from_json(data["stay"]) if data.get("stay") else None
        return cls(**{**data, "references": tuple(data.get("references", ())), "stay": stay})


def apply(standing: PatientStanding | None, event: PamEvent) -> PatientStanding:
    """The standing after ``event``; ``standing`` is that of its patient, None for one never heard of.

    An event PAM France has not, A08 among them, changes nothing. A40 is applied to the identity that stays; the one
    that goes is :func:`absorbed`.
    """
    before = standing or PatientStanding()
    if not event.known:
        return before
    after = _named(before, event)
    if event.event in names.MOVEMENT_EVENTS:
        after = _moved(after, event)
    return _answered(after, event.consent) if event.consent is not None else after


def absorbed(standing: PatientStanding | None, event: PamEvent) -> PatientStanding:
    """The standing of the identity of MRG-1 after an A40: it leads to the one that stays, and has no INS any more."""
    before = standing or PatientStanding(references=event.merged_references)
    into = event.references[0] if event.references else ""
    return replace(before, merged_into=into, ins="", ins_oid="", stay=None)


# --- identity


def _named(before: PatientStanding, event: PamEvent) -> PatientStanding:
    identity = event.identity
    birth, used = identity.birth_name or Name(before.family, before.given, before.given_list), identity.used_name
    status = _status(identity.statuses) or before.status
    traits = replace(
        before,
        status=status,
        family=birth.family,
        given=birth.given,
        given_list=birth.given_list,
        used_name=_used(used.family) if used is not None else before.used_name,
        birth_date=identity.birth_date or before.birth_date,
        sex=identity.sex or before.sex,
        birth_place=identity.birth_place or before.birth_place,
    )
    return _identified(traits, event)


def _status(statuses: tuple[str, ...]) -> str:
    """The state of an identity that has several: VALI first, attributes (HOMA, FICT, DOUT) last."""
    plain = [one for one in statuses if one not in {"HOMA", "FICT", "DOUT"}]
    return names.VALIDATED if names.VALIDATED in statuses else next(iter([*plain, *statuses]), "")


def _used(family: str) -> str:
    return "" if family == names.DELETED else family


def _identified(before: PatientStanding, event: PamEvent) -> PatientStanding:
    """A47 and A40 take the numbers of MRG-1 away; an INS goes when told so, or with the validation of its identity."""
    gone = set(event.merged_references) if event.event == "A47" else set()
    kept = [one for one in before.references if one not in gone]
    ins, oid = (event.ins.value, event.ins.oid) if event.ins is not None else (before.ins, before.ins_oid)
    if event.ins_deleted or before.status != names.VALIDATED:
        ins, oid = "", ""
    plain = [one for one in (*event.references, *kept) if not one.startswith(f"{names.INS}:")]
    references = (*dict.fromkeys(plain), *((f"{names.INS}:{ins}",) if ins else ()))
    return replace(before, references=references, ins=ins, ins_oid=oid)


# --- stay


def _moved(before: PatientStanding, event: PamEvent) -> PatientStanding:
    number = _number(event)
    if before.stay is None or (number and number != before.stay.number):
        if event.movement is not None and event.movement.action == names.CANCEL:
            return before  # of a stay never heard of, or left since
        return _begun(before, event, number)
    return replace(before, stay=_changed(before.stay, event))


def _number(event: PamEvent) -> str:
    number = event.visit.number if event.visit is not None else None
    account = event.identity.account
    return number.value if number is not None else account.value if account is not None else ""


def _begun(before: PatientStanding, event: PamEvent, number: str) -> PatientStanding:
    """A new episode: both questions are to be asked again, so is the secret connection."""
    visit, account = event.visit, event.identity.account
    stay = Stay(
        number=number,
        account=account.value if account is not None else "",
        class_=visit.class_ if visit is not None else "",
        state=_BEGINS.get(_trigger(event)) or _BECOMES.get(_trigger(event), ADMITTED),
        unit=_unit(event),
        admitted=_when(event) if visit is None or not visit.admitted else visit.admitted,
        discharged=visit.discharged if visit is not None else "",
        moves=((_movement(event), _unit(event)),),
    )
    asked = {"feed": names.NOT_ASKED, "feed_at": "", "consult": names.NOT_ASKED, "consult_at": "", "secret": False}
    return replace(before, stay=stay, **asked)  # type: ignore[arg-type]


def _changed(stay: Stay, event: PamEvent) -> Stay:
    visit, movement = event.visit, event.movement
    after = replace(stay, class_=visit.class_ if visit is not None and visit.class_ else stay.class_)
    if event.event == names.UPDATE_EVENT:
        return _corrected(after, _movement(event), _unit(event))
    if movement is not None and movement.action == names.CANCEL:
        return _cancelled(after, event)
    state = _BEGINS.get(event.event) or _BECOMES.get(event.event, stay.state)
    unit = _unit(event) or stay.unit
    after = replace(after, state=state, unit=unit, moves=_with(stay.moves, (_movement(event), unit)))
    if event.event != "A03":
        return after
    left = (visit.discharged if visit is not None else "") or _when(event)
    return replace(after, discharged=left, before=stay.state)


def _with(moves: tuple[tuple[str, str], ...], one: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """A movement told again (its acknowledgement was lost) stands once."""
    if one[0] and one[0] in dict(moves):
        return tuple(one if move[0] == one[0] else move for move in moves)
    return (*moves, one)


def _corrected(stay: Stay, movement: str, unit: str) -> Stay:
    """Another unit for one movement: the patient is elsewhere only if it is the last one."""
    moves = tuple((id, unit if id == movement and unit else told) for id, told in stay.moves)
    known = movement in dict(stay.moves)
    return replace(stay, moves=moves, unit=moves[-1][1] if known else stay.unit)


def _cancelled(stay: Stay, event: PamEvent) -> Stay:
    """Without the movement that is cancelled; the unit told is the one the patient is in again."""
    moves = tuple(move for move in stay.moves if move[0] != _movement(event))
    state = stay.before or ADMITTED if event.event == "A13" else _BECOMES.get(event.event, stay.state)
    unit = _unit(event) if event.visit is not None and event.visit.unit else moves[-1][1] if moves else stay.unit
    return replace(stay, state=state, unit=unit, discharged="", moves=moves)


def _trigger(event: PamEvent) -> str:
    """What an update is about, when the stay itself was never told."""
    original = event.movement.original if event.movement is not None else ""
    return original if event.event == names.UPDATE_EVENT and original else event.event


def _unit(event: PamEvent) -> str:
    movement = event.movement
    care = (movement.care or movement.responsible) if movement is not None else None
    return (event.visit.unit if event.visit is not None else "") or (care.code if care is not None else "")


def _when(event: PamEvent) -> str:
    return (event.movement.at if event.movement is not None else "") or event.occurred or event.recorded


def _movement(event: PamEvent) -> str:
    return event.movement.id[0] if event.movement is not None and event.movement.id else ""


# --- consent


def _answered(before: PatientStanding, told: Consent) -> PatientStanding:
    """What ZFA tells, and only that; the obsolete ZFA-4 to ZFA-8 are never read as answers."""
    after = before
    if told.feed in names.FEED:
        after = replace(after, feed=told.feed, feed_at=told.feed_at)
    if told.consult in names.CONSULT:
        after = replace(after, consult=told.consult, consult_at=told.consult_at)
    if told.dmp_status in names.DMP_STATES:
        closed = told.dmp_closed if told.dmp_status == "FERME" else ""
        after = replace(after, dmp_status=told.dmp_status, dmp_closed=closed)
    return after
