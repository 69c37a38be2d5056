"""How a client shows itself, as received (RFC 6749 §2.3.1, RFC 7523). Nothing is judged here."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from urllib.parse import unquote_plus

from simulators.core.oidc.params import Params
from simulators.hospital_idp.model import Shown


class HeaderRefused(ValueError):
    """An Authorization: Basic header that is no base64 of two parts."""


def read_shown(headers: Mapping[str, str], params: Params) -> Shown:
    """The header names the client first, then the body, then its assertion. Raises :class:`HeaderRefused`."""
    client_id, secret = params.get("client_id"), params.get("client_secret")
    assertion = params.get("client_assertion")
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    ways = tuple(
        place
        for place, there in (
            ("header.Authorization", scheme.lower() == "basic"),
            ("body.client_secret", bool(secret)),
            ("body.client_assertion", bool(assertion)),
        )
        if there
    )
    if scheme.lower() == "basic":
        name, word, plain = _basic(given.strip())
        return Shown(name, word, plain, assertion, "header", ways)
    return Shown(client_id or _subject(assertion), secret, secret, assertion, "body", ways)


def _basic(given: str) -> tuple[str, str, str]:
    try:
        whole = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, ValueError):
        raise HeaderRefused(given) from None
    client_id, colon, secret = whole.partition(":")
    if not colon or not client_id or "\x00" in unquote_plus(whole):
        raise HeaderRefused(whole)
    return unquote_plus(client_id), unquote_plus(secret), secret


def _subject(assertion: str) -> str:
    """``sub`` of an assertion, unverified: it serves to route and to find the key."""
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        subject = claims["sub"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return ""
    return subject if isinstance(subject, str) else ""
