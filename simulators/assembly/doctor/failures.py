"""The connections that never became a request, as lights: what happened, and what to change.

A failure is red until something good came to the same listener after it; what does no harm (a connection opened in
advance and left) is grey. Rows of the pseudo-world ``-`` hold the wall clock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from simulators.assembly.doctor.model import Check, grey, red
from simulators.core import journal
from simulators.core.errors import WorldGone
from simulators.core.rules import Text
from simulators.core.store.schema import PSEUDO_WORLD

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

LOOKED_AT = 200
SHOWN = 10
HARMLESS = frozenset({"first_byte", "idle"})


def failures(sandbox: Sandbox) -> Iterator[Check]:
    """The newest failure of each listener, peer and cause, newest first, at most :data:`SHOWN`."""
    names = _names(sandbox)
    protocols = {spec.name: service.name for service in sandbox.services for spec in service.listeners}
    now = sandbox.now()
    for row, times in _grouped(journal.last(sandbox.store, PSEUDO_WORLD, LOOKED_AT))[:SHOWN]:
        listener = row.protocol
        good = _last_good(sandbox, {listener, protocols.get(listener, listener)}, now)
        yield _told(row, times, names, good is not None and good > row.wire)


def _grouped(rows: Sequence[journal.Exchange]) -> list[tuple[journal.Exchange, int]]:
    newest: dict[tuple[str, str, str], journal.Exchange] = {}
    times: dict[tuple[str, str, str], int] = {}
    for row in rows:
        if row.outcome == "incident":
            key = (row.protocol, row.who.get("address", "").rpartition(":")[0], row.status)
            newest[key], times[key] = row, times.get(key, 0) + 1
    return sorted(((row, times[key]) for key, row in newest.items()), key=lambda pair: -pair[0].number)


def _told(row: journal.Exchange, times: int, names: Sequence[str], mended: bool) -> Check:
    finding = row.verdict["findings"][0]
    id, asked = f"failure.{row.protocol}.{row.status}", finding["facts"].get("server_name", "")
    what = Text(**finding["sentence"])
    at, count = f"{row.wire:%H:%M:%S}", f" ({times}×)" if times > 1 else ""
    stranger = asked if asked and asked.lower() not in names else ""
    who = row.who.get("address", "?")
    said = Text(
        f"{at} {who}{count} : {what.fr}{f' (nom appelé : {stranger}, hors de notre certificat)' if stranger else ''}",
        f"{at} {who}{count}: {what.en}{f' (name called: {stranger}, not in our certificate)' if stranger else ''}",
    )
    mend = _call_one_of(names) if stranger else Text(finding["mend"]["fr"], finding["mend"]["en"])
    if mended:
        said = Text(f"{said.fr} (réussi depuis)", f"{said.en} (succeeded since)")
        return grey(id, said)
    return grey(id, said, mend) if row.status in HARMLESS else red(id, said, mend)


def _call_one_of(names: Sequence[str]) -> Text:
    shown = ", ".join(names)
    return Text(
        f"appelez un de ces noms : {shown} ; ou redémarrez avec « up --public-host NOM »",
        f"call one of these names: {shown}; or restart with 'up --public-host NAME'",
    )


def _names(sandbox: Sandbox) -> list[str]:
    """What our server certificates bear, in lower case."""
    return [name.lower() for name in (*sandbox.settings.names, *sandbox.ports.names.table())]


def _last_good(sandbox: Sandbox, protocols: set[str], now: datetime) -> datetime | None:
    """When the last accepted exchange came, in any world; the rows of a world frozen in the future do not count."""
    found: list[datetime] = []
    for world in sandbox.worlds.names(hidden=True):
        with contextlib.suppress(WorldGone), sandbox.store.read(world) as tx:
            newest = journal.newest_accepted(tx, protocols, now)
            found += [newest] if newest is not None else []
    return max(found, default=None)
