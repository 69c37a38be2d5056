"""A process of workers: ``python -m tests.support.due_worker PLACE WIRE THREADS DIES_IN``.

It fires the due rows of every world and sends their messages, until none is open. The handler's effect is
one line in the world's log, which a second firing would double; the wire is the file WIRE, where each line
is a message that went out. ``DIES_IN`` is ``handler`` or ``sender``: there, at the fifth row, after the
effect, the process says so and waits to be killed; ``nothing`` for one that lives.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from simulators.core.due import Due, DueRow, send_later
from simulators.core.due_queue import OPEN
from simulators.core.store import Store, Tx, open_store, schema
from simulators.core.world import World, Worlds
from tests.support.processes import main_line

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEADLY = 5


class Workers:
    def __init__(self, store: Store, wire: str, dies_in: str) -> None:
        self.store = store
        self.worlds = Worlds(store, lambda: WALL)
        self.wire = os.open(wire, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.dies_in = dies_in
        self.met = itertools.count(1)
        self.due = Due(self.worlds, {"effect": self.effect}, {"wire": self.send}, worker="due-worker")

    def effect(self, tx: Tx, row: DueRow, world: World) -> None:
        tx.insert(schema.settings, name=f"log:{tx.counter('log'):04}", value=row.id)
        if row.payload["wire"]:
            send_later(tx, "wire", {}, id=f"wire:{row.id}")
        self.perhaps_die("handler", row.id)

    def send(self, world: str, id: str, payload: Mapping[str, Any]) -> None:
        os.write(self.wire, f"{world} {id}\n".encode())
        self.perhaps_die("sender", id)

    def perhaps_die(self, here: str, id: str) -> None:
        if self.dies_in == here and next(self.met) == DEADLY:
            main_line(id)
            sys.stdin.readline()  # killed while it waits

    def work(self) -> None:
        while self.anything_left():
            seen = self.store.bell.count("due:w0")
            if not self.due.work():
                self.store.wait("due:w0", seen, 0.05)

    def anything_left(self) -> bool:
        for world in self.worlds.names():
            with self.store.read(world) as tx:
                for table in (schema.due, schema.outbox):
                    if tx.first(tx.select(table).where(table.c.state.in_(OPEN)).limit(1)) is not None:
                        return True
        return False


def main(place: str, wire: str, threads: int, dies_in: str) -> None:
    store = open_store(place)
    workers = Workers(store, wire, dies_in)
    main_line("ready")
    sys.stdin.readline()
    running = [threading.Thread(target=workers.work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    store.close()
    main_line("done")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
