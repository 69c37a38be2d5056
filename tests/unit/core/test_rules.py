"""Rules, findings, verdicts and the policy of a world."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.errors import Refused
from simulators.core.rules import Catalogue, Check, Finding, Grade, Level, Policy, Rule, Text, Verdict, judge


def rule(id: str, level: Level = Level.REFUSE, **more: object) -> Rule:
    return Rule(
        id=id,
        level=level,
        looks_at="a number",
        source="this test",
        grade=Grade.STANDARD,
        sentence=Text("le nombre est faux", "the number is wrong"),
        mend=Text("changez-le", "change it"),
        **more,  # type: ignore[arg-type]
    )


def always(found: Rule, times: int = 1) -> Check[object]:
    def check(subject: object) -> Iterator[Finding]:
        for turn in range(times):
            yield found.finding(f"/place[{turn + 1}]", found=subject, expected="another")

    return check


def ids(verdict: Verdict) -> list[str]:
    return [finding.rule.id for finding in verdict.findings]


A, B = rule("A"), rule("B", Level.WARN)


def test_the_level_of_the_rule_decides_by_default() -> None:
    verdict = judge(Policy(), [always(A), always(B), always(rule("C", Level.OFF))], 7)
    assert ids(verdict) == ["A", "B"]
    assert [f.rule.id for f in verdict.refusing] == ["A"]
    assert [f.rule.id for f in verdict.warnings] == ["B"]
    assert verdict.findings[0].found == "7"
    with pytest.raises(Refused, match=r"A at /place\[1\]") as refused:
        verdict.raise_if_refused()
    assert refused.value.verdict is verdict


def test_warnings_alone_let_pass() -> None:
    verdict = judge(Policy(), [always(B)], 7)
    assert not verdict.refused
    verdict.raise_if_refused()
    judge(Policy(), [], 7).raise_if_refused()


@pytest.mark.parametrize("level", list(Level))
def test_a_world_overrides_a_rule(level: Level) -> None:
    verdict = judge(Policy(overrides={"A": level}), [always(A)], 7)
    assert [f.level for f in verdict.findings] == ([] if level is Level.OFF else [level])


def test_the_strict_profile() -> None:
    stricter = rule("S", Level.WARN, strict=Level.REFUSE)
    assert not judge(Policy(), [always(stricter)], 7).refused
    assert judge(Policy("strict"), [always(stricter)], 7).refused
    assert not judge(Policy("strict"), [always(B)], 7).refused  # no strict level of its own
    assert not judge(Policy("strict", {"S": Level.WARN}), [always(stricter)], 7).refused  # the override wins


@pytest.mark.parametrize("policy", [Policy(overrides={"G": Level.OFF}), Policy("strict", {"G": Level.WARN})])
def test_guards_against_hostile_input_cannot_be_switched(policy: Policy) -> None:
    assert judge(policy, [always(rule("G", switchable=False, strict=Level.OFF))], 7).refused


def test_one_cause_gives_one_finding() -> None:
    dependent = rule("D", needs=("A", "X"))
    grandchild = rule("E", needs=("D",))
    assert ids(judge(Policy(), [always(A), always(dependent)], 7)) == ["A"]
    assert ids(judge(Policy(), [always(B), always(dependent)], 7)) == ["B", "D"]
    assert ids(judge(Policy(), [always(dependent), always(grandchild)], 7)) == ["D"]
    # The cause silences what depends on it even where the world does not want to hear of it.
    assert ids(judge(Policy(overrides={"A": Level.OFF}), [always(A), always(dependent)], 7)) == []


def test_a_rule_may_find_several_places() -> None:
    assert [f.where for f in judge(Policy(), [always(A, 2)], 7).findings] == ["/place[1]", "/place[2]"]


def test_checks_are_run_in_order_and_lazily() -> None:
    seen: list[str] = []

    def noting(name: str) -> Check[object]:
        def check(subject: object) -> list[Finding]:
            seen.append(name)
            return []

        return check

    judge(Policy(), (noting(name) for name in "abc"), 7)
    assert seen == ["a", "b", "c"]


def test_verdicts_add_up() -> None:
    one, other = judge(Policy(), [always(B)], 7), Verdict(judge(Policy(), [always(A)], 7).findings, forced=True)
    both = one + other
    assert ids(both) == ["B", "A"]
    assert both.forced and both.refused
    assert not (one + one).forced


def test_the_json_of_a_verdict() -> None:
    told = rule("N", national="texte national", code="wsse:FailedCheck")
    data = json.loads(json.dumps(judge(Policy(), [always(told)], "x" * 1000).as_json()))
    assert data["outcome"] == "refused" and data["forced"] is False
    found = data["findings"][0]
    assert found["rule"] == "N" and found["where"] == "/place[1]" and found["level"] == "refuse"
    assert found["sentence"] == {"fr": "le nombre est faux", "en": "the number is wrong"}
    assert found["mend"] == {"fr": "changez-le", "en": "change it"}
    assert found["grade"] == "standard" and found["code"] == "wsse:FailedCheck"
    assert found["found"].endswith("…") and len(found["found"]) == 400
    assert told.short() == "texte national" and A.short() == "le nombre est faux"
    assert Verdict().as_json()["outcome"] == "accepted"


POLICIES = st.builds(
    Policy,
    st.sampled_from(["default", "strict"]),
    st.dictionaries(st.text(), st.sampled_from(Level)),
    st.dictionaries(st.text(), st.sampled_from(["adopt", "warn", "refuse"])),
    st.dictionaries(st.text(), st.text()),
)


@given(POLICIES)
def test_a_policy_survives_its_json(policy: Policy) -> None:
    again = Policy.from_json(json.loads(json.dumps(policy.as_json())))
    assert again == policy
    assert all(isinstance(level, Level) for level in again.overrides.values())


def test_the_default_policy_adopts() -> None:
    assert Policy.from_json({}) == Policy()
    assert Policy().on_unknown("patients") == "adopt"
    mixed = Policy(unknown={"*": "refuse", "patients": "warn"})
    assert (mixed.on_unknown("patients"), mixed.on_unknown("mailboxes")) == ("warn", "refuse")
    assert Policy(unknown={"patients": "warn"}).on_unknown("mailboxes") == "adopt"


@pytest.mark.parametrize(
    "bad",
    [{"profile": "lenient"}, {"overrides": {"A": "maybe"}}, {"unknown": {"*": "ignore"}}, {"unknown": {"*": "ADOPT"}}]
    + [{part: wrong} for part in ("overrides", "unknown", "settings") for wrong in (3, "text", ["x"], None)],
)
def test_what_is_no_policy_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Policy.from_json(bad)


def test_the_catalogue_keeps_one_rule_per_id() -> None:
    catalogue: Catalogue[object] = Catalogue([B, A])
    catalogue.add(rule("A"))  # the same again is no conflict
    assert [r.id for r in catalogue] == ["A", "B"] and len(catalogue) == 2
    assert catalogue.get("A") == A and catalogue.get("Z") is None
    with pytest.raises(ValueError, match="two rules named A"):
        catalogue.add(rule("A", Level.WARN))


def test_facts_of_a_rule_are_those_of_its_findings_forced_ones_too() -> None:
    numbered = rule("R-FACTS", facts=(("application", "900^label"),))
    assert numbered.finding("/", more=1).facts == {"application": "900^label", "more": "1"}
    assert numbered.forced().facts == {"application": "900^label"}
