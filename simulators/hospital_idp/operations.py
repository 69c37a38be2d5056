"""The endpoints of a provider as one table: operation, methods, path below the issuer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from simulators.hospital_idp.names import ROOT

_PATH: Final = re.compile(rf"{ROOT}/([^/]{{1,60}})(/.*)", re.DOTALL)


@dataclass(frozen=True)
class Operation:
    """One endpoint. ``browser``: a person is behind it, so that a refusal is a page or a redirection."""

    name: str
    methods: tuple[str, ...]
    path: str
    browser: bool = False


_READ: Final = ("GET", "HEAD")
_BOTH: Final = ("GET", "POST")

DISCOVERY: Final = Operation("discovery", _READ, "/.well-known/openid-configuration")
JWKS: Final = Operation("jwks", _READ, "/jwks")
AUTHORIZATION: Final = Operation("authorization", _BOTH, "/authorize", browser=True)
LOGIN: Final = Operation("login", ("POST",), "/login", browser=True)
TOKEN: Final = Operation("token", ("POST",), "/token")
USERINFO: Final = Operation("userinfo", _BOTH, "/userinfo")
INTROSPECTION: Final = Operation("introspection", ("POST",), "/introspect")
REVOCATION: Final = Operation("revocation", ("POST",), "/revoke")
LOGOUT: Final = Operation("logout", _BOTH, "/logout", browser=True)
OPERATIONS: Final = (
    *(DISCOVERY, JWKS, AUTHORIZATION, LOGIN, TOKEN),
    *(USERINFO, INTROSPECTION, REVOCATION, LOGOUT),
)


def split(path: str) -> tuple[str, Operation | None]:
    """``/idp/<provider>/token`` gives the provider's name and the operation, None when there is none there."""
    match = _PATH.fullmatch(path)
    if match is None:
        return "", None
    return match[1], next((operation for operation in OPERATIONS if operation.path == match[2]), None)
