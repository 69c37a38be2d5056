"""The answer's bytes are not in the character set it announces (UTF-8): the classic of integrations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from simulators.core.faults.effects import Effect, Tamper
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call

# RFC 3629 §4: sequences of two bytes and more. On bytes, because an MTOM answer is not text as a whole.
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def recoded(body: bytes, charset: str) -> bytes:
    """``body`` with its accented characters in ``charset``; an accented comment when that still reads as UTF-8.

    Without that comment an answer in plain ASCII would be the same in both sets, and the fault would do nothing.
    """

    def one(match: re.Match[bytes]) -> bytes:
        return match[0].decode("utf-8", "replace").encode(charset, "replace")

    changed = _SEQUENCE.sub(one, body)
    if not _is_utf8(changed):
        return changed
    stray = "é".encode(charset)
    if b"</" in changed:
        return changed.replace(b"</", b"<!--" + stray + b"--></", 1)
    return changed + stray


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def effect(params: Mapping[str, Any], call: Call | None) -> Effect:
    """Headers and XML declaration stay as they are: that is the fault."""
    return Tamper(partial(recoded, charset=str(params["charset"])))


FAULT = Fault(
    name="wrong_charset",
    hook="on_answer",
    text=Text(
        "mauvais jeu de caractères : la réponse s'annonce en UTF-8, ses octets sont dans un autre jeu",
        "wrong character set: the answer announces UTF-8, its bytes are in another set",
    ),
    effect=effect,
    params=(
        Param(
            name="charset",
            type="choice",
            default="iso-8859-1",
            choices=("iso-8859-1", "windows-1252"),
            text=Text("jeu des octets envoyés", "set of the bytes that are sent"),
        ),
    ),
)
