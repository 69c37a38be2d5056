"""Pages for people: where things listen, the journal of a world, one exchange explained.

Read-only, French and English, plainly a simulation. Untrusted content is shown as text, never as
markup; identifiers that look real are masked.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, g, render_template, request

from simulators.assembly.endpoints import service_urls
from simulators.console.phone import phone_link
from simulators.console.texts import TEXTS
from simulators.core import due, journal
from simulators.core.diff import nearest_good
from simulators.core.errors import WorldGone
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.population.guard import masked_text
from simulators.population.identifiers import PS_IDNAT_OID
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SHOWN = 200
RAW_SHOWN = 40_000


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the pages to the console's application."""

    @app.before_request
    def choose_language() -> None:
        wanted = request.args.get("lang") or request.accept_languages.best_match(["fr", "en"]) or "fr"
        g.lang = wanted if wanted in TEXTS else "fr"
        g.nonce = secrets.token_urlsafe(12)

    @app.after_request
    def harden(response: Response) -> Response:
        policy = f"default-src 'none'; style-src 'nonce-{g.get('nonce', '')}'; form-action 'none'; base-uri 'none'; "
        policy += "frame-ancestors 'none'"
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    app.jinja_env.filters["masked"] = masked_text
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_url_rule("/", "home", lambda: _home(sandbox))
    app.add_url_rule("/worlds/<world>", "world_page", lambda world: _world(sandbox, world))
    app.add_url_rule("/exchanges/<world>/<int:number>", "exchange_page", lambda **at: _exchange(sandbox, **at))


def error(status: int, said: str) -> Response:
    """A page for a person who followed a dead link."""
    return Response(_page("error.html", status=status, said=said), status, content_type="text/html; charset=utf-8")


def _page(name: str, **values: Any) -> str:
    return render_template(name, t=TEXTS[g.lang], lang=g.lang, nonce=g.nonce, **values)


def _home(sandbox: Sandbox) -> str:
    services = [(s, list(service_urls(sandbox, s.name).items())) for s in sandbox.services]
    names = [*sandbox.worlds.names(), PSEUDO_WORLD]
    worlds = [(name, journal.cursor(sandbox.store, name)) for name in names]
    return _page("home.html", services=services, ports=sandbox.ports.table(), worlds=worlds, lost=PSEUDO_WORLD)


def _world(sandbox: Sandbox, world: str) -> str:
    try:
        described = sandbox.describe(world, certificates=False)
    except WorldGone:
        abort(404, f"world {world}")
    rows = list(reversed(journal.last(sandbox.store, world, SHOWN)))
    coming = due.pending(sandbox.store, world)[:20]
    # A bare PS_IdNat does not tell its authority: the table says it is one.
    people = "\n".join(f"{person['id']}^&{PS_IDNAT_OID}" for person in described["professionals"])
    mask = mask_of(people.encode())
    at = described["services"].get("pro_sante_connect", {}).get("phone")
    phone = phone_link(at) if at else None
    lost = world == PSEUDO_WORLD
    return _page("world.html", world=described, rows=rows, coming=coming, mask=mask, lost=lost, phone=phone)


def _exchange(sandbox: Sandbox, world: str, number: int) -> str:
    try:
        # As over the API: databases refuse a number of more than 64 bits with an error of their own.
        found = journal.get(sandbox.store, world, number) if number < 1 << 63 else None
    except WorldGone:
        found = None
    if found is None:
        abort(404, f"exchange {world}/{number}")
    sent, answered = journal.bodies(sandbox.store, world, number)
    good = nearest_good(sandbox.store, world, found) if found.outcome == "refused" else None
    return _page(
        "exchange.html",
        row=found,
        mask=mask_of(sent, answered),
        sent=_text(sent),
        answered=_text(answered),
        good=good.number if good else None,
        differences=[d for d in good.differences if not d.volatile] if good else [],
        related=_related(sandbox, found),
    )


def _related(sandbox: Sandbox, found: journal.Exchange) -> list[journal.Exchange]:
    """The other exchanges of the same patient journey."""
    numbers: dict[int, journal.Exchange] = {}
    for key in found.keys:
        for row in journal.read(sandbox.store, found.world, key=key, limit=50):
            numbers[row.number] = row
    numbers.pop(found.number, None)
    return [numbers[n] for n in sorted(numbers)]


def _text(body: bytes) -> str:
    shown = body[:RAW_SHOWN].decode("utf-8", "replace")
    return shown + ("\n…" if len(body) > RAW_SHOWN else "")
