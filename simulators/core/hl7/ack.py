"""Acknowledgements: MSH mirrored, MSA, and one ERR per finding. Sources: HL7 v2.5 §2.9.2, facts pfi §2.1, §2.2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulators.core.hl7.message import Message
from simulators.core.hl7.places import erl
from simulators.core.hl7.tables import CHARSETS, TABLE_0357
from simulators.core.hl7.writing import Field, Head, Raw, compose, seg
from simulators.core.rules import Finding, Level, Verdict

AckCode = Literal["AA", "AE", "AR"]
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Err:
    """One ERR. ``where`` is a location, or empty; ``code`` of table 0357; ``application`` is (code, label, system) for
    ERR-5; ``severity`` E or W; ``text`` goes to ERR-8, ``diagnostic`` to ERR-7."""

    where: str
    code: str
    text: str = ""
    severity: str = "E"
    application: tuple[str, str, str] | None = None
    diagnostic: str = ""

    def segment(self) -> str:
        fields: dict[int, Field] = {
            2: Raw(erl(self.where)),
            3: [self.code, TABLE_0357.get(self.code, ""), "messageErrorCondition"],
            4: self.severity,
        }
        if self.application is not None:
            fields[5] = list(self.application)
        if self.diagnostic or self.text:
            fields |= {7: self.diagnostic[:_LONGEST], 8: self.text[:_LONGEST]}
        return seg("ERR", fields)


def errors_of(verdict: Verdict, href: str = "") -> list[Err]:
    """One ERR per finding, those that refuse first."""
    return [_err(finding, href) for finding in (*verdict.refusing, *verdict.warnings)]


def _err(finding: Finding, href: str) -> Err:
    rule = finding.rule
    told = [rule.short()]
    if finding.found or finding.expected:
        told.append(f"trouvé « {finding.found} », attendu « {finding.expected} »")
    told.append(rule.mend.fr)
    code, _, label = finding.facts.get("application", "").partition("^")
    return Err(
        finding.where,
        rule.code if rule.code in TABLE_0357 else "207",
        " — ".join(told),
        "E" if finding.level is Level.REFUSE else "W",
        (code, label, "applicationErrorCondition") if code else None,
        " ".join(part for part in (rule.id, finding.where, href) if part),
    )


def code_of(verdict: Verdict) -> AckCode:
    """AR when every refusing finding asks for it (circumstances: send again later), else AE."""
    refusing = verdict.refusing
    if not refusing:
        return "AA"
    return "AR" if all(finding.rule.form == "AR" for finding in refusing) else "AE"


def acknowledge(
    request: Message | None, code: AckCode, control_id: str, at: datetime, errors: Iterable[Err] = (), text: str = ""
) -> bytes:
    """The acknowledgement. Without a readable ``request`` it answers nobody by name: MSA-2 is empty."""
    get = request.header.get if request is not None else _nothing
    event = get(9, 2)
    said = get(18).strip().upper()
    head = Head(
        get(5),
        get(6),
        get(3),
        get(4),
        at,
        "^".join(["ACK", event, "ACK"]) if event.isalnum() and event.isascii() else "ACK",
        control_id,
        get(11) if get(11) in {"P", "T", "D"} else "P",
        _version(request),
        charset=said if said in CHARSETS and said != "ASCII" else "UNICODE UTF-8",
    )
    answers = request.control_id if request is not None else ""
    msa = seg("MSA", {1: code, 2: answers, **({3: text} if text else {})})
    return compose(head.segment(), msa, *_segments(errors), charset=head.charset)


def _segments(errors: Iterable[Err]) -> Sequence[str]:
    return [error.segment() for error in errors]


def _version(request: Message | None) -> str:
    if request is None:
        return "2.5"
    parts = [request.header.get(12, number) for number in (1, 2, 3)]
    kept = [part if part.replace(".", "").isalnum() and part.isascii() else "" for part in parts]
    return "^".join(kept).rstrip("^") or "2.5"


def _nothing(field: int, component: int = 1, sub: int = 1, repetition: int = 1) -> str:
    return ""
