"""What ``up`` was asked for, as one value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from simulators.core.listeners import Limits
from simulators.core.pki.keys import default_cache_dir

BASE_PORT = 18000
CONSOLE_OFFSET = 0
TRUST_OFFSET = 1
HIGHEST_OFFSET = 60
LAST_PORT = 65535
ENDPOINTS_VARIABLE = "SEGUR_SANDBOX_ENDPOINTS"


@dataclass(frozen=True)
class Settings:
    """``data``: ``None`` (memory), a folder or ``postgresql://...``; ``only``: names of simulators,
    empty = all; ``publish``: write
    ``endpoints.json`` where other commands look for a running sandbox.

    ``trust_ca``: folder of the vendor's own test authorities; ``https_port``: one more TLS port that serves every
    HTTPS listener by the name asked for (SNI); ``production_names``: also answer to the names of the national
    services; ``issuer``: ``fixed`` or ``from-host``, how an OpenID provider names itself; ``allow_hosts``: hosts that
    every world may call (a national domain is refused all the same); ``limits``: of the listeners."""

    data: str | Path | None = None
    durable: bool = False
    pki: Path | None = None
    base_port: int = BASE_PORT
    random_ports: bool = False
    bind: str = "127.0.0.1"
    public_host: str = "localhost"
    strict_tls: bool = False
    trust_ca: Path | None = None
    https_port: int | None = None
    production_names: bool = False
    issuer: str = "fixed"
    allow_hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    only: tuple[str, ...] = ()
    endpoints: Path | None = None
    worlds: tuple[str, ...] = ("main",)
    readiness: bool = True
    publish: bool = True
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def cache(self) -> Path:
        """Keys, the default PKI and the default place of ``endpoints.json``."""
        return default_cache_dir(self.environment)

    @property
    def pki_folder(self) -> Path:
        return self.pki or self.cache / "pki"

    @property
    def names(self) -> tuple[str, ...]:
        """What the server certificates name: loopback, the bind address and the public host."""
        wanted = ["localhost", "127.0.0.1", "::1", self.public_host]
        if self.bind not in {"0.0.0.0", "::"}:
            wanted.append(self.bind)
        return tuple(dict.fromkeys(wanted))

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the ports."""
        try:
            return ip_address(self.bind).is_loopback
        except ValueError:
            return self.bind == "localhost"

    @property
    def shared_port(self) -> int | None:
        """The one HTTPS port for all services: as asked for, 443 for production names, None when there is none.

        Raises ``ValueError``: no such port.
        """
        if self.https_port is None and not self.production_names:
            return None
        port = 443 if self.https_port is None else self.https_port
        if not 0 <= port <= LAST_PORT:
            raise ValueError(f"there is no port {port}: give --https-port between 0 and {LAST_PORT}")
        return 0 if self.random_ports else port

    def port(self, offset: int) -> int:
        """The fixed port of the table, or 0: bound first, reported after. Raises ``ValueError``: no such port.

        The system takes a number beyond the last port modulo 65536 and says nothing.
        """
        port = self.base_port + offset
        if not self.random_ports and not 1 <= port <= LAST_PORT:
            raise ValueError(f"there is no port {port}: give --base-port between 1 and {LAST_PORT - HIGHEST_OFFSET}")
        return 0 if self.random_ports else port


def endpoints_file(given: Path | None, environment: Mapping[str, str]) -> Path:
    """Where a command finds the running sandbox: ``--endpoints``, the variable, the default folder."""
    if given is not None:
        return given
    named = environment.get(ENDPOINTS_VARIABLE)
    return Path(named) if named else default_cache_dir(environment) / "run" / "endpoints.json"
