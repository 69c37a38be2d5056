"""Command lines of SMTP: RFC 5321 §4.1.2, with the parameters of RFC 1870, 3461, 6152 and 6531. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from simulators.mssante.envelope import Envelope, Recipient

_VERB = re.compile(rb"(?P<verb>[A-Za-z]+)(?: (?P<rest>.*))?", re.DOTALL)
_PATH = re.compile(r"(?P<word>FROM|TO): ?<(?P<path>[^<>\x00-\x20\x7f]*)>(?P<params>(?: .*)?)", re.IGNORECASE)
_PARAM = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[^\x00-\x20=\x7f]+))?")
_HEX = re.compile(r"\+([0-9A-F]{2})")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9-]+;.+")
_MOST: Final = 12
_NOTIFY: Final = frozenset({"SUCCESS", "FAILURE", "DELAY"})
_LONGEST_ENVID: Final = 100
_LONGEST_ORCPT: Final = 500


class Unreadable(ValueError):
    """An argument that is not what its command wants."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"{found!r}, expected {expected}")


def command(octets: bytes) -> tuple[str, str]:
    """Verb in capitals and argument. Raises :class:`Unreadable`."""
    found = _VERB.fullmatch(octets.rstrip(b" \t"))
    if found is None:
        raise Unreadable(octets[:40].decode("ascii", "replace"), "a command")
    return found["verb"].decode().upper(), _text(found["rest"] or b"")


def mail(argument: str) -> Envelope:
    """The argument of MAIL. Raises :class:`Unreadable`."""
    path, params = _path(argument, "FROM")
    envelope = Envelope(sender=path)
    for name, value in params.items():
        envelope = _with(envelope, name, value)
    return envelope


def rcpt(argument: str) -> Recipient:
    """The argument of RCPT. Raises :class:`Unreadable`."""
    path, params = _path(argument, "TO")
    if not path:
        raise Unreadable("<>", "TO:<address>")
    unknown = params.keys() - {"NOTIFY", "ORCPT"}
    if unknown:
        raise Unreadable(sorted(unknown)[0], "NOTIFY or ORCPT")
    return Recipient(path, _notify(params.get("NOTIFY")), _orcpt(params.get("ORCPT", "")))


def xtext(text: str) -> str:
    """Decodes xtext (RFC 3461 §4); control characters, also encoded ones, are refused: they would end in the header of
    a report. Raises :class:`Unreadable`."""
    if not _XTEXT.fullmatch(text):
        raise Unreadable(text[:60], "xtext")
    plain = _HEX.sub(lambda found: chr(int(found[1], 16)), text)
    if any(not " " <= sign <= "~" for sign in plain):
        raise Unreadable(text[:60], "xtext of printable ASCII")
    return plain


def to_xtext(text: str) -> str:
    """The inverse of :func:`xtext`."""
    return "".join(sign if "!" <= sign <= "~" and sign not in "+=" else f"+{ord(sign):02X}" for sign in text)


def _with(envelope: Envelope, name: str, value: str) -> Envelope:
    if name == "SIZE" and value.isdecimal() and len(value) <= 20:
        return replace(envelope, size=int(value))
    if name == "BODY" and value.upper() in {"7BIT", "8BITMIME"}:
        return replace(envelope, body=value.upper())
    if name == "RET" and value.upper() in {"FULL", "HDRS"}:
        return replace(envelope, ret=value.upper())
    if name == "ENVID" and 0 < len(value) <= _LONGEST_ENVID:
        return replace(envelope, envid=xtext(value))
    if name == "SMTPUTF8" and not value:
        return replace(envelope, smtputf8=True)
    if name == "AUTH" and value:  # RFC 4954 §5: whoever relays may name the original submitter; nobody is trusted
        return envelope
    raise Unreadable(f"{name}={value[:40]}", "SIZE, BODY=7BIT|8BITMIME, RET=FULL|HDRS, ENVID or SMTPUTF8")


def _notify(value: str | None) -> frozenset[str]:
    if value is None:
        return frozenset()
    words = value.upper().split(",")
    wanted = frozenset(words)
    if len(words) != len(wanted) or not (wanted == {"NEVER"} or wanted <= _NOTIFY):
        raise Unreadable(f"NOTIFY={value[:40]}", "NEVER, or SUCCESS, FAILURE, DELAY")
    return wanted


def _orcpt(value: str) -> str:
    plain = xtext(value)
    if value and (not _ADDRESS_TYPE.fullmatch(plain) or len(value) > _LONGEST_ORCPT):
        raise Unreadable(f"ORCPT={value[:60]}", "rfc822;address")
    return plain


def _path(argument: str, word: str) -> tuple[str, Mapping[str, str]]:
    found = _PATH.fullmatch(argument)
    if found is None or found["word"].upper() != word:
        raise Unreadable(argument[:80], f"{word}:<address>")
    path = found["path"]
    if path.startswith("@") and ":" in path:  # source route, to be ignored (RFC 5321 appendix C)
        path = path.partition(":")[2]
    return path, _params(found["params"].split())


def _params(texts: list[str]) -> Mapping[str, str]:
    params: dict[str, str] = {}
    for text in texts:
        found = _PARAM.fullmatch(text)
        if found is None or len(texts) > _MOST or found["name"].upper() in params:
            raise Unreadable(text[:60], "NAME or NAME=value, each once")
        params[found["name"].upper()] = found["value"] or ""
    return params


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(octets[:40].decode("ascii", "replace"), "UTF-8") from None
