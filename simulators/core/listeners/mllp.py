"""MLLP framing: VT, block, FS, CR. No I/O.

Source: HL7 v2 Transport Specification, MLLP release 1, §2.3 and 2.4. The block is opaque here, except that VT cannot
occur in it (HL7 content has no octet below 0x20 but CR), which tells a frame whose end was forgotten.
"""

from __future__ import annotations

from simulators.core.listeners.incident import Reason
from simulators.core.listeners.session import Frame, Unit, Violation

_VT, _FS, _CR = 0x0B, 0x1C, 0x0D
_END = bytes([_FS, _CR])
DEFAULT_FRAME_BYTES = 100 * 1024 * 1024

_JUNK = Reason(
    "mllp_junk",
    "Octets hors trame MLLP : une trame commence par 0x0B et finit par 0x1C 0x0D.",
    "Octets outside an MLLP frame: a frame begins with 0x0B and ends with 0x1C 0x0D.",
)
_NO_END = Reason(
    "mllp_frame_without_end",
    "Une nouvelle trame MLLP (0x0B) commence avant la fin (0x1C 0x0D) de la précédente.",
    "A new MLLP frame (0x0B) begins before the end (0x1C 0x0D) of the former.",
)
_BAD_END = Reason(
    "mllp_bad_end",
    "0x1C n'est pas suivi de 0x0D : fin de trame MLLP incomplète.",
    "0x1C is not followed by 0x0D: incomplete end of MLLP frame.",
)
_TOO_LARGE = Reason("mllp_too_large", "Trame MLLP trop grande.", "MLLP frame too large.")


def frame(block: bytes) -> bytes:
    """The block as it stands on the wire."""
    return bytes([_VT]) + block + _END


class MllpFramer:
    """Gives ``Frame`` and, for what stands outside the rule, ``Violation`` (fatal only when a frame is too large)."""

    def __init__(self, max_frame_bytes: int = DEFAULT_FRAME_BYTES, max_raw_bytes: int = 4_096) -> None:
        self._buffer = bytearray()
        self._maximum, self._max_raw = max_frame_bytes, max_raw_bytes
        self._searched = 1
        self._lost = False

    @property
    def buffered(self) -> int:
        """Octets held."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take octets."""
        if not self._lost:
            self._buffer += data

    def begun(self) -> bytes:
        """First octets of the unfinished frame."""
        return bytes(self._buffer[: self._max_raw])

    def expect(self, what: str) -> None:
        """MLLP has one way of reading."""
        raise ValueError(f"MLLP cannot expect {what}")

    def discard(self) -> bytes:
        """Forget everything held."""
        dropped = bytes(self._buffer)
        self._drop(len(self._buffer))
        return dropped

    def next_unit(self) -> Unit | None:
        """The next frame or violation."""
        if not self._buffer:
            return None
        return self._frame() if self._buffer[0] == _VT else self._junk()

    def _junk(self) -> Violation:
        start = self._buffer.find(_VT)
        return self._outside(_JUNK, len(self._buffer) if start < 0 else start)

    def _frame(self) -> Unit | None:
        stop = self._buffer.find(_FS, self._searched)
        restart = self._buffer.find(_VT, self._searched, None if stop < 0 else stop)
        if restart >= 0:
            return self._outside(_NO_END, restart)
        size = (len(self._buffer) if stop < 0 else stop) - 1
        if size > self._maximum:
            self._lost = True
            return self._outside(_TOO_LARGE, len(self._buffer), fatal=True)
        self._searched = max(1, len(self._buffer) if stop < 0 else stop)
        if stop < 0 or stop + 1 == len(self._buffer):
            return None
        if self._buffer[stop + 1] != _CR:
            return self._outside(_BAD_END, stop + 1)
        with memoryview(self._buffer) as held, held[1:stop] as block:  # one copy: a block may be large
            payload = bytes(block)
        self._drop(stop + len(_END))
        return Frame(payload)

    def _outside(self, reason: Reason, size: int, *, fatal: bool = False) -> Violation:
        raw = bytes(self._buffer[: min(size, self._max_raw)])
        self._drop(size)
        return Violation(reason, raw, fatal=fatal)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._searched = 1
