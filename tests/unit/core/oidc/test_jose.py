"""Tokens that prove nothing are refused by name; the algorithm is the key's, never the header's."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.oidc.jose import SigningKey, TokenRefused, kid_of, public_jwk, sign, thumbprint, verify
from simulators.core.pki.keys import fresh_key_pem

PEM = fresh_key_pem()
RSA = SigningKey(thumbprint(PEM), "RS256", PEM)
OTHER = SigningKey("autre", "RS256", fresh_key_pem())
HMAC = SigningKey("secret", "HS256", b"s" * 32)
KEYS = {key.kid: key for key in (RSA, HMAC)}


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("key", [RSA, HMAC])
def test_what_is_signed_verifies(key: SigningKey) -> None:
    found = verify(sign({"a": "é", "n": 1}, key), KEYS.get)
    assert found.text("a") == "é" and found.number("n") == 1 and found.text("n") == "" and found.number("a") == 0


def test_tricks_on_the_header_are_refused() -> None:
    header, payload, signature = sign({"a": 1}, RSA).split(".")
    with pytest.raises(TokenRefused, match=r"header\.alg"):
        verify(f"{part({'alg': 'none', 'kid': RSA.kid})}.{payload}.", KEYS.get)
    with pytest.raises(TokenRefused, match=r"header\.alg"):
        verify(f"{part({'alg': 'None', 'kid': RSA.kid})}.{payload}.{signature}", KEYS.get)
    # Key confusion: the public key used as an HMAC secret.
    public = json.dumps(public_jwk(RSA)).encode()
    confused = sign({"a": 1}, SigningKey(RSA.kid, "HS256", public))
    with pytest.raises(TokenRefused, match=r"header\.alg"):
        verify(confused, KEYS.get)
    with pytest.raises(TokenRefused, match=r"header\.kid"):
        verify(sign({"a": 1}, OTHER), KEYS.get)
    with pytest.raises(TokenRefused, match="signature"):
        verify(sign({"a": 1}, SigningKey(RSA.kid, "RS256", OTHER.secret)), KEYS.get)
    with pytest.raises(TokenRefused, match="signature"):
        verify(f"{header}.{part({'a': 2})}.{signature}", KEYS.get)
    with pytest.raises(TokenRefused):
        verify(
            f"{part({'alg': 'RS256', 'kid': RSA.kid, 'crit': ['b64'], 'b64': False})}.{payload}.{signature}", KEYS.get
        )
    for strange in ({"alg": "RS256"}, {"alg": "RS256", "kid": 1}, {"alg": "RS256", "kid": None}):
        with pytest.raises(TokenRefused, match=r"header\.kid"):
            verify(f"{part(strange)}.{payload}.{signature}", KEYS.get)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(kid_of(text), str)
    with pytest.raises(TokenRefused):
        verify(text, KEYS.get)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_header_breaks_the_reading(header: bytes, payload: bytes) -> None:
    token = ".".join(base64.urlsafe_b64encode(piece).decode().rstrip("=") for piece in (header, payload, b"x"))
    with pytest.raises(TokenRefused):
        verify(token, KEYS.get)


def test_a_deep_or_huge_header_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 9000).decode()
    for token in (f"{deep}.e30.e30", "a" * 20_000 + ".b.c"):
        with pytest.raises(TokenRefused):
            verify(token, KEYS.get)


def test_the_published_key_has_no_private_part() -> None:
    assert set(public_jwk(RSA)) == {"kty", "n", "e", "kid", "alg", "use"}
