"""Commands on a stay: admissions, transfers, discharge, their cancellations and corrections (ITI-31)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from simulators.identity_repository import identity
from simulators.identity_repository.asked import DMP, Asked, answered, described
from simulators.identity_repository.errors import CommandRefused, NotNow
from simulators.identity_repository.identity import IDENTITY, Command, Done
from simulators.identity_repository.model import Episode, Move, Record
from simulators.identity_repository.scene import Scene
from simulators.identity_repository.telling import event
from simulators.population.pam import names
from simulators.population.pam.standing import ADMITTED, CANCELLED, DISCHARGED, PREADMITTED, REGISTERED


def admit(scene: Scene, record: Record, asked: Asked) -> Done:
    """A01, of a new stay or of the one that was pre-admitted. Raises :class:`NotNow`: the patient is there."""
    return _begin(scene, record, asked, "A01", ADMITTED, asked.get("class") or "I")


def preadmit(scene: Scene, record: Record, asked: Asked) -> Done:
    """A05. Raises :class:`NotNow`: a stay is open."""
    return _begin(scene, record, asked, "A05", PREADMITTED, asked.get("class") or "I")


def register(scene: Scene, record: Record, asked: Asked) -> Done:
    """A04, an outpatient or an emergency. Raises :class:`NotNow`: a stay is open."""
    return _begin(scene, record, asked, "A04", REGISTERED, asked.get("class") or "O")


def transfer(scene: Scene, record: Record, asked: Asked) -> Done:
    """A02 to ``unit``. Raises :class:`NotNow`, :class:`CommandRefused`: no unit."""
    stay = _present(record)
    if not asked.get("unit"):
        raise CommandRefused("unit is required: where the patient goes")
    return _moved(scene, record, stay, "A02", asked["unit"], stay.state)


def discharge(scene: Scene, record: Record, asked: Asked) -> Done:
    """A03. Raises :class:`NotNow`."""
    stay = replace(_present(record), discharged=scene.now)
    return _moved(scene, record, stay, "A03", stay.unit, DISCHARGED)


def cancel_transfer(scene: Scene, record: Record, asked: Asked) -> Done:
    """A12 of the last movement, which was a transfer. Raises :class:`NotNow`."""
    stay = _stay(record)
    return _cancelled(scene, record, stay, "A12", stay.last("A02"), stay.state)


def cancel_discharge(scene: Scene, record: Record, asked: Asked) -> Done:
    """A13. Raises :class:`NotNow`."""
    stay = _stay(record)
    begun = next((move.event for move in stay.moves if not move.cancelled), "A01")
    state = REGISTERED if begun == "A04" else ADMITTED
    return _cancelled(scene, record, replace(stay, discharged=""), "A13", stay.last("A03"), state)


def cancel_admit(scene: Scene, record: Record, asked: Asked) -> Done:
    """A11 of an admission or a registration without later movement. Raises :class:`NotNow`."""
    stay = _stay(record)
    return _cancelled(scene, record, stay, "A11", stay.last("A01", "A04"), CANCELLED)


def correct(scene: Scene, record: Record, asked: Asked) -> Done:
    """Z99 over a movement (the current one unless named), with another unit or other answers. Raises :class:`NotNow`,
    :class:`CommandRefused`: no such movement."""
    stay = _stay(record)
    named = asked.get("movement")
    found = next((m for m in stay.moves if m.id == named), None) if named else stay.current
    if found is None or found.cancelled:
        raise CommandRefused(f"the stay has no movement {named!r}, or it was cancelled")
    move = replace(found, unit=asked.get("unit") or found.unit)
    after = _with_answers(scene, replace(record, stay=stay.changed(move)), asked)
    return Done(after, event(scene, "Z99", after, move=move, action=names.UPDATE, unit=move.unit))


def consent(scene: Scene, record: Record, asked: Asked) -> Done:
    """What the patient answered, by A31 or by Z99 over the current movement (``by``)."""
    if asked.get("by") == names.UPDATE_EVENT:
        return correct(scene, record, asked)
    return identity.consent(scene, record, asked)


COMMANDS: Final[dict[str, Command]] = {
    **IDENTITY,
    "admit": admit,
    "preadmit": preadmit,
    "register": register,
    "transfer": transfer,
    "cancel_transfer": cancel_transfer,
    "discharge": discharge,
    "cancel_admit": cancel_admit,
    "cancel_discharge": cancel_discharge,
    "correct": correct,
    "consent": consent,
}


def _stay(record: Record) -> Episode:
    if record.stay is None:
        raise NotNow(f"{record.ipp} has no stay")
    return record.stay


def _present(record: Record) -> Episode:
    stay = _stay(record)
    if not stay.open or stay.state == PREADMITTED:
        raise NotNow(f"the stay of {record.ipp} is {stay.state}: admit first")
    return stay


def _begin(scene: Scene, record: Record, asked: Asked, name: str, state: str, class_: str) -> Done:
    before = record.stay
    fresh, stay = _new_stay(scene, record)
    if before is not None and before.state == PREADMITTED and name == "A01":
        fresh, stay = record, before
    elif before is not None and before.open:
        raise NotNow(f"{record.ipp} has a stay already ({before.state})")
    begun = replace(stay, class_=class_, admitted=scene.now, discharged="")
    asking = _with_answers(scene, fresh, asked)
    return _moved(scene, asking, begun, name, scene.unit(asked.get("unit", "")), state)


def _new_stay(scene: Scene, record: Record) -> tuple[Record, Episode]:
    """A new episode of care: the patient is to be asked again."""
    unasked = {"feed": names.NOT_ASKED, "feed_at": "", "consult": names.NOT_ASKED, "consult_at": ""}
    stay = Episode(scene.number("visit"), scene.number("account"), "", PREADMITTED)
    return replace(record, **unasked), stay  # type: ignore[arg-type]


def _with_answers(scene: Scene, record: Record, asked: Asked) -> Record:
    return described(answered(record, asked, scene.now), asked, *DMP)


def _moved(scene: Scene, record: Record, stay: Episode, name: str, unit: str, state: str) -> Done:
    move = Move(scene.number("movement"), name, scene.now, unit)
    after = replace(record, stay=replace(stay, state=state, moves=(*stay.moves, move)))
    return Done(after, event(scene, name, after, move=move, unit=unit))


def _cancelled(scene: Scene, record: Record, stay: Episode, name: str, move: Move | None, state: str) -> Done:
    if move is None:
        wanted = ", ".join(names.CANCELLED_BY[name])
        raise NotNow(f"the last movement of {record.ipp} is not one that {name} cancels ({wanted})")
    left = replace(stay.changed(replace(move, cancelled=True)), state=state)
    after = replace(record, stay=left)
    back = left.unit or move.unit  # where the patient is again
    return Done(after, event(scene, name, after, move=move, action=names.CANCEL, unit=back))
