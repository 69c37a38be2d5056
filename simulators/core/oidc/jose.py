"""Signed tokens (RFC 7515, RFC 7519) through joserfc, with key objects: reading a PEM at each call costs 40 ms."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from simulators.core.pki.keys import load_key
from simulators.core.store.text import storable

LONGEST: Final = 16 * 1024


class TokenRefused(ValueError):
    """A token that proves nothing: ``where`` is the part at fault (``header.alg``, ``signature``...)."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        self.where, self.found, self.expected = where, found, expected
        super().__init__(f"{where}: {found}, expected {expected}")


@dataclass(frozen=True)
class SigningKey:
    """``secret`` is a PKCS#8 PEM for RSA and P-256 (``RS256``, ``ES256``), the bytes for HMAC (``HS256``)."""

    kid: str
    alg: str
    secret: bytes


@dataclass(frozen=True)
class Jwt:
    """A token whose signature was verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A claim as text, empty when it is absent or no text."""
        value = self.claims.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A numeric claim, 0 when it is absent or no whole number."""
        value = self.claims.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A compact JWS."""
    from joserfc import jwt

    return jwt.encode({"alg": key.alg, "typ": "JWT", "kid": key.kid}, dict(claims), _key(key.alg, key.secret))


def verify(token: str, keys: Callable[[str], SigningKey | None]) -> Jwt:
    """The token, verified by the key that its ``kid`` names with that key's own algorithm, never the header's.

    Raises :class:`TokenRefused`. Dates and audience are the caller's affair.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    header = peek_header(token)
    kid = header.get("kid")
    key = keys(storable(kid)) if isinstance(kid, str) else None
    if key is None:
        raise TokenRefused("header.kid", storable(str(kid)), "a key of this provider")
    if header.get("alg") != key.alg:
        raise TokenRefused("header.alg", storable(str(header.get("alg"))), key.alg)
    try:
        found = jwt.decode(token, _key(key.alg, key.secret), algorithms=[key.alg])
    except (JoseError, ValueError, TypeError) as problem:
        raise TokenRefused("signature", type(problem).__name__, f"a signature by {key.kid}") from None
    return Jwt(found.header, found.claims)


def peek_header(token: str) -> Mapping[str, Any]:
    """The header as it stands, unverified: it serves to route and to choose the key. Raises :class:`TokenRefused`."""
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3:
        raise TokenRefused("token", f"{len(token)} characters", "three parts separated by dots")
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise TokenRefused("header", parts[0][:40], "base64url of a JSON object") from None
    if not isinstance(header, dict):
        raise TokenRefused("header", parts[0][:40], "base64url of a JSON object")
    return header


def kid_of(token: str) -> str:
    """The ``kid`` a token claims, unverified; empty when there is none."""
    try:
        kid = peek_header(token).get("kid")
    except TokenRefused:
        return ""
    return kid if isinstance(kid, str) else ""


def public_jwk(key: SigningKey) -> dict[str, Any]:
    """The public half as published in a JWK set (RFC 7517)."""
    return {**_key(key.alg, key.secret).as_dict(private=False), "kid": key.kid, "alg": key.alg, "use": "sig"}


def key_object(key: SigningKey) -> Any:
    """The key as joserfc takes it, for a library that signs by itself."""
    return _key(key.alg, key.secret)


def thumbprint(pem: bytes, alg: str = "RS256") -> str:
    """RFC 7638 thumbprint: 43 characters, as the ``kid`` of the national provider has."""
    found: str = _key(alg, pem).thumbprint()
    return found


@lru_cache(maxsize=512)
def _key(alg: str, secret: bytes) -> Any:
    from joserfc.jwk import ECKey, OctKey, RSAKey

    if alg.startswith("HS"):
        return OctKey.import_key(secret)
    if alg == "ES256":
        return ECKey.import_key(secret)
    key = load_key(secret)
    return RSAKey(key, key)
