"""Asking a provider whether a token is active (RFC 7662), over the wire."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from simulators.clients.transport import Channel, WireProblem

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Introspected:
    """What the provider said: ``claims`` are empty for a token that is not active."""

    active: bool
    claims: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A claim that is a text, else the empty string."""
        value = self.claims.get(name)
        return value if isinstance(value, str) else ""


def introspect(
    url: str, client: tuple[str, str], token: str, context: ssl.SSLContext | None, named: Collection[str] = ()
) -> Introspected:
    """One POST with HTTP Basic (RFC 6749 §2.3.1). ``named``: hosts that may be called.

    Raises :class:`WireProblem` (no answer, or no introspection answer), ``OutboundDenied``, ``ValueError`` (no URL).
    """
    parts = urlsplit(url)
    secret = ":".join(quote_plus(part) for part in client)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Authorization": f"Basic {b64encode(secret.encode()).decode()}",
    }
    body = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
    channel = Channel(f"{parts.scheme}://{parts.netloc}", context, PATIENCE_S, named)
    try:
        answer = channel.post(parts.path or "/", body, headers)
    finally:
        channel.close()
    if answer.status != 200:
        raise WireProblem(f"introspection answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}")
    return _read(answer.body)


def _read(body: bytes) -> Introspected:
    try:
        claims = json.loads(body)
    except (ValueError, RecursionError):
        raise WireProblem("introspection answered no JSON") from None
    if not isinstance(claims, dict) or not isinstance(claims.get("active"), bool):
        raise WireProblem("introspection answered no 'active' (RFC 7662)")
    return Introspected(True, claims) if claims["active"] else Introspected(False)
