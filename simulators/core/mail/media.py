"""Content-Type and Content-Disposition: kind and parameters, RFC 2231 continuations and charsets read.

Source: RFC 2045 section 5.1, RFC 2183, RFC 2231 sections 3 and 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

_PARAMETER = re.compile(r""";\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]*)""")
_NAME = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_ESCAPED = re.compile(r"\\(.)")


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Media:
    """``kind`` in lower case (``text/plain``, ``attachment``); parameter names in lower case."""

    kind: str
    params: Mapping[str, str] = field(default_factory=_nothing, hash=False)


def read_media(text: str) -> Media:
    """Reads one field body; never fails, keeping the first of two parameters of one name."""
    kind = text.partition(";")[0].strip().lower()
    pieces: dict[str, dict[int, str]] = {}
    charsets: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        found = _NAME.fullmatch(name.lower())
        if found is None:
            continue
        key, rank = found[1], int(found[2] or 0)
        value = _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
        if found[3]:
            value = _percent(key, rank, value, charsets)
        pieces.setdefault(key, {}).setdefault(rank, value)
    params = {key: "".join(held[rank] for rank in sorted(held)) for key, held in pieces.items()}
    return Media(kind, MappingProxyType(params))


def _percent(key: str, rank: int, value: str, charsets: dict[str, str]) -> str:
    """``charset'language'%C3%A9``; later pieces go on in the charset of the first."""
    if rank == 0 and value.count("'") >= 2:
        charsets[key], _, value = value.split("'", 2)
    try:
        return unquote_to_bytes(value).decode(charsets.get(key) or "utf-8", "replace")
    except LookupError:
        return unquote_to_bytes(value).decode("utf-8", "replace")
