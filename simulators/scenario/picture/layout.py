"""Where everything of a picture stands: numbers only, in units of one pixel at full size.

Each arrow has a band of its own, so that its label may be longer than the arrow and never meets another text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from simulators.scenario.picture.folding import MOST, folded
from simulators.scenario.picture.model import Actor, Exchange, Journey
from simulators.scenario.picture.words import SAID, Lang, act_words, actor_words, lapse, name_of, outcome_words, period

Anchor = Literal["start", "middle", "end"]
Tone = Literal["ink", "soft", "good", "bad", "warn"]
Mask = Callable[[str], str]

WIDTH: Final = 1200.0
LEFT: Final = 104.0
MARGIN: Final = 14.0
NARROWEST: Final = 116.0
HEAD: Final = 62.0
STEP: Final = 56.0
BAND: Final = 34.0
TOP: Final = 10.0
LONG_PICTURE: Final = 16
"""From this number of arrows on, the actors stand at the foot as well."""
GAP: Final = timedelta(seconds=60)
LOOP: Final = 34.0
HEAD_SIZES: Final = (12.5, 11.5, 10.5)


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether they overlap."""
        apart = self.x + self.width <= other.x or other.x + other.width <= self.x
        return not (apart or self.y + self.height <= other.y or other.y + other.height <= self.y)


@dataclass(frozen=True)
class Text:
    """One line of text; ``y`` is its baseline."""

    x: float
    y: float
    text: str
    size: float = 12.0
    anchor: Anchor = "start"
    tone: Tone = "ink"
    bold: bool = False

    @property
    def box(self) -> Box:
        """What it covers at most, for the widest of the common sans-serif fonts."""
        width = wide(self.text, self.size, bold=self.bold)
        x = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(x, self.y - 0.95 * self.size, width, 1.25 * self.size)


@dataclass(frozen=True)
class Head:
    """The box of an actor and the texts in it."""

    actor: Actor
    box: Box
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Arrow:
    """An arrow from ``x1`` to ``x2`` at ``y``; the same x is a loop to the ``turn`` side (-1 left, 1 right)."""

    exchange: Exchange
    x1: float
    x2: float
    y: float
    turn: int
    label: Text
    outcome: Text | None
    times: tuple[Text, ...]

    @property
    def texts(self) -> tuple[Text, ...]:
        """All of its texts."""
        return (self.label, *((self.outcome,) if self.outcome else ()), *self.times)


@dataclass(frozen=True)
class Pause:
    """A band across the picture: time passed."""

    box: Box
    text: Text


@dataclass(frozen=True)
class Layout:
    """A whole picture."""

    width: float
    height: float
    lines: tuple[tuple[float, float, float], ...]
    heads: tuple[Head, ...]
    arrows: tuple[Arrow, ...]
    pauses: tuple[Pause, ...]

    @property
    def texts(self) -> list[Text]:
        """Every text."""
        found = [text for head in self.heads for text in head.texts]
        found += [text for arrow in self.arrows for text in arrow.texts]
        return found + [pause.text for pause in self.pauses]


def wide(text: str, size: float, *, bold: bool = False) -> float:
    """An upper estimate of the width of a text, in the units of ``size``."""
    per = {"W": 1.05, "F": 1.05}
    units = sum(per.get(unicodedata.east_asian_width(sign), _wide_sign(sign)) for sign in text)
    return units * size * (1.08 if bold else 1.0)


def _wide_sign(sign: str) -> float:
    if sign in "mwMW@%✓✗→—…×":
        return 1.0
    if sign in " .,:;'|!ilI·-()[]":
        return 0.42
    return 0.78 if sign.isupper() or ord(sign) > 0x2FF else 0.64


def fitting(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, shortened with an ellipsis to what fits."""
    if wide(text, size, bold=bold) <= width:
        return text
    while text and wide(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def laid_out(journey: Journey, lang: Lang, mask: Mask) -> Layout:
    """Where everything of this journey stands."""
    space = max(NARROWEST, min(230.0, (WIDTH - LEFT - MARGIN) / len(journey.shown)))
    # Texts may be wider than two neighbours are apart: a picture of few actors keeps room for them.
    width = LEFT + MARGIN + max(space * len(journey.shown), 420.0)
    at = {actor.code: LEFT + space * (rank + 0.5) for rank, actor in enumerate(journey.shown)}
    shown = folded(journey.drawn)
    y = TOP + HEAD + 12.0
    arrows: list[Arrow] = []
    pauses: list[Pause] = []
    before: Exchange | None = None
    for exchange in shown[:MOST]:
        for said in _passed(before, exchange, lang):
            pauses.append(_pause(y, width, said))
            y += BAND
        arrows.append(_arrow(exchange, before, at, y, width, lang, mask))
        y += STEP
        before = exchange
    if len(shown) > MOST:
        pauses.append(_pause(y, width, f"+ {len(shown) - MOST} {SAID[lang]['more']}"))
        y += BAND
    foot = len(arrows) >= LONG_PICTURE
    heads = [_head(actor, at[actor.code], TOP, space, lang, mask) for actor in journey.shown]
    heads += [_head(actor, at[actor.code], y + 8.0, space, lang, mask) for actor in journey.shown] if foot else []
    lines = tuple((x, TOP + HEAD, y + 8.0) for x in at.values())
    return Layout(width, y + 8.0 + (HEAD + TOP if foot else TOP), lines, tuple(heads), tuple(arrows), tuple(pauses))


def _passed(before: Exchange | None, after: Exchange, lang: Lang) -> list[str]:
    """What is said between two exchanges: business time that was advanced, wire time that went by."""
    if before is None:
        return []
    said = []
    moved, gone = after.offset - before.offset, after.wire - (before.until or before.wire)
    if abs(moved) >= timedelta(seconds=1):
        said.append(
            f"{SAID[lang]['business']} {'+' if moved > timedelta(0) else '-'}{period(before.business, abs(moved))}"
        )
    if gone >= GAP:
        said.append(f"{lapse(gone, lang)} {SAID[lang]['later']}")
    return said


def _pause(y: float, width: float, said: str) -> Pause:
    box = Box(LEFT, y + 6.0, width - LEFT - MARGIN, BAND - 12.0)
    return Pause(box, Text(box.x + box.width / 2, y + 21.0, said, 11.5, "middle", "soft"))


def _head(actor: Actor, x: float, y: float, space: float, lang: Lang, mask: Mask) -> Head:
    box = Box(x - space / 2 + 6.0, y, space - 12.0, HEAD)
    name, role = actor_words(actor, lang)
    room = box.width - 8.0
    size = next((one for one in HEAD_SIZES if not _two_lines(mask(name), room, one)[-1].endswith("…")), HEAD_SIZES[-1])
    lines = _two_lines(mask(name), room, size)
    said: list[tuple[str, float, Tone, bool]] = [(line, size, "ink", True) for line in lines]
    said += [(fitting(role, room, 11.0), 11.0, "soft", False)] if role else []
    first = y + HEAD / 2 + 4.5 - 8.5 * (len(said) - 1)
    texts = tuple(
        Text(x, first + 17.0 * rank, line, size, "middle", tone, bold)
        for rank, (line, size, tone, bold) in enumerate(said)
    )
    return Head(actor, box, texts)


def _two_lines(name: str, width: float, size: float) -> Sequence[str]:
    if wide(name, size, bold=True) <= width or " " not in name:
        return [fitting(name, width, size, bold=True)]
    words, first = name.split(" "), ""
    while words and wide(f"{first} {words[0]}".strip(), size, bold=True) <= width:
        first = f"{first} {words.pop(0)}".strip()
    first = first or fitting(words.pop(0), width, size, bold=True)
    return [first, fitting(" ".join(words), width, size, bold=True)] if words else [first]


def _arrow(
    exchange: Exchange,
    before: Exchange | None,
    at: dict[str, float],
    y: float,
    width: float,
    lang: Lang,
    mask: Mask,
) -> Arrow:
    x1, x2 = at[exchange.source.code], at[exchange.target.code]
    turn = -1 if x1 == max(at.values()) and len(at) > 1 else 1
    middle = x1 + turn * LOOP / 2 if x1 == x2 else (x1 + x2) / 2
    words = act_words(exchange, lang)
    shown = " · ".join(part for part in (name_of(exchange.label) if exchange.kind == "exchange" else "", words) if part)
    if exchange.kind == "delivery" and exchange.label.startswith("DSN"):
        shown = f"DSN {words}".strip()
    shown += f"  ×{exchange.repeats}" if exchange.repeats > 1 else ""
    label = _within(mask(shown), middle, y + 15.0, width, 12.5, bold=True)
    said = mask(exchange.detail) if exchange.kind == "delivery" else mask(outcome_words(exchange, lang))
    tone = _tone(exchange)
    outcome = _within(said, middle, y + 40.0, width, 11.0, tone=tone) if said else None
    return Arrow(exchange, x1, x2, y + 24.0, turn, label, outcome, _times(exchange, before, y))


def _tone(exchange: Exchange) -> Tone:
    if exchange.kind == "delivery":
        return "soft"
    if exchange.outcome == "accepted":
        return "warn" if exchange.warnings else "good"
    return "bad" if exchange.outcome == "refused" else "warn"


def _within(
    text: str, middle: float, y: float, width: float, size: float, *, bold: bool = False, tone: Tone = "ink"
) -> Text:
    """A centred text that leaves neither the picture nor the column of times."""
    room = width - LEFT - 2 * MARGIN
    text = fitting(text, room, size, bold=bold)
    half = wide(text, size, bold=bold) / 2
    x = min(max(middle, LEFT + MARGIN / 2 + half), width - MARGIN / 2 - half)
    return Text(x, y, text, size, "middle", tone, bold)


def _times(exchange: Exchange, before: Exchange | None, y: float) -> tuple[Text, ...]:
    """The number and the time at the left; a day only when it changed. A delivery has those of its exchange."""
    if exchange.kind == "delivery":
        return ()
    found = []
    numbers = ", ".join(map(str, sorted(exchange.numbers)))
    found.append(Text(8.0, y + 15.0, fitting(f"n° {numbers}", LEFT - 12.0, 11.0), 11.0, tone="ink"))
    found.append(Text(8.0, y + 29.0, f"{exchange.wire:%H:%M:%S}", 11.0, tone="soft"))
    if exchange.until is not None:
        found.append(Text(8.0, y + 43.0, f"→ {exchange.until:%H:%M:%S}", 11.0, tone="soft"))
    elif before is None or before.wire.date() != exchange.wire.date():
        found.append(Text(8.0, y + 43.0, f"{exchange.wire:%Y-%m-%d}", 11.0, tone="soft"))
    return tuple(found)
