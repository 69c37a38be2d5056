"""SASL exchanges as dialogues without I/O, the same for SMTP and IMAP.

Source: RFC 4422 (EXTERNAL), RFC 4616 (PLAIN), RFC 7628 (OAUTHBEARER), draft-murchison-sasl-login (LOGIN); XOAUTH2 as
Google published it and as the Référentiel MSSanté #2 uses it (facts mssante §2.2).
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from simulators.mssante.access.model import Credentials

MECHANISMS: Final = ("XOAUTH2", "OAUTHBEARER", "EXTERNAL", "PLAIN", "LOGIN")
_LONGEST_ADDRESS: Final = 320
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


class SaslUnreadable(ValueError):
    """A response that is not what its mechanism wants."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        self.where, self.found, self.expected = where, found, expected
        super().__init__(f"{where}: {found!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server says before the next response; not yet in base64."""

    octets: bytes = b""


class Dialogue:
    """One authentication. ``begin`` with the initial response if there was one, then ``answer`` until it is over."""

    def __init__(self, mechanism: str) -> None:
        """``mechanism`` is one of :data:`MECHANISMS`, in any case. Raises ``KeyError``."""
        self.mechanism = mechanism.upper()
        self._read = _READERS[self.mechanism]
        self._name: bytes | None = None

    def begin(self, initial: bytes | None) -> Challenge | Credentials:
        """``initial`` is decoded; None: none was given. Raises :class:`SaslUnreadable`."""
        if initial is not None:
            return self.answer(initial)
        return Challenge(b"Username:" if self.mechanism == "LOGIN" else b"")

    def answer(self, response: bytes) -> Challenge | Credentials:
        """A decoded response. Raises :class:`SaslUnreadable`."""
        if self.mechanism != "LOGIN":
            return self._read(response)
        if self._name is None:
            self._name = response
            return Challenge(b"Password:")
        return Credentials("LOGIN", _address(self._name, "sasl.user"), password=_text(response, "sasl"), raw=response)


def decoded(base64: bytes) -> bytes:
    """The octets of a base64 response; ``=`` alone is an empty one (RFC 4954 §4). Raises :class:`SaslUnreadable`."""
    if base64 == b"=":
        return b""
    try:
        return b64decode(base64, validate=True)
    except NotBase64:
        raise SaslUnreadable("sasl", base64[:60].decode("ascii", "replace"), "base64") from None


def _xoauth2(response: bytes) -> Credentials:
    fields = _pairs(response, "sasl")
    return Credentials("XOAUTH2", _address(fields.get("user", "").encode(), "sasl.user"), _bearer(fields), raw=response)


def _oauthbearer(response: bytes) -> Credentials:
    header, separator, rest = response.partition(b"\x01")
    flag, _, named = header.partition(b",")
    name, comma, _ = named.partition(b",")
    if not separator or not comma or flag not in {b"n", b"y"} or not (name == b"" or name.startswith(b"a=")):
        raise SaslUnreadable("sasl.gs2-header", header[:60].decode("ascii", "replace"), "n,a=<mailbox>,")
    address = name[2:].replace(b"=2C", b",").replace(b"=3D", b"=")
    return Credentials("OAUTHBEARER", _address(address, "sasl.a"), _bearer(_pairs(rest, "sasl")), raw=response)


def _external(response: bytes) -> Credentials:
    return Credentials("EXTERNAL", _address(response, "sasl.authzid"), raw=response)


def _plain(response: bytes) -> Credentials:
    parts = response.split(b"\x00")
    if len(parts) != 3:
        raise SaslUnreadable("sasl", f"{len(parts)} fields", "authzid NUL authcid NUL password")
    authzid, authcid, password = parts
    named = _address(authzid or authcid, "sasl.authcid")
    return Credentials("PLAIN", named, password=_text(password, "sasl.password"), raw=response)


def _pairs(octets: bytes, where: str) -> Mapping[str, str]:
    text = _text(octets, where)
    if not text.endswith("\x01\x01"):
        raise SaslUnreadable(where, "no final ^A^A", "pairs ended by octet 1, then octet 1")
    pairs = [pair.partition("=") for pair in text[:-2].split("\x01")]
    if not all(equals for _, equals, _ in pairs):
        raise SaslUnreadable(where, "a field without '='", "name=value")
    return {name.lower(): value for name, _, value in pairs}


def _bearer(fields: Mapping[str, str]) -> str:
    scheme, _, token = fields.get("auth", "").partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise SaslUnreadable("sasl.auth", scheme[:20], "Bearer <token>")
    return token


def _address(octets: bytes, where: str) -> str:
    text = _text(octets, where)
    if len(text) > _LONGEST_ADDRESS or any(ord(sign) < 33 or ord(sign) == 127 for sign in text):
        raise SaslUnreadable(where, f"{len(text)} characters", "an address")
    return text


def _text(octets: bytes, where: str) -> str:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise SaslUnreadable(where, "octets that are no UTF-8", "UTF-8") from None
    if "\x00" in text:
        raise SaslUnreadable(where, "NUL", "text")
    return text


_READERS: Final[Mapping[str, Callable[[bytes], Credentials]]] = {
    "XOAUTH2": _xoauth2,
    "OAUTHBEARER": _oauthbearer,
    "EXTERNAL": _external,
    "PLAIN": _plain,
    "LOGIN": _external,  # never called: the dialogue itself keeps its two responses
}
