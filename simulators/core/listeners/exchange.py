"""One request given to the WSGI application and its answer put on the wire.

The answer is sent without waiting: what the peer does not take at once stays queued for the selector, so that a client
that never reads costs memory, not a worker. Only an answer that the application streams beyond
``answer_buffer_bytes`` waits in the worker, and not longer than ``answer_seconds``.
"""

from __future__ import annotations

import contextlib
import selectors
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from simulators.core.listeners.deferred import Deferred
from simulators.core.listeners.http_answer import Answer, plain_text
from simulators.core.listeners.limits import Limits
from simulators.core.listeners.wire import WRITE, Wire, WouldBlock

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


_GATHER = 64 * 1024


class _Enough(Exception):
    """The rest of the answer is not wanted (truncation, disconnection)."""


class PeerStalled(OSError):
    """The peer did not take a streamed answer in time."""


class Exchange:
    """Runs one application call; ``answer`` tells afterwards whether the connection may persist."""

    def __init__(self, answer: Answer, wire: Wire, limits: Limits, on_bug: Callable[[BaseException], None]):
        self.answer = answer
        self._wire, self._limits, self._on_bug = wire, limits, on_bug
        self._status: str | None = None
        self._headers: list[tuple[str, str]] = []
        self._head_queued = False

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> Deferred | None:
        """Call ``app`` and queue its whole answer. Raises ``OSError`` when the peer is gone or stalls.

        Gives the ``Deferred`` back if the application returns one; ``run`` is then called again with ``then``.
        """
        try:
            result = app(environ, self._start_response)
            if isinstance(result, Deferred):
                return result
            self._send_all(result)
        except (_Enough, OSError) as end:
            self._after_interruption(end)
        except BaseException as error:
            # Even an application that calls sys.exit must get its connection closed.
            self._fail(error)
        return None

    def _after_interruption(self, end: Exception) -> None:
        if self._wire.closed or isinstance(end, _Enough):
            return
        if self._wire.failed:
            raise end
        # An OSError of the application itself (a file, an outgoing call), not of our wire.
        self._fail(end)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info and exc_info[1] is not None and self._head_queued:
            raise exc_info[1]
        if self._status is not None and not exc_info:
            raise RuntimeError("start_response called twice without exc_info")
        self._status, self._headers = status, list(headers)
        return self._emit

    def _send_all(self, result: Iterable[bytes]) -> None:
        try:
            known = sum(map(len, result)) if isinstance(result, list | tuple) else None
            for chunk in result:
                if chunk:
                    self._emit(chunk, known)
            self._queue_head(0)
            self._wire.queue(self.answer.end())
        finally:
            close: Any = getattr(result, "close", None)
            if close is not None:
                close()

    def _emit(self, chunk: bytes, known: int | None = None) -> None:
        if self._wire.closed:
            raise _Enough
        self._queue_head(known)
        self._wire.queue(self.answer.chunk(chunk))
        # A list is whole already; an iterator may block before its next chunk, which must not delay this one.
        if known is None or self._wire.pending > _GATHER:
            self._push()
        if self.answer.truncated:
            raise _Enough

    def _queue_head(self, known: int | None) -> None:
        if self._head_queued:
            return
        if self._status is None:
            raise RuntimeError("the application answered without start_response")
        head = self.answer.head(self._status, self._headers, known)
        self._head_queued = True
        self._wire.queue(head)

    def _push(self) -> None:
        try:
            self._wire.flush()
        except WouldBlock as block:
            while self._wire.pending > self._limits.answer_buffer_bytes:
                block = self._wait(block)

    def _wait(self, block: WouldBlock) -> WouldBlock:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wire.sock, block.event)
            if not selector.select(self._limits.answer_seconds):
                self._wire.failed = True
                raise PeerStalled("the peer stopped reading")
        try:
            self._wire.flush()
        except WouldBlock as again:
            return again
        return WouldBlock(WRITE)

    def _fail(self, error: BaseException) -> None:
        self._on_bug(error)
        self.answer.keep_alive = False
        if self._head_queued:
            # The client must not take a half answer for a whole one.
            self._wire.close("reset")
            return
        with contextlib.suppress(OSError):
            self._wire.queue(plain_text("500 Internal Server Error", "simulator bug, see the journal\n"))
