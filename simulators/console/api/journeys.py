"""The journeys of a world: which exchanges belong together, who spoke with whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core import journal
from simulators.core.store.api import Tx
from simulators.population import registry
from simulators.population.ins import INS_PRODUCTION_OIDS
from simulators.population.masking import Mask, mask_of
from simulators.scenario.picture.joining import patient_of
from simulators.scenario.picture.journeys import find, journeys
from simulators.scenario.picture.model import Journey, Known, Row

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

MSSANTE: Final = "mssante"
MOST_ROWS: Final = 2_000
"""So many rows are held against each other: the newest, or those around the one asked for."""


def list_journeys(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The newest first. ``complete`` is false when older rows of the journal were not looked at."""
    rows = rows_of(sandbox, world)
    found = [journey.summary() for journey in reversed(journeys(rows, known_of(sandbox, world, rows)))]
    return {"journeys": found, "complete": not rows or rows[0]["number"] == 1}


def show_journey(sandbox: Sandbox, values: Values, world: str, key: str) -> Any:
    """By the number of one of its exchanges, or a key of the journal such as ``document:1.2.250…``."""
    found, _ = journey_at(sandbox, world, key)
    if found is None:
        raise Problem(404, f"world {world} has no journey {key}")
    return found.as_json()


def journey_at(sandbox: Sandbox, world: str, key: str) -> tuple[Journey | None, Known]:
    """The journey that :func:`~simulators.scenario.picture.journeys.find` finds. Raises ``WorldGone``."""
    rows = rows_of(sandbox, world, key)
    known = known_of(sandbox, world, rows)
    return find(journeys(rows, known), key), known


def rows_of(sandbox: Sandbox, world: str, key: str = "") -> list[Row]:
    """The rows to look at, in order. Raises ``WorldGone``."""
    newest = journal.cursor(sandbox.store, world)
    at = newest
    if key.isascii() and key.isdecimal():
        at = min(int(key[:18]), newest)
    elif key:
        held = journal.read(sandbox.store, world, key=key, limit=1)
        at = held[0].number if held else newest
    since = max(0, min(at + MOST_ROWS // 2, newest) - MOST_ROWS)
    return [row.as_json() for row in journal.read(sandbox.store, world, since=since, limit=MOST_ROWS)]


def known_of(sandbox: Sandbox, world: str, rows: Sequence[Row]) -> Known:
    """The people, structures and mailboxes these rows name."""
    plays_mail = any(service.name == MSSANTE for service in sandbox.services)
    with sandbox.store.read(world) as tx:
        patients = {m: registry.patient(tx, m) for m in sorted({patient_of(row) for row in rows} - {""})}
        ids = sorted({str(row["who"]["structure"]) for row in rows if row["who"].get("structure")})
        structures = {one: registry.structure(tx, one) for one in ids}
        boxes = _kinds(tx, rows) if plays_mail else {}
    return Known(
        structures={one: found.name for one, found in structures.items() if found is not None},
        mailboxes=boxes,
        patients={m: f"{p.given_names[0]} {p.birth_name}" for m, p in patients.items() if p is not None},
    )


def _kinds(tx: Tx, rows: Iterable[Row]) -> dict[str, str]:
    from simulators.mssante import mailboxes  # declares tables: only where it is played

    named = {str(address) for row in rows for address in (row["marks"].get("delivered") or {})}
    named |= {str(row["who"][side]) for row in rows for side in ("mailbox", "sender") if row["who"].get(side)}
    found = ((address, mailboxes.find(tx, address)) for address in sorted(named))
    return {address: box.kind.value for address, box in found if box is not None}


def mask_for(sandbox: Sandbox, world: str, shown: Iterable[Journey]) -> Mask:
    """What hides the real-looking identifiers of these patients. A matricule alone does not tell its authority: the
    population does, and who is not in it may be real."""
    authority = min(INS_PRODUCTION_OIDS)
    with sandbox.store.read(world) as tx:
        found = {one: registry.patient(tx, one) for one in sorted({journey.patient for journey in shown} - {""})}
    told = [p.ins.cx() if p is not None else f"{one}^^^&{authority}&ISO^NH" for one, p in found.items()]
    return mask_of("\n".join(told).encode())


ROUTES = (
    Route("GET", "/worlds/<world>/journeys", "The journeys of a world, newest first", list_journeys),
    Route("GET", "/worlds/<world>/journeys/<key>", "One journey: its actors and exchanges", show_journey),
)
