"""Sub-process of the store tests: ``python -m tests.support.store_process TASK PLACE ...``."""

from __future__ import annotations

import os
import sys
import threading

from simulators.core.errors import StoreLocked
from simulators.core.store import Store, open_store, schema
from simulators.core.world import Worlds
from tests.support.processes import main_line


def write_for_ever(store: Store, ledger: str) -> None:
    """Four writers; each row goes to the ledger once, and only once, it is acknowledged."""
    file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def writer(world: str) -> None:
        while True:
            with store.write(world) as tx:
                number = tx.counter("ledger")
                tx.insert(schema.settings, name=f"row:{number:06}", value="x" * 200)
            os.write(file, f"{world} {number}\n".encode())
            main_line("acknowledged")

    worlds = Worlds(store)
    for world in ("a", "b"):
        worlds.ensure(world)
    threads = [threading.Thread(target=writer, args=(world,)) for world in ("a", "a", "b", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hold(store: Store, name: str) -> None:
    """Holds a named lock until told to let go."""
    main_line("asking")
    with store.exclusive(name):
        main_line("held")
        sys.stdin.readline()
    main_line("freed")
    sys.stdin.readline()


def live(store: Store, worker: str) -> None:
    main_line(store.enlist(worker))
    sys.stdin.readline()
    store.close()
    main_line("closed")
    sys.stdin.readline()


def announce(store: Store, channel: str) -> None:
    """Writes a row and rings, each time it is told to."""
    Worlds(store).ensure("a")
    main_line("ready")
    for line in sys.stdin:
        with store.write("a") as tx:
            tx.put(schema.settings, name=line.strip(), value="")
            tx.announce(channel)
        main_line("rung")


def hold_transaction(store: Store, world: str) -> None:
    """Stays in the middle of a transaction that has written, until killed."""
    Worlds(store).ensure(world)
    with store.write(world) as tx:
        tx.counter("ledger")
        tx.put(schema.settings, name="half", value="written")
        main_line("inside")
        sys.stdin.readline()


def main(task: str, place: str, argument: str) -> None:
    try:
        store = open_store(place)
    except StoreLocked as refusal:
        main_line(f"refused: {refusal}")
        return
    tasks = {
        "write": write_for_ever,
        "hold": hold,
        "live": live,
        "announce": announce,
        "transaction": hold_transaction,
    }
    tasks[task](store, argument)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
