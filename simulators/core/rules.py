"""Rules, findings and verdicts.

A :class:`Rule` is a value; a check is a generator of :class:`Finding` over parsed values that know
their own location; :func:`judge` applies the world's policy and gives a :class:`Verdict`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from simulators.core.errors import Refused


class Level(StrEnum):
    """What a policy does with a finding."""

    REFUSE = "refuse"
    WARN = "warn"
    OFF = "off"


class Grade(StrEnum):
    """How sure we are that the national service applies the rule."""

    SOURCED = "sourced"
    STANDARD = "standard"
    INFERRED = "inferred"


@dataclass(frozen=True)
class Text:
    """One sentence in the two languages of our users."""

    fr: str
    en: str


@dataclass(frozen=True)
class Example:
    """Where the broken example of a rule's mending test breaks, what it holds and what it should."""

    where: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue.

    ``code`` is the wire code the protocol's funnel emits (SOAP subcode QName ``wsse:FailedCheck``,
    ebRS errorCode, ...). ``national`` is the short text the national service is known to answer, or
    ``None`` when no text is sourced (the French sentence is then used). ``strict`` is the level in
    the strict profile when it differs. ``switchable`` is false for guards against hostile input.
    ``needs`` lists rule ids: when one of them has a finding, this one stays silent, so that one
    cause gives one finding. ``kind`` says whether a mending test can edit the message (``message``)
    or whether the state of the world decides (``state``), or the transport (``transport``). ``form``
    names the shape the protocol's funnel gives the refusal (for SOAP: ``fault``, ``registry``, ``ack``,
    ``status``, ``http``). ``example`` is the broken example of the mending test: a forced refusal
    quotes it, so that it is byte-equal to the true one. ``facts`` are those of each of its findings (the code of a
    table that the protocol puts beside ``code``).
    """

    id: str
    level: Level
    looks_at: str
    source: str
    grade: Grade
    sentence: Text
    mend: Text
    code: str = ""
    national: str | None = None
    strict: Level | None = None
    switchable: bool = True
    needs: tuple[str, ...] = ()
    kind: str = "message"
    form: str = "fault"
    example: Example | None = None
    facts: tuple[tuple[str, str], ...] = ()

    def finding(self, where: str, *, found: object = "", expected: object = "", **facts: object) -> Finding:
        """A finding of this rule. ``where`` is an evaluable location (XPath, header, part, claim)."""
        told = {**dict(self.facts), **{name: _short(value) for name, value in facts.items()}}
        return Finding(self, where, _short(found), _short(expected), told)

    def forced(self, example: Example | None = None) -> Finding:
        """The finding of a forced refusal: the rule's own, on ``example`` or the rule's example."""
        chosen = example or self.example or Example("/")
        return replace(self.finding(chosen.where, found=chosen.found, expected=chosen.expected), level=Level.REFUSE)

    def short(self) -> str:
        """The text put in the protocol's place: the national one first, else our French sentence."""
        return self.national or self.sentence.fr


@dataclass(frozen=True)
class Finding:
    """One defect: the rule, the exact place, what was found and what was expected."""

    rule: Rule
    where: str
    found: str = ""
    expected: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    level: Level = Level.OFF

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the journal, the control API and ``check --json``."""
        return {
            "rule": self.rule.id,
            "level": str(self.level),
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "national": self.rule.national,
            "code": self.rule.code,
            "sentence": {"fr": self.rule.sentence.fr, "en": self.rule.sentence.en},
            "mend": {"fr": self.rule.mend.fr, "en": self.rule.mend.en},
            "source": self.rule.source,
            "grade": str(self.rule.grade),
            "facts": dict(self.facts),
        }


@dataclass(frozen=True)
class Verdict:
    """What the checks found, with the level the policy gave to each finding."""

    findings: tuple[Finding, ...] = ()
    forced: bool = False

    @property
    def refusing(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.level is Level.REFUSE)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.level is Level.WARN)

    @property
    def refused(self) -> bool:
        return bool(self.refusing)

    def raise_if_refused(self) -> None:
        """Raises :class:`Refused` when at least one finding refuses."""
        if self.refused:
            raise Refused(self)

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(self.findings + other.findings, self.forced or other.forced)

    def as_json(self) -> dict[str, Any]:
        """``{"outcome": "accepted"|"refused", "forced": bool, "findings": [...]}``."""
        return {
            "outcome": "refused" if self.refused else "accepted",
            "forced": self.forced,
            "findings": [f.as_json() for f in self.findings],
        }


@dataclass(frozen=True)
class Policy:
    """A world's choices. ``profile`` is ``default`` or ``strict``; ``overrides`` maps a rule id to a
    level; ``unknown`` maps a family (structures, professionals, patients, ...) to adopt|warn|refuse,
    the family ``*`` being the default; ``settings`` are named parameters of the simulators."""

    profile: str = "default"
    overrides: Mapping[str, Level] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=lambda: {"*": "adopt"})
    settings: Mapping[str, str] = field(default_factory=dict)

    def level(self, rule: Rule) -> Level:
        """The level of ``rule`` in this world; guards against hostile input cannot be switched."""
        if not rule.switchable:
            return rule.level
        chosen = self.overrides.get(rule.id)
        if chosen is not None:
            return Level(chosen)
        if self.profile == "strict" and rule.strict is not None:
            return rule.strict
        return rule.level

    def on_unknown(self, family: str) -> str:
        """``adopt``, ``warn`` or ``refuse`` for a family of data."""
        return self.unknown.get(family, self.unknown.get("*", "adopt"))

    def as_json(self) -> dict[str, Any]:
        return {
            "profile": self.profile,
            "overrides": {k: str(v) for k, v in self.overrides.items()},
            "unknown": dict(self.unknown),
            "settings": dict(self.settings),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Policy:
        """Raises ``ValueError`` on an unknown level, profile or choice, or another shape."""
        profile = str(data.get("profile", "default"))
        if profile not in {"default", "strict"}:
            raise ValueError(f"unknown profile {profile!r}")
        unknown = {str(k): str(v) for k, v in _mapping(data, "unknown", {"*": "adopt"}).items()}
        bad = [v for v in unknown.values() if v not in {"adopt", "warn", "refuse"}]
        if bad:
            raise ValueError(f"unknown: expected adopt, warn or refuse, found {bad[0]!r}")
        overrides = {str(k): Level(v) for k, v in _mapping(data, "overrides", {}).items()}
        settings = {str(k): str(v) for k, v in _mapping(data, "settings", {}).items()}
        return cls(profile, overrides, unknown, settings)


def _mapping(data: Mapping[str, Any], name: str, default: Mapping[str, Any]) -> Mapping[str, Any]:
    found = data.get(name, default)
    if not isinstance(found, Mapping):
        raise ValueError(f"{name}: expected an object, found {_short(found, 40)!r}")
    return found


T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
Check = Callable[[T], Iterable[Finding]]


def judge(policy: Policy, checks: Iterable[Check[T]], subject: T) -> Verdict:
    """Runs the checks in order over ``subject`` and applies ``policy``.

    A finding whose rule ``needs`` a rule that already has a finding in this call is dropped: one
    cause gives one finding. A check that yields nothing costs nothing.
    """
    found: list[Finding] = []
    broken: set[str] = set()
    for check in checks:
        for finding in _fresh(check(subject), broken):
            broken.add(finding.rule.id)
            level = policy.level(finding.rule)
            if level is not Level.OFF:
                found.append(replace(finding, level=level))
    return Verdict(tuple(found))


def _fresh(findings: Iterable[Finding], broken: set[str]) -> Iterator[Finding]:
    for finding in findings:
        if not any(need in broken for need in finding.rule.needs):
            yield finding


def _short(value: object, limit: int = 400) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Catalogue(Generic[T]):
    """Every rule of the running sandbox, by id; the documents are generated from it."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules: dict[str, Rule] = {}
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule) -> None:
        """Raises ``ValueError`` when two rules share an id."""
        if rule.id in self._rules and self._rules[rule.id] != rule:
            raise ValueError(f"two rules named {rule.id}")
        self._rules[rule.id] = rule

    def __iter__(self) -> Iterator[Rule]:
        return iter(sorted(self._rules.values(), key=lambda r: r.id))

    def __len__(self) -> int:
        return len(self._rules)

    def get(self, rule_id: str) -> Rule | None:
        return self._rules.get(rule_id)
