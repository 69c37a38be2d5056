"""A pool of worker threads that grows on demand and shrinks when idle.

A task is a function without argument. The pool never blocks the one who submits, so that accept threads and the asyncio
loop may submit freely.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

Task = Callable[[], None]
_log = logging.getLogger(__name__)


class WorkerPool:
    """At most ``maximum`` threads; one more is born only when no idle one is left for a task.

    A thread without work for ``idle_seconds`` ends, down to ``minimum``. Tasks beyond ``maximum`` wait in order.
    An exception that escapes a task is logged and costs no thread.
    """

    def __init__(self, name: str, minimum: int = 4, maximum: int = 64, idle_seconds: float = 10.0) -> None:
        if not 1 <= minimum <= maximum:
            raise ValueError(f"a pool needs 1 <= minimum <= maximum, not {minimum}..{maximum}")
        self.name = name
        self._minimum, self._maximum, self._idle_seconds = minimum, maximum, idle_seconds
        self._tasks: deque[Task] = deque()
        self._work_arrived = threading.Condition()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._born = 0
        self._stopped = False

    @property
    def size(self) -> int:
        """Number of threads alive now."""
        return len(self._threads)

    @property
    def waiting(self) -> int:
        """Number of tasks that no thread has taken yet."""
        return len(self._tasks)

    def submit(self, task: Task) -> bool:
        """Queue ``task``; False if the pool is stopped (the task is then dropped)."""
        with self._work_arrived:
            if self._stopped:
                return False
            self._tasks.append(task)
            # A thread that was notified counts as idle until it wakes, hence the comparison with all waiting tasks.
            if len(self._tasks) <= self._idle:
                self._work_arrived.notify()
            elif len(self._threads) < self._maximum:
                self._grow()
        return True

    def stop(self, seconds: float = 5.0) -> bool:
        """Let queued tasks run, then end every thread; False if some are still busy after ``seconds``."""
        with self._work_arrived:
            self._stopped = True
            threads = list(self._threads)
            self._work_arrived.notify_all()
        end = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _grow(self) -> None:
        self._born += 1
        thread = threading.Thread(target=self._work, name=f"{self.name}-{self._born}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except BaseException:  # a SystemExit raised by an application must not cost a thread either
                _log.exception("a task of pool %s failed", self.name)

    def _next(self) -> Task | None:
        with self._work_arrived:
            while not self._tasks:
                if self._stopped or not self._wait_for_work():
                    self._threads.discard(threading.current_thread())
                    return None
            return self._tasks.popleft()

    def _wait_for_work(self) -> bool:
        """False when this thread has been idle long enough to end."""
        self._idle += 1
        notified = self._work_arrived.wait(self._idle_seconds)
        self._idle -= 1
        return notified or bool(self._tasks) or len(self._threads) <= self._minimum
