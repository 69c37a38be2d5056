"""CIBA requests of a world and the state of each person's device. All instants are wire time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, Row, Text

from simulators.core.clock import from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table

PENDING, IGNORED, UNHEARD = "pending", "ignored", "unheard"
APPROVED, REFUSED, BLOCKED, USED = "approved", "refused", "blocked", "used"
OPEN: Final = frozenset({PENDING, IGNORED, UNHEARD})
"""What the client hears as pending: not answered, taken off the screen, never shown."""
READY, OFFLINE, PIN_BLOCKED = "ready", "offline", "pin-blocked"
DEVICES: Final = (READY, OFFLINE, PIN_BLOCKED)
_LATE_S: Final = 10

_requests = world_table(
    "psc_ciba",
    Column("id", Text),
    Column("auth_req_id", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("binding_message", Text, nullable=False),
    Column("notification_token", Text, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("kept_us", BigInteger, nullable=False),
    Column("interval", Integer, nullable=False),
    Column("polled_us", BigInteger),
    Column("polls", Integer, nullable=False),
    Column("state", Text, nullable=False),
    key=("id",),
)
Index("psc_ciba_state", _requests.c.world, _requests.c.state)
_devices = world_table("psc_devices", Column("person", Text), Column("state", Text, nullable=False), key=("person",))


@dataclass(frozen=True)
class CibaRequest:
    """One request to sign in on another device.

    ``id`` is the ``jti`` of ``auth_req_id``; ``channel`` MOBILE or CARD; ``interval`` the least seconds between two
    polls, ``polled`` the last one in time, ``polls`` how many found it pending; ``kept`` until when a late poll hears
    that it expired.
    """

    id: str
    auth_req_id: str
    client_id: str
    person: str
    channel: str
    scope: str
    binding_message: str
    notification_token: str
    asked: datetime
    expires: datetime
    kept: datetime
    interval: int
    polled: datetime | None = None
    polls: int = 0
    state: str = PENDING

    def awaits(self, now: datetime) -> bool:
        """Whether the person may still answer."""
        return self.state in OPEN and now < self.expires


def kept_until(expires: datetime, interval: int) -> datetime:
    """A late poll hears ``expired_token`` until then, afterwards the request is unknown (facts psc §2.4)."""
    return expires + timedelta(seconds=interval + _LATE_S)


def add(tx: Tx, request: CibaRequest) -> None:
    tx.insert(
        _requests,
        id=request.id,
        auth_req_id=request.auth_req_id,
        client_id=request.client_id,
        person=request.person,
        channel=request.channel,
        scope=request.scope,
        binding_message=request.binding_message,
        notification_token=request.notification_token,
        asked_us=to_us(request.asked),
        expires_us=to_us(request.expires),
        kept_us=to_us(request.kept),
        interval=request.interval,
        polled_us=None,
        polls=request.polls,
        state=request.state,
    )


def find(tx: Tx, request_id: str) -> CibaRequest | None:
    row = tx.get(_requests, id=request_id) if request_id else None
    return _request(row) if row is not None else None


def named(tx: Tx, name: str) -> CibaRequest | None:
    """The request of that ``id``, or of that whole ``auth_req_id``."""
    found = find(tx, name)
    if found is not None or not name:
        return found
    row = tx.get(_requests, auth_req_id=name)
    return _request(row) if row is not None else None


def waiting(tx: Tx, now: datetime, person: str = "") -> list[CibaRequest]:
    """The requests that still await an answer (of one person), oldest first."""
    found = [_request(row) for state in sorted(OPEN) for row in tx.find(_requests, state=state)]
    kept = [one for one in found if one.awaits(now) and person in {"", one.person}]
    return sorted(kept, key=lambda one: (one.asked, one.id))


def polled(tx: Tx, request: CibaRequest, now: datetime, *, pending: bool) -> None:
    """A poll that came in time; ``pending``: it found no answer."""
    tx.update(_requests, {"polled_us": to_us(now), "polls": request.polls + pending}, id=request.id)


def slow_down(tx: Tx, request: CibaRequest, seconds: int) -> None:
    tx.update(_requests, {"interval": request.interval + seconds}, id=request.id)


def set_state(tx: Tx, request: CibaRequest, state: str) -> CibaRequest:
    tx.update(_requests, {"state": state}, id=request.id)
    return replace(request, state=state)


def device(tx: Tx, person: str) -> str:
    """One of :data:`DEVICES`."""
    row = tx.get(_devices, person=person)
    return str(row.state) if row is not None else READY


def set_device(tx: Tx, person: str, state: str) -> None:
    tx.put(_devices, person=person, state=state)


def devices(tx: Tx) -> dict[str, str]:
    """Person → state, of the devices out of service."""
    return {row.person: row.state for row in tx.find(_devices) if row.state != READY}


def _request(row: Row[Any]) -> CibaRequest:
    return CibaRequest(
        row.id,
        row.auth_req_id,
        row.client_id,
        row.person,
        row.channel,
        row.scope,
        row.binding_message,
        row.notification_token,
        from_us(row.asked_us),
        from_us(row.expires_us),
        from_us(row.kept_us),
        row.interval,
        from_us(row.polled_us) if row.polled_us is not None else None,
        row.polls,
        row.state,
    )
