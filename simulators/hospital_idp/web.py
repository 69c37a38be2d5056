"""Pages for people: plainly a simulation, French and English, without scripts."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from simulators.core.exchange import Answer, Call
from simulators.core.oidc.answers import NO_STORE
from simulators.core.rules import Finding

LANGUAGES: Final = ("fr", "en")


def page(call: Call, name: str, *, status: int = 200, lang: str = "", leads_to: str = "", **values: Any) -> Answer:
    """Renders ``templates/<name>``. ``leads_to``: a form of the page may end by a redirection to that address."""
    nonce = hashlib.sha256(f"{call.arrival.peer} {call.wall.timestamp()} {name}".encode()).hexdigest()[:24]
    body = (
        _environment()
        .get_template(name)
        .render(lang=lang or language(call), nonce=nonce, world=call.world.name, **values)
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'{_sources(leads_to)}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        **NO_STORE,
    }
    return Answer(status, body.encode(), headers)


def error_page(call: Call, finding: Finding, href: str, status: int) -> Answer:
    """Nowhere to send the browser back to: the refusal is told to the person."""
    return page(call, "error.html", status=status, finding=finding, href=href)


def language(call: Call) -> str:
    """``lang`` or ``ui_locales`` of the address, else what the browser prefers, else French."""
    given = parse_qs(call.arrival.query)
    for word in " ".join([*given.get("lang", []), *given.get("ui_locales", [])]).split():
        if word[:2] in LANGUAGES:
            return word[:2]
    accepted = parse_accept_header(call.arrival.headers.get("Accept-Language", ""), LanguageAccept)
    return accepted.best_match(LANGUAGES) or "fr"


def _sources(uri: str) -> str:
    """Where a form may end for who leads to ``uri``: browsers hold each further redirection against this list too, and
    a product may go on from its return address to another host of its own."""
    scheme = urlsplit(uri).scheme
    if not scheme:
        return ""
    return " http: https:" + ("" if scheme in {"http", "https"} else f" {scheme}:")


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("simulators.hospital_idp"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
