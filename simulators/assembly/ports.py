"""Opens the ports of a sandbox: each is bound first and reported after, never picked and then bound."""

from __future__ import annotations

import contextlib
import errno
import ssl
from collections.abc import Callable, Iterable, Iterator
from email.utils import format_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, cast

from simulators.assembly.services import load_console
from simulators.assembly.settings import CONSOLE_OFFSET, TRUST_OFFSET, Settings
from simulators.assembly.trust_pages import trust_app
from simulators.core.errors import EnvironmentProblem
from simulators.core.faults.effects import Disconnect
from simulators.core.listeners import HttpListener, Limits, WorkerPool
from simulators.core.pki import ContextSource, Trust, server_context
from simulators.core.service import ListenerSpec, WSGIApp

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

CONSOLE, TRUST = "console", "trust"


class Ports:
    """The listeners of one sandbox, by name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = WorkerPool("exchange")
        self.slow_pool = WorkerPool("long-poll")
        self.tls: ContextSource | None = None
        self._listeners: dict[str, HttpListener] = {}
        self._schemes: dict[str, str] = {}
        self._trust_in_use: Trust | None = None

    def reserve_trust(self, settings: Settings) -> str:
        """Binds the port of CRL and OCSP before the first certificate names it."""
        self._bound(TRUST, settings.port(TRUST_OFFSET), self._later, tls=False)
        return self.url(TRUST)

    def open(self, sandbox: Sandbox) -> None:
        """Binds and starts every listener. Raises ``EnvironmentProblem`` when a port is taken."""
        self._sandbox = sandbox
        names, addresses = _names(self.settings.names)
        server = sandbox.pki.issue_server(names, addresses, now=sandbox.now())

        def context() -> ssl.SSLContext:
            self._trust_in_use = sandbox.trusted.at(sandbox.now())
            strict = self.settings.strict_tls
            return server_context(server, self._trust_in_use, verify="optional", strict_tls=strict)

        self.tls = ContextSource(context)
        self._trust_application = trust_app(sandbox.pki, sandbox.now)
        self._bound(CONSOLE, self.settings.port(CONSOLE_OFFSET), load_console()(sandbox), tls=False)
        for service in sandbox.services:
            for spec in service.listeners:
                self._bound_service(spec, service.wsgi(sandbox.runtime, spec.name))
        for listener in self._listeners.values():
            with _port_problem(self.settings.bind, listener.port):
                listener.start()

    def url(self, name: str) -> str:
        """``scheme://public-host:port``. Raises ``KeyError``."""
        return self._url(name, self.settings.public_host)

    def local_url(self, name: str) -> str:
        """The same listener by an address of this machine: the public name may only resolve elsewhere."""
        bind = self.settings.bind
        return self._url(name, "localhost" if bind in {"0.0.0.0", "::"} else bind)

    def _url(self, name: str, host: str) -> str:
        return f"{self._schemes[name]}://{f'[{host}]' if ':' in host else host}:{self._listeners[name].port}"

    def table(self) -> dict[str, str]:
        """Every listener with its URL, for people."""
        return {name: self.url(name) for name in self._listeners}

    def refresh_trust(self) -> None:
        """After a revocation or a new root: the next connection sees it."""
        if self.tls is not None:
            self.tls.refresh()

    def close(self) -> None:
        for listener in self._listeners.values():
            listener.stop(2.0)
        self.pool.stop()
        self.slow_pool.stop()

    def _bound_service(self, spec: ListenerSpec, app: WSGIApp) -> None:
        self._bound(spec.name, self.settings.port(spec.offset), app, tls=spec.tls != "none")

    def _bound(self, name: str, port: int, app: WSGIApp, *, tls: bool) -> HttpListener:
        listener = HttpListener(
            name,
            self.settings.bind,
            port,
            cast(Any, app),
            self.pool,
            Limits(),
            self._context if tls else None,
            lambda incident: self._sandbox.on_incident(incident),
            slow_pool=self.slow_pool,
            slow_paths=lambda path: path.endswith("/wait"),
            on_accept=lambda peer: self._accept(name),
            http_date=lambda: format_datetime(self._sandbox.now(), usegmt=True),
        )
        with _port_problem(self.settings.bind, port):
            listener.bind()
        self._listeners[name] = listener
        self._schemes[name] = "https" if tls else "http"
        return listener

    def _context(self) -> ssl.SSLContext:
        """The context for the next connection, remade with the trust: an outdated CRL refuses everybody."""
        if self.tls is None:
            raise RuntimeError("the ports are not open yet")
        if self._sandbox.trusted.at(self._sandbox.now()) is not self._trust_in_use:
            return self.tls.refresh()
        return self.tls.current

    def _accept(self, listener: str) -> Literal["reset", "close", "silent"] | None:
        """What a fault orders for a connection before its first byte: reset, silent, or nothing.

        Never on the console, from which the fault is taken away again.
        """
        if listener == CONSOLE:
            return None
        for planned in self._sandbox.faults.accept_plan(listener):
            if isinstance(planned.effect, Disconnect):
                return "close" if planned.effect.mode == "close" else "reset"
            return "silent"
        return None

    def _later(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._trust_application(environ, start_response)


@contextlib.contextmanager
def _port_problem(bind: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        reason = "it is in use" if problem.errno == errno.EADDRINUSE else problem.strerror
        raise EnvironmentProblem(
            f"cannot listen on port {port} of {bind}: {reason}; give --base-port N, --random-ports or another --bind"
        ) from problem


def _names(wanted: Iterable[str]) -> tuple[list[str], list[str]]:
    """Host names and IP addresses apart, as a certificate wants them."""
    names: list[str] = []
    addresses: list[str] = []
    for name in wanted:
        try:
            addresses.append(str(ip_address(name)))
        except ValueError:
            names.append(name)
    return names, addresses
