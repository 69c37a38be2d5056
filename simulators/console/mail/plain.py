"""Texts of a mail made fit for a page: no control character, nothing that turns the reading direction."""

from __future__ import annotations

import re
from typing import Final

_ODD: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
LONGEST: Final = 200_000


def plain(text: str, longest: int = LONGEST) -> str:
    """The text with what no page should carry replaced by U+FFFD, cut after ``longest`` characters."""
    shown = _ODD.sub("\ufffd", text[:longest].replace("\r\n", "\n"))
    return shown + ("…" if len(text) > longest else "")


def one_line(text: str, longest: int = 500) -> str:
    """For a cell of a table."""
    return plain(" ".join(text.split()), longest)
