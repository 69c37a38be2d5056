"""Opens the ports of a sandbox: each is bound first and reported after, never picked and then bound."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from email.utils import format_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, cast

from simulators.assembly.services import load_console
from simulators.assembly.settings import CONSOLE_OFFSET, TRUST_OFFSET, Settings
from simulators.assembly.trust_pages import trust_app
from simulators.core.errors import EnvironmentProblem
from simulators.core.faults.effects import Disconnect
from simulators.core.listeners import HttpListener, Limits, WorkerPool
from simulators.core.pki import ContextSource, server_context
from simulators.core.service import ListenerSpec, WSGIApp

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


class Ports:
    """The listeners of one sandbox, by name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = WorkerPool("exchange")
        self.slow_pool = WorkerPool("long-poll")
        self.tls: ContextSource | None = None
        self._listeners: dict[str, HttpListener] = {}
        self._schemes: dict[str, str] = {}
        self._trust: HttpListener | None = None

    def reserve_trust(self, settings: Settings) -> str:
        """Binds the port of CRL and OCSP before the first certificate names it."""
        self._trust = self._bound("trust", settings.port(TRUST_OFFSET), self._later, tls=False)
        return self.url("trust")

    def open(self, sandbox: Sandbox) -> None:
        """Binds and starts every listener. Raises ``EnvironmentProblem`` when a port is taken."""
        self._sandbox = sandbox
        names, addresses = _names(self.settings.names)
        server = sandbox.pki.issue_server(names, addresses, now=sandbox.now())

        def context() -> ssl.SSLContext:
            return server_context(
                server, sandbox.trusted.at(sandbox.now()), verify="optional", strict_tls=self.settings.strict_tls
            )

        self.tls = ContextSource(context)
        self._trust_application = trust_app(sandbox.pki, sandbox.now)
        self._bound("console", self.settings.port(CONSOLE_OFFSET), load_console()(sandbox), tls=False)
        for service in sandbox.services:
            for spec in service.listeners:
                self._bound_service(spec, service.wsgi(sandbox.runtime, spec.name))
        for listener in self._listeners.values():
            listener.start()

    def url(self, name: str) -> str:
        """``scheme://public-host:port``. Raises ``KeyError``."""
        return f"{self._schemes[name]}://{self.settings.public_host}:{self._listeners[name].port}"

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
            (lambda: self.tls.current) if tls else None,  # type: ignore[union-attr]
            lambda incident: self._sandbox.on_incident(incident),
            slow_pool=self.slow_pool,
            slow_paths=lambda path: path.endswith("/wait"),
            on_accept=lambda peer: self._accept(name),
            http_date=lambda: format_datetime(self._sandbox.now(), usegmt=True),
        )
        try:
            listener.bind()
        except OSError as problem:
            raise EnvironmentProblem(
                f"port {port} on {self.settings.bind} is not free ({problem.strerror}); "
                "give --base-port N or --random-ports"
            ) from problem
        self._listeners[name] = listener
        self._schemes[name] = "https" if tls else "http"
        return listener

    def _accept(self, listener: str) -> Literal["reset", "close", "silent"] | None:
        """What a fault orders for a connection before its first byte: reset, silent, or nothing."""
        for planned in self._sandbox.faults.accept_plan(listener):
            if isinstance(planned.effect, Disconnect):
                return "close" if planned.effect.mode == "close" else "reset"
            return "silent"
        return None

    def _later(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._trust_application(environ, start_response)


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
