"""The verdict on a stored mail: what the operator said when it accepted it, else what it says now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.core import journal
from simulators.core.journal import Exchange
from simulators.core.store.api import Store
from simulators.core.world import World
from simulators.mssante import mailboxes
from simulators.mssante.mailboxes import normal
from simulators.mssante.operations import MESSAGE
from simulators.mssante.reports.dsn import message_id
from simulators.mssante.verdict.mail import judge_read
from simulators.mssante.verdict.reading import Letter

LOOKED_AT = 500


@dataclass(frozen=True)
class Judged:
    """``findings`` in the shape of the journal; ``exchange`` is the row of the acceptance, None for a mail that no
    client submitted (a report, a draft, a mail put there over IMAP)."""

    findings: list[Mapping[str, Any]]
    exchange: Exchange | None = None


def judged(store: Store, world: World, address: str, raw: bytes, letter: Letter) -> Judged:
    """Of one message of the mailbox ``address``."""
    found = _accepted(store, world.name, address, raw)
    if found is not None:
        return Judged(list(found.verdict.get("findings", ())), found)
    with store.read(world.name) as tx:
        sender = mailboxes.find(tx, letter.sender.key)
    known = Letter(letter.mail, letter.envelope_recipients, sender.kind.value if sender else "")
    return Judged([finding.as_json() for finding in judge_read(known, world.policy).findings])


def _accepted(store: Store, world: str, address: str, raw: bytes) -> Exchange | None:
    """The row of the message whose bytes end the stored ones: a delivery adds its lines in front."""
    named = message_id(raw)
    keys = [f"message:{named}"] if named else []
    for key in (*keys, f"mailbox:{normal(address)}"):
        rows = journal.read(store, world, key=key, limit=LOOKED_AT)
        found = next(_same(rows, raw), None)
        if found is not None:
            return found
    return None


def _same(rows: Iterable[Exchange], raw: bytes) -> Iterator[Exchange]:
    digests: dict[int, str] = {}
    for row in rows:
        size = row.request_size
        if row.operation != MESSAGE or not 0 < size <= len(raw):
            continue
        if size not in digests:
            digests[size] = hashlib.sha256(raw[len(raw) - size :]).hexdigest()
        if digests[size] == row.request_sha:
            yield row
