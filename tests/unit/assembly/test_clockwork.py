"""The clockwork with a toy for the due rows: nothing announced is forgotten, nobody slow holds back the others."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator

import pytest

from simulators.assembly.clockwork import HANDS_OF_A_WORLD, Clockwork
from simulators.core.errors import StoreClosed
from simulators.core.store.bell import Bell

PATIENCE_S = 20.0


class Toy:
    """Work is a number of units per world; a unit may have to wait for a gate."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.left: defaultdict[str, int] = defaultdict(int)
        self.gates: dict[str, threading.Event] = {}
        self.done: defaultdict[str, int] = defaultdict(int)
        self.unread: defaultdict[str, int] = defaultdict(int)
        self.failures = 0
        self.most = 0
        self._inside = 0
        self._changed = threading.Condition()

    def names(self, *, hidden: bool = False) -> list[str]:
        return ["a", "b"]

    def with_work(self) -> list[str]:
        with self._changed:
            return [world for world, units in self.left.items() if units]

    def add(self, world: str, units: int, *, announced: bool = True) -> None:
        with self._changed:
            self.left[world] += units
        if announced:
            self.bell.ring(f"due:{world}")

    def work_once(self, world: str) -> bool:
        with self._changed:
            if self.failures:
                self.failures -= 1
                raise ZeroDivisionError
            if not self.left[world]:
                return False
            self.left[world] -= 1
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._changed.notify_all()
        if world in self.gates:
            assert self.gates[world].wait(PATIENCE_S)
        with self._changed:
            self._inside -= 1
            self.done[world] += 1
            self._changed.notify_all()
        return True

    def poll(self, world: str) -> int:
        with self._changed:
            if not self.unread[world]:
                return 0
            self.unread[world] -= 1
            self.left[world] += 1
            return 1

    def until(self, world: str, count: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.done[world] >= count, PATIENCE_S)

    def until_inside(self, count: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._inside >= count, PATIENCE_S)


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def clockwork(toy: Toy) -> Iterator[Clockwork]:
    made = Clockwork(toy, toy, toy.bell, ("due", "mail"), tick_s=0.05)
    made.start()
    yield made
    for gate in toy.gates.values():
        gate.set()
    made.stop()


def test_what_is_announced_is_done(toy: Toy, clockwork: Clockwork) -> None:
    for count in range(1, 200):
        toy.add("a", 1)
        assert toy.until("a", count)


def test_a_slow_world_holds_back_nobody(toy: Toy, clockwork: Clockwork) -> None:
    toy.gates["a"] = threading.Event()
    toy.add("a", 50)
    toy.add("b", 50)
    assert toy.until("b", 50)
    assert toy.done["a"] == 0
    toy.gates["a"].set()
    assert toy.until("a", 50)


def test_a_world_has_so_many_hands(toy: Toy, clockwork: Clockwork) -> None:
    toy.gates["a"] = threading.Event()
    toy.add("a", 50)
    for _ in range(20):
        toy.bell.ring("due:a")
    assert toy.until_inside(HANDS_OF_A_WORLD)
    toy.gates["a"].set()
    assert toy.until("a", 50)
    assert toy.most <= HANDS_OF_A_WORLD


def test_a_poll_leads_to_work(toy: Toy, clockwork: Clockwork) -> None:
    toy.unread["a"] = 3
    toy.bell.ring("mail:a:someone@somewhere")
    assert toy.until("a", 3)


def test_an_instant_comes_without_a_word_while_others_ring(toy: Toy, clockwork: Clockwork) -> None:
    stop = threading.Event()

    def ringing() -> None:
        while not stop.wait(0.001):
            toy.bell.ring("due:b")

    noise = threading.Thread(target=ringing, daemon=True)
    noise.start()
    try:
        toy.add("a", 3, announced=False)
        assert toy.until("a", 3)
        toy.unread["a"] = 2
        assert toy.until("a", 5)
    finally:
        stop.set()
        noise.join(PATIENCE_S)


def test_it_outlives_an_error(toy: Toy, clockwork: Clockwork) -> None:
    toy.failures = 3
    toy.add("a", 1)
    assert toy.until("a", 1)


def test_it_ends_with_its_store(toy: Toy) -> None:
    def closed(*, hidden: bool = False) -> list[str]:
        raise StoreClosed("closed")

    toy.names = closed  # type: ignore[method-assign]
    made = Clockwork(toy, toy, toy.bell, ("due",), tick_s=0.01)
    made.start()
    made._thread.join(PATIENCE_S)
    assert not made._thread.is_alive()
    made.stop()
