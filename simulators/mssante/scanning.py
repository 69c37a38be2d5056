"""What a server looks for in a message before it accepts it: NUL octets, loops, the EICAR test file, another From."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import getaddresses
from functools import cache
from typing import Final

from simulators.core.mail.eicar import eicar
from simulators.core.rules import Finding
from simulators.mssante.mailboxes import normal
from simulators.mssante.reports.dsn import headers
from simulators.mssante.rules import delivery as rules

HOPS: Final = 50
_FOLD = re.compile(r"\r\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Scanned:
    """A message and the mailbox that authenticated, empty between operators."""

    message: bytes
    mailbox: str = ""


def check(case: Scanned) -> Iterator[Finding]:
    """The defects, gravest first."""
    block = headers(case.message)
    if b"\x00" in case.message:
        yield rules.NUL.finding("message", found="NUL", expected="no NUL")
    hops = sum(line.lower().startswith(b"received:") for line in block.split(b"\r\n"))
    if hops > HOPS:
        yield rules.LOOP.finding("header:Received", found=str(hops), expected=f"at most {HOPS}")
    if infected(case.message):
        yield rules.VIRUS.finding("message", found="EICAR", expected="no virus")
    yield from _from(case)


def _from(case: Scanned) -> Iterator[Finding]:
    if not case.mailbox:
        return
    written = [normal(address) for _, address in getaddresses(values(case.message, "from"))]
    if written != [case.mailbox]:
        found = ", ".join(written) or "none"
        yield rules.HEADER_FROM.finding("header:From", found=found, expected=case.mailbox)


def values(message: bytes, name: str) -> list[str]:
    """The values of a header, unfolded; octets that are no UTF-8 are replaced."""
    text = _FOLD.sub("", headers(message).decode("utf-8", "replace"))
    pairs = (line.partition(":") for line in text.split("\r\n"))
    return [value.strip() for key, colon, value in pairs if colon and key.strip().lower() == name]


def infected(message: bytes) -> bool:
    """Whether the EICAR test file is there, plain or in base64 (also folded)."""
    if eicar() in message:
        return True
    folded = message.replace(b"\r\n", b"")
    return any(core in folded for core in _cores())


@cache
def _cores() -> tuple[bytes, ...]:
    """The base64 of the test file at each of the three alignments, without the characters that its neighbours share."""
    made = (b64encode(b"\x00" * shift + eicar()).rstrip(b"=")[:-2] for shift in range(3))
    return tuple(core[shift and shift + 1 :] for shift, core in enumerate(made))
