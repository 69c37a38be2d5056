"""What is open in ``due`` and ``outbox``, and what one worker may take of it.

Rows are taken in order of their due instant; an instant of a world is a barrier. A row of a kind that
another living worker handles is left to it, and holds back the later ones; one that nobody living
handles holds back nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, Table

from simulators.core.store import schema, workers
from simulators.core.store.api import Store, Tx

OPEN = ("pending", "claimed")
DUE, OUTBOX = schema.due, schema.outbox


@dataclass(frozen=True)
class Claim:
    """A row of ``due`` or ``outbox`` in hand, and the epoch of the world it was taken in."""

    table: Table
    row: Row[Any]
    epoch: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.table.name, self.row.world, self.row.id


class Queue:
    """``worker`` is the full name the store gave; ``handlers`` and ``senders`` name the kinds it knows.

    Nothing here commits: the caller's transaction does.
    """

    def __init__(self, store: Store, worker: str, handlers: Iterable[str], senders: Iterable[str]) -> None:
        self._store = store
        self._worker = worker
        self._kinds: Mapping[str, frozenset[str]] = {"due": frozenset(handlers), "outbox": frozenset(senders)}
        self._in_hand: set[tuple[str, str, str]] = set()
        named = [f"{table}:{kind}" for table, kinds in self._kinds.items() for kind in kinds]
        workers.register(store, worker, named)

    def candidate(self, tx: Tx, now_us: int) -> tuple[Table, Row[Any]] | None:
        """The next row to take: of the earliest open instant only, else a message of the outbox."""
        first = self._first_due(tx, now_us)
        if first is not None:
            at_hand = first.state == "pending" and first.kind in self._kinds["due"]
            row = first if at_hand else self._free(tx, DUE, DUE.c.at_us == first.at_us)
            if row is not None:
                return DUE, row
        row = self._free(tx, OUTBOX, OUTBOX.c.kind.not_in(self._on_their_way(tx)))
        return (OUTBOX, row) if row is not None else None

    def claim(self, tx: Tx, table: Table, row: Row[Any], epoch: int) -> Claim:
        """Marks a candidate as this worker's, until :meth:`let_go`."""
        values: dict[str, Any] = {"state": "claimed", "worker": self._worker}
        if table is OUTBOX:
            values["tries"] = row.tries + 1
        tx.update(table, values, id=row.id)
        claim = Claim(table, row, epoch)
        self._in_hand.add(claim.key)  # before the commit: nobody sees it claimed and not in hand
        return claim

    def let_go(self, claim: Claim) -> None:
        """The thread has finished with the row, or failed: if it is still claimed, it is free again."""
        self._in_hand.discard(claim.key)

    def lost(self, tx: Tx, claim: Claim) -> bool:
        """Whether somebody took the row over, or it is gone."""
        row = tx.get(claim.table, id=claim.row.id)
        return row is None or row.state != "claimed" or row.worker != self._worker

    def earliest(self, tx: Tx, until_us: int) -> int | None:
        """The earliest open instant up to ``until_us`` that some living worker handles."""
        first = self._first_due(tx, until_us)
        return int(first.at_us) if first is not None else None

    def anything_open(self, tx: Tx, now_us: int) -> bool:
        """Whether a row is due or claimed, or a message unsent, that some living worker handles."""
        if self.earliest(tx, now_us) is not None:
            return True
        unsent = tx.select(OUTBOX).where(OUTBOX.c.state.in_(OPEN)).order_by(OUTBOX.c.seq).limit(1)
        return self._first_served(tx, OUTBOX, unsent) is not None

    def unserved(self, tx: Tx, now_us: int) -> tuple[list[Row[Any]], list[Row[Any]]]:
        """Rows due, and messages unsent, whose kind nobody living handles."""
        late = tx.select(DUE).where(DUE.c.state.in_(OPEN), DUE.c.at_us <= now_us).order_by(DUE.c.at_us, DUE.c.seq)
        unsent = tx.select(OUTBOX).where(OUTBOX.c.state.in_(OPEN)).order_by(OUTBOX.c.seq)
        return self._nobody_s(tx, DUE, late), self._nobody_s(tx, OUTBOX, unsent)

    def _first_due(self, tx: Tx, until_us: int) -> Row[Any] | None:
        waiting = tx.select(DUE).where(DUE.c.state.in_(OPEN), DUE.c.at_us <= until_us)
        return self._first_served(tx, DUE, waiting.order_by(DUE.c.at_us, DUE.c.seq).limit(1))

    def _first_served(self, tx: Tx, table: Table, statement: Select[Any]) -> Row[Any] | None:
        first = tx.first(statement)
        if first is None or first.kind in self._kinds[table.name]:
            return first  # the usual case: no need to ask who else lives
        return tx.first(statement.where(table.c.kind.in_(self._served(tx, table))))

    def _nobody_s(self, tx: Tx, table: Table, statement: Select[Any]) -> list[Row[Any]]:
        foreign = tx.rows(statement.where(table.c.kind.not_in(self._kinds[table.name])))
        served = self._served(tx, table) if foreign else frozenset()
        return [row for row in foreign if row.kind not in served]

    def _served(self, tx: Tx, table: Table) -> frozenset[str]:
        prefix = f"{table.name}:"
        everybody = workers.served(self._store, tx.connection)
        return self._kinds[table.name] | {name.removeprefix(prefix) for name in everybody if name.startswith(prefix)}

    def _free(self, tx: Tx, table: Table, *where: Any) -> Row[Any] | None:
        mine = tx.select(table).where(table.c.kind.in_(self._kinds[table.name]), *where).order_by(table.c.seq)
        first = tx.first(mine.where(table.c.state.in_(OPEN)).limit(1))
        if first is None or first.state == "pending":
            return first
        pending = tx.first(mine.where(table.c.state == "pending").limit(1))
        for row in tx.rows(mine.where(table.c.state == "claimed")):
            if (pending is None or row.seq < pending.seq) and self._abandoned(table, row):
                return row
        return pending

    def _on_their_way(self, tx: Tx) -> set[str]:
        """The kinds of which a message is being sent: those of one kind leave one after the other, in order."""
        claimed = tx.rows(tx.select(OUTBOX).where(OUTBOX.c.state == "claimed"))
        return {row.kind for row in claimed if not self._abandoned(OUTBOX, row)}

    def _abandoned(self, table: Table, row: Row[Any]) -> bool:
        if row.worker == self._worker:
            return (table.name, row.world, row.id) not in self._in_hand  # its thread failed on the way
        return not self._store.alive(row.worker)
