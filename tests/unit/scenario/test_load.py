"""Scenario files: valid ones are read, each defect names its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.faults.match import KEYS, Match
from simulators.core.shipped import shipped
from simulators.scenario.load import InvalidScenario, load, parse, schema

GOOD = """segur_scenario: 1
title: {fr: un, en: one}
actors:
  h: {structure: hospital, professional: nurse}
steps:
  - say: {fr: a, en: b}
    as: h
    do: dmp.TD0.2
    patient: adult
"""


def flaws(text: str) -> list[str]:
    with pytest.raises(InvalidScenario) as caught:
        parse(text, "s.yaml")
    return [str(flaw) for flaw in caught.value.flaws]


def test_shipped_scenarios_are_valid() -> None:
    found = sorted(shipped("scenarios").glob("*.yaml"))
    assert found
    for path in found:
        assert load(path).steps


def test_lines_are_known() -> None:
    scenario = parse(GOOD, "s.yaml")
    assert scenario.line("steps", 0) == 6
    assert scenario.line("steps", 0, "do") == 8
    assert scenario.line("steps", 0, "nothing") == 6


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("segur_scenario: 1", "segur_scenario: 3", 1),
        ("do: dmp.TD0.2", "do: dmp.TD9.9", 8),
        ("    patient: adult\n", "", 6),
        ("    patient: adult\n", "    patient: adult\n    wait: 3\n", 6),
        ("title: {fr: un, en: one}", "title: {fr: un}", 2),
        ("    as: h\n", "    as: h\n    as: h\n", 8),
        ("patient: adult", "patient: &a adult", 9),
        ("patient: adult", "patient: *a", 9),
        ("steps:", "steps: [", 5),
    ],
)
def test_a_defect_names_its_line(old: str, new: str, line: int) -> None:
    found = flaws(GOOD.replace(old, new, 1))
    assert any(flaw.startswith("s.yaml:") for flaw in found)
    assert any(int(flaw.split(":")[1]) in {line, line + 1} for flaw in found)


def test_an_alias_bomb_is_refused_before_it_expands() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join('*' + chr(97 + n) for _ in range(9))}]\n" for n in range(9)
    )
    assert "anchors" in flaws(bomb)[0]


def test_tags_never_make_objects() -> None:
    assert flaws(GOOD.replace("patient: adult", "patient: !!python/object/apply:os.system ['true']"))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_is_nested_too_deeply_is_refused(opening: str) -> None:
    assert flaws(opening * 30_000)


@pytest.mark.parametrize("value", ["9" * 5_000, "-" + "9" * 5_000, "1_000", "0x10", "1:30", ".inf", "2026-01-01", "~"])
def test_odd_scalars_are_refused_where_a_count_is_wanted(value: str) -> None:
    assert flaws(STEP + f"    await: {{within: {value}}}\n")


def test_a_file_too_large_or_unreadable_is_refused(tmp_path: Path) -> None:
    assert "larger" in flaws(GOOD + "#" * (1 << 20))[0]
    for path, content in ((tmp_path / "binary.yaml", b"\xff\xfe"), (tmp_path / "none.yaml", None)):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InvalidScenario, match="cannot be read"):
            load(path)


STEP = GOOD.partition("    as: h\n")[0]
KINDS = [
    "advance: P6M",
    "fault: {name: outage, match: {on: dmp.TD2.1, structure: X, patient: Y, nth: 2}, params: {seconds: 3}}",
    "refuse: {rule: DMP-X, match: {on: dmp.TD2.1}}",
    "clear: faults",
    "clear: refusals",
    "await: {operation: dmp.TD2.1, within: 30}",
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_step_is_read(kind: str) -> None:
    scenario = parse(f"{STEP}    {kind}\n", "s.yaml")
    assert scenario.steps[0].keys() == {"say", kind.partition(":")[0]}


@pytest.mark.parametrize(
    "kind",
    [
        "advance: 6 months",
        "clear: everything",
        "fault: {name: outage}",
        "fault: {name: outage, match: {structure: X}}",
        "refuse: {rule: R, match: {on: a.b, nth: 0}}",
        "await: {operation: dmp.TD2.1}",
        "await: {within: 0}",
        "await: {within: 30}\n    advance: P1D",
        "as: h\n    do: dmp.TD0.2",
        "nothing: 1",
        "expect: {outcome: accepted}",
    ],
)
def test_every_other_step_is_refused(kind: str) -> None:
    assert flaws(f"{STEP}    {kind}\n")


def test_titles_and_worlds() -> None:
    scenario = parse(GOOD, "s.yaml")
    assert (scenario.world, scenario.title("fr"), scenario.title("en")) == ("main", "un", "one")
    assert parse(GOOD.replace("actors:", "world: w1\nactors:"), "s.yaml").world == "w1"


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "s.yaml")
    except InvalidScenario as refused:
        assert refused.flaws


FAULT = """segur_scenario: 1
title: {fr: un, en: one}
steps:
  - say: {fr: a, en: b}
    fault:
      name: outage
      match: {on: dmp.TD0.2, professional: 8997*, between: [2026-01-01T00:00:00Z, 2026-02-01T00:00:00Z]}
"""


def test_a_match_has_every_condition_a_fault_takes() -> None:
    (step,) = parse(FAULT, "s.yaml").steps
    match = Match.from_json(step["fault"]["match"])
    assert match.professional == "8997*" and match.between is not None
    assert set(schema()["$defs"]["match"]["properties"]) == set(KEYS)
    assert flaws(FAULT.replace(", 2026-02-01T00:00:00Z]", "]"))


TWO = STEP.replace("segur_scenario: 1", "segur_scenario: 2\nroles: {dpi: sut}")
NEW_KINDS = [
    "dpi: {write: {patient: adult, kind: discharge-letter, recipients: [per:nurse], flags: {destdmp: true}}}",
    "dpi: {validate: letter}",
    "dpi: {replace: {document: letter, text: new}}",
    "dpi: {visibility: {document: letter, flags: {masque_ps: true}}}",
    "dpi: {import: {patient: adult}}",
    "identity: {admit: {patient: adult}}",
    "pfi: poll",
    "mail: {send: {from: per:nurse, to: [app:hospital], subject: s}}",
    "mail: {read: {mailbox: per:nurse, receipt: displayed, subject: {contains: XDM}}}",
    "mail: {reply: {from: per:nurse, text: t}}",
    "mail: {forward: {from: org:hospital, to: app:hospital}}",
    "third_party: {by: laboratory, act: publish, patient: adult, kind: biology-report}",
    "until: {document: letter, expect: {state: sent}, within: 500ms}",
    "until: {orders: true, expect: {orders: {count: 1}}}",
    "until: {get: pfi/orders, expect: {journal: {operation: a.b, times: 0}}}",
    "pause: true",
    "checkpoint: before",
    "restore: before",
    "explain: last",
    "explain: 12",
    "await: {operation: [a.b, a.c], within: 2m}",
    "clear: faults\n    expect: {removed: {more: 0}, within: 10s, journal: [{operation: x}, {rule: Y}]}",
    "dpi: {validate: letter}\n    sut: {operation: pfi.ORU^R01, within: 1m}",
]


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_every_kind_of_step_of_version_2_is_read(kind: str) -> None:
    assert parse(f"{TWO}    {kind}\n", "s.yaml").steps


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_version_1_has_none_of_them(kind: str) -> None:
    assert flaws(f"{STEP}    {kind}\n")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("dpi: {write: {patient: adult}}", "'kind'"),
        ("dpi: {validate: a, hold: b}", ""),
        ("dpi: {explode: a}", "explode"),
        ("identity: {Admit: {patient: a}}", "Admit"),
        ("mail: {send: {from: a}}", "'to'"),
        ("third_party: {by: a, act: steal}", "steal"),
        ("until: {document: letter}", "'expect'"),
        ("until: {document: a, orders: true, expect: {a: 1}, within: 1}", ""),
        ("until: {get: ../other, expect: {a: 1}}", ""),
        ("until: {orders: true, expect: {a: 1}, within: 2h}", ""),
        ("pause: 10", ""),
        ("explain: all", ""),
        ("restore: A", ""),
        ("clear: faults\n    expect: {a b: 1}", "is no path"),
        ("clear: faults\n    expect: {a: {matches: '(x+)+'}}", "pattern"),
        ("clear: faults\n    expect: {a: {equals: 1, b: 2}}", "is no test"),
        ("clear: faults\n    expect: {a: 1, within: 9999999s}", "no time to wait"),
        ("clear: faults\n    expect: {journal: {hl7: {MSH: x}}}", "names no field"),
        ("clear: faults\n    expect: {journal: {since: ever}}", ""),
        ("await: {operation: x, within: 0s}", "no time to wait"),
    ],
)
def test_what_a_step_of_version_2_cannot_be(kind: str, said: str) -> None:
    found = flaws(f"{TWO}    {kind}\n")
    assert any(said in flaw for flaw in found), found
    assert all(int(flaw.split(":")[1]) >= 5 for flaw in found)


def test_a_flaw_of_a_condition_names_its_line() -> None:
    (found,) = flaws(f"{TWO}    clear: faults\n    expect:\n      a: 1\n      b: {{matches: '('}}\n")
    assert found.startswith("s.yaml:10:")
