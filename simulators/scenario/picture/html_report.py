"""A played scenario as one page: its steps, and the picture of each journey they made. No script, nothing from
outside, and on every printed sheet the words that it is a rehearsal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from simulators.population.guard import masked_text
from simulators.population.masking import Mask
from simulators.scenario.picture.journeys import NOBODY, journeys
from simulators.scenario.picture.model import Journey, Known, Row
from simulators.scenario.picture.svg import svg, text_of
from simulators.scenario.picture.words import MARKS, OUTCOMES, Lang

if TYPE_CHECKING:
    from simulators.scenario.play import Played, Result

STYLE: Final = """
body { margin: 0 auto; max-width: 78rem; padding: 0 1.2rem 3rem; font: 15px/1.5 system-ui, sans-serif; color: #1c2430; }
.notice { background: #3b2f63; color: #fff; padding: .45rem 1rem; margin: 0 -1.2rem; }
.watermark { position: fixed; inset: 0; display: grid; place-items: center; pointer-events: none; z-index: 1;
  color: #3b2f63; opacity: .08; font-size: 7rem; font-weight: 700; transform: rotate(-28deg); white-space: nowrap; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: baseline;
  padding: .3rem .7rem; border-bottom: 1px solid #d9dee6; }
.bad { color: #b3261e; } .good { color: #1d7a46; }
figure { margin: 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
@media print { .notice { color: #000; background: #fff; border: 1px solid #000; } }
"""
WORDS: Final[Mapping[Lang, Mapping[str, str]]] = {
    "fr": {
        "notice": "SIMULATION non officielle. Une répétition, jamais une preuve.",
        "watermark": "RÉPÉTITION",
        "steps": "Étapes",
        "step": "Étape",
        "verdict": "Verdict",
        "why": "Pourquoi",
        "journey": "Parcours",
        "passed": "réussi",
        "missed": "manqué",
        "left": "non joué",
        "rule": "règle",
    },
    "en": {
        "notice": "Unofficial SIMULATION. A rehearsal, never evidence.",
        "watermark": "REHEARSAL",
        "steps": "Steps",
        "step": "Step",
        "verdict": "Verdict",
        "why": "Why",
        "journey": "Journey",
        "passed": "passed",
        "missed": "missed",
        "left": "not played",
        "rule": "rule",
    },
}


def report_html(
    result: Result, rows: Iterable[Row], lang: Lang = "fr", *, known: Known = NOBODY, mask: Mask = masked_text
) -> str:
    """The page of a played scenario. ``rows`` are those of its world, in the JSON of the control API."""
    said, title = WORDS[lang], result.scenario.title(lang)
    root = etree.Element("html", {"lang": str(lang)})
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "meta", {"charset": "utf-8"})
    _put(head, "title", f"{title} · {said['watermark']}")
    _put(head, "style", STYLE)
    _put(body, "div", said["watermark"], {"class": "watermark", "aria-hidden": "true"})
    _put(body, "div", said["notice"], {"class": "notice"})
    _put(body, "h1", title)
    _put(body, "p", _outcome(result.passed, said), {"class": _tone(result.passed)})
    _put(body, "h2", said["steps"])
    _steps(body, result, lang)
    for journey in journeys(rows, known):
        _journey(body, journey, lang, mask)
    return "<!doctype html>\n" + etree.tostring(root, method="html", encoding="unicode")


def _steps(body: etree._Element, result: Result, lang: Lang) -> None:
    said = WORDS[lang]
    table = etree.SubElement(body, "table")
    head = etree.SubElement(table, "tr")
    for name in ("", said["step"], said["verdict"], said["why"]):
        _put(head, "th", name, {"scope": "col"})
    for step in result.steps:
        passed = None if step.skipped else step.passed
        _row(table, str(step.number), str(step.step["say"][lang]), passed, "; ".join(_why(step, lang)), lang)
    for number, left in enumerate(result.scenario.steps[len(result.steps) :], start=len(result.steps) + 1):
        _row(table, str(number), str(left["say"][lang]), None, "", lang)


def _row(table: etree._Element, number: str, say: str, passed: bool | None, why: str, lang: Lang) -> None:
    row, said = etree.SubElement(table, "tr"), WORDS[lang]
    _put(row, "td", number)
    _put(row, "td", say)
    _put(row, "td", said["left"] if passed is None else _outcome(passed, said), {"class": _tone(passed)})
    _put(row, "td", why)


def _why(step: Played, lang: Lang) -> list[str]:
    """What refused it, and what was expected instead."""
    findings: Iterable[Mapping[str, Any]] = step.outcome.verdict.get("findings", ())
    told = [f"{WORDS[lang]['rule']} {one['rule']}" for one in findings if one["level"] == "refuse"]
    told += [f"{name}: {wanted!r} ≠ {found!r}" for name, (wanted, found) in step.misses.items()]
    return [
        step.mask(one)
        for one in (*told, *([step.error] if step.error else ()), *([step.skipped] if step.skipped else ()))
    ]


def _journey(body: etree._Element, journey: Journey, lang: Lang, mask: Mask) -> None:
    said = WORDS[lang]
    outcome = OUTCOMES[lang].get(journey.outcome, journey.outcome)
    _put(body, "h2", f"{said['journey']} {journey.number} · {MARKS.get(journey.outcome, '!')} {outcome}")
    etree.SubElement(body, "figure").append(etree.fromstring(svg(journey, lang, mask=mask)))


def _outcome(passed: bool, said: Mapping[str, str]) -> str:
    return f"✓ {said['passed']}" if passed else f"✗ {said['missed']}"


def _tone(passed: bool | None) -> str:
    return "" if passed is None else "good" if passed else "bad"


def _put(parent: etree._Element, tag: str, text: str, attributes: Mapping[str, str] | None = None) -> None:
    etree.SubElement(parent, tag, dict(attributes or {})).text = text_of(text)
