"""The phone page of a world as a link and as a QR code (ISO/IEC 18004), to be opened on a real phone in the room."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup


@dataclass(frozen=True)
class PhoneLink:
    """``qr`` is an SVG element; ``here_only`` see :func:`here_only`."""

    url: str
    qr: Markup
    here_only: bool


def phone_link(url: str) -> PhoneLink:
    return PhoneLink(url, Markup(_code(url).svg_inline(scale=4, title=url)), here_only(url))


def here_only(url: str) -> bool:
    """Whether the URL leads to the machine it is opened on: no phone comes to us by it."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def terminal_code(url: str) -> str:
    """The same in half-block characters, for a terminal with a dark background; most readers take it inverted too."""
    out = io.StringIO()
    _code(url).terminal(out, compact=True)
    return out.getvalue()


def _code(url: str) -> Any:
    import segno

    return segno.make(url, micro=False)
