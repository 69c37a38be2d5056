"""One complete request on its way through the application."""

from __future__ import annotations

from wsgiref.types import WSGIApplication, WSGIEnvironment

from simulators.core.listeners import reasons
from simulators.core.listeners.deferred import Deferred
from simulators.core.listeners.environ import DisconnectMode, Levers, Origin, build_environ
from simulators.core.listeners.exchange import Exchange
from simulators.core.listeners.house import House
from simulators.core.listeners.http_answer import answer_for
from simulators.core.listeners.http_reader import RequestReader
from simulators.core.listeners.incident import Kind
from simulators.core.listeners.wire import Wire


class RequestCall:
    """Holds the environ between two runs when the application defers its answer."""

    def __init__(self, house: House, wire: Wire, origin: Origin, reader: RequestReader) -> None:
        if reader.head is None:
            raise ValueError("the request is not complete")
        self._house, self._wire, self._origin = house, wire, origin
        self._answer = answer_for(reader.head, house.date(), lambda: house.stopping)
        self._exchange = Exchange(self._answer, wire, house.limits, self._bug)
        self._app: WSGIApplication = house.app
        levers = Levers(self._disconnect, self._truncate_after)
        self._environ: WSGIEnvironment = build_environ(
            reader.head, reader.sink.finish(), reader.sink.size, origin, levers
        )
        self._raw_head = reader.head.raw

    @property
    def path(self) -> str:
        """The decoded path, as ``slow_paths`` gets it."""
        return str(self._environ["PATH_INFO"])

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may serve another request after this one."""
        return self._answer.keep_alive

    @property
    def truncated(self) -> bool:
        """Whether the answer was cut on purpose."""
        return self._answer.truncated

    def run(self) -> Deferred | None:
        """Call the application, or what it deferred to. Raises ``OSError`` when the peer is gone."""
        deferred = self._exchange.run(self._app, self._environ)
        if deferred is not None:
            self._app = deferred.then
        return deferred

    def _disconnect(self, mode: DisconnectMode) -> None:
        self._wire.close(mode)

    def _truncate_after(self, octets: int) -> None:
        self._answer.truncate_after = octets

    def _bug(self, error: BaseException) -> None:
        self._house.tell(Kind.BUG, self._origin.peer, reasons.bug(error), reasons.trace(error))
