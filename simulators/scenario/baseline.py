"""Known findings that do not fail a suite until a date.

::

    segur_baseline: 1
    findings:
      - rule: DMP-LOT-CDA-STYLESHEET
        operation: dmp.TD2.1            # * stands for any characters; left out, any operation
        where: /x/y[*]/z                # left out, any place
        reason: "mended in version 4.2"
        until: 2027-03-31               # the last day on which it is accepted
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from simulators.core.errors import SandboxError
from simulators.scenario.load import Flaw, InvalidScenario, plain_yaml

JUDGED = ("refuse", "warn")
_FIELDS = ("rule", "operation", "where", "reason", "until")
_PREDICATE = re.compile(r"\[[^\]]*\]")


class InvalidBaseline(SandboxError):
    """The file is not a baseline; the message names every defect with its line."""


@dataclass(frozen=True)
class Entry:
    """One known finding. ``operation`` and ``where`` are patterns in which ``*`` stands for any characters."""

    rule: str
    until: date
    reason: str = ""
    operation: str = "*"
    where: str = "*"
    line: int = 0

    def covers(self, seen: Seen) -> bool:
        """Whether the finding is this one, expired or not."""
        return self.rule == seen.rule and _like(self.operation, seen.operation) and _like(self.where, seen.where)

    def __str__(self) -> str:
        return f"{self.rule} on {self.operation} at {self.where}"


@dataclass(frozen=True)
class Seen:
    """One finding of one exchange of a journal; ``finding`` is its JSON."""

    world: str
    number: int
    operation: str
    finding: Mapping[str, Any]

    @property
    def rule(self) -> str:
        return str(self.finding["rule"])

    @property
    def where(self) -> str:
        return str(self.finding["where"])

    @property
    def kind(self) -> tuple[str, str, str]:
        """Rule, operation and place without its positions: what one defect of a product has in common."""
        return self.rule, self.operation, _PREDICATE.sub("[*]", self.where)


@dataclass(frozen=True)
class Judged:
    """``new``: the findings no entry covers, by kind; ``known`` and ``expired``: those it does, by entry."""

    new: Mapping[tuple[str, str, str], Sequence[Seen]]
    known: Mapping[Entry, Sequence[Seen]]
    expired: Mapping[Entry, Sequence[Seen]]
    unused: Sequence[Entry] = field(default=())

    @property
    def passed(self) -> bool:
        return not self.new and not self.expired


def findings(row: Mapping[str, Any], *, refusal_expected: bool = False) -> Iterator[Seen]:
    """What a journal row tells of the product: its warnings and refusals, but those a test had asked for."""
    if row["verdict"].get("forced"):
        return
    for finding in row["verdict"].get("findings", ()):
        if finding["level"] in JUDGED and not (refusal_expected and finding["level"] == "refuse"):
            yield Seen(row["world"], row["number"], row["operation"], finding)


def judge(entries: Sequence[Entry], seen: Iterable[Seen], today: date) -> Judged:
    """Holds findings against a baseline. An entry that still holds goes before an expired one."""
    new: dict[tuple[str, str, str], list[Seen]] = {}
    by_entry: dict[Entry, list[Seen]] = {}
    for one in seen:
        covering = sorted((e for e in entries if e.covers(one)), key=lambda e: e.until, reverse=True)
        if covering:
            by_entry.setdefault(covering[0], []).append(one)
        else:
            new.setdefault(one.kind, []).append(one)
    known = {entry: found for entry, found in by_entry.items() if entry.until >= today}
    expired = {entry: found for entry, found in by_entry.items() if entry.until < today}
    return Judged(new, known, expired, [e for e in entries if e not in by_entry])


def recorded(entries: Sequence[Entry], seen: Iterable[Seen], until: date, reason: str) -> list[Entry]:
    """The baseline with one more entry for each kind of finding that it does not know."""
    kinds = judge(entries, seen, date.min).new
    made = [Entry(rule, until, reason, operation, where) for rule, operation, where in sorted(kinds)]
    return [*entries, *made]


def load(path: Path) -> list[Entry]:
    """Raises :class:`InvalidBaseline`."""
    try:
        text = path.read_text("utf-8")
        data, lines = plain_yaml(text, str(path))
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidBaseline(f"{path}: cannot be read: {problem}") from problem
    except InvalidScenario as invalid:
        raise InvalidBaseline(str(invalid)) from invalid
    if not isinstance(data, dict) or data.get("segur_baseline") != 1 or set(data) - {"segur_baseline", "findings"}:
        raise InvalidBaseline(f"{path}:1: expected segur_baseline: 1 and findings")
    given = data.get("findings") or []
    if not isinstance(given, list):
        raise InvalidBaseline(f"{path}:{lines.get(('findings',), 1)}: findings: expected a list")
    numbered = [(value, lines.get(("findings", number), 1)) for number, value in enumerate(given)]
    flaws = [Flaw(str(path), line, said) for value, line in numbered for said in _flaws(value)]
    if flaws:
        raise InvalidBaseline("\n".join(map(str, flaws)))
    return [_entry(value, line) for value, line in numbered]


def dumps(entries: Iterable[Entry]) -> str:
    """The text that :func:`load` reads."""
    lines = ["segur_baseline: 1", "findings:"]
    for entry in entries:
        values = {name: str(getattr(entry, name)) for name in _FIELDS}
        told = [f"{name}: {_quoted(value)}" for name, value in values.items()]
        lines += [f"  - {told[0]}", *(f"    {one}" for one in told[1:])]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=math.inf)).removesuffix("\n")


def _flaws(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"expected rule, reason, until; found {str(value)[:60]!r}"
        return
    yield from (f"unknown field {name!r}: expected {', '.join(_FIELDS)}" for name in value if name not in _FIELDS)
    yield from (f"{name}: expected a text" for name in value if not isinstance(value[name], str))
    yield from (f"field {name!r} is required" for name in _missing(value, ("rule", "reason", "until")))
    try:
        date.fromisoformat(str(value.get("until")))
    except ValueError:
        yield f"until: expected a day such as 2027-03-31, found {value.get('until')!r}"


def _missing(value: Mapping[str, Any], names: Collection[str]) -> list[str]:
    return [name for name in names if not value.get(name)]


def _entry(value: Mapping[str, str], line: int) -> Entry:
    patterns = {name: value[name] for name in ("operation", "where") if name in value}
    return Entry(value["rule"], date.fromisoformat(value["until"]), value["reason"], **patterns, line=line)


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
