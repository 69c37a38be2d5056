"""The host of all stream listeners: one thread, one asyncio loop, which moves octets only (design 8)."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from functools import partial

from simulators.core.listeners.house import tell
from simulators.core.listeners.incident import IncidentSink, Kind, Reason
from simulators.core.listeners.pool import WorkerPool
from simulators.core.listeners.sockets import address_of, bound_socket, listen
from simulators.core.listeners.stream_connection import StreamConnection
from simulators.core.listeners.stream_room import Leaver, StreamRoom

_CHECK_SECONDS = 0.02


class StreamHost:
    """``bind`` the rooms, ``start``, ``stop``. The pool belongs to the caller and runs every session call."""

    def __init__(self, pool: WorkerPool, on_incident: IncidentSink) -> None:
        self._pool, self._on_incident = pool, on_incident
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
        self._bound: list[tuple[StreamRoom, socket.socket]] = []
        self._servers: list[asyncio.Server] = []
        self._connections: set[Leaver] = set()
        self._stopping = False

    def bind(self, room: StreamRoom) -> int:
        """Take the room's port (0 = the system chooses) and give the real one. Raises ``OSError`` if it is taken."""
        if self._thread.is_alive() or any(other.name == room.name for other, _ in self._bound):
            raise RuntimeError(f"room {room.name}: bind every room once, before start")
        sock = bound_socket(room.bind, room.port)
        self._bound.append((room, sock))
        return address_of(sock.getsockname())[1]

    def start(self) -> None:
        """Listen on every bound port and serve; back once all ports answer."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self, drain_seconds: float = 5.0) -> None:
        """Accept no more, close idle connections, let units finish for ``drain_seconds``, cut the rest."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._leave(drain_seconds), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        for _, sock in self._bound:
            sock.close()
        if not self._loop.is_closed():
            self._loop.close()

    @property
    def open_connections(self) -> int:
        """Connections accepted and not over yet."""
        return len(self._connections)

    # -- services of the connections ----------------------------------------------------------------------------------

    @property
    def pool(self) -> WorkerPool:
        """Where sessions run."""
        return self._pool

    def post(self, action: Callable[[], None]) -> bool:
        """Run ``action`` in the loop soon; False once the loop has ended."""
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            return False
        return True

    def admit(self, connection: Leaver) -> bool:
        """Count a connection; False beyond the limit of its room."""
        limit = next(room.limits.open_connections for room, _ in self._bound if room.name == connection.listener)
        if self._stopping or sum(other.listener == connection.listener for other in self._connections) >= limit:
            return False
        self._connections.add(connection)
        return True

    def release(self, connection: Leaver) -> None:
        """The connection is over."""
        self._connections.discard(connection)

    def tell(self, kind: Kind, listener: str, peer: tuple[str, int], reason: Reason, raw: bytes) -> None:
        """Report an incident."""
        tell(self._on_incident, kind, listener, peer, reason, raw)

    # -- in the loop --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        for room, sock in self._bound:
            listen(sock)
            self._servers.append(await self._loop.create_server(partial(StreamConnection, room, self), sock=sock))

    async def _leave(self, drain_seconds: float) -> None:
        self._stopping = True
        for server in self._servers:
            server.close()
        end = self._loop.time() + drain_seconds
        while self._connections and self._loop.time() < end:
            for connection in list(self._connections):
                connection.leave()
            await asyncio.sleep(_CHECK_SECONDS)
        for connection in list(self._connections):
            connection.abort()
        for _ in range(3):
            # Aborting is told to the connections in the loop's next rounds.
            await asyncio.sleep(0)
