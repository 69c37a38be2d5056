"""The patterns of ``matches``: a line of regular expressions that no text can make slow.

A sequence of atoms - a character, ``.``, a class ``[a-z]``, an escape ``\\d`` - each with an optional ``*``, ``+``,
``?`` or ``{m,n}``; no groups, no alternatives, no back-references. It must match the whole text. Matching follows all
readings at once, so that its time is that of the text times the atoms, never more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

LONGEST_PATTERN = 200
LONGEST_TEXT = 10_000
MOST = 999
_ATOM = re.compile(
    r"(?P<one>\\[dDwWsS\\.^$*+?{}()|\[\]/-]|\[\^?(?:\\[dDwWsS\\\]^-]|[^\]\\\[])+\]|[^\\*+?{}()|\[\]^$])"
    r"(?P<times>\*|\+|\?|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})?",
    re.DOTALL,
)
_TIMES = {"": (1, 1), "*": (0, LONGEST_TEXT), "+": (1, LONGEST_TEXT), "?": (0, 1)}


@dataclass(frozen=True)
class Atom:
    """One kind of character, ``low`` to ``high`` times."""

    fits: Callable[[str], object]
    low: int
    high: int


@lru_cache(maxsize=256)
def atoms(pattern: str) -> tuple[Atom, ...]:
    """The atoms of a pattern. Raises ``ValueError`` in plain words."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    found: list[Atom] = []
    at = 0
    while at < len(pattern):
        token = _ATOM.match(pattern, at)
        if token is None:
            raise ValueError(
                f"{pattern[at:][:10]!r} at {at + 1}: a pattern has characters, classes, * + ? and {{m,n}} only"
            )
        low, high = _times(token["times"] or "")
        found.append(Atom(_test(token["one"]), low, high))
        at = token.end()
    return tuple(found)


def _test(one: str) -> Callable[[str], object]:
    try:
        return re.compile(one, re.DOTALL).fullmatch
    except re.error as problem:
        raise ValueError(f"{one!r}: {problem}") from problem


def _times(text: str) -> tuple[int, int]:
    if text in _TIMES:
        return _TIMES[text]
    low, comma, high = text[1:-1].partition(",")
    ends = int(low), int(high) if high else LONGEST_TEXT if comma else int(low)
    if ends[0] > ends[1]:
        raise ValueError(f"{text!r}: the first number is the larger one")
    return ends


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text``, of which the first :data:`LONGEST_TEXT` characters count, is of that form."""
    text = text[:LONGEST_TEXT]
    reached = [True] + [False] * len(text)
    for atom in atoms(pattern):
        reached = _after(atom, text, reached)
    return reached[-1]


def _after(atom: Atom, text: str, starts: list[bool]) -> list[bool]:
    """Where one may be after the atom; ``starts[n]``: one may be before character ``n``."""
    before = [0]
    for start in starts:
        before.append(before[-1] + start)  # how many starts lie below a place
    run, ends = 0, []
    for place in range(len(starts)):
        if place:
            run = run + 1 if atom.fits(text[place - 1]) else 0
        first, last = place - min(atom.high, run), place - atom.low
        ends.append(last >= first and before[last + 1] > before[first])
    return ends
