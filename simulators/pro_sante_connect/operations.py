"""The endpoints as one table: operation, listener, methods, path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulators.pro_sante_connect.names import AUTH, AUTHORIZE, CONNECT, DISCOVERY, REALM, STANDARD_DISCOVERY, WALLET


@dataclass(frozen=True)
class Operation:
    """One endpoint. ``browser``: a person is behind it, so that a refusal is a page."""

    name: str
    listener: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    browser: bool = False


_READ: Final = ("GET", "HEAD")
_BOTH: Final = ("GET", "POST")

DISCOVER: Final = Operation("discovery", AUTH, _READ, (DISCOVERY, STANDARD_DISCOVERY))
CERTS: Final = Operation("jwks", AUTH, _READ, (f"{CONNECT}/certs",))
AUTHORIZATION: Final = Operation("authorization", WALLET, _BOTH, (AUTHORIZE, f"{AUTHORIZE}/"), browser=True)
# Keycloak's own path on the other host is said to work too (facts psc §1.2).
NATIVE: Final = Operation("authorization", AUTH, _BOTH, (f"{CONNECT}/auth",), browser=True)
LOGIN: Final = Operation("login", WALLET, _BOTH, ("/login",), browser=True)
PORTAL: Final = Operation("portal", WALLET, _BOTH, ("/login-page",), browser=True)
PHONE: Final = Operation("phone", WALLET, _BOTH, ("/phone",), browser=True)
TOKEN: Final = Operation("token", AUTH, ("POST",), (f"{CONNECT}/token",))
USERINFO: Final = Operation("userinfo", AUTH, _BOTH, (f"{CONNECT}/userinfo",))
INTROSPECTION: Final = Operation("introspection", AUTH, ("POST",), (f"{CONNECT}/token/introspect",))
REVOCATION: Final = Operation("revocation", AUTH, ("POST",), (f"{CONNECT}/revoke",))
LOGOUT: Final = Operation("logout", AUTH, _BOTH, (f"{CONNECT}/logout",), browser=True)
CIBA: Final = Operation("ciba", AUTH, ("POST",), (f"{CONNECT}/ext/ciba/auth",))
NOT_OFFERED: Final = Operation(
    "not-offered",
    AUTH,
    _BOTH,
    (
        f"{CONNECT}/auth/device",
        f"{CONNECT}/ext/par/request",
        f"{CONNECT}/login-status-iframe.html",
        f"{REALM}/clients-registrations/openid-connect",
    ),
)
"""Endpoints the national discovery document names and this sandbox does not play."""

OPERATIONS: Final = (
    *(DISCOVER, CERTS, AUTHORIZATION, NATIVE, LOGIN, PORTAL, PHONE, TOKEN, USERINFO),
    *(INTROSPECTION, REVOCATION, LOGOUT, CIBA, NOT_OFFERED),
)


def at(listener: str, path: str) -> Operation | None:
    """The operation at a path of a listener."""
    return next((o for o in _of(listener) if path in o.paths), None)


def _of(listener: str) -> Iterable[Operation]:
    return (operation for operation in OPERATIONS if operation.listener == listener)
