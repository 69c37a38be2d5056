"""A command from end to end: the identity changes, its history and the messages of each subscriber are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulators.core.hl7 import CHARSETS, Head, edit
from simulators.core.world import MAIN, identifier
from simulators.identity_repository import deliveries, records
from simulators.identity_repository.asked import Asked, checked
from simulators.identity_repository.deliveries import Subscriber
from simulators.identity_repository.errors import CommandRefused, NotNow
from simulators.identity_repository.model import Record
from simulators.identity_repository.names import APPLICATION
from simulators.identity_repository.scene import Scene
from simulators.identity_repository.settings import CHARSET, PROCESSING
from simulators.identity_repository.stays import COMMANDS
from simulators.identity_repository.telling import event
from simulators.population.pam import PamEvent, build_pam

_UTF8 = "UNICODE UTF-8"


@dataclass(frozen=True)
class Order:
    """One command. ``breaks`` puts values into the message on purpose (``{"ZBE-3": "20260309"}``; None removes a
    segment): the identity itself stays right."""

    command: str
    patient: str = ""
    asked: Asked = field(default_factory=dict)
    breaks: Mapping[str, str | None] = field(default_factory=dict)


def perform(scene: Scene, order: Order, subscribers: Sequence[Subscriber]) -> tuple[Record, int]:
    """The identity as it now stands, and the number of the command. Raises :class:`CommandRefused`."""
    command = COMMANDS.get(order.command)
    if command is None:
        raise CommandRefused(f"no command {order.command!r}: there are {', '.join(COMMANDS)}, replay")
    record = Record("") if order.command == "create" else records.find(scene.tx, order.patient)
    if record.merged_into:
        raise NotNow(f"{record.ipp} was merged into {record.merged_into}")
    done = command(scene, record, checked(order.asked))
    if done.former:
        records.renumber(scene.tx, done.record, done.former)
    for one in (done.record, *done.also):
        records.save(scene.tx, one)
    number = records.note(scene.tx, done.record.ipp, order.command, done.event.event, scene.business)
    _tell(scene, number, done.record, done.event, subscribers, order.breaks)
    return done.record, number


def replay(scene: Scene, subscribers: Sequence[Subscriber]) -> int:
    """Every identity that is left, and the movements of each open stay, to these subscribers; how many messages each
    is to be told."""
    count = 0
    for record in records.every(scene.tx):
        if record.merged_into:
            continue
        for told in _whole(scene, record):
            number = records.note(scene.tx, record.ipp, "replay", told.event, scene.business)
            _tell(scene, number, record, told, subscribers, {})
            count += 1
    return count


def _whole(scene: Scene, record: Record) -> Iterator[PamEvent]:
    yield event(scene, "A28", record)
    if record.stay is not None and record.stay.open:
        for move in record.stay.moves:
            if not move.cancelled:
                yield event(scene, move.event, record, move=move, unit=move.unit)


def _tell(
    scene: Scene,
    number: int,
    record: Record,
    told: PamEvent,
    subscribers: Sequence[Subscriber],
    breaks: Mapping[str, str | None],
) -> None:
    for subscriber in subscribers:
        msh10 = f"GAM{identifier(scene.tx, 'identity.message').hex[:17]}"
        message = _message(scene, subscriber, msh10, told, breaks)
        about = (number, told.event, record.ipp, record.ins)
        deliveries.queue(scene.tx, subscriber, msh10, about, message, scene.business)


def _message(
    scene: Scene, subscriber: Subscriber, msh10: str, told: PamEvent, breaks: Mapping[str, str | None]
) -> bytes:
    """Raises :class:`CommandRefused`: a value cannot be put where it was asked for."""
    charset = CHARSET.text(scene.policy)
    if charset.upper() not in CHARSETS:
        raise CommandRefused(f"{CHARSET.name}: expected {_UTF8}, 8859/15 or 8859/1, found {charset!r}")
    head = Head(
        APPLICATION,
        scene.facility,
        subscriber.name,
        _receiving_facility(scene, subscriber),
        scene.wire,
        "",
        msh10,
        PROCESSING.text(scene.policy),
    )
    octets = build_pam(told, head)
    try:
        for where, value in {**({"MSH-18": charset} if charset != _UTF8 else {}), **breaks}.items():
            octets = edit(octets, where, value)
    except (KeyError, ValueError) as problem:
        raise CommandRefused(f"break: {problem.args[0]}") from problem
    return octets if charset == _UTF8 else octets.decode("utf-8").encode(CHARSETS[charset.upper()], "replace")


def _receiving_facility(scene: Scene, subscriber: Subscriber) -> str:
    """A peer of this sandbox is led to the world by its name."""
    world = scene.tx.world
    return world if subscriber.listener and world != MAIN else scene.facility
