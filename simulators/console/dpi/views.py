"""The pages one reads: the worklist, a document of the record, a document received, the form of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, g, redirect, render_template

from simulators.console import forms
from simulators.console.mail import safe
from simulators.console.texts import TEXTS
from simulators.core import journal
from simulators.core.clock import PARIS
from simulators.core.errors import WorldGone
from simulators.core.store.api import Tx
from simulators.core.world import MAIN, World
from simulators.documents.papers import KINDS
from simulators.dpi import integrated, patients, shown
from simulators.dpi.house import NoSuch
from simulators.dpi.integrated import Integrated, Kept
from simulators.dpi.patients import folded
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

HOME: Final = "/dpi/<world>"
DOCUMENT: Final = f"{HOME}/documents/<int:document>"
RECEIVED: Final = f"{HOME}/received/<int:number>"
FLAGS: Final = ("masque_ps", "invisible_patient", "invisible_rep_legaux")
MOST_ROWS: Final = 200
LARGEST: Final = 1 << 31


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds them."""
    app.jinja_env.filters["hour"] = _hour
    app.add_url_rule("/dpi", "dpi", lambda: redirect(f"/dpi/{MAIN}?lang={g.lang}"))
    app.add_url_rule(HOME, "dpi_worklist", lambda **at: worklist(sandbox, **at))
    app.add_url_rule(f"{HOME}/new", "dpi_new", lambda **at: new(sandbox, **at))
    app.add_url_rule(DOCUMENT, "dpi_document", lambda **at: document(sandbox, **at))
    app.add_url_rule(RECEIVED, "dpi_received", lambda **at: received(sandbox, **at))


def world_of(sandbox: Sandbox, world: str) -> World:
    """Ends the request (404) when there is none of that name."""
    try:
        found = sandbox.worlds.get(world)
    except WorldGone:
        abort(404, f"world {world}")
    if world.startswith("-"):
        abort(404, f"world {world}")
    return found


def page(sandbox: Sandbox, world: str, name: str, status: int = 200, **values: Any) -> Response:
    """A page of the worklist."""
    known = {"t": TEXTS[g.lang], "lang": g.lang, "nonce": g.nonce, "world": world, "problem": ""}
    known |= {"csrf": forms.word(sandbox, world), "mask": mask_of(), "flags": FLAGS, "kinds": KINDS}
    return safe.page(render_template(name, **(known | values)), status)


def worklist(sandbox: Sandbox, world: str, status: int = 200, problem: str = "") -> Response:
    """Notices, documents to send, documents received."""
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        rows = shown.documents(tx)[:MOST_ROWS]
        waiting = [one for one in integrated.every_kept(tx) if not one.imported][:MOST_ROWS]
        every = integrated.every(tx)[:MOST_ROWS]
        names = {person.key: person.name for person in patients.everyone(tx)}
        news = [one for one in integrated.notices(tx) if not one.seen]
    values: Mapping[str, Any] = {"rows": rows, "waiting": waiting, "names": names, "notices": news}
    current = [one for one in every if not one.replaced_by]
    return page(sandbox, world, "dpi_worklist.html", status, problem=problem, received=current, **values)


def new(sandbox: Sandbox, world: str, status: int = 200, problem: str = "", **given: Any) -> Response:
    """The form of a new document; ``given`` is what was typed before."""
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        people = patients.everyone(tx)
    return page(sandbox, world, "dpi_new.html", status, problem=problem, people=people, given=given)


def document(sandbox: Sandbox, world: str, document: int, status: int = 200, problem: str = "") -> Response:
    """One document of the record."""
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        try:
            told = shown.document(tx, document)
        except NoSuch as missing:
            abort(404, str(missing))
    exchanges = {one["msh10"]: _exchanges(sandbox, world, one["msh10"]) for one in told["sendings"]}
    return page(sandbox, world, "dpi_document.html", status, problem=problem, one=told, exchanges=exchanges)


def received(sandbox: Sandbox, world: str, number: int, status: int = 200, problem: str = "") -> Response:
    """One document that a mail brought: in the record, or waiting for a hand."""
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        one, kept = received_of(tx, number)
        people = patients.everyone(tx)
    if one is not None:
        with sandbox.store.read(world) as tx:
            older = before(tx, one)
        name = next((p.name for p in people if p.key == one.patient), one.patient)
        values: Mapping[str, Any] = {"one": one, "older": older, "whose": name}
        return page(sandbox, world, "dpi_received.html", status, problem=problem, **values)
    if kept is None:
        abort(404, f"{world}: {number}")
    rows = journal.read(sandbox.store, world, key=f"hl7:{kept.origin.msh10}", limit=1)
    values = {"kept": kept, "people": people, "likely": _likely(people, kept), "exchange": rows[0] if rows else None}
    return page(sandbox, world, "dpi_waiting.html", status, problem=problem, **values)


def received_of(tx: Tx, number: int) -> tuple[Integrated | None, Kept | None]:
    """What has this number, in the record or waiting."""
    if number >= LARGEST:
        return None, None
    return integrated.get(tx, number), integrated.kept(tx, number)


def before(tx: Tx, one: Integrated) -> list[Integrated]:
    """The versions before, the newest first."""
    found: list[Integrated] = []
    at = integrated.get(tx, one.replaces) if one.replaces else None
    while at is not None and len(found) < MOST_ROWS:
        found.append(at)
        at = integrated.get(tx, at.replaces) if at.replaces else None
    return found


def _likely(people: list[patients.Person], kept: Kept) -> str:
    """The patient whom the header of the document resembles most: matricule, then birth name and date."""
    traits = kept.traits
    for person in people:
        if traits.get("matricule") and traits["matricule"] == person.matricule:
            return person.key
    wanted = (traits.get("birth name", ""), traits.get("birth date", ""))
    same = [p.key for p in people if (folded(p.birth_name), p.birth_date) == wanted]
    return same[0] if len(same) == 1 else ""


def _exchanges(sandbox: Sandbox, world: str, msh10: str) -> list[journal.Exchange]:
    return list(journal.read(sandbox.store, world, key=f"hl7:{msh10}", limit=20))


def _hour(instant: datetime | str | None) -> str:
    """As people of the hospital read it."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at.astimezone(PARIS).strftime("%d/%m/%Y %H:%M") if at is not None else ""
