"""SMTP framing: command lines, and one message after DATA. No I/O, no commands.

Source: RFC 5321 §2.3.8 (line ends), §4.1.1.4 (DATA), §4.5.2 (dot stuffing), §4.5.3.1 (sizes); RFC 4954 §4 (12,288
octets for a line that carries a token).
"""

from __future__ import annotations

from simulators.core.listeners.incident import Reason
from simulators.core.listeners.lines import BARE_END, LineReader, has_bare_end
from simulators.core.listeners.session import Data, Line, Unit, Violation

DEFAULT_LINE_BYTES = 12_288
DEFAULT_DATA_BYTES = 100 * 1024 * 1024
_END = b"\r\n.\r\n"
_TOO_LARGE = Reason("data_too_large", "Message trop grand.", "Message too large.")


class SmtpFramer:
    """``Line`` units until ``expect("data")``, then one ``Data``, then lines again.

    A message beyond ``max_data_bytes`` is read to its end, dropped, and told as a ``Violation`` that is not fatal, so
    that the session may answer 552. A bare CR or LF anywhere is fatal: nothing after it is read.
    """

    def __init__(
        self,
        max_line_bytes: int = DEFAULT_LINE_BYTES,
        max_data_bytes: int = DEFAULT_DATA_BYTES,
        max_raw_bytes: int = 4_096,
    ) -> None:
        self._buffer = bytearray()
        self._lines = LineReader(self._buffer, max_line_bytes, max_raw_bytes)
        self._max_data, self._max_raw = max_data_bytes, max_raw_bytes
        self._in_data = False
        self._searched = 0
        self._dropped = 0
        self._sample = b""

    @property
    def buffered(self) -> int:
        """Octets held."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take octets."""
        if not self._lines.lost:
            self._buffer += data

    def begun(self) -> bytes:
        """First octets of the unfinished line or message."""
        return self._sample or bytes(self._buffer[: self._max_raw])

    def expect(self, what: str) -> None:
        """Read a message next (``data``)."""
        if what != "data":
            raise ValueError(f"SMTP cannot expect {what}")
        self._in_data = True
        # The CR LF of the DATA line counts as the one before the final dot, so that an empty message is possible.
        self._buffer[:0] = b"\r\n"
        self._searched, self._dropped, self._sample = 0, 0, b""

    def discard(self) -> bytes:
        """Forget everything held."""
        return self._lines.cut(len(self._buffer))

    def next_unit(self) -> Unit | None:
        """The next line, message or violation."""
        if self._in_data:
            return self._message()
        line = self._lines.next_line()
        return Line(line) if isinstance(line, bytes) else line

    def _message(self) -> Unit | None:
        end = self._buffer.find(_END, max(0, self._searched - len(_END)))
        stop = len(self._buffer) if end < 0 else end + len(_END)
        if has_bare_end(self._buffer, self._searched, stop):
            return self._lines.lose(BARE_END, self._buffer[: self._max_raw])
        self._searched = stop
        if end >= 0:
            return self._finish(stop)
        self._drop_excess()
        return None

    def _finish(self, stop: int) -> Unit:
        stuffed = self._take(stop)[2 : -len(_END) + 2]
        self._in_data = False
        if self._dropped or len(stuffed) > self._max_data:
            return Violation(_TOO_LARGE, self._sample or stuffed[: self._max_raw])
        return Data((b"\r\n" + stuffed).replace(b"\r\n.", b"\r\n")[2:])

    def _drop_excess(self) -> None:
        if len(self._buffer) <= self._max_data + len(_END):
            return
        self._sample = self._sample or bytes(self._buffer[2 : self._max_raw])
        excess = len(self._buffer) - len(_END)
        self._dropped += excess
        self._take(excess)
        self._searched = len(self._buffer)

    def _take(self, size: int) -> bytes:
        self._searched = 0
        return self._lines.cut(size)
