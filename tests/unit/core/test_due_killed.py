"""600 due rows over six worlds, with ties, four workers, and a kill -9 in the middle of one's work.

On PostgreSQL the workers are two processes, of which one is killed and the other goes on. On SQLite, where
a folder has one process, it is killed and another one takes up the same folder.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from simulators.core.due import schedule
from simulators.core.store import Store, open_store, schema
from simulators.core.world import Worlds
from tests.support.due_worker import WALL
from tests.support.processes import Child

WORLDS = tuple(f"w{n}" for n in range(6))
TIES = 5
HOUR = timedelta(hours=1)
DUE_WORKER = "tests.support.due_worker"


def plan(place: str, rows: int) -> None:
    """``rows`` in each world; the ids begin with the number of their instant; every third one speaks."""
    store = open_store(place)
    worlds = Worlds(store, lambda: WALL)
    for world in WORLDS:
        worlds.create(world)
        with store.write(world) as tx:
            for number in reversed(range(rows)):
                instant, tie = divmod(number, TIES)
                payload = {"wire": number % 3 == 0}
                schedule(tx, "effect", WALL + instant * HOUR, payload, id=f"{instant:03}.{tie}")
        worlds.move(world, WALL + rows * HOUR)
    store.close()


def work_and_be_killed(place: str, wire: Path, dies_in: str) -> str:
    """The id of the row or message in whose middle the first process was killed."""
    together = place.startswith("postgresql")
    threads = "2" if together else "4"
    with Child(DUE_WORKER, place, str(wire), threads, dies_in) as first:
        assert first.line() == "ready"
        if not together:
            first.say("go")
            victim = first.line()
            first.kill()
        with Child(DUE_WORKER, place, str(wire), threads, "nothing") as second:
            assert second.line() == "ready"
            if together:
                first.say("go")
                second.say("go")
                victim = first.line()
                first.kill()
            else:
                second.say("go")
            assert second.line() == "done"
    return victim


def check(store: Store, world: str, rows: int) -> None:
    ids = {f"{n // TIES:03}.{n % TIES}" for n in range(rows)}
    with store.read(world) as tx:
        fired = [row.value for row in tx.find(schema.settings)]
        states = {row.id: row.state for row in tx.find(schema.due)}
        sent = {row.id: row.state for row in tx.find(schema.outbox)}
        in_order = [row.id for row in tx.rows(tx.select(schema.due).order_by(schema.due.c.fired_no))]
        numbers = sorted(row.fired_no for row in tx.find(schema.due))
    assert len(fired) == rows and set(fired) == ids  # exactly once
    assert fired == in_order and numbers == list(range(1, rows + 1))
    instants = [id.partition(".")[0] for id in fired]
    assert instants == sorted(instants)  # an instant is a barrier
    assert states == dict.fromkeys(ids, "done")
    assert sent == {f"wire:{n // TIES:03}.{n % TIES}": "sent" for n in range(0, rows, 3)}


@pytest.mark.parametrize(("dies_in", "rows"), [("handler", 100), ("sender", 10)])
def test_each_row_fires_once_although_a_worker_is_killed(place: str, tmp_path: Path, dies_in: str, rows: int) -> None:
    wire = tmp_path / "wire"
    plan(place, rows)
    victim = work_and_be_killed(place, wire, dies_in)
    store = open_store(place)
    for world in WORLDS:
        check(store, world, rows)
    went_out = Counter(wire.read_text().splitlines())
    wanted = {f"{world} wire:{n // TIES:03}.{n % TIES}" for world in WORLDS for n in range(0, rows, 3)}
    assert set(went_out) == wanted  # at least once, under the same identifier
    if dies_in == "sender":
        assert [line.split()[1] for line, times in went_out.items() if times > 1].count(victim) == 1
    store.close()
