"""Drives one session: units to workers, one at a time, and the actions that come back to the connection.

Everything here runs in the asyncio loop's thread except the session's own methods, which run in workers; ``busy`` is
true while such a call runs or is put off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from simulators.core.listeners import reasons
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.incident import Kind, Reason
from simulators.core.listeners.session import (
    Action,
    Close,
    Expect,
    Later,
    Link,
    Send,
    Session,
    StartTls,
    Unit,
    Violation,
)
from simulators.core.listeners.stream_room import StreamRoom, StreamServices
from simulators.core.listeners.watch import Watch

_Result = TypeVar("_Result")
_UNREAD_SECONDS = 0.02


class Carrier(Link, Protocol):
    """The connection, as the driver commands it."""

    @property
    def usable(self) -> bool:
        """False while TLS is being negotiated, while the peer does not read, and once the end has begun."""

    @property
    def at_end(self) -> bool:
        """Whether the peer will send no more."""

    def send(self, octets: bytes) -> None: ...
    def start_tls(self) -> None: ...
    def goodbye(self) -> None: ...
    def reset(self) -> None: ...
    def abort(self) -> None: ...
    def read_on(self, more: bool) -> None:
        """Go on reading from the socket, or pause."""


class SessionDriver:
    """Between a ``Carrier`` and its ``Session``."""

    def __init__(self, room: StreamRoom, services: StreamServices, carrier: Carrier, watch: Watch) -> None:
        self.busy = False
        self._room, self._services, self._carrier, self._watch = room, services, carrier, watch
        self._framer = room.framer()
        self._session: Session | None = None
        self._woken = self._lost = False
        self._put_off_until: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no call runs and no unit is unfinished."""
        return not self.busy and not self._framer.begun()

    @property
    def has_session(self) -> bool:
        """Whether ``opened`` was called."""
        return self._session is not None

    # -- what the connection tells ------------------------------------------------------------------------------------

    def open(self) -> None:
        """The peer is there: create the session and greet."""

        def opened() -> Sequence[Action]:
            self._session = self._room.session(self._carrier)
            return self._session.opened()

        self.in_worker(opened, self._carry_out)

    def take(self, clear: bytes) -> None:
        """Clear octets came."""
        self._framer.feed(clear)
        if self._framer.buffered > self._room.limits.read_ahead_bytes and (self.busy or not self._carrier.usable):
            self._carrier.read_on(False)
        self.pump()

    def secured(self, facts: TlsFacts) -> None:
        """The handshake that the session ordered is done."""
        session = self._session
        if session is not None:
            self.in_worker(lambda: session.secured(facts), self._carry_out)

    def wake(self) -> None:
        """Someone wants the session to speak."""
        self._woken = True
        self.pump()

    def lost(self) -> None:
        """The connection is over."""
        self._lost = True
        if self._put_off_until:
            self._put_off_until.cancel()
            self.busy = False
        if not self.busy:
            self._close_session()

    def interrupt(self, reason: Reason) -> None:
        """A delay is over: the session may say its farewell (421, BYE), then the connection ends."""
        if self._session is not None and not self.busy:
            self._give(self._session, Violation(reason, self._framer.begun(), fatal=True), Kind.TIMEOUT)

    def pump(self) -> None:
        """Start the next call of the session if there is a reason to."""
        session = self._session
        if self.busy or self._lost or session is None or not self._carrier.usable:
            return
        unit = self._framer.next_unit()
        if unit is not None:
            self._give(session, unit, Kind.FRAMING)
        elif self._woken:
            self._woken = False
            self.in_worker(session.woken, self._carry_out)
        elif self._carrier.at_end:
            self._end_of_stream()
        else:
            self._wait_for_more()

    # -- units --------------------------------------------------------------------------------------------------------

    def _wait_for_more(self) -> None:
        self._carrier.read_on(True)
        limits = self._room.limits
        if self._framer.begun():
            self._watch.start("unit", limits.unit_seconds, lambda: self.interrupt(reasons.UNIT))
        else:
            self._watch.start("idle", limits.idle_seconds, lambda: self.interrupt(reasons.IDLE))

    def _give(self, session: Session, unit: Unit, kind: Kind) -> None:
        def call() -> Sequence[Action]:
            if isinstance(unit, Violation):
                self._services.tell(kind, self._room.name, self._carrier.peer, unit.reason, unit.raw)
            actions = session.receive_unit(unit)
            return [*actions, Close()] if isinstance(unit, Violation) and unit.fatal else actions

        self.in_worker(call, self._carry_out)

    def _end_of_stream(self) -> None:
        unfinished = self._framer.begun()
        if unfinished:
            self.tell(Kind.HUNG_UP, reasons.CUT_SHORT, unfinished)
        self._carrier.goodbye()

    # -- actions ------------------------------------------------------------------------------------------------------

    def _carry_out(self, actions: Sequence[Action]) -> None:
        for position, action in enumerate(actions):
            if isinstance(action, Send):
                self._carrier.send(action.octets)
            elif isinstance(action, Expect):
                self._framer.expect(action.what)
            else:
                self._turn(action, actions[position + 1 :])
                return
        self.pump()

    def _turn(self, action: StartTls | Close | Later, rest: Sequence[Action]) -> None:
        """An action after which the connection is no longer what it was; only ``Later`` keeps ``rest`` for after."""
        if isinstance(action, Later):
            self._put_off(action, rest)
        elif isinstance(action, StartTls):
            injected = self._framer.discard()
            if injected:
                self.tell(Kind.STARTTLS_INJECTION, reasons.INJECTION, injected)
            self._carrier.start_tls()
        elif action.reset:
            self._carrier.reset()
        else:
            self._carrier.goodbye()

    def _put_off(self, later: Later, rest: Sequence[Action]) -> None:
        def resume() -> None:
            if not self._carrier.usable:  # a peer that does not read: what it left unread must not pile up here
                self._put_off_until = asyncio.get_running_loop().call_later(_UNREAD_SECONDS, resume)
                return
            self._put_off_until = None
            self.in_worker(lambda: [*later.then(), *rest], self._carry_out)

        self.busy = True
        self._put_off_until = asyncio.get_running_loop().call_later(later.delay_seconds, resume)

    # -- workers ------------------------------------------------------------------------------------------------------

    def in_worker(self, call: Callable[[], _Result], then: Callable[[_Result], None]) -> None:
        """Run ``call`` in a worker, then ``then`` with its result in the loop; an exception ends the connection."""
        self.busy = True
        self._watch.stop("unit", "idle")

        def work() -> None:
            try:
                result = call()
            except Exception as error:
                self._tell_bug(error)
                posted = self._services.post(self._fail)
            else:
                posted = self._services.post(lambda: self._done(then, result))
            if not posted and self._session is not None:
                self._session.closed()

        if not self._services.pool.submit(work):
            self._fail()

    def _done(self, then: Callable[[_Result], None], result: _Result) -> None:
        self.busy = False
        if self._lost:
            self._close_session()
            return
        try:
            then(result)
        except Exception as error:
            raised = error
            self._services.pool.submit(lambda: self._tell_bug(raised))
            self._carrier.abort()

    def _fail(self) -> None:
        self.busy = False
        if self._lost:
            self._close_session()
        else:
            self._carrier.abort()

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._services.pool.submit(session.closed)

    def tell(self, kind: Kind, reason: Reason, raw: bytes = b"") -> None:
        """Report an incident from the loop: in a worker."""
        raw = raw[: self._room.limits.incident_raw_bytes]
        services, name, peer = self._services, self._room.name, self._carrier.peer
        services.pool.submit(lambda: services.tell(kind, name, peer, reason, raw))

    def _tell_bug(self, error: Exception) -> None:
        raw = reasons.trace(error)
        self._services.tell(Kind.BUG, self._room.name, self._carrier.peer, reasons.bug(error), raw)
