"""Pages for people: plainly a simulation, French and English, without scripts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from simulators.core.exchange import Answer, Call
from simulators.core.oidc.answers import NO_STORE
from simulators.core.world import identifier

LANGUAGES: Final = ("fr", "en")
_HTTP: Final = frozenset({"http", "https"})


def page(call: Call, name: str, *, status: int = 200, leads_to: str = "", lang: str = "", **values: Any) -> Answer:
    """Renders ``templates/<name>`` in ``lang``, else in :func:`language`. ``leads_to``: a form of the page may end by a
    redirection to that address."""
    nonce = identifier(call.tx, "psc-nonce").hex
    body = (
        _environment()
        .get_template(name)
        .render(lang=lang or language(call), nonce=nonce, world=call.world.name, at=prefix(call), **values)
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'{_sources(leads_to)}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        # no-referrer would make browsers send "Origin: null" with our own forms.
        "Referrer-Policy": "same-origin",
        **NO_STORE,
    }
    return Answer(status, body.encode(), headers)


def language(call: Call, *wished: str) -> str:
    """``lang`` or ``ui_locales`` of the address, else the first known of ``wished`` (lists of language tags), else what
    the browser prefers, else French."""
    from werkzeug.datastructures import LanguageAccept
    from werkzeug.http import parse_accept_header

    given = parse_qs(call.arrival.query)
    for tags in (*given.get("lang", []), *given.get("ui_locales", []), *wished):
        for tag in tags.lower().split():
            if tag[:2] in LANGUAGES:
                return tag[:2]
    accepted = parse_accept_header(call.arrival.headers.get("Accept-Language", ""), LanguageAccept)
    return accepted.best_match(LANGUAGES) or "fr"


def prefix(call: Call) -> str:
    """What links and forms of a page begin with: the page's world, whatever address it was asked at."""
    return f"/w/{call.world.name}"


def here(call: Call) -> str:
    """What the links of a sign-in begin with: they keep the address it came by, and so the issuer it is told."""
    world = call.arrival.address_world
    return f"/w/{world}" if world is not None else ""


def _sources(uri: str) -> str:
    """Where a form may end for who leads to ``uri``: browsers hold every further redirection against this list too, and
    a product may well go on from its return address to another host of its own."""
    scheme = urlsplit(uri).scheme
    if not scheme:
        return ""
    return " http: https:" + ("" if scheme in _HTTP else f" {scheme}:")


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    loader = PackageLoader("simulators.pro_sante_connect")
    return Environment(
        loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
