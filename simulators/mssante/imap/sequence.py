"""Sequence sets: ``1:4,7,*``.

Source: RFC 3501 §9 (sequence-set): ``*`` is the largest number in use, a range may be written backwards.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from simulators.mssante.imap.errors import Bad

_LARGEST = 2**32 - 1
_MOST_RANGES = 20_000


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Ranges as written; None is ``*``."""

    ranges: tuple[tuple[int | None, int | None], ...]

    @classmethod
    def read(cls, text: bytes) -> Self:
        """Raises :class:`Bad`."""
        pieces = text.split(b",")
        if len(pieces) > _MOST_RANGES:
            raise Bad("sequence set too long")
        return cls(tuple(_range(piece) for piece in pieces))

    def bounds(self, largest: int) -> list[tuple[int, int]]:
        """The ranges in figures, ``*`` being ``largest``."""
        figures = [(largest if a is None else a, largest if b is None else b) for a, b in self.ranges]
        return [(min(pair), max(pair)) for pair in figures]

    def holds(self, number: int, largest: int) -> bool:
        """Whether one number is in the set."""
        return any(low <= number <= high for low, high in self.bounds(largest))

    def among(self, numbers: Sequence[int]) -> list[int]:
        """Those of ascending ``numbers`` that are in the set, ascending; ``*`` is the last of them."""
        if not numbers:
            return []
        found: set[int] = set()
        for low, high in self.bounds(numbers[-1]):
            found.update(numbers[bisect_left(numbers, low) : bisect_right(numbers, high)])
        return sorted(found)

    def within(self, count: int) -> list[int]:
        """The message numbers, ascending. Raises :class:`Bad` beyond ``count``."""
        found: set[int] = set()
        for low, high in self.bounds(count):
            if low < 1 or high > count:
                raise Bad(f"there are {count} messages")
            found.update(range(low, high + 1))
        return sorted(found)


def _range(piece: bytes) -> tuple[int | None, int | None]:
    low, colon, high = piece.partition(b":")
    return _number(low), _number(high if colon else low)


def _number(text: bytes) -> int | None:
    if text == b"*":
        return None
    if not text.isdigit() or len(text) > 10 or not 1 <= int(text) <= _LARGEST:
        raise Bad("a sequence set holds numbers from 1 to 4294967295, ':' , ',' and '*'")
    return int(text)


def compact(numbers: Iterable[int]) -> str:
    """``1:3,5`` of ascending numbers, in their order (UIDPLUS needs the order kept)."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)
