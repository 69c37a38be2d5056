"""Nothing goes out by itself: our clients speak to this machine and to hosts that were named to them.

National domains are refused whoever names them: a simulation must never reach a real service.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from simulators.core.errors import SandboxError

NATIONAL = (
    "gouv.fr",
    "esante.gouv.fr",
    "mssante.fr",
    "ameli.fr",
    "sesam-vitale.fr",
    "monespacesante.fr",
    "health-data-hub.fr",
)
LOCAL = (".localhost", ".test", ".internal", ".local")


class OutboundDenied(SandboxError):
    """The host is not this machine and nobody named it, or it belongs to a national domain."""


def check_host(host: str, named: Collection[str] = ()) -> None:
    """Raises :class:`OutboundDenied`. ``named`` are hosts that a user or a world named."""
    name = host.strip("[]").rstrip(".").lower()
    if any(name == domain or name.endswith(f".{domain}") for domain in NATIONAL):
        raise OutboundDenied(f"{host} is a national domain: a simulation never speaks to it")
    if name in {"localhost", *(n.lower() for n in named)} or name.endswith(LOCAL) or _is_loopback(name):
        return
    raise OutboundDenied(f"{host} was named by nobody: outbound connections are denied")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
