"""Ctrl-C and SIGTERM end a command that holds a sandbox as its normal end does."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GLANCE_S = 0.5
"""A signal that comes in the instant before a wait begins is only seen after it; on Windows every one is."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Both signals raise ``KeyboardInterrupt`` in the block, the first time: the stop itself is not cut short.

    A shell starts background jobs with Ctrl-C ignored; it is heard all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        for name in SIGNALS:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {name: signal.signal(name, interrupt) for name in SIGNALS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def wait_for_stop() -> None:
    """Until Ctrl-C or SIGTERM, inside :func:`interruptible`."""
    never = threading.Event()
    with contextlib.suppress(KeyboardInterrupt):
        while not never.wait(GLANCE_S):
            pass
