"""Receives one HTTP/1.x request from octets cut anyhow, without I/O."""

from __future__ import annotations

from enum import IntEnum

from simulators.core.listeners import reasons
from simulators.core.listeners.http_body import ChunkedBody, FixedBody, Sink, body_of
from simulators.core.listeners.http_head import END_OF_HEAD, BadRequest, RequestHead, check_beginning, parse_head
from simulators.core.listeners.incident import Kind
from simulators.core.listeners.limits import Limits


class Stage(IntEnum):
    """How far the request has come."""

    EMPTY = 0
    HEAD = 1
    BODY = 2
    COMPLETE = 3


class RequestReader:
    """One request; ``leftover`` holds, once it is complete, the first octets of the next (pipelining)."""

    def __init__(self, limits: Limits) -> None:
        self.stage = Stage.EMPTY
        self.head: RequestHead | None = None
        self.sink = Sink(limits.body_bytes, limits.body_in_memory_bytes)
        self._limits = limits
        self._buffer = bytearray()
        self._framing: FixedBody | ChunkedBody = FixedBody(0, self.sink)
        self._line_checked = False
        self._searched = 0

    @property
    def leftover(self) -> bytes:
        """What came after this request."""
        return bytes(self._buffer)

    @property
    def first_octets(self) -> bytes:
        """What came so far, to explain a refusal: the raw head, or as much of it as there is."""
        return self.head.raw if self.head else bytes(self._buffer[: self._limits.incident_raw_bytes])

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for ``100 Continue``: it asked, and nothing of its body is here."""
        return (
            self.stage is Stage.BODY
            and self.head is not None
            and self.head.expects_continue
            and self.sink.size == 0
            and not self._buffer
        )

    def feed(self, data: bytes) -> None:
        """Take ``data``; raises ``BadRequest`` as soon as the request is known to be unacceptable."""
        self._buffer += data
        if self.stage <= Stage.HEAD:
            self._feed_head()
        if self.stage is Stage.BODY:
            self._buffer[:] = self._framing.feed(bytes(self._buffer))
            if self._framing.done:
                self.stage = Stage.COMPLETE

    def _feed_head(self) -> None:
        # Empty lines in front of a request are tolerated (RFC 9112 §2.2).
        while self._buffer[:2] == b"\r\n":
            del self._buffer[:2]
        if not self._buffer or self._buffer == b"\r":
            return
        self.stage = Stage.HEAD
        if not self._line_checked:
            check_beginning(self._buffer)
            self._line_checked = b"\n" in self._buffer
        end = self._buffer.find(END_OF_HEAD, self._searched)
        self._searched = max(0, len(self._buffer) - len(END_OF_HEAD) + 1)
        if (end if end >= 0 else len(self._buffer)) > self._limits.head_bytes:
            raise BadRequest("431 Request Header Fields Too Large", reasons.HEAD_TOO_LARGE, Kind.OVERSIZED)
        if end >= 0:
            self._begin_body(end + len(END_OF_HEAD))

    def _begin_body(self, size: int) -> None:
        head = parse_head(bytes(self._buffer[:size]))
        self._framing = body_of(head, self.sink, self._limits.body_bytes)
        self.head = head
        del self._buffer[:size]
        self.stage = Stage.BODY
