"""The body of an HTTP/1.x request: framing without I/O, and the place where it is kept.

Source: RFC 9112 §6 and §7.1. The whole body is received before the application runs, so that a slow sender never holds
a worker; beyond ``body_in_memory_bytes`` it goes to an unnamed temporary file.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from typing import IO

from simulators.core.listeners import reasons
from simulators.core.listeners.http_head import BadRequest, RequestHead
from simulators.core.listeners.incident import Kind, Reason

_CHUNK_LINE_BYTES = 1_024
_TRAILER_BYTES = 16_384
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;.*)?")


class Sink:
    """Where body octets land; ``finish`` gives them back as a file at its start. ``size`` counts them."""

    def __init__(self, maximum: int, in_memory: int) -> None:
        self.size = 0
        self._maximum, self._in_memory = maximum, in_memory
        self._file: IO[bytes] = io.BytesIO()
        self._on_disk = False

    def write(self, data: bytes | memoryview) -> None:
        """Keep ``data``; raises ``BadRequest`` 413 beyond the maximum."""
        self.size += len(data)
        if self.size > self._maximum:
            raise too_large()
        if self.size > self._in_memory and not self._on_disk:
            self._spill()
        self._file.write(data)

    def finish(self) -> IO[bytes]:
        """The body, ready to be read."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Forget the body."""
        self._file.close()

    def _spill(self) -> None:
        on_disk = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._file.seek(0)
        shutil.copyfileobj(self._file, on_disk)
        self._file.close()
        self._file, self._on_disk = on_disk, True


class FixedBody:
    """A body of a known length."""

    def __init__(self, length: int, sink: Sink) -> None:
        self._left, self._sink = length, sink

    @property
    def done(self) -> bool:
        """Whether the last octet has come."""
        return self._left == 0

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body; give back what follows it."""
        taken = data[: self._left]
        self._left -= len(taken)
        self._sink.write(taken)
        return data[len(taken) :]


class ChunkedBody:
    """A body in chunks; extensions and trailers are read, bounded and dropped."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._left = 0
        self._trailer_bytes = 0
        self._expect = self._size_line
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body; give back what follows it. Raises ``BadRequest``."""
        self._buffer += data
        while not self.done and self._expect():
            pass
        rest = bytes(self._buffer) if self.done else b""
        if self.done:
            self._buffer.clear()
        return rest

    def _size_line(self) -> bool:
        line = self._line(_CHUNK_LINE_BYTES)
        if line is None:
            return False
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise _bad_chunk()
        self._left = int(match[1], 16)
        self._expect = self._data if self._left else self._trailer
        return True

    def _data(self) -> bool:
        taken = bytes(self._buffer[: self._left])
        del self._buffer[: len(taken)]
        self._left -= len(taken)
        self._sink.write(taken)
        if self._left == 0:
            self._expect = self._data_end
            return True
        return False

    def _data_end(self) -> bool:
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise _bad_chunk()
        del self._buffer[:2]
        self._expect = self._size_line
        return True

    def _trailer(self) -> bool:
        line = self._line(_TRAILER_BYTES)
        if line is None:
            return False
        self._trailer_bytes += len(line)
        if self._trailer_bytes > _TRAILER_BYTES:
            raise _bad_chunk()
        self.done = not line
        return True

    def _line(self, maximum: int) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, maximum)
        if end < 0:
            if len(self._buffer) >= maximum or b"\n" in self._buffer:
                raise _bad_chunk()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line


def body_of(head: RequestHead, sink: Sink, maximum: int) -> FixedBody | ChunkedBody:
    """The framing ``head`` announces; raises ``BadRequest`` 413 when it announces too much, before a single octet."""
    if head.chunked:
        return ChunkedBody(sink)
    if head.length > maximum:
        raise too_large()
    return FixedBody(head.length, sink)


def too_large() -> BadRequest:
    """The refusal of a body beyond the limit."""
    return BadRequest("413 Content Too Large", reasons.BODY_TOO_LARGE, Kind.OVERSIZED)


def _bad_chunk() -> BadRequest:
    reason = Reason(
        "chunk",
        "Corps en morceaux illisible (taille hexadécimale, CR LF, données, CR LF).",
        "Unreadable chunked body (hexadecimal size, CR LF, data, CR LF).",
    )
    return BadRequest("400 Bad Request", reason)
