"""What a played scenario shows: one line a step for people, JUnit for machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from simulators.population.guard import masked_text
from simulators.scenario.play import Played, Result

PROTOCOLS = {"TD2.1": "SOAP/MTOM", "TD3.2": "SOAP/MTOM"}
NOTICE = "SIMULATION: rehearsal, never evidence / répétition, jamais une preuve"


def line(played: Played, lang: str = "fr") -> str:
    """One step on one line: who → whom, protocol, verdict; a refusal explained below it."""
    step, mark = played.step, "✓" if played.passed else "✗"
    say = step["say"][lang]
    if "do" in step:
        room, _, operation = step["do"].partition(".")
        route = f"{step['as']} → {room}  {PROTOCOLS.get(operation, 'SOAP')} {operation}"
        text = f"{mark} {played.number:>2}  {route:34} {_verdict(played.outcome.values):22} {say}"
    else:
        text = f"{mark} {played.number:>2}  {'sandbox':34} {played.outcome.values.get('outcome', ''):22} {say}"
    return masked_text("\n".join([text, *_why(played, lang)]))


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
            lines += _explained(finding, lang)
    for name, (wanted, found) in played.misses.items():
        lines.append(f"        expected {name} = {wanted!r}, found {found!r}")
    if played.error:
        lines.append(f"        {played.error}")
    return lines


def _explained(finding: Mapping[str, Any], lang: str) -> list[str]:
    said = finding["national"] or finding["sentence"][lang]
    cause = "" if said == finding["sentence"][lang] else f" : {finding['sentence'][lang]}"
    labels = ("où", "trouvé", "attendu", "réparer") if lang == "fr" else ("where", "found", "expected", "mend")
    values = (finding["where"], finding["found"], finding["expected"], finding["mend"][lang])
    lines = [f"        « {said} »{cause}  [{finding['rule']}]"]
    return lines + [f"          {label:9} {value}" for label, value in zip(labels, values, strict=True) if value]


def junit(results: Iterable[Result], seconds: Mapping[tuple[str, int], float] | None = None) -> bytes:
    """A JUnit document: one suite a scenario, one case a step."""
    root = etree.Element("testsuites", {"name": "segur-sandbox"})
    for result in results:
        _suite(root, result, seconds or {})
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _suite(root: etree._Element, result: Result, seconds: Mapping[tuple[str, int], float]) -> None:
    failed = sum(not step.passed for step in result.steps)
    left = len(result.scenario.steps) - len(result.steps)
    counts = {"tests": str(len(result.scenario.steps)), "failures": str(failed), "skipped": str(left)}
    suite = etree.SubElement(root, "testsuite", {"name": result.scenario.title("en"), **counts})
    properties = etree.SubElement(suite, "properties")
    etree.SubElement(properties, "property", {"name": "notice", "value": NOTICE})
    for step in result.steps:
        name = f"{step.number:02d} {step.step['say']['en']}"
        time = seconds.get((result.scenario.file, step.number), 0.0)
        attributes = {"classname": result.scenario.file, "name": name, "time": f"{time:.3f}"}
        case = etree.SubElement(suite, "testcase", attributes)
        if not step.passed:
            failure = etree.SubElement(case, "failure", {"message": f"{result.scenario.file}:{step.line}"})
            failure.text = _xml_safe(line(step, "en"))


def _xml_safe(value: str) -> str:
    """Without the characters XML cannot hold."""
    return "".join(c for c in value if c in "\t\n" or ord(c) >= 32)
