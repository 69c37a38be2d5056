"""How a client shows itself, as received (RFC 6749 §2.3.1, RFC 8705). Nothing is judged here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from simulators.core.oidc.params import Params
from simulators.core.pki import CertificateFacts, CertificateUnreadable, read_certificate
from simulators.pro_sante_connect.model import Shown


class HeaderRefused(ValueError):
    """An Authorization: Basic header that is no base64 of two parts."""


def read_shown(headers: Mapping[str, str], params: Params, certificate: bytes | None) -> Shown:
    """Header first, then the body. Raises :class:`HeaderRefused`."""
    facts = _facts(certificate)
    client_id, secret = params.get("client_id"), params.get("client_secret")
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        basic_id, basic_secret = _basic(given.strip())
        return Shown(basic_id, basic_secret, "header" if basic_secret else "", "header", bool(secret), facts)
    return Shown(client_id, secret, "body" if secret else "", "body", False, facts)


def _basic(given: str) -> tuple[str, str]:
    try:
        whole = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, ValueError):
        raise HeaderRefused("no base64 of UTF-8") from None
    client_id, colon, secret = whole.partition(":")
    if not colon or not client_id:
        raise HeaderRefused("no colon between client_id and secret")
    shown = unquote_plus(client_id), unquote_plus(secret)
    if any("\x00" in part for part in shown):
        raise HeaderRefused("a NUL character")
    return shown


def _facts(certificate: bytes | None) -> CertificateFacts | None:
    try:
        return read_certificate(certificate) if certificate else None
    except CertificateUnreadable:
        return None
