"""Opens the ports of a sandbox: each is bound first and reported after, never picked and then bound."""

from __future__ import annotations

import contextlib
import errno
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from email.utils import format_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, cast

from simulators.assembly.aliases import URL_PREFIX, NationalNames, below, certify, open_national
from simulators.assembly.names import Names, asked_host, authority, names_of
from simulators.assembly.server_tls import ServerTls
from simulators.assembly.services import load_console
from simulators.assembly.settings import CONSOLE_OFFSET, TRUST_OFFSET, Settings
from simulators.assembly.trust_pages import trust_app
from simulators.core.errors import EnvironmentProblem
from simulators.core.faults.effects import Disconnect, Silence
from simulators.core.listeners import HttpListener, StreamHost, StreamRoom, WorkerPool, by_name, of_stream
from simulators.core.listeners.by_name import ContextOf
from simulators.core.pki import IssuedCertificate, PkiUnreadable
from simulators.core.service import ListenerSpec, Service, StreamSpec, WSGIApp

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

CONSOLE, TRUST, SHARED = "console", "trust", "https"
_REASONS = {
    errno.EADDRINUSE: "it is in use",
    errno.EACCES: "it wants an administrator (on Linux ports below 1024: sysctl net.ipv4.ip_unprivileged_port_start), "
    "or give --https-port 8443",
}


class Ports:
    """The listeners of one sandbox, by name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        least, most = settings.limits.workers_least, settings.limits.workers_most
        self.pool = WorkerPool("exchange", least, most)
        self.slow_pool = WorkerPool("long-poll", least, most)
        # A session may call an HTTP service of this sandbox, which must find a worker of its own.
        self.stream_pool = WorkerPool("session", least, most)
        self.names = Names()
        self.national: NationalNames | None = None
        self._tls: list[ServerTls] = []
        self._listeners: dict[str, HttpListener] = {}
        self._streams: StreamHost | None = None
        self._stream_ports: dict[str, int] = {}
        self._schemes: dict[str, str] = {}

    def reserve_trust(self, settings: Settings) -> str:
        """Binds the port of CRL and OCSP before the first certificate names it."""
        self._bound(TRUST, settings.port(TRUST_OFFSET), self._later)
        return self.url(TRUST)

    def open(self, sandbox: Sandbox) -> None:
        """Binds and starts every listener. Raises ``EnvironmentProblem`` when a port is taken."""
        self._sandbox = sandbox
        settings, apps = self.settings, _applications(sandbox)
        if settings.shared_port is not None:
            self.names = names_of(sandbox.services, settings.public_host, national=settings.production_names)
        names, addresses = _names((*settings.names, *self.names.own.values()))
        server = sandbox.pki.issue_server(names, addresses, now=sandbox.now())
        self._trust_application = trust_app(sandbox.pki, sandbox.now)
        self._bound(CONSOLE, settings.port(CONSOLE_OFFSET), load_console()(sandbox))
        tls = {"mutual": self._server_tls(server), "server": self._server_tls(server, mutual=False)}
        for spec, app in apps.values():
            self._bound(spec.name, settings.port(spec.offset), app, tls.get(spec.tls))
        if settings.shared_port is not None:
            self._bind_shared(settings.shared_port, server, {name: app for name, (_, app) in apps.items()})
        for service in sandbox.services:
            for stream in service.streams:
                self._bind_stream(service, stream, tls)
        for listener in self._listeners.values():
            with _port_problem(self.settings.bind, listener.port):
                listener.start()
        if self._streams is not None:
            self._streams.start()

    def _bind_stream(self, service: Service, spec: StreamSpec, tls: Mapping[str, ServerTls]) -> None:
        if service.sessions is None:
            raise ValueError(f"simulator {service.name} has streams and no sessions")
        if self._streams is None:
            self._streams = StreamHost(self.stream_pool, lambda incident: self._sandbox.on_incident(incident))
        port = self.settings.port(spec.offset)
        room = StreamRoom(
            spec.name,
            self.settings.bind,
            port,
            spec.protocol,
            spec.framer,
            service.sessions(self._sandbox.runtime, spec.name),
            tls["mutual" if spec.mutual else "server"].current if spec.tls != "none" else None,
            spec.tls == "implicit",
            of_stream(spec.limits, self.settings.limits),
            on_accept=lambda peer: self._accept(spec.name),
        )
        with _port_problem(self.settings.bind, port):
            self._stream_ports[spec.name] = self._streams.bind(room)
        self._schemes[spec.name] = spec.scheme

    def _bind_shared(self, port: int, server: IssuedCertificate, apps: Mapping[str, WSGIApp]) -> None:
        """The one HTTPS port: our names under ``server``, the national ones under an authority of their own."""
        national, ours = self._national_tls(), self._server_tls(server)

        def context_of(name: str) -> ssl.SSLContext | None:
            if self.names.listener(name) is None:
                return None
            chosen = national if national and name.lower() in self.names.national_names() else ours
            return chosen.current()

        table = self.names.table()
        by_host = {name: (listener, cast(Any, apps[listener])) for name, listener in table.items()}
        app = by_name(SHARED, by_host, lambda incident: self._sandbox.on_incident(incident))
        shared = self._server_tls(server, context_of)
        self._bound(SHARED, port, cast(Any, app), shared, tuple(table))

    def _national_tls(self) -> ServerTls | None:
        names, sandbox = self.names.national_names(), self._sandbox
        if not names:
            return None
        folder = self.settings.pki_folder
        try:
            self.national = open_national(folder, sandbox.now(), names, self.url(TRUST))
        except (PkiUnreadable, OSError) as problem:
            raise EnvironmentProblem(f"the PKI of the production names cannot be used: {problem}") from problem
        ours, theirs = self._trust_application, trust_app(self.national, sandbox.now, with_kit=False)
        self._trust_application = below(URL_PREFIX, theirs, ours)
        return self._server_tls(certify(self.national, names, sandbox.now()))

    def _server_tls(
        self, issued: IssuedCertificate, context_of: ContextOf | None = None, *, mutual: bool = True
    ) -> ServerTls:
        sandbox, strict = self._sandbox, self.settings.strict_tls
        made = ServerTls(
            issued,
            lambda: sandbox.trusted.at(sandbox.now()),
            mutual=mutual,
            strict_tls=strict,
            context_of=context_of,
        )
        self._tls.append(made)
        return made

    def url(self, name: str) -> str:
        """``scheme://public-host:port``. Raises ``KeyError``."""
        return self._url(name, self.settings.public_host)

    def base_url(self, name: str, host: str = "") -> str:
        """The public base URL of listener ``name`` for who came with this raw Host header. Raises ``KeyError``.

        Issuer policy ``fixed``: always :meth:`url`. ``from-host``: the host name as asked for, with the port of
        ``name``. A Host port that is no port of ours (published elsewhere, reverse proxy) is taken for the one of
        ``name`` itself, and none stays none. Who came by a name of the shared HTTPS port gets that of ``name`` there.
        A Host that is no plain DNS name or IP address falls back to the fixed form.
        """
        asked = asked_host(host) if self.settings.issuer == "from-host" else None
        if asked is None:
            return self.url(name)
        scheme, own = self._schemes[name], self._numbers()[name]
        port = asked.port or (443 if scheme == "https" else 80)
        ports = self._numbers()
        if self.names.listener(asked.name) and port not in (ports[other] for other in ports if other != SHARED):
            shared = self.names.counterpart(asked.name, name)
            return f"https://{authority(shared, asked.port)}" if shared else self.url(name)
        ours = port == own or port not in ports.values()
        return f"{scheme}://{authority(asked.name, asked.port if ours else own)}"

    def local_url(self, name: str) -> str:
        """The same listener by an address of this machine: the public name may only resolve elsewhere."""
        bind = self.settings.bind
        return self._url(name, "localhost" if bind in {"0.0.0.0", "::"} else bind)

    def _url(self, name: str, host: str) -> str:
        return f"{self._schemes[name]}://{authority(host, self._numbers()[name])}"

    def table(self) -> dict[str, str]:
        """Every listener with its URL, for people; ``https.<listener>`` is its name on the shared port."""
        own = {name: self.url(name) for name in self._numbers() if name != SHARED}
        return {**own, **{f"{SHARED}.{name}": url for name, url in self.shared().items()}}

    def shared(self) -> dict[str, str]:
        """Listener → URL by its own name on the shared HTTPS port; empty without that port."""
        return {listener: self._shared_url(name) for listener, name in self.names.own.items()}

    def national_urls(self) -> dict[str, str]:
        """Production name → URL."""
        return {name: self._shared_url(name) for name in self.names.national_names()}

    def _shared_url(self, name: str) -> str:
        port = self._listeners[SHARED].port
        return f"https://{authority(name, None if port == 443 else port)}"

    def refresh_trust(self) -> None:
        """After a revocation or a new root: the next connection sees it."""
        for tls in self._tls:
            tls.refresh()

    def _numbers(self) -> dict[str, int]:
        """The port of every listener."""
        return {**{name: listener.port for name, listener in self._listeners.items()}, **self._stream_ports}

    def carries_world(self, name: str) -> bool:
        """Whether a world can be named in the path of a URL of this listener."""
        return self._schemes[name] in {"http", "https"}

    def close(self) -> None:
        if self._streams is not None:
            self._streams.stop(2.0)
        for listener in self._listeners.values():
            listener.stop(2.0)
        self.pool.stop()
        self.slow_pool.stop()
        self.stream_pool.stop()

    def _bound(
        self, name: str, port: int, app: WSGIApp, tls: ServerTls | None = None, names: Collection[str] = ()
    ) -> HttpListener:
        listener = HttpListener(
            name,
            self.settings.bind,
            port,
            cast(Any, app),
            self.pool,
            self.settings.limits,
            tls.current if tls else None,
            lambda incident: self._sandbox.on_incident(incident),
            slow_pool=self.slow_pool,
            slow_paths=lambda path: path.endswith("/wait"),
            on_accept=lambda peer: self._accept(name),
            http_date=lambda: format_datetime(self._sandbox.now(), usegmt=True),
            names=names,
            on_name=lambda asked: self._accept(self.names.listener(asked) or name),
        )
        with _port_problem(self.settings.bind, port):
            listener.bind()
        self._listeners[name] = listener
        self._schemes[name] = "https" if tls else "http"
        return listener

    def _accept(self, listener: str) -> Literal["reset", "close"] | float | None:
        """What a fault orders for a connection before its first byte: a cut, seconds of silence, or nothing.

        Never on the console, from which the fault is taken away again.
        """
        if listener == CONSOLE:
            return None
        for planned in self._sandbox.faults.accept_plan(listener):
            if isinstance(planned.effect, Disconnect):
                return "close" if planned.effect.mode == "close" else "reset"
            if isinstance(planned.effect, Silence):
                return planned.effect.seconds
        return None

    def _later(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._trust_application(environ, start_response)


@contextlib.contextmanager
def _port_problem(bind: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        reason = _REASONS.get(problem.errno or 0, problem.strerror)
        raise EnvironmentProblem(
            f"cannot listen on port {port} of {bind}: {reason}; give --base-port N, --random-ports or another --bind"
        ) from problem


def _applications(sandbox: Sandbox) -> dict[str, tuple[ListenerSpec, WSGIApp]]:
    """Every listener of the services with its application, which all its ports share."""
    specs = [(service, spec) for service in sandbox.services for spec in service.listeners]
    return {spec.name: (spec, service.wsgi(sandbox.runtime, spec.name)) for service, spec in specs}


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
