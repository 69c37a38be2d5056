"""No wire call, wait or sleep inside a transaction: the thread remembers, the transport asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from simulators.core.errors import WireInsideTransaction

_state = threading.local()


class _Held:
    """One open transaction, known to the thread that opened it whoever ends it: a generator left
    open is closed by the garbage collector in any thread."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = True


def inside_transaction() -> bool:
    """Whether this thread holds a transaction of any store."""
    held: _Held | None = getattr(_state, "held", None)
    return held is not None and held.open


def refuse_wire(what: str) -> None:
    """Called by every transport before it touches a socket or waits.

    Raises :class:`~simulators.core.errors.WireInsideTransaction`.
    """
    if inside_transaction():
        raise WireInsideTransaction(f"{what} inside a transaction: commit first, then speak")


@contextmanager
def transaction() -> Iterator[None]:
    """Marks the thread as holding a transaction; transactions do not nest."""
    if inside_transaction():
        raise WireInsideTransaction("a transaction is already open in this thread")
    held = _state.held = _Held()
    try:
        yield
    finally:
        held.open = False
