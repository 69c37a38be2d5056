"""What a played scenario shows: one line a step for people, JUnit for machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from lxml import etree

from simulators.scenario.load import Scenario
from simulators.scenario.play import Played, Result
from simulators.scenario.wording import explained

PROTOCOLS = {"TD2.1": "SOAP/MTOM", "TD3.2": "SOAP/MTOM"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PEERS = ("dpi", "identity", "pfi", "mail")
SKIPPED = "skipped"
NOTICE = "SIMULATION: rehearsal, never evidence / répétition, jamais une preuve"


def line(played: Played, lang: str = "fr") -> str:
    """One step on one line: who → whom, protocol, verdict; a refusal explained below it."""
    step, mark = played.step, "–" if played.skipped else "✓" if played.passed else "✗"
    verdict = _verdict(played.outcome.values) if "do" in step else _told(played)
    text = f"{mark} {played.number:>2}  {_route(step):34} {verdict:22} {step['say'][lang]}"
    return played.mask("\n".join([text, *_why(played, lang)]))


def _route(step: Mapping[str, Any]) -> str:
    """Who acts, and what on."""
    if "do" in step:
        room, _, operation = step["do"].partition(".")
        return f"{step['as']} → {room}  {PROTOCOLS.get(operation, 'SOAP')} {operation}"
    for kind in PEERS:
        if kind in step:
            return f"{kind}  {step[kind] if isinstance(step[kind], str) else next(iter(step[kind]))}"
    if "third_party" in step:
        return f"{step['third_party']['by']} → dmp  {step['third_party']['act']}"
    return "sandbox"


def _told(played: Played) -> str:
    return SKIPPED if played.skipped else str(played.outcome.values.get("outcome", ""))


def _verdict(values: Mapping[str, Any]) -> str:
    outcome = str(values.get("outcome", ""))
    if outcome == "refused":
        return f"refused {values.get('code', '')}".strip()
    extra = [f"{name}={values[name]}" for name in ("dmp", "count", "identical") if name in values]
    return " ".join([outcome, *extra])


def _why(played: Played, lang: str) -> list[str]:
    lines: list[str] = []
    for finding in played.outcome.verdict.get("findings", ()):
        if finding["level"] == "refuse":
            lines += explained(finding, lang)
    for name, (wanted, found) in played.misses.items():
        lines.append(f"        expected {name} = {wanted!r}, found {found!r}")
    for miss in played.outcome.near:
        lines += _near(miss)
    lines += [] if played.passed else _answered(played.outcome.values)
    if "wire" in played.outcome.values:
        lines.append(f"        {played.outcome.values['wire']}")
    if played.error:
        lines.append(f"        {played.error}")
    if not played.passed and played.outcome.values.get("outcome") == "refused" and "text" in played.outcome.values:
        lines.append(f"        {played.outcome.values['text']}")
    return [*lines, *(f"        {text}" for text in (played.skipped, *played.outcome.text.splitlines()) if text)]


def _answered(values: Mapping[str, Any]) -> list[str]:
    """What a counterpart said against the messages of a document of the DPI: the ERR of its acknowledgements."""
    told = [error for sending in values.get("sendings", ()) for error in sending.get("errors", ())]
    return [f"        answered: {error}" for error in told]


def _near(miss: Mapping[str, Any]) -> list[str]:
    """An exchange that came and was not the one awaited."""
    lines = [f"        exchange {miss['number']}, {miss['operation']}:"]
    wrong = miss["misses"].items()
    return lines + [f"          {path}: expected {w['expected']!r}, found {w['found']!r}" for path, w in wrong]


@dataclass(frozen=True)
class Case:
    """One JUnit case beside the scenarios: it failed with ``failure``, or was skipped with ``skipped``, or passed."""

    name: str
    failure: str = ""
    skipped: str = ""
    text: str = ""


def junit(results: Iterable[Result] = (), findings: Sequence[Case] = ()) -> bytes:
    """A JUnit document: one suite a scenario, one case a step, the steps not played skipped; one suite of findings."""
    root = etree.Element("testsuites", {"name": "segur-sandbox"})
    for result in results:
        _suite(root, result)
    if findings:
        _findings(root, findings)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _suite(root: etree._Element, result: Result) -> None:
    scenario, steps = result.scenario, result.steps
    counts = {
        "tests": len(scenario.steps),
        "failures": sum(bool(step.misses) and not step.error for step in steps),
        "errors": sum(bool(step.error) for step in steps),
        "skipped": len(scenario.steps) - len(steps) + sum(bool(step.skipped) for step in steps),
        "time": f"{sum(step.seconds for step in steps):.3f}",
    }
    suite = _marked(root, scenario.title("en"), counts)
    for step in steps:
        case = _case(suite, scenario, step.number, step.step, step.seconds)
        if not step.passed:
            kind = "error" if step.error else "failure"
            why = _element(case, kind, message=f"{scenario.file}:{step.line}", type=kind)
            why.text = _xml_safe(line(step, "en"))
        elif step.skipped:
            _element(case, "skipped", message=step.skipped)
        if step.outcome.text:
            _element(case, "system-out").text = _xml_safe(step.mask(step.outcome.text))
    for number, left in enumerate(scenario.steps[len(steps) :], start=len(steps) + 1):
        _element(_case(suite, scenario, number, left, 0.0), "skipped")


def _case(
    suite: etree._Element, scenario: Scenario, number: int, step: Mapping[str, Any], seconds: float
) -> etree._Element:
    name = f"{number:02d} {step['say']['en']}"
    # Jenkins takes what stands before the last dot for a package; GitLab links the file.
    where = {"classname": f"segur.{PurePath(scenario.file).stem}", "file": scenario.file}
    return _element(suite, "testcase", **where, name=name, time=f"{seconds:.3f}")


def _findings(root: etree._Element, cases: Sequence[Case]) -> None:
    failed, skipped = sum(bool(c.failure) for c in cases), sum(bool(c.skipped) for c in cases)
    counts = {"tests": len(cases), "failures": failed, "errors": 0, "skipped": skipped, "time": "0.000"}
    suite = _marked(root, "Findings", counts)
    for given in cases:
        case = _element(suite, "testcase", classname="segur.findings", name=given.name, time="0.000")
        if given.failure:
            _element(case, "failure", message=given.failure, type="finding").text = _xml_safe(given.text)
        elif given.skipped:
            _element(case, "skipped", message=given.skipped)
        elif given.text:
            _element(case, "system-out").text = _xml_safe(given.text)


def _marked(root: etree._Element, name: str, counts: Mapping[str, object]) -> etree._Element:
    """A suite that says what it is worth."""
    suite = _element(root, "testsuite", name=name, **counts)
    _element(_element(suite, "properties"), "property", name="notice", value=NOTICE)
    return suite


def _element(parent: etree._Element, tag: str, **attributes: object) -> etree._Element:
    return etree.SubElement(parent, tag, {name: _xml_safe(str(value)) for name, value in attributes.items()})


def _xml_safe(value: str) -> str:
    """Without the characters XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", value)
