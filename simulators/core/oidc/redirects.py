"""What a redirect URI may be (RFC 6749 §3.1.2, RFC 8252): compared character by character, never a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
LONGEST: Final = 2048
_SCRIPTS: Final = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "view-source"})


def problem(uri: str) -> str:
    """Why ``uri`` can never be a redirect URI, empty when it can."""
    if len(uri) > LONGEST or any(not "!" <= c <= "~" for c in uri):
        return "a blank, a control character or one beyond ASCII, or too long"
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "no URI"
    if not parts.scheme or parts.scheme.lower() in _SCRIPTS:
        return "no scheme, or one that runs a script"
    if parts.fragment or uri.endswith("#"):
        return "a fragment"
    if parts.scheme.lower() in {"http", "https"} and (not parts.hostname or "@" in parts.netloc or "\\" in uri):
        return "no host, or a user name before it"
    return ""


def matches(uri: str, registered: Sequence[str], *, loopback_port: bool = False) -> bool:
    """Exact comparison; ``loopback_port`` lets the port of a loopback address vary (RFC 8252 §7.3)."""
    if uri in registered:
        return True
    return loopback_port and any(_portless(uri) == _portless(known) != "" for known in registered)


def _portless(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return ""
    return f"{parts.hostname}{parts.path}?{parts.query}"
