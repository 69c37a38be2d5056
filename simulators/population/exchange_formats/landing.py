"""Files into a world: all of a file in one transaction, or nothing of it.

The slow part (shapes, keys, comparison) is done over a reading, so that a large import does not hold the world; the
writing is planned again when a member changed in between.
"""

from __future__ import annotations

from typing import Final

from simulators.core import snapshots
from simulators.core.errors import RoutingConflict, SandboxError
from simulators.core.store.api import Store, Tx
from simulators.core.world import SEED
from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.planning import Decision, Plan, candidates, decide, names_in
from simulators.population.exchange_formats.reading import FileRead, FileRow
from simulators.population.exchange_formats.report import FileReport, Outcome, RowReport

_TRIES: Final = 5


class WorldKeepsChanging(SandboxError):
    """Others changed the same members at each try; nothing was imported."""


class _Stale(Exception):
    """The world is no more as the plan found it."""


def land(
    store: Store,
    world: str,
    file: FileRead,
    *,
    dry_run: bool = False,
    keep: bool = False,
    skip_refused: bool = False,
) -> FileReport:
    """Imports one file, all or nothing unless ``skip_refused``; ``keep`` puts it into the seed snapshot too.

    Raises ``WorldGone``, ``WorldKeepsChanging``.
    """
    stopped = any(row.family is None for row in file.rows)
    found = [] if stopped else candidates(file)
    for _ in range(_TRIES):
        with store.read(world) as tx:
            plan = decide(found, *_places(tx, keep))
        withheld = stopped or (not skip_refused and (plan.refused or any(row.notes.refused for row in file.rows)))
        if dry_run or withheld or _written(store, world, plan, keep=keep):
            return FileReport(file.name, file.format, file.encoding, _lines(file, plan, withheld=withheld))
    raise WorldKeepsChanging(f"world {world} changed during the import of {file.name}: try again")


def _places(tx: Tx, keep: bool) -> tuple[Tx, ...]:
    return (tx, snapshots.shadow(tx, SEED)) if keep else (tx,)


def _written(store: Store, world: str, plan: Plan, *, keep: bool) -> bool:
    """Whether the plan still held; a routing key of another world is noted for the next try."""
    try:
        with store.write(world) as tx:
            places = _places(tx, keep)
            if names_in([decision.candidate for decision in plan.decisions], *places) != plan.names:
                raise _Stale
            for decision in plan.decisions:
                if not decision.refused:
                    _write(places, decision)
    except _Stale:
        return False
    return True


def _write(places: tuple[Tx, ...], decision: Decision) -> None:
    family, member = decision.candidate.family, decision.member
    if family.find(places[0], decision.candidate.key) != decision.before:
        raise _Stale
    for place in places:
        family.keep(place, member)
    if family.claim is not None:
        try:
            family.claim(places[0], member)
        except RoutingConflict as conflict:
            decision.candidate.rows[0].notes.at(remarks.ROUTE_TAKEN, found=conflict)
            raise _Stale from None


def _lines(file: FileRead, plan: Plan, *, withheld: bool) -> tuple[RowReport, ...]:
    decided = {id(row): decision for decision in plan.decisions for row in decision.candidate.rows}
    return tuple(_line(row, decided.get(id(row)), withheld=withheld) for row in file.rows)


def _line(row: FileRow, decision: Decision | None, *, withheld: bool) -> RowReport:
    """What was decided of a member is told at its first row."""
    told = row.notes.remarks
    if decision is not None and decision.candidate.rows[0] is row:
        told = [*told, *decision.notes.remarks]
    family = row.family.name if row.family else ""
    refused = row.notes.refused or (decision is not None and decision.refused)
    shown = decision.shown if decision else ""
    return RowReport(row.number, family, shown, _outcome(row, decision, refused, withheld), tuple(told))


def _outcome(row: FileRow, decision: Decision | None, refused: bool, withheld: bool) -> Outcome:
    if refused:
        return "refused"
    if row.ignored:
        return "ignored"
    return "withheld" if withheld or decision is None else decision.outcome
