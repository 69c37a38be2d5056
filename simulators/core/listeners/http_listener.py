"""An HTTP or HTTPS port in front of a WSGI application.

Accepting, waiting, receiving and sending hold no worker; only the application does. Why not a stock server: one silent
connection on a stock cheroot TLS port was measured to block everyone for 10 s (facts tech §8, design 8).
"""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Callable, Collection
from wsgiref.types import WSGIApplication

from simulators.core.listeners import reasons
from simulators.core.listeners.connection import HttpConnection
from simulators.core.listeners.house import ContextSource, House, OnAccept, OnName
from simulators.core.listeners.incident import IncidentSink, Kind, Reason
from simulators.core.listeners.limits import Limits
from simulators.core.listeners.pool import WorkerPool
from simulators.core.listeners.sockets import address_of, bound_socket, listen
from simulators.core.listeners.waiting_room import WaitingRoom
from simulators.core.listeners.wire import Wire

_ACCEPTS_PER_TURN = 64
_PAUSE_WITHOUT_DESCRIPTOR = 0.25
_CHECK_SECONDS = 0.02
_NO_DESCRIPTOR = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class HttpListener:
    """One port. ``port`` 0 lets the system choose; the real one is in ``.port`` after ``bind`` or ``start``.

    ``tls`` is asked for the context at each new connection (None = plain port), so that a new CRL or certificate
    applies without a restart; it runs in a worker. Requests whose decoded path satisfies ``slow_paths`` (long-polls)
    run in ``slow_pool``. ``on_accept`` runs in a worker before the first octet: it may return "close", "reset" or
    "silent" (accept and never answer) for an outage, None to let the peer in. ``http_date`` gives the Date header of
    answers whose application sets none. ``on_incident`` runs in a worker. The pools belong to the caller.
    A port shared by several ``names`` (see :mod:`.by_name`) asks ``on_name`` after the handshake as ``on_accept``.
    """

    def __init__(
        self,
        name: str,
        bind: str,
        port: int,
        app: WSGIApplication,
        pool: WorkerPool,
        limits: Limits,
        tls: ContextSource | None,
        on_incident: IncidentSink,
        *,
        slow_pool: WorkerPool | None = None,
        slow_paths: Callable[[str], bool] = lambda path: False,
        on_accept: OnAccept | None = None,
        http_date: Callable[[], str] | None = None,
        names: Collection[str] = (),
        on_name: OnName | None = None,
    ) -> None:
        self.name, self._bind, self._port = name, bind, port
        room = WaitingRoom(f"{name}-accept")
        self._house = House(
            name,
            app,
            pool,
            limits,
            tls,
            on_incident,
            slow_pool or pool,
            slow_paths,
            on_accept,
            http_date,
            room,
            names,
            on_name,
        )
        self._capacity = min(limits.open_connections, room.capacity or limits.open_connections)
        self._socket: socket.socket | None = None
        self._refused_peers: set[str] = set()
        self._started = False

    @property
    def port(self) -> int:
        """The port in use once bound, else the one asked for."""
        return self._port

    @property
    def open_connections(self) -> int:
        """Connections accepted and not closed yet."""
        return len(self._house.tenants)

    def bind(self) -> None:
        """Take the port without answering yet, so that addresses are known before services start."""
        if self._socket is None:
            self._socket = bound_socket(self._bind, self._port)
            self._house.local = address_of(self._socket.getsockname())
            self._port = self._house.local[1]

    def start(self) -> None:
        """Bind if need be, listen and serve. Raises ``OSError`` when the port is taken."""
        self.bind()
        listen(self._listening)
        self._started = True
        self._house.room.start()
        self._house.room.watch(self._listening, self._accept)

    def stop(self, drain_seconds: float = 5.0) -> None:
        """Accept no more, close idle connections, let exchanges finish for ``drain_seconds``, cut the rest."""
        if not self._started:
            self._house.room.stop()
            if self._socket is not None:
                self._socket.close()
            return
        self._house.stopping = True
        self._house.room.call(self._stop_accepting)
        end = time.monotonic() + drain_seconds
        while self._house.tenants and time.monotonic() < end:
            self._house.room.call(self._close_idle)
            self._house.vacated.wait(_CHECK_SECONDS)
        self._house.room.call(self._cut_the_rest)
        self._house.room.stop()
        self._started = False

    @property
    def _listening(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError(f"listener {self.name} is not bound")
        return self._socket

    # -- in the waiting room's thread ---------------------------------------------------------------------------------

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_PER_TURN):
            try:
                sock, address = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._cannot_accept(error)
                return
            self._welcome(sock, address_of(address))

    def _welcome(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        tenants = self._house.tenants
        if len(tenants) >= self._capacity:
            sock.close()
            self._refuse(peer)
            return
        self._refused_peers.clear()
        connection = HttpConnection(self._house, Wire(sock), peer)
        tenants.add(connection)
        connection.begin()

    def _refuse(self, peer: tuple[str, int]) -> None:
        # One incident per address and per crowd: a flood must not fill the journal.
        if peer[0] not in self._refused_peers:
            self._refused_peers.add(peer[0])
            self._tell_later(peer, reasons.TOO_MANY)

    def _cannot_accept(self, error: OSError) -> None:
        if error.errno not in _NO_DESCRIPTOR:
            return
        # The pending connection keeps the socket readable: look away for a while instead of spinning.
        self._tell_later(("", 0), reasons.NO_DESCRIPTOR)
        room = self._house.room
        room.forget(self._listening)
        room.at(time.monotonic() + _PAUSE_WITHOUT_DESCRIPTOR, self._look_again)

    def _look_again(self) -> None:
        if not self._house.stopping:
            self._house.room.watch(self._listening, self._accept)

    def _tell_later(self, peer: tuple[str, int], reason: Reason) -> None:
        house = self._house
        house.pool.submit(lambda: house.tell(Kind.TOO_MANY_CONNECTIONS, peer, reason))

    def _stop_accepting(self) -> None:
        self._house.room.forget(self._listening)
        self._house.room.call(self._listening.close)

    def _close_idle(self) -> None:
        self._close_waiting(only_idle=True)

    def _cut_the_rest(self) -> None:
        self._close_waiting(only_idle=False)
        for tenant in list(self._house.tenants):
            with contextlib.suppress(OSError):
                tenant.break_off()

    def _close_waiting(self, only_idle: bool) -> None:
        room = self._house.room
        for guest in room.guests():
            if not isinstance(guest, HttpConnection) or (only_idle and not guest.idle):
                continue
            if room.take_back(guest):
                guest.close()
