"""Answers of an OpenID provider: JSON, redirections and the cookie of a browser session."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from werkzeug.http import dump_cookie, parse_cookie

from simulators.core.exchange import Answer
from simulators.core.store.text import storable

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CHARSET: Final = "; charset=utf-8"
_FORM_POST: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>SIMULATION</title></head>
<body><form method="post" action="{action}">{fields}<button>Continue / Continuer</button></form>
<script nonce="{nonce}">document.forms[0].submit()</script></body></html>"""


def json_answer(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON object, never cached unless ``headers`` says so."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, data, {"Content-Type": "application/json", **(NO_STORE if headers is None else headers)})


def redirect(uri: str, parameters: Mapping[str, str], *, mode: str = "query", nonce: str = "") -> Answer:
    """Sends the browser to ``uri``. ``mode`` is ``query``, ``fragment`` or ``form_post`` (needs a page ``nonce``)."""
    if mode == "form_post":
        return _form_post(uri, parameters, nonce)
    return Answer(302, b"", {"Location": with_parameters(uri, parameters, mode), **NO_STORE})


def with_parameters(uri: str, parameters: Mapping[str, str], mode: str = "query") -> str:
    """``uri`` with parameters added to its query, or as its fragment."""
    added = urlencode(parameters)
    parts = urlsplit(uri)
    if mode == "fragment":
        return urlunsplit(parts._replace(fragment=added))
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, added) if part)))


def set_cookie(answer: Answer, name: str, value: str, *, seconds: int | None = None) -> Answer:
    """``answer`` with a cookie that no script and no foreign form sees; ``seconds`` 0 takes it away."""
    line = dump_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")
    return Answer(answer.status, answer.body, {**answer.headers, "Set-Cookie": line})


def cookie(headers: Mapping[str, str], name: str) -> str:
    """The value of a cookie, empty without it. Octets beyond ASCII, set by other sites of the host, harm nothing."""
    given = headers.get("Cookie", "").encode("ascii", "replace").decode("ascii")
    return storable(parse_cookie(given).get(name) or "")


def _form_post(uri: str, parameters: Mapping[str, str], nonce: str) -> Answer:
    inputs = (
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in parameters.items()
    )
    page = _FORM_POST.format(action=html.escape(uri), fields="".join(inputs), nonce=nonce)
    policy = f"default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    return Answer(
        200, page.encode(), {"Content-Type": f"text/html{_CHARSET}", "Content-Security-Policy": policy, **NO_STORE}
    )
