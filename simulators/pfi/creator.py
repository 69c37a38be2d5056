"""The hospital record on the other side of the HL7 wire: where it listens, and how messages to it begin."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from simulators.clients.mllp import MllpServer, send_once
from simulators.core.hl7 import Head, Message, Unreadable, read_message
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.pfi import boxes
from simulators.pfi.ground import Ground, NotReachable
from simulators.pfi.names import APPLICATION, DPI_LISTENER
from simulators.pfi.runner import Spoken
from simulators.pfi.settings import DPI, WIRE_SECONDS
from simulators.population.model import Structure

DPI_APPLICATION: Final = "DPI-SEGUR-SANDBOX"


def address_of(policy: Policy, application: str) -> str:
    """The URL that the world names for an application (MSH-3), else for all; empty when it names none."""
    given = DPI.text(policy).strip()
    named = [part.partition("=") for part in given.split(",") if "=" in part]
    if not named:
        return given
    return next((url.strip() for name, _, url in named if name.strip() == application), "")


def organisation(here: Structure | None, world: World) -> str:
    """MSH-4 of our messages: the FINESS of the hospital, which leads to its world."""
    return here.finess.value if here is not None and here.finess is not None else world.name


def head(
    world: World, here: Structure | None, to: tuple[str, str], kind: str, control_id: str, at: datetime, processing: str
) -> Head:
    """``to`` is MSH-5 and MSH-6."""
    return Head(APPLICATION, organisation(here, world), *to, at, kind, control_id, processing)


def home(tx: Tx) -> Structure | None:
    """The hospital whose PFI this is."""
    return boxes.hospital(tx)


def say(
    ground: Ground, world: World, operation: str, message: bytes, to: str, structure: str, keys: Collection[str]
) -> Spoken:
    """One message to the record of application ``to``; ``value`` is the acknowledgement, None when nobody could read
    it. AR is a trouble: it asks for another try. Raises ``MllpProblem``, ``NotReachable``, ``OutboundDenied``."""
    url = address_of(world.policy, to) or _local(ground, world)
    try:
        server = MllpServer(url)
        host, _ = server.address
    except ValueError as problem:
        raise NotReachable(f"pfi.dpi: {problem}") from problem
    named = ground.named(host, world.policy)
    if server.secure and not structure:
        raise NotReachable(f"{url}: the world has no hospital, so no certificate to call with")
    context = ground.tls(ground.identity(world.name, structure).auth) if server.secure else None
    timeout = float(WIRE_SECONDS.number(world.policy))
    answer = send_once(MllpServer(url, context, timeout, named), message)
    ack = _read(answer)
    code = ack.value("MSA-1") if ack is not None else ""
    return Spoken(
        operation,
        address=url,
        trouble=_trouble(code, ack, message),
        sure=code == "AR",
        request=message,
        answer=answer,
        status=code,
        accepted=code == "AA",
        keys=tuple(keys),
        value=ack,
    )


def _local(ground: Ground, world: World) -> str:
    return ground.local(DPI_LISTENER)


def _trouble(code: str, ack: Message | None, message: bytes) -> str:
    if ack is None:
        return "the answer is no HL7 acknowledgement"
    if code not in {"AA", "AE"}:
        return f"acknowledged {code or 'without MSA-1'}: {ack.value('ERR-8') or ack.value('MSA-3')}".rstrip(": ")
    asked = read_message(message).control_id
    answered = ack.value("MSA-2")
    return "" if answered == asked else f"the acknowledgement answers {answered!r}, not {asked!r}"


def _read(answer: bytes) -> Message | None:
    try:
        return read_message(answer)
    except Unreadable:
        return None
