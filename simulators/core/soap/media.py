"""Media types as HTTP and MIME headers write them.

Source: RFC 2045 §5.1, RFC 9110 §8.3. Parameters come in any order, quoted or not, with or without spaces; names and the
type itself are case-insensitive (facts dmp-messages §5.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PIECE = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*(?:"|$))+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MediaType:
    """``essence`` is ``type/subtype`` in lower case (empty when absent); parameter names are in lower case."""

    essence: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def charset(self) -> str | None:
        """The ``charset`` parameter, None when absent or empty."""
        return self.parameters.get("charset") or None


def parse_media_type(value: str) -> MediaType:
    """Never fails on odd pieces, which are left out; ``ValueError`` when a parameter comes twice with two values."""
    first, *pieces = _PIECE.findall(value) or [""]
    parameters: dict[str, str] = {}
    for piece in pieces:
        name, equals, raw = piece.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        unquoted = _unquoted(raw.strip())
        if parameters.setdefault(name, unquoted) != unquoted:
            raise ValueError(f"parameter {name!r} twice: {parameters[name]!r} and {unquoted!r}")
    return MediaType(first.strip().lower(), parameters)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    inside = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    return _ESCAPED.sub(r"\1", inside)
