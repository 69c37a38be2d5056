"""Answers that carry what a stranger wrote: policies that let nothing run, downloads wherever no page is wanted.

A frame of a mail or of a document is cut off twice: ``sandbox`` on the element and in the policy of the answer itself,
so that the same address opened alone is as harmless.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from flask import Response, g

_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|%;]+')
FRAME: Final = "sandbox; default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def page(html: str, status: int = 200) -> Response:
    """One of our own pages: forms to ourselves, frames of ourselves. A page that posts must tell its Origin."""
    policy = (
        f"default-src 'none'; style-src 'nonce-{g.nonce}'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return _answer(html, "text/html; charset=utf-8", policy, status, {"Referrer-Policy": "same-origin"})


def framed(html: str, styles: str) -> Response:
    """A page without rights for a frame of ours; ``styles`` is its ``style-src``."""
    octets = html.encode("utf-8", "replace")
    return _answer(octets, "text/html; charset=utf-8", f"{FRAME}; style-src {styles}")


def download(body: bytes, name: str) -> Response:
    """A file to keep: never shown, whatever it says it is."""
    headers = {"Content-Disposition": f"attachment; {_named(name)}"}
    return _answer(
        body, "application/octet-stream", "sandbox; default-src 'none'; frame-ancestors 'none'", 200, headers
    )


def pdf(body: bytes, name: str) -> Response:
    """A PDF in the reader of the browser; what does not begin as a PDF is a download. Readers need a policy that lets
    them embed the file and style themselves; a script of the page may not run."""
    if not body.startswith(b"%PDF-"):
        return download(body, name)
    policy = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    headers = {"Content-Disposition": f"inline; {_named(name)}"}
    return _answer(body, "application/pdf", policy, 200, headers)


def _answer(
    body: bytes | str, kind: str, policy: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    usual = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(body, status, {**usual, **(headers or {})}, content_type=kind)


def _named(name: str) -> str:
    """``filename`` in ASCII and ``filename*`` (RFC 6266), neither with a path nor with a quote."""
    last = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .") or "file"
    octets = last[:120].encode("utf-8", "replace")
    ascii_name = unicodedata.normalize("NFKD", last[:120]).encode("ascii", "ignore").decode() or "file"
    return f"filename=\"{ascii_name}\"; filename*=UTF-8''{quote(octets, safe='')}"
