"""How the rules of PAM France are written down, and the small checks that many of them are."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

from simulators.core.hl7 import Message, Segment, hl7_rule
from simulators.core.rules import Example, Finding, Grade, Level, Rule
from simulators.population.pam import names

PamCheck = Callable[[Message], Iterable[Finding]]
_TS = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d{1,4})?(?:[+-]\d{4})?")


def rule(
    name: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    code: str,
    example: Example,
    section: str,
    grade: Grade = Grade.SOURCED,
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    needs: tuple[str, ...] = (),
) -> Rule:
    """``section`` of the national extension; ``code`` of table 0357."""
    return hl7_rule(
        f"PAM-{name}",
        looks_at,
        fr,
        en,
        mend_fr,
        mend_en,
        code=code,
        example=example,
        source=f"IHE PAM France 2.11.2, {section}",
        grade=grade,
        level=level,
        strict=strict,
        needs=tuple(f"PAM-{need}" for need in needs),
    )


def event_of(message: Message) -> str:
    """MSH-9.2."""
    return message.value("MSH-9.2")


def on(events: Collection[str]) -> Callable[[PamCheck], PamCheck]:
    """The check of these events only."""

    def limited(check: PamCheck) -> PamCheck:
        def checked(message: Message) -> Iterator[Finding]:
            if event_of(message) in events:
                yield from check(message)

        return checked

    return limited


known: Final = on(names.PAM_EVENTS)
"""A check of every message that is not ignored."""
movement: Final = on(names.MOVEMENT_EVENTS)


def filled(rule: Rule, segment: Segment | None, field: int, expected: str) -> Iterator[Finding]:
    """The field of a segment that is there has a value."""
    if segment is not None and not segment.get(field).strip():
        yield rule.finding(segment.where(field), expected=expected)


def listed(
    rule: Rule, segment: Segment | None, field: int, allowed: Collection[str], component: int | None = None
) -> Iterator[Finding]:
    """Each repetition that has a value has one of the table."""
    if segment is None:
        return
    for repetition in range(1, segment.count(field) + 1):
        found = segment.get(field, component or 1, repetition=repetition)
        if found and found not in allowed:
            where = segment.where(field, component, repetition=repetition)
            yield rule.finding(where, found=found, expected=", ".join(allowed))


def dated(rule: Rule, segment: Segment | None, *fields: int) -> Iterator[Finding]:
    """Each of these fields that has a value is a TS."""
    if segment is None:
        return
    for field in fields:
        found = segment.get(field)
        if found and found != names.DELETED and not is_ts(found):
            yield rule.finding(segment.where(field), found=found, expected="YYYYMMDD[HHMM[SS]][+ZZZZ]")


def is_ts(text: str) -> bool:
    """Whether it is a TS of HL7 v2.5 (§2.A.77) that exists in the calendar."""
    match = _TS.fullmatch(text)
    if match is None or not text.isascii():
        return False
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups())
    try:
        datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0)
    except ValueError:
        return False
    return True
