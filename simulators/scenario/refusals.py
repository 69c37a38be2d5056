"""What was refused in a world, explained for whoever looks at a failed run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulators.clients.control import Control, world_path
from simulators.population.masking import mask_of
from simulators.scenario.wording import explained

NOBODY = "-"
PAGE = 500
ORDERED = ("forced", "fault", "faults")
"""Marks of what a test asked for itself."""


def rows(control: Control, world: str, since: int = 0) -> Iterator[Mapping[str, Any]]:
    """Every exchange of a world's journal after a number, in order. Raises ``Refusal``, ``EnvironmentProblem``."""
    while True:
        page = control.call("GET", f"{world_path(world)}/exchanges?since={since}&limit={PAGE}")
        yield from page["exchanges"]
        if len(page["exchanges"]) < PAGE:
            return
        since = page["cursor"]


def newest(control: Control, world: str) -> int:
    """The number of the last exchange of a world's journal; 0 when it has none."""
    cursor: int = control.call("GET", f"{world_path(world)}/exchanges?last=1")["cursor"]
    return cursor


def told(control: Control, world: str, *, since: int = 0, lost_since: int = 0, most: int = 5, lang: str = "en") -> str:
    """The last refused or failed exchanges of a world, and what reached no world at all (failed handshakes); empty
    when there was none. Identifiers that look real are masked."""
    found = [row for row in rows(control, world, since) if row["outcome"] != "accepted"]
    found += list(rows(control, NOBODY, lost_since))
    return "\n".join(_row(control, row, lang) for row in found[-most:])


def last_refused(control: Control, world: str, since: int = 0) -> Mapping[str, Any] | None:
    """The newest exchange of a world that was refused; rather one whose verdict says why than the same as its sender
    saw it."""
    refused = [row for row in rows(control, world, since) if row["outcome"] == "refused"]
    return next((row for row in reversed(refused) if row["verdict"]["findings"]), refused[-1] if refused else None)


def explanation(control: Control, row: Mapping[str, Any], lang: str = "en") -> str:
    """One exchange with every finding of its verdict. Identifiers that look real are masked."""
    return _row(control, row, lang)


def _row(control: Control, row: Mapping[str, Any], lang: str) -> str:
    where = f"{world_path(row['world'])}/exchanges/{row['number']}"
    who = row["who"].get("structure") or row["who"].get("address", "?")
    head = f"{row['world']}/{row['number']}  {row['wire_time'][11:19]}  {who}  {row['operation']}  {row['outcome']}"
    lines = [f"{head} {row['status']}".rstrip()]
    for finding in row["verdict"]["findings"]:
        lines += explained(finding, lang)
    lines += [f"        {name}: {row['marks'][name]}" for name in ORDERED if row["marks"].get(name)]
    return mask_of(control.raw("GET", f"{where}/request"))("\n".join(lines))
