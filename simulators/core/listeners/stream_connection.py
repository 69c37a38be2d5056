"""One stream connection inside the asyncio loop: it moves octets and carries TLS. Nothing here waits."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from functools import partial
from typing import cast

from simulators.core.listeners import reasons
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.house import AcceptDecision
from simulators.core.listeners.incident import Kind, Reason
from simulators.core.listeners.session_driver import SessionDriver
from simulators.core.listeners.sniff import Guess, guess
from simulators.core.listeners.sockets import address_of, close_will_reset
from simulators.core.listeners.stream_room import StreamRoom, StreamServices
from simulators.core.listeners.tls_pipe import TlsPipe
from simulators.core.listeners.tls_reasons import handshake_reason
from simulators.core.listeners.watch import Watch

_LINGER_SECONDS = 2.0
_TLS_RECORD = 0x16


class StreamConnection(asyncio.Protocol):
    """Implements ``Link`` towards its session and ``Carrier`` towards the driver."""

    def __init__(self, room: StreamRoom, services: StreamServices) -> None:
        self._room, self._services, self._limits = room, services, room.limits
        self._watch, self._write_watch = Watch(), Watch()
        self._driver = SessionDriver(room, services, self, self._watch)
        self._transport: asyncio.Transport | None = None
        self._peer = ("", 0)
        self._pipe: TlsPipe | None = None
        self._tls_due = room.tls_at_once
        self._held = bytearray()
        self._first = b""
        self._heard = self._paused = self._ending = False
        self.at_end = False

    # -- Link ---------------------------------------------------------------------------------------------------------

    @property
    def listener(self) -> str:
        """Name of the listener."""
        return self._room.name

    @property
    def peer(self) -> tuple[str, int]:
        """(ip, port)."""
        return self._peer

    @property
    def tls(self) -> TlsFacts | None:
        """What the handshake established."""
        return self._pipe.facts if self._pipe else None

    def wake(self) -> None:
        """Have ``Session.woken`` called (any thread)."""
        self._services.post(self._driver.wake)

    # -- asyncio ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer connected."""
        self._transport = cast(asyncio.Transport, transport)
        self._peer = address_of(transport.get_extra_info("peername"))
        if not self._services.admit(self):
            self._driver.tell(Kind.TOO_MANY_CONNECTIONS, reasons.TOO_MANY)
            self._ending = True
            self.abort()
            return
        if self._tls_due:
            self._watch.start("first", self._limits.first_byte_seconds, partial(self._give_up, reasons.FIRST_BYTE))
        self._driver.in_worker(self._prepare, self._prepared)

    def data_received(self, data: bytes) -> None:
        """Octets came."""
        if self._ending:
            return
        if not self._first:
            self._first = data[: self._limits.incident_raw_bytes]
            if self._is_misdirected(self._first):
                return
        if self._pipe:
            self._decipher(self._pipe, data)
        elif self._tls_due:
            self._held += data
        else:
            self._driver.take(data)

    def eof_received(self) -> bool:
        """The peer sends no more; it may still wait for our answer, hence True (keep open)."""
        self.at_end = True
        if self._ending and self._transport:
            self._transport.close()
        elif self._pipe and self._pipe.facts is None:
            self._pipe.feed_eof()
            self._decipher(self._pipe, b"")
        elif self._tls_due:
            self.abort()
        else:
            self._driver.pump()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._ending = True
        self._watch.stop()
        self._write_watch.stop()
        self._services.release(self)
        self._driver.lost()

    def pause_writing(self) -> None:
        """The peer does not read as fast as we write."""
        self._paused = True
        self._write_watch.start("write", self._limits.write_seconds, self._never_read)

    def resume_writing(self) -> None:
        """The peer caught up."""
        self._paused = False
        self._write_watch.stop()
        self._driver.pump()

    # -- what the host says when it stops -----------------------------------------------------------------------------

    def leave(self) -> None:
        """Close if nothing is under way."""
        if self._ending or self._tls_due or not self._driver.idle or self._transport is None:
            return
        self._say_close_notify()
        self._ending = True
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport:
            self._transport.abort()

    # -- Carrier ------------------------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether units may be treated and answered now."""
        return not (self._tls_due or self._paused or self._ending)

    def send(self, octets: bytes) -> None:
        """Put clear octets on the wire, ciphered if TLS is on."""
        if self._pipe:
            self._pipe.encrypt(octets)
            octets = self._pipe.outgoing()
        self._put(octets)

    def read_on(self, more: bool) -> None:
        """Go on reading, or pause."""
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading() if more else self._transport.pause_reading()

    def start_tls(self) -> None:
        """Begin a handshake with the next octet."""
        source = self._room.tls
        if source is None or self._pipe:
            raise ValueError(f"listener {self._room.name}: StartTls without a context, or twice")
        self._tls_due = True
        self._watch.start("handshake", self._limits.handshake_seconds, partial(self._give_up, reasons.HANDSHAKE))
        self.read_on(True)
        self._driver.in_worker(lambda: (None, source()), self._prepared)

    def goodbye(self) -> None:
        """End in order: our last octets, then FIN; what still comes is dropped so that no reset overtakes them."""
        if self._ending or self._transport is None:
            return
        self._say_close_notify()
        self._ending = True
        if self.at_end or self._transport.is_closing():
            self._transport.close()
            return
        self.read_on(True)
        with contextlib.suppress(OSError, RuntimeError):
            self._transport.write_eof()
        self._watch.stop()
        self._watch.start("linger", _LINGER_SECONDS, self._lingered)

    def reset(self) -> None:
        """Cut with a TCP RST."""
        if self._transport:
            with contextlib.suppress(OSError):
                close_will_reset(self._transport.get_extra_info("socket"))
            self.abort()

    # -- arrival ------------------------------------------------------------------------------------------------------

    def _prepare(self) -> tuple[AcceptDecision | None, ssl.SSLContext | None]:
        decision = self._room.on_accept(self._peer) if self._room.on_accept else None
        context = self._room.tls() if self._room.tls_at_once and self._room.tls else None
        return decision, context

    def _prepared(self, result: tuple[AcceptDecision | None, ssl.SSLContext | None]) -> None:
        decision, context = result
        if decision is not None:
            self._suffer(decision)
        elif context is not None:
            self._pipe = TlsPipe(context)
            held, self._held = bytes(self._held), bytearray()
            if held and not self._ending:
                self._decipher(self._pipe, held)
        else:
            self._driver.open()

    def _suffer(self, decision: AcceptDecision) -> None:
        self._ending = True
        self._watch.stop()
        if decision == "reset":
            self.reset()
        elif decision == "close":
            self.abort()
        elif isinstance(decision, float):
            self._watch.start("outage", decision, self.abort)

    def _is_misdirected(self, first: bytes) -> bool:
        seen = guess(first)
        if self._room.tls_at_once:
            if first[0] == _TLS_RECORD:
                late = partial(self._give_up, reasons.HANDSHAKE)
                self._watch.start("handshake", self._limits.handshake_seconds, late)
                return False
            self._driver.tell(Kind.PLAIN_ON_TLS_PORT, reasons.plain_on_tls(seen), first)
        elif seen is Guess.TLS:
            self._driver.tell(Kind.TLS_ON_PLAIN_PORT, reasons.tls_on_plain(self._room.protocol), first)
        elif seen is Guess.HTTP and b" HTTP/1." in first:
            self._driver.tell(Kind.WRONG_PROTOCOL, reasons.wrong_protocol(self._room.protocol, seen), first)
        else:
            return False
        self.goodbye()
        return True

    # -- TLS ----------------------------------------------------------------------------------------------------------

    def _decipher(self, pipe: TlsPipe, data: bytes) -> None:
        before = pipe.facts
        try:
            clear = pipe.feed(data)
        except ssl.SSLError as error:
            self._put(pipe.outgoing())
            if not self._heard:
                # With TLS 1.3 a client may also refuse us after our side of the handshake is over.
                self._driver.tell(Kind.HANDSHAKE_FAILED, handshake_reason(error), self._first)
            self.goodbye()
            return
        self._put(pipe.outgoing())
        self._heard = self._heard or bool(clear)
        self.at_end = self.at_end or pipe.ended
        if before is None and pipe.facts is not None:
            self._secured(pipe.facts)
        if pipe.facts is not None:
            self._driver.take(clear)

    def _secured(self, facts: TlsFacts) -> None:
        self._tls_due = False
        self._watch.stop()
        if self._driver.has_session:
            self._driver.secured(facts)
        else:
            self._driver.open()

    def _say_close_notify(self) -> None:
        if self._pipe and self._pipe.facts:
            self._pipe.close()
            self._put(self._pipe.outgoing())

    def _put(self, octets: bytes) -> None:
        if octets and self._transport and not self._ending and not self._transport.is_closing():
            self._transport.write(octets)

    # -- too late -----------------------------------------------------------------------------------------------------

    def _give_up(self, reason: Reason) -> None:
        self._driver.tell(Kind.TIMEOUT, reason, self._first)
        self.goodbye()

    def _lingered(self) -> None:
        if self._transport and self._transport.get_write_buffer_size():
            self._watch.start("last octets", self._limits.write_seconds, self._never_read)
        else:
            self.abort()

    def _never_read(self) -> None:
        self._driver.tell(Kind.TIMEOUT, reasons.ANSWER)
        self.reset()
