"""``expect: {journal: {...}}``: conditions on the exchanges of the journal, down to a field of the raw message.

::

    journal: {operation: pfi.MDM^T02, who.sender: DPI-SEGUR-SANDBOX, hl7: {"PRT[2]-8.10": 0B0999009}}
    journal: {operation: dmp.TD2.1, since: start, times: 0}

``hl7`` and ``xpath`` look at the request; ``answer: {hl7: ...}`` at the answer; ``rule`` at the findings. ``times``
says how many such exchanges there are (default: at least one), ``since`` from where on: ``step`` or ``start``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from simulators.scenario.conditions import Misses, Resolve, flaws, holds, misses, path_flaws
from simulators.scenario.stage import Stage

MOST_RAW: Final = 50
SHOWN: Final = 3
RAW: Final = ("hl7", "xpath")
OWN: Final = ("times", "since", "answer", *RAW)
AT_LEAST_ONE: Final[Mapping[str, Any]] = {"more": 0}
_TYPE = re.compile(r"^content-type:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)


def journal_misses(stage: Stage, wanted: Any, resolve: Resolve) -> Misses:
    """What of ``journal`` does not hold: each condition with how many exchanges met it, and the closest ones."""
    missed: Misses = {}
    several = wanted if isinstance(wanted, list) else [wanted]
    for number, one in enumerate(several):
        met, near = _met(stage, one, resolve)
        if not holds(one.get("times", AT_LEAST_ONE), met, resolve):
            name = f"journal[{number}]" if len(several) > 1 else "journal"
            missed[name] = (dict(one), f"{met} exchange(s)" + (f"; {near}" if near and not met else ""))
    return missed


def _met(stage: Stage, wanted: Mapping[str, Any], resolve: Resolve) -> tuple[int, str]:
    """How many exchanges meet all, and the closest of the others in words."""
    plain = {name: value for name, value in wanted.items() if name not in OWN}
    since = stage.start if wanted.get("since") == "start" else stage.since
    near: list[tuple[int, str]] = []
    met = looked = 0
    for row in stage.rows(since):
        missed = misses(plain, _seen(row), resolve)
        if not missed and looked < MOST_RAW and _needs_raw(wanted):
            looked += 1
            missed = _raw_misses(stage, row, wanted, resolve)
        met += not missed
        if missed:
            near.append((len(missed), _near(row, missed)))
    return met, "; ".join(text for _, text in sorted(near, key=lambda miss: miss[0])[:SHOWN])


def _seen(row: Mapping[str, Any]) -> dict[str, Any]:
    found = row["verdict"].get("findings", ())
    return {**row, "rule": [finding["rule"] for finding in found]}


def _near(row: Mapping[str, Any], missed: Misses) -> str:
    why = ", ".join(f"{name} is {found!r}" for name, (_, found) in missed.items())
    return f"exchange {row['number']} {row['operation']}: {why}"


def _needs_raw(wanted: Mapping[str, Any]) -> bool:
    return any(name in wanted for name in (*RAW, "answer"))


def _raw_misses(stage: Stage, row: Mapping[str, Any], wanted: Mapping[str, Any], resolve: Resolve) -> Misses:
    missed: Misses = {}
    for side, conditions in (("request", wanted), ("answer", wanted.get("answer", {}))):
        if not any(kind in conditions for kind in RAW):
            continue
        raw = stage.control.raw("GET", f"{stage.path}/exchanges/{row['number']}/{side}")
        head = str(row.get("request", {}).get("head", "")) if side == "request" else ""
        for place, value in conditions.get("hl7", {}).items():
            missed |= _held(f"{side} {place}", value, hl7_value(raw, place), resolve)
        for place, value in conditions.get("xpath", {}).items():
            missed |= _held(f"{side} {place}", value, xml_value(raw, place, head), resolve)
    return missed


def _held(name: str, wanted: Any, found: str, resolve: Resolve) -> Misses:
    return {} if holds(wanted, found, resolve) else {name: (wanted, found)}


def hl7_value(raw: bytes, place: str) -> str:
    """The value at ``PRT[2]-8.10`` of an HL7 message, empty when there is none."""
    from simulators.core.hl7.reading import Unreadable, read_message

    try:
        return read_message(raw).value(place)
    except Unreadable:
        return ""


def xml_value(raw: bytes, place: str, head: str = "") -> str:
    """The text of the node an XPath names in an XML message, or in the root part of a multipart one."""
    from simulators.core.errors import SandboxError
    from simulators.core.soap.mtom import is_multipart, read_multipart
    from simulators.core.xml.places import Attribute, locate
    from simulators.core.xml.reading import parse

    kind = _TYPE.search(head)
    content_type = kind[1].strip() if kind else ""
    try:
        xml = read_multipart(content_type, raw).root.content if is_multipart(content_type) else raw
        node = locate(parse(xml), place)
    except SandboxError:
        return ""
    if node is None:
        return ""
    return node.value if isinstance(node, Attribute) else "".join(str(text) for text in node.itertext()).strip()


def journal_flaws(wanted: Any) -> Iterator[str]:
    """What is wrong with the conditions of ``journal``."""
    several: Sequence[Any] = wanted if isinstance(wanted, list) else [wanted]
    for one in several:
        if not isinstance(one, Mapping) or not one:
            yield "journal: expected conditions on an exchange, as {operation: dmp.TD2.1}"
            continue
        yield from path_flaws({name: value for name, value in one.items() if name not in OWN})
        yield from flaws(one.get("times", 1))
        if one.get("since", "step") not in {"step", "start"}:
            yield f"journal: since is step or start, not {one['since']!r}"
        answer = one.get("answer", {})
        if not isinstance(answer, Mapping) or set(answer) - set(RAW):
            yield "journal: answer has hl7 and xpath"
            continue
        for conditions in (one, answer):
            yield from _raw_flaws(conditions)


def _hl7_place(text: str) -> None:
    from simulators.core.hl7.places import Place

    if not Place.read(text).field or " " in text:
        raise ValueError(f"{text!r} names no field: write PRT[2]-8.10")


def _raw_flaws(conditions: Mapping[str, Any]) -> Iterator[str]:
    from lxml import etree

    from simulators.core.xml.places import locate

    nothing = etree.Element("nothing")
    for kind, check in (("hl7", _hl7_place), ("xpath", lambda path: locate(nothing, path))):
        for place, value in conditions.get(kind, {}).items():
            try:
                check(place)
            except ValueError as problem:
                yield f"{kind}: {problem}"
            yield from flaws(value)
