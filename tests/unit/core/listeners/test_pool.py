from __future__ import annotations

import threading

import pytest

from simulators.core.listeners import WorkerPool
from tests.unit.core.listeners.support import PATIENCE


def test_grows_to_its_maximum_and_queues_the_rest() -> None:
    pool, release, entered = WorkerPool("grow", 1, 3), threading.Event(), threading.Semaphore(0)

    def task() -> None:
        entered.release()
        assert release.wait(PATIENCE)

    for _ in range(5):
        assert pool.submit(task)
    for _ in range(3):
        assert entered.acquire(timeout=PATIENCE)
    assert (pool.size, pool.waiting) == (3, 2)
    release.set()
    assert pool.stop(PATIENCE)
    assert pool.size == 0
    assert entered.acquire(blocking=False) and entered.acquire(blocking=False)
    assert not pool.submit(task)


def test_an_idle_thread_is_reused() -> None:
    pool = WorkerPool("reuse", 1, 8)
    for _ in range(50):
        done = threading.Event()
        pool.submit(done.set)
        assert done.wait(PATIENCE)
    assert pool.size <= 2
    assert pool.stop(PATIENCE)


def test_shrinks_to_its_minimum() -> None:
    pool, together = WorkerPool("shrink", 2, 6, idle_seconds=0.02), threading.Barrier(6)

    def meet() -> None:
        together.wait(PATIENCE)

    for _ in range(6):
        pool.submit(meet)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("shrink-")]
    gone = threading.Event()

    def watch() -> None:
        while sum(thread.is_alive() for thread in threads) > 2:
            threads[0].join(0.01)
        gone.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert gone.wait(PATIENCE)
    watcher.join()
    assert pool.size == 2
    assert pool.stop(PATIENCE)


def test_a_failing_task_costs_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    pool, done = WorkerPool("fail", 1, 1), threading.Event()

    def task() -> None:
        raise SystemExit(1)

    pool.submit(task)
    pool.submit(done.set)
    assert done.wait(PATIENCE)
    assert "pool fail failed" in caplog.text
    assert pool.stop(PATIENCE)


def test_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="minimum"):
        WorkerPool("bad", 3, 2)
