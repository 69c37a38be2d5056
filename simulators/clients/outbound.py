"""Nothing goes out by itself: our clients speak to this machine and to hosts that were named to them.

Named by whoever starts the sandbox (``up --allow-host``: every world) or by a world's policy (setting
:data:`ALLOWED_HOSTS`: that world alone); what calls a product back asks :func:`check_call` before each connection.
National domains are refused whoever names them: a simulation must never reach a real service.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Final

from simulators.core.errors import SandboxError
from simulators.core.pki import NameRefused
from simulators.core.pki.names import host_name
from simulators.core.rules import Policy
from simulators.core.setting import Setting

NATIONAL = (
    "gouv.fr",
    "esante.gouv.fr",
    "mssante.fr",
    "ameli.fr",
    "sesam-vitale.fr",
    "monespacesante.fr",
    "health-data-hub.fr",
)
ALLOWED_HOSTS: Final = Setting(
    "outbound.hosts", "", "hosts of the product that the sandbox may call (callbacks), separated by commas or spaces"
)
LOCAL = (".localhost", ".test", ".internal", ".local")


class OutboundDenied(SandboxError):
    """The host is not this machine and nobody named it, or it belongs to a national domain."""


def named_host(text: str) -> str:
    """A host a user names: a DNS name or an IP address, no URL, no port. Raises ``ValueError``, ``OutboundDenied``."""
    name = text.strip().strip("[]")
    try:
        found = str(ipaddress.ip_address(name))
    except ValueError:
        try:
            found = host_name(name)
        except NameRefused as refused:
            raise ValueError(f"{text!r} is no host: give a DNS name or an IP address, without port") from refused
        if "*" in found:
            raise ValueError(f"{text!r} names no host: name each one") from None
    check_host(found, [found])
    return found


def hosts_of(policy: Policy) -> tuple[str, ...]:
    """The hosts that a world's policy names."""
    return tuple(ALLOWED_HOSTS.text(policy).replace(",", " ").split())


def check_call(host: str, policy: Policy, allowed: Collection[str] = ()) -> None:
    """Whether a world with this policy may call ``host``; ``allowed`` are those of every world. Raises
    :class:`OutboundDenied`, whose message says how to name it."""
    try:
        check_host(host, [*allowed, *hosts_of(policy)])
    except OutboundDenied as denied:
        if _is_national(host):
            raise
        raise OutboundDenied(
            f"{denied}; name it with: up --allow-host {host}, or in the world's policy, setting {ALLOWED_HOSTS.name}"
        ) from denied


def check_host(host: str, named: Collection[str] = ()) -> None:
    """Raises :class:`OutboundDenied`. ``named`` are hosts that a user or a world named."""
    name = _plain(host)
    if _is_national(host):
        raise OutboundDenied(f"{host} is a national domain: a simulation never speaks to it")
    if name in {"localhost", *(n.lower() for n in named)} or name.endswith(LOCAL) or _is_loopback(name):
        return
    raise OutboundDenied(f"{host} was named by nobody: outbound connections are denied")


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _is_national(host: str) -> bool:
    name = _plain(host)
    return any(name == domain or name.endswith(f".{domain}") for domain in NATIONAL)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
