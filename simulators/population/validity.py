"""Verdict on the shape and key of one national identifier, and the error its constructor raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["length", "characters", "prefix", "shape", "key", "oid", "system"]
"""``length``/``characters``/``prefix``/``shape``: not of this kind at all; ``key``: well shaped, check digits wrong;
``oid``: the assigning authority is not one of those allowed; ``system``: a CX is not built as expected."""


class InvalidIdentifier(ValueError):
    """An identifier was refused by its constructor.

    ``kind`` names the identifier ("ins", "rpps", ...), ``value`` is what was given, ``reason`` a ``Reason``,
    ``expected`` the right check digits when ``reason`` is "key", else the expected shape in words.
    """

    def __init__(self, kind: str, value: str, reason: Reason, expected: str) -> None:
        self.kind, self.value, self.reason, self.expected = kind, value, reason, expected
        super().__init__(f"{kind} {value!r} refused: {reason}, expected {expected}")

    def __reduce__(self) -> tuple[type[InvalidIdentifier], tuple[str, str, str, str]]:
        return type(self), (self.kind, self.value, self.reason, self.expected)


@dataclass(frozen=True, slots=True)
class Validity:
    """What an ``is_valid_*`` function answers: true when valid, else it says why.

    ``reason`` is None when valid; ``expected`` as in ``InvalidIdentifier``.
    """

    kind: str
    value: str
    reason: Reason | None = None
    expected: str = ""

    def __bool__(self) -> bool:
        return self.reason is None

    @property
    def only_key_wrong(self) -> bool:
        """Well shaped, but the check digits are wrong: what the wire may tolerate with a warning."""
        return self.reason == "key"

    def raise_if_invalid(self) -> None:
        """Raise ``InvalidIdentifier`` unless valid."""
        if self.reason is not None:
            raise InvalidIdentifier(self.kind, self.value, self.reason, self.expected)

    def under(self, kind: str, value: str, *, prefix: str = "") -> Validity:
        """The same verdict told for an identifier that contains this one; ``prefix`` goes before an expected shape."""
        if self.reason is None:
            return Validity(kind, value)
        expected = self.expected if self.reason == "key" else prefix + self.expected
        return Validity(kind, value, self.reason, expected)
