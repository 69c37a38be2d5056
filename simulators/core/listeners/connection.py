"""One HTTP connection as a row of phases that never wait.

A phase does what can be done with the octets at hand. When octets are missing (``WouldBlock``) the connection goes back
to the waiting room with a deadline and the worker is free: slow peers hold no worker, in whatever phase they are slow.
A connection belongs to one thread at a time: the waiting room's, or one worker's.
"""

from __future__ import annotations

import selectors
import ssl
import time
from collections.abc import Callable
from functools import partial

from simulators.core.listeners import reasons
from simulators.core.listeners.environ import Origin
from simulators.core.listeners.exchange import PeerStalled
from simulators.core.listeners.house import AcceptDecision, House
from simulators.core.listeners.http_answer import CONTINUE, plain_text, refusal
from simulators.core.listeners.http_head import BadRequest
from simulators.core.listeners.http_reader import RequestReader, Stage
from simulators.core.listeners.incident import Kind, Reason
from simulators.core.listeners.request_call import RequestCall
from simulators.core.listeners.sniff import Guess, guess
from simulators.core.listeners.tls_reasons import handshake_reason
from simulators.core.listeners.wire import Wire, WouldBlock

_NEVER = float("inf")
_TLS_RECORD = 0x16
_SSLV2_BIT = 0x80


class HttpConnection:
    """A guest of the waiting room; ``ready`` and ``expired`` are called there and only submit to a pool."""

    def __init__(self, house: House, wire: Wire, peer: tuple[str, int]) -> None:
        self._house, self._limits, self._wire, self._peer = house, house.limits, wire, peer
        self._origin = Origin(house.name, house.local, peer, None)
        self._reader = RequestReader(house.limits)
        self._hello = b""
        self._served = 0
        self._long = False
        self._submitted_at = 0.0
        self._request_end = _NEVER
        first_phase = self._first_octets if house.on_accept is None else self._arrive
        self._enter(first_phase, self._limits.first_byte_seconds, self._silent)

    # -- what other threads call --------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._wire.fileno()

    def begin(self) -> None:
        """Take the first step, or wait for the first octet."""
        if self._house.on_accept is None:
            self._house.room.wait(self, selectors.EVENT_READ, self._deadline)
        else:
            self._submit(self._step)

    def ready(self) -> None:
        """Octets came or can go."""
        self._submit(self._step)

    def expired(self) -> None:
        """The deadline of the present phase passed."""
        self._submit(self._expire)

    @property
    def idle(self) -> bool:
        """Whether no request is under way: such a connection is closed at once when the listener stops."""
        return self._phase in (self._first_octets, self._handshake, self._drain) or (
            self._phase == self._receive and self._reader.stage is Stage.EMPTY
        )

    def break_off(self) -> None:
        """Stop the traffic."""
        self._wire.break_off()

    def close(self) -> None:
        """Close and be forgotten (owner's thread only)."""
        self._wire.close()
        self._reader.sink.close()
        self._house.forget(self)

    # -- the engine ---------------------------------------------------------------------------------------------------

    def _enter(self, phase: Callable[[], bool], seconds: float, late: Callable[[], None]) -> None:
        self._phase, self._late, self._deadline = phase, late, time.monotonic() + seconds

    def _submit(self, task: Callable[[], None], slow: bool = False) -> None:
        self._submitted_at = time.monotonic()
        pool = self._house.slow_pool if slow else self._house.pool
        if not pool.submit(task):
            self.close()

    def _expire(self) -> None:
        self._late()
        self._step()

    def _step(self) -> None:
        # Time spent waiting for a free worker is ours, not the peer's.
        waited = time.monotonic() - self._submitted_at
        self._deadline += waited
        self._request_end += waited
        try:
            while not self._wire.closed:
                if not self._advance():
                    return
        except WouldBlock as block:
            self._house.room.wait(self, block.event, self._deadline)
            return
        self.close()

    def _advance(self) -> bool:
        """Do one phase; False when the connection was handed to another thread."""
        try:
            if time.monotonic() >= self._deadline:
                self._late()
                return True
            return self._phase()
        except BadRequest as bad:
            self._refuse(bad.status, bad.kind, bad.reason)
        except PeerStalled:
            self._never_read()
        except OSError as error:
            self._hung_up(error)
        except WouldBlock:
            raise
        except Exception as error:
            self._tell(Kind.BUG, reasons.bug(error), reasons.trace(error))
            self._wire.close("reset")
        return True

    # -- before the first request -------------------------------------------------------------------------------------

    def _arrive(self) -> bool:
        decision = self._house.on_accept(self._peer) if self._house.on_accept else None
        if not self._obeyed(decision):
            self._enter(self._first_octets, self._limits.first_byte_seconds, self._silent)
        return True

    def _obeyed(self, decision: AcceptDecision | None) -> bool:
        if decision == "silent" or isinstance(decision, float):
            seconds = decision if isinstance(decision, float) else self._limits.request_seconds
            self._enter(self._drain, seconds, self._wire.close)
        elif decision is not None:
            self._wire.close(decision)
        return decision is not None

    def _first_octets(self) -> bool:
        first = self._wire.peek(self._limits.incident_raw_bytes)
        if not first:
            self._wire.close()
        elif self._house.tls is None:
            self._begin_plain(first)
        elif first[0] == _TLS_RECORD or first[0] & _SSLV2_BIT:
            self._hello = first
            self._wire.start_tls(self._house.tls())
            self._enter(self._handshake, self._limits.handshake_seconds, partial(self._give_up, reasons.HANDSHAKE))
        else:
            self._refuse_plain(first, guess(first))
        return True

    def _begin_plain(self, first: bytes) -> None:
        if guess(first) is Guess.TLS:
            self._tell(Kind.TLS_ON_PLAIN_PORT, reasons.tls_on_plain("HTTP"), first)
            self._wire.close()
        else:
            self._await_request()

    def _refuse_plain(self, first: bytes, seen: Guess) -> None:
        reason = reasons.plain_on_tls(seen)
        self._tell(Kind.PLAIN_ON_TLS_PORT, reason, first)
        if seen in (Guess.HTTP, Guess.HTTP2):
            self._wire.queue(plain_text("400 Bad Request", f"{reason.en}\n{reason.fr}\n", self._house.date()))
        self._send(keep_alive=False)

    def _handshake(self) -> bool:
        try:
            self._wire.handshake()
        except (OSError, ValueError) as error:
            self._tell_handshake(error)
            # Our alert is on its way: closing at once could destroy it before the client reads it.
            self._goodbye()
            return True
        self._origin = Origin(self._house.name, self._house.local, self._peer, self._wire.tls)
        asked = self._wire.tls.server_name if self._wire.tls else None
        if asked is None or self._house.on_name is None or not self._obeyed(self._house.on_name(asked)):
            self._await_request()
        return True

    def _tell_handshake(self, error: Exception) -> None:
        refused = self._wire.refused_name
        if refused is None:
            self._tell(Kind.HANDSHAKE_FAILED, handshake_reason(error), self._hello)
        else:
            self._tell(Kind.MISDIRECTED, reasons.unknown_name(refused, self._house.names), self._hello)

    # -- one request --------------------------------------------------------------------------------------------------

    def _await_request(self) -> None:
        seconds = self._limits.keep_alive_seconds if self._served else self._limits.first_byte_seconds
        self._enter(self._receive, seconds, self._silent)

    def _receive(self) -> bool:
        self._wire.flush()
        data = self._wire.receive()
        if not data and self._reader.stage is Stage.EMPTY:
            if self._wire.tls and not self._served:
                self._tell(Kind.HUNG_UP, reasons.GONE_AFTER_HANDSHAKE)
            self._goodbye()
        elif not data:
            raise ConnectionResetError("end of stream inside a request")
        else:
            self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        before, reader = self._reader.stage, self._reader
        reader.feed(data)
        if before is Stage.EMPTY and reader.stage > Stage.EMPTY:
            self._request_end = time.monotonic() + self._limits.request_seconds
            self._enter(self._receive, self._limits.headers_seconds, partial(self._too_slow, reasons.HEADERS))
        if before < Stage.BODY <= reader.stage:
            self._deadline, self._late = self._request_end, partial(self._too_slow, reasons.REQUEST)
        if reader.stage is Stage.COMPLETE:
            self._enter(self._route, _NEVER, self._wire.close)
        elif before < Stage.BODY and reader.wants_continue:
            self._wire.queue(CONTINUE)

    def _route(self) -> bool:
        call = RequestCall(self._house, self._wire, self._origin, self._reader)
        return self._dispatch(call)

    def _dispatch(self, call: RequestCall) -> bool:
        self._phase = partial(self._run, call)
        self._long = self._house.slow_paths(call.path)
        if self._long:
            self._submit(self._step, slow=True)
        return not self._long

    def _run(self, call: RequestCall) -> bool:
        deferred = call.run()
        if deferred is None:
            self._send(call.keep_alive, cut=call.truncated)
            return True
        self._enter(partial(self._dispatch, call), _NEVER, lambda: None)
        self._house.room.wait(self, 0, time.monotonic() + deferred.delay_seconds)
        return False

    # -- sending, closing ---------------------------------------------------------------------------------------------

    def _send(self, keep_alive: bool, cut: bool = False) -> None:
        self._enter(partial(self._flush, keep_alive, cut), self._limits.answer_seconds, self._never_read)

    def _flush(self, keep_alive: bool, cut: bool) -> bool:
        self._wire.flush()
        if cut:
            self._wire.close()
        elif keep_alive:
            return self._next_request()
        else:
            self._goodbye()
        return True

    def _next_request(self) -> bool:
        leftover = self._reader.leftover
        self._reader.sink.close()
        self._reader = RequestReader(self._limits)
        self._served += 1
        self._await_request()
        if not leftover:
            return True
        # A client that pipelines takes its turn like the others.
        self._phase = partial(self._pipelined, leftover)
        self._submit(self._step)
        return False

    def _pipelined(self, leftover: bytes) -> bool:
        self._phase = self._receive
        self._take(leftover)
        return True

    def _goodbye(self) -> None:
        self._wire.say_goodbye()
        self._enter(self._drain, self._limits.linger_seconds, self._wire.close)

    def _drain(self) -> bool:
        # What the client still sends is thrown away, so that no TCP reset overtakes our last words.
        try:
            if not self._wire.receive():
                self._wire.close()
        except OSError:
            self._wire.close()
        return True

    # -- what can go wrong --------------------------------------------------------------------------------------------

    def _tell(self, kind: Kind, reason: Reason, raw: bytes = b"") -> None:
        self._house.tell(kind, self._peer, reason, raw or self._reader.first_octets or self._hello)

    def _refuse(self, status: str, kind: Kind, reason: Reason) -> None:
        self._tell(kind, reason)
        self._wire.queue(refusal(status, reason, self._house.date()))
        self._send(keep_alive=False)

    def _too_slow(self, reason: Reason) -> None:
        self._refuse("408 Request Timeout", Kind.TIMEOUT, reason)

    def _silent(self) -> None:
        if not self._served:
            self._tell(Kind.TIMEOUT, reasons.FIRST_BYTE)
        self._goodbye()

    def _give_up(self, reason: Reason) -> None:
        self._tell(Kind.TIMEOUT, reason)
        self._wire.close()

    def _never_read(self) -> None:
        self._tell(Kind.TIMEOUT, reasons.ANSWER)
        self._wire.close("reset")

    def _hung_up(self, error: OSError) -> None:
        if isinstance(error, ssl.SSLError) and not self._served and self._reader.stage is Stage.EMPTY:
            # With TLS 1.3 a client may refuse us after our side of the handshake is over.
            self._tell(Kind.HANDSHAKE_FAILED, handshake_reason(error))
        elif self._reader.stage in (Stage.HEAD, Stage.BODY):
            self._tell(Kind.HUNG_UP, reasons.CUT_SHORT)
        elif self._reader.stage is Stage.COMPLETE and not self._long:
            self._tell(Kind.HUNG_UP, reasons.GONE_BEFORE_ANSWER)
        self._wire.close()
