"""Lines ended by CR LF and nothing else: the ground of SMTP and IMAP framing. No I/O.

Source: RFC 5321 §2.3.8 (CR and LF only together) and RFC 3501 §2.2. A server that also takes a bare LF for an end of
line can be made to see a second message that another server did not (SMTP smuggling, 2023).
"""

from __future__ import annotations

from simulators.core.listeners.incident import Reason
from simulators.core.listeners.session import Violation

BARE_END = Reason(
    "bare_line_end",
    "Fin de ligne CR ou LF isolée : seule la suite CR LF termine une ligne (protection contre la contrebande SMTP).",
    "Bare CR or LF: only CR LF together end a line (protection against SMTP smuggling).",
)
LINE_TOO_LONG = Reason("line_too_long", "Ligne trop longue.", "Line too long.")
_CR, _LF = 13, 10


def has_bare_end(data: bytes | bytearray, start: int, stop: int) -> bool:
    """Whether a CR or LF stands alone in ``data`` between two positions (a CR just before ``stop`` is not judged).

    By counting, which is ten times as quick as an expression: a large message is looked through while it comes.
    """
    begin = max(0, start - 1)
    if begin >= stop:
        return False
    pairs = data.count(b"\r\n", begin, stop)
    halved = begin > 0 and data[begin] == _LF and data[begin - 1] == _CR
    pending = data[stop - 1] == _CR
    return data.count(b"\n", begin, stop) > pairs + halved or data.count(b"\r", begin, stop) > pairs + pending


class LineReader:
    """Takes one line at a time out of ``buffer``, which it shares with its owner.

    ``lost`` is set once the framing cannot be trusted any more: whatever follows must not be read.
    """

    def __init__(self, buffer: bytearray, max_line_bytes: int, max_raw_bytes: int) -> None:
        self._buffer, self._maximum, self._max_raw = buffer, max_line_bytes, max_raw_bytes
        self._skipping = b""
        self.lost = False

    def next_line(self) -> bytes | Violation | None:
        """A line without its CR LF, a violation, or None if the end has not come."""
        end = self._buffer.find(b"\r\n")
        if has_bare_end(self._buffer, 0, len(self._buffer) if end < 0 else end + 2):
            return self.lose(BARE_END, self._buffer[: self._max_raw])
        if end < 0:
            self._forget_excess()
            return None
        line = self.cut(end + 2)[:-2]
        if self._skipping or len(line) > self._maximum:
            raw, self._skipping = (self._skipping + line)[: self._max_raw], b""
            return Violation(LINE_TOO_LONG, raw)
        return line

    def lose(self, reason: Reason, raw: bytes | bytearray) -> Violation:
        """The violation after which nothing is read any more."""
        self.lost = True
        violation = Violation(reason, bytes(raw), fatal=True)
        self._buffer.clear()
        return violation

    def cut(self, size: int) -> bytes:
        """Take ``size`` octets out of the buffer."""
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _forget_excess(self) -> None:
        # Keep a possible CR, or the end of the line would be missed.
        if len(self._buffer) > self._maximum + 1:
            excess = self.cut(len(self._buffer) - 1)
            self._skipping = self._skipping or excess[: self._max_raw]
