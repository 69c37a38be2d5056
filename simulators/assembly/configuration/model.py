"""One page of settings as values; the pages and the downloads are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from simulators.core.rules import Text

State = Literal["grey", "green", "red"]


@dataclass(frozen=True)
class Line:
    """One setting. ``key`` is its name in the downloads; ``operations`` are those whose exchanges prove it, as
    prefixes; ``free`` marks an example: any other value is taken too, ``hint`` says on what condition."""

    key: str
    label: Text
    value: str
    operations: tuple[str, ...] = ()
    secret: bool = False
    free: bool = False
    hint: Text | None = None


@dataclass(frozen=True)
class Section:
    """The settings of one counterpart."""

    name: str
    title: Text
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Light:
    """``grey``: nothing came yet; ``green``: the newest exchange was good; ``red``: it was refused, for this reason.

    ``exchange`` is the number of that exchange in the world's journal, 0 when there is none.
    """

    state: State
    exchange: int = 0
    reason: Text = field(default_factory=lambda: Text("", ""))


def flat(sections: Sequence[Section]) -> dict[str, str]:
    """Every value by key."""
    return {line.key: line.value for section in sections for line in section.lines}
