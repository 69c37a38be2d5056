"""Long journeys: what repeats is drawn once, with how often it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from simulators.scenario.picture.model import Exchange

LONG: Final = 60
"""Above this number of arrows, repeats are folded."""
MOST: Final = 400
"""More arrows than this are never drawn: the table has them."""
LONGEST_CYCLE: Final = 4


def folded(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The same, but when there are more than ``LONG``: runs of one to ``LONGEST_CYCLE`` exchanges once."""
    if len(exchanges) <= LONG:
        return list(exchanges)
    same = [_what(one) for one in exchanges]
    shown: list[Exchange] = []
    at = 0
    while at < len(exchanges):
        length, times = _cycle(same, at)
        end = at + length * times
        shown += [_once(exchanges[at + step : end : length]) for step in range(length)]
        at = end
    return shown


def _what(one: Exchange) -> tuple[object, ...]:
    return one.source, one.target, one.label, one.outcome, one.rules, one.lost, one.kind


def _cycle(same: Sequence[object], at: int) -> tuple[int, int]:
    """The cycle that begins here and covers most, as (its length, how often)."""
    best = (1, 1)
    for length in range(1, LONGEST_CYCLE + 1):
        times = 1
        block = same[at : at + length]
        while len(block) == length and same[at + times * length : at + (times + 1) * length] == block:
            times += 1
        if times > 1 and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def _once(run: Sequence[Exchange]) -> Exchange:
    if len(run) == 1:
        return run[0]
    return replace(run[0], repeats=len(run), until=run[-1].wire)
