"""Host names: the ones the shared HTTPS port tells its services apart by, and the one a client came by.

Every HTTPS listener has one name of our own (``dmp.localhost``); with production names also those of the national
service, in the order its simulator lists them: the n-th names of the listeners of one service belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from simulators.core.pki.names import NameRefused, host_name
from simulators.core.service import Service

FALLBACK_DOMAIN = "segur.localhost"
LAST_PORT = 65535
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """A Host header: ``name`` in lower case, an IPv6 address without brackets; ``port`` None when it names none."""

    name: str
    port: int | None

    @property
    def authority(self) -> str:
        """As it stands in a URL."""
        return authority(self.name, self.port)


def authority(name: str, port: int | None) -> str:
    """``name:port``, an IPv6 address in brackets."""
    host = f"[{name}]" if ":" in name else name
    return host if port is None else f"{host}:{port}"


def asked_host(header: str) -> Asked | None:
    """What a Host header says (RFC 9110 §7.2), None unless it is a DNS name or an IP address, with or without port."""
    found = _HOST.fullmatch(header.strip())
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    name = _address(found["name"]) or _dns_name(found["name"])
    return Asked(name, port) if name and (port is None or 1 <= port <= LAST_PORT) else None


def _address(text: str) -> str | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    return str(address) if isinstance(address, IPv6Address) == text.startswith("[") else None


def _dns_name(text: str) -> str | None:
    try:
        name = host_name(text)
    except NameRefused:
        return None
    # A last label of digits would be read as an address by browsers; a star names nobody.
    return None if name.startswith("*") or name.rpartition(".")[2].isdecimal() or name != text.lower() else name


@dataclass(frozen=True)
class Names:
    """The names of the shared HTTPS port. ``own``: listener → our name; ``national``: per service, listener → names."""

    own: Mapping[str, str] = field(default_factory=dict)
    national: tuple[Mapping[str, tuple[str, ...]], ...] = ()

    def listener(self, name: str) -> str | None:
        """The listener that answers to a host name."""
        return self.table().get(name.lower().rstrip("."))

    def table(self) -> dict[str, str]:
        """Host name → listener, ours first."""
        ours = {name: listener for listener, name in self.own.items()}
        theirs = {name: listener for service in self.national for listener, names in service.items() for name in names}
        return {**ours, **theirs}

    def national_names(self) -> tuple[str, ...]:
        """The names of the national services, each once."""
        return tuple(dict.fromkeys(name for service in self.national for names in service.values() for name in names))

    def counterpart(self, asked: str, listener: str) -> str | None:
        """The name of ``listener`` for who came by the name ``asked``; None when one of the two has no such name."""
        if asked in self.own.values():
            return self.own.get(listener)
        for service in self.national:
            for names in service.values():
                if asked in names:
                    theirs = service.get(listener, ())
                    number = names.index(asked)
                    return theirs[number] if number < len(theirs) else self.own.get(listener)
        return None


def names_of(services: Iterable[Service], public_host: str, *, national: bool) -> Names:
    """The names of the HTTPS listeners of ``services``; ``national`` adds those of the national services."""
    services = tuple(services)
    secure = [spec.name for service in services for spec in service.listeners if spec.tls != "none"]
    # A bare service name is signed alone, without what stands below it (ADR 10).
    bare = "." not in public_host and public_host.lower() != "localhost"
    domain = FALLBACK_DOMAIN if bare or _address(public_host) or ":" in public_host else public_host
    own = {name: f"{name.replace('_', '-')}.{domain}".lower() for name in secure}
    theirs = (
        {listener: names for listener, names in service.production_names.items() if listener in secure}
        for service in services
    )
    return Names(own, tuple(found for found in theirs if found) if national else ())
