"""A vendor's own certificates say whose they are in their own way: certificate subject → structure identifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulators.core.pki.dn import Ava, Dn, attributes_of, parse_dn


@dataclass(frozen=True, slots=True)
class Subject:
    """Certificates whose subject holds all of ``attributes`` (folded) belong to structure ``struct_idnat``."""

    attributes: frozenset[Ava]
    struct_idnat: str

    @classmethod
    def of(cls, written: str, struct_idnat: str) -> Subject:
        """``written`` is a DN in any form :func:`~.dn.parse_dn` reads, whole or in part. Raises DnError."""
        return cls(attributes_of(parse_dn(written)), struct_idnat)


def assigned(subject: Dn, subjects: Iterable[Subject]) -> str:
    """The structure a subject is given to, empty if none: the row with most attributes wins, then the first one."""
    held = attributes_of(subject)
    matching = [row for row in subjects if row.attributes <= held]
    return max(matching, key=lambda row: len(row.attributes)).struct_idnat if matching else ""
