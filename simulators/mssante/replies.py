"""SMTP replies: ASCII on the wire, enhanced codes, one line that names the rule and where it is explained."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from simulators.core.rules import Rule

_CODE: Final = re.compile(r"([245]\d\d) ([245]\.\d{1,3}\.\d{1,3})")
_LONGEST: Final = 500  # RFC 5321 §4.5.3.1.5: 512 octets with the line end


def coded(rule: Rule, href: str = "") -> tuple[int, str, str]:
    """Reply code, whole line without line end, and its text alone. A rule of no SMTP code answers 451 4.3.0."""
    found = _CODE.fullmatch(rule.code)
    code, enhanced = (found[1], found[2]) if found else ("451", "4.3.0")
    text = ascii_text(rule.national or rule.sentence.en)
    where = f" {href}" if href else ""
    line = f"{code} {enhanced} {text} [{rule.id}]{where}"[:_LONGEST]
    return int(code), line, f"{text} [{rule.id}]{where}"[:_LONGEST]


def ascii_text(text: str) -> str:
    """Without accents nor line ends; what has no ASCII form becomes ``?``."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return re.sub(r"[\x00-\x1f\x7f]+", " ", plain).encode("ascii", "replace").decode("ascii")


def line(text: str) -> bytes:
    """One reply line with its line end."""
    return f"{ascii_text(text)[:_LONGEST]}\r\n".encode("ascii")
