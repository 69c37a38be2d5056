"""A picture as SVG 1.1: one element, without script, style sheet or outside content, the same octets each time.

Colours, sizes and fonts are presentation attributes, because the policy of a page forbids inline styles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lxml import etree

from simulators.population.guard import masked_text
from simulators.scenario.picture.journeys import NOBODY, journey_of
from simulators.scenario.picture.layout import LOOP, Arrow, Head, Layout, Mask, Pause, Text, laid_out
from simulators.scenario.picture.model import SUT, Exchange, Journey, Known, Row
from simulators.scenario.picture.words import SAID, Lang, act_words, actor_words, outcome_words

NAMESPACE: Final = "http://www.w3.org/2000/svg"
TONES: Final = {"ink": "#1c2430", "soft": "#5b6675", "good": "#1d7a46", "bad": "#b3261e", "warn": "#8a5800"}
LINE, PAPER, BAND, OURS, THEIRS = "#c3cad4", "#ffffff", "#f1f3f6", "#f6f7f9", "#efeafb"
FONT: Final = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def journey_svg(rows: Iterable[Row], lang: Lang, known: Known = NOBODY, mask: Mask = masked_text) -> str:
    """All of these rows (JSON of the control API) as one picture. Raises ``ValueError`` when there is none."""
    return svg(journey_of(list(rows), known), lang, mask=mask)


def svg(journey: Journey, lang: Lang, *, mask: Mask = masked_text, links: str = "") -> str:
    """The picture of one journey, as text. ``links`` is the path below which the page of each exchange stands, for
    instance ``/exchanges/main``; without it nothing is linked. ``mask`` hides what looks like a real identifier."""
    placed = laid_out(journey, lang, mask)
    size = {
        "width": _n(placed.width),
        "height": _n(placed.height),
        "viewBox": f"0 0 {_n(placed.width)} {_n(placed.height)}",
    }
    attributes = {"xmlns": NAMESPACE, **size, "role": "img", "font-family": FONT}
    root = etree.Element("svg", attributes)
    root.set("aria-labelledby", f"j{journey.number}-title j{journey.number}-desc")
    _says(root, "title", _title(journey, lang, mask)).set("id", f"j{journey.number}-title")
    _says(root, "desc", _description(journey, lang, mask)).set("id", f"j{journey.number}-desc")
    _put(root, "rect", width=_n(placed.width), height=_n(placed.height), fill=PAPER)
    _draw(root, placed, lang, mask, links)
    return etree.tostring(root, encoding="unicode")


def _draw(root: etree._Element, placed: Layout, lang: Lang, mask: Mask, links: str) -> None:
    for x, top, bottom in placed.lines:
        _put(root, "line", x1=_n(x), y1=_n(top), x2=_n(x), y2=_n(bottom), stroke=LINE, stroke_dasharray="3 4")
    for pause in placed.pauses:
        _pause(root, pause)
    for head in placed.heads:
        _head(root, head)
    for arrow in placed.arrows:
        _arrow(root, arrow, lang, mask, links)


def _title(journey: Journey, lang: Lang, mask: Mask) -> str:
    first = journey.exchanges[0]
    return mask(f"{SAID[lang]['title']} {journey.number}, {first.wire:%Y-%m-%d %H:%M:%S}")


def _description(journey: Journey, lang: Lang, mask: Mask) -> str:
    """The whole picture in words, for who does not see it; the first exchanges of a long one."""
    names = {actor.code: actor_words(actor, lang)[0] for actor in journey.actors}
    told = [_sentence(one, names, lang) for one in journey.drawn[:60]]
    return mask(" ".join([SAID[lang]["description"], *told]))


def _sentence(one: Exchange, names: dict[str, str], lang: Lang) -> str:
    what = f"{one.label} {act_words(one, lang)}".strip()
    return f"{names[one.source.code]} {SAID[lang]['to']} {names[one.target.code]}: {what}, {outcome_words(one, lang)}."


def _pause(root: etree._Element, pause: Pause) -> None:
    box = pause.box
    _put(root, "rect", x=_n(box.x), y=_n(box.y), width=_n(box.width), height=_n(box.height), rx="4", fill=BAND)
    _text(root, pause.text)


def _head(root: etree._Element, head: Head) -> None:
    box, product = head.box, head.actor.code == SUT
    group = _put(root, "g", data_actor=head.actor.code)
    place = {"x": _n(box.x), "y": _n(box.y), "width": _n(box.width), "height": _n(box.height), "rx": "6"}
    edge = {"stroke": "#3b2f63", "stroke_width": "2"} if product else {"stroke": "#8b95a3", "stroke_width": "1"}
    _put(group, "rect", **place, fill=THEIRS if product else OURS, **edge)
    for text in head.texts:
        _text(group, text)


def _arrow(root: etree._Element, arrow: Arrow, lang: Lang, mask: Mask, links: str) -> None:
    one = arrow.exchange
    group = _put(root, "g", data_exchange=str(one.numbers[0]), data_outcome=one.outcome)
    target = _link(group, links, one.numbers[0], lang)
    said = [one.operation, act_words(one, lang), outcome_words(one, lang), one.detail]
    _says(target, "title", mask(" · ".join(part for part in said if part)))
    _shaft(target, arrow)
    _text(target, arrow.label, halo=True)
    if arrow.outcome is not None:
        _text(target, arrow.outcome, halo=True)
    for text in arrow.times:
        _text(group, text)


def _link(group: etree._Element, links: str, number: int, lang: Lang) -> etree._Element:
    return _put(group, "a", href=f"{links}/{number}?lang={lang}") if links else group


def _shaft(parent: etree._Element, arrow: Arrow) -> None:
    one, y = arrow.exchange, arrow.y
    colour = {"refused": TONES["bad"], "accepted": TONES["ink"]}.get(one.outcome, TONES["warn"])
    colour = TONES["soft"] if one.kind == "delivery" else colour
    dashes = {"stroke_dasharray": "2 4"} if one.kind == "delivery" else {}
    dashes = {"stroke_dasharray": "8 4"} if one.outcome in ("failed", "incident") else dashes
    way = 1 if arrow.x2 > arrow.x1 else -1
    path = f"M{_n(arrow.x1 + way)} {_n(y)}H{_n(arrow.x2 - way * 9)}"
    if arrow.x1 == arrow.x2:
        way = -arrow.turn
        out = arrow.x1 + arrow.turn * LOOP
        path = f"M{_n(arrow.x1)} {_n(y - 4)}H{_n(out)}V{_n(y + 4)}H{_n(arrow.x2 - way * 9)}"
        y += 4
    # Wide and unseen: a thin line is hard to click.
    _put(parent, "path", d=path, stroke=PAPER, stroke_opacity="0", stroke_width="16", fill="none", pointer_events="all")
    _put(parent, "path", d=path, stroke=colour, stroke_width="1.6", fill="none", **dashes)
    tip, back = arrow.x2 - way, arrow.x2 - way * 10
    points = f"{_n(tip)},{_n(y)} {_n(back)},{_n(y - 4.5)} {_n(back)},{_n(y + 4.5)}"
    _put(parent, "polygon", points=points, fill=colour)


def _text(parent: etree._Element, text: Text, *, halo: bool = False) -> None:
    """With a ``halo``, a border of paper, the lines behind it do not strike it through."""
    told = {"x": _n(text.x), "y": _n(text.y), "font_size": _n(text.size), "fill": TONES[text.tone]}
    told |= {"text_anchor": text.anchor} if text.anchor != "start" else {}
    told |= {"font_weight": "600"} if text.bold else {}
    if halo:
        told |= {"stroke": PAPER, "stroke_width": "5", "stroke_linejoin": "round", "paint_order": "stroke"}
    _put(parent, "text", **told).text = text_of(text.text)


def _says(parent: etree._Element, tag: str, said: str) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = text_of(said)
    return element


def _put(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    named = {name.replace("_", "-"): text_of(value) for name, value in attributes.items()}
    return etree.SubElement(parent, tag, named)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def text_of(value: str) -> str:
    """Without what XML 1.0 cannot hold: labels come from the wire."""
    return _NOT_XML.sub("\ufffd", value)
