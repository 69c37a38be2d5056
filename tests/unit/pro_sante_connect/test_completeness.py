"""Every rule of the room, both sides: what it lets pass, what it refuses, in the form and the words it declares; forced
looks like true; switched off or to a warning, the service goes on sensibly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from simulators.core.rules import Example, Level
from simulators.pro_sante_connect import service
from simulators.pro_sante_connect.names import CONNECT
from tests.support.dmp_room import Certificates
from tests.support.psc_room import BACK, NOW, Ask, Room, Seen, assert_forced, code_exchange, refresh
from tests.unit.pro_sante_connect.cases import CASES, VERIFIER, Case, Scene

SWITCHED = [case for case in CASES if case.rule.switchable]
PLACE = re.compile(
    r"(query|body|header|claim)\.[A-Za-z_-]+|certificate(\.[A-Za-z]+)?|cookie|path|method|query|body"
    r"|client\.notification_endpoint|setting psc\.[a-z-]+"
)
DESCRIBED = re.compile(r"[ !#-\[\]-~]+")
"""``error_description`` of RFC 6749 §5.2."""

Stage = Callable[[Case, Level], Scene]


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(Path(tmp_path_factory.mktemp("pki")), NOW)


@pytest.fixture
def room(issued: Certificates) -> Iterator[Room]:
    """One for each test: with hundreds of worlds each exchange would look for its row in all of them."""
    made = Room(issued.trust)
    yield made
    made.close()


@pytest.fixture
def stage(room: Room, issued: Certificates) -> Stage:
    """Makes a world of its own for one side of a case."""

    def made(case: Case, level: Level) -> Scene:
        world = room.world(case.world(level))
        room.client(world, **case.client)
        return Scene(room, world, issued)

    return made


def test_no_rule_is_forgotten() -> None:
    covered = [case.rule.id for case in CASES]
    assert sorted(covered) == sorted(rule.id for rule in service.RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_accepts_refuses_and_forces(stage: Stage, case: Case) -> None:
    rule, scene = case.rule, stage(case, Level.REFUSE)
    good = scene.send(case.good(scene))
    assert good.row.outcome == "accepted" and rule.id not in good.rules, good.rules
    scene = stage(case, Level.REFUSE)
    ask = case.bad(scene)
    bad = scene.room.send(ask)
    found = [f for f in bad.row.verdict["findings"] if f["rule"] == rule.id]
    assert len(found) == 1, bad.rules
    assert_real_place(ask, bad)
    if found[0]["level"] != "refuse":
        assert not rule.switchable and bad.row.outcome == "accepted"
        return
    assert bad.row.outcome == "refused" and first_refusing(bad) == rule.id
    assert_form(case, bad)
    scene.declare(**case.client)  # as it was before the bad side
    quoted = Example(found[0]["where"], found[0]["found"], found[0]["expected"])
    asked = (case.forced or case.good)(scene)
    assert_forced(scene.room, asked, replace(rule, example=quoted) if case.quoted else rule, bad)


def first_refusing(seen: Seen) -> str:
    return next(str(f["rule"]) for f in seen.row.verdict["findings"] if f["level"] == "refuse")


def assert_real_place(ask: Ask, seen: Seen) -> None:
    """Every finding stands somewhere: where something was found, the request has it."""
    for finding in seen.row.verdict["findings"]:
        where = finding["where"]
        assert PLACE.fullmatch(where), where
        if where.partition(".")[0] in {"query", "body", "header"} and finding["found"]:
            assert ask.value(where) is not None or where == "header.Content-Type", where
        assert finding["expected"] and all(finding["mend"].values()) and all(finding["sentence"].values())


def assert_form(case: Case, seen: Seen) -> None:
    """The shape that the rule declares, with its error code, ASCII words and a link to the verdict."""
    form, _, status = case.rule.form.partition("-")
    answer = seen.answer
    if form == "page":
        assert answer.status == int(status or 400) and answer.headers["Content-Type"].startswith("text/html")
        assert "Location" not in answer.headers
        return
    if form == "redirect":
        assert answer.status == 302 and answer.headers["Location"].startswith(BACK)
        told: Mapping[str, str] = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    else:
        assert answer.status == int(status or 400) and answer.headers["Content-Type"] == "application/json"
        told = json.loads(answer.body)
        assert ("WWW-Authenticate" in answer.headers) == (form == "bearer" or case.rule.id == "PSC-CLIENT-HEADER")
    assert told["error"] == case.rule.code and re.search(r"/exchanges/\d+$", told["error_uri"])
    assert DESCRIBED.fullmatch(told["error_description"])
    assert (case.rule.national or case.rule.sentence.en).partition("{")[0] in told["error_description"]


@pytest.mark.parametrize("rule", service.RULES, ids=lambda rule: rule.id)
def test_is_complete(rule: Any) -> None:
    texts = (rule.sentence.fr, rule.sentence.en, rule.mend.fr, rule.mend.en, rule.source, rule.looks_at, rule.code)
    assert rule.id.startswith("PSC-") and all(texts) and rule.kind in {"message", "state", "transport"}
    assert rule.example is not None and PLACE.fullmatch(rule.example.where), rule.example
    assert rule.example.expected, rule.id
    for said in (rule.national or "", rule.sentence.en, rule.code):
        assert said == "" or DESCRIBED.fullmatch(said), said
    assert re.fullmatch(r"page(-403)?|redirect|json(-\d{3})?|bearer-(401|403)", rule.form)


def test_rules_are_named_once_and_need_each_other_by_name() -> None:
    known = {rule.id for rule in service.RULES}
    assert len(known) == len(service.RULES)
    assert {need for rule in service.RULES for need in rule.needs} <= known


@pytest.mark.parametrize("case", SWITCHED, ids=lambda case: case.id)
def test_switched_it_lets_the_exchange_go_on(stage: Stage, case: Case) -> None:
    for level in (Level.WARN, Level.OFF):
        scene = stage(case, level)
        seen = known(scene.room.send(case.bad(scene)))
        if case.then and seen.row.outcome == "refused":
            assert first_refusing(seen) in {rule.id for rule in case.then}
            continue
        assert seen.row.outcome == "accepted", seen.rules
        levels = [f["level"] for f in seen.row.verdict["findings"] if f["rule"] == case.rule.id]
        assert levels == (["warn"] if level is Level.WARN else [])
        goes_on(scene, seen)


def goes_on(scene: Scene, seen: Seen) -> None:
    """Whatever was given is used to its end: nothing of it meets an unforeseen error."""
    given: Mapping[str, Any] = {}
    if seen.answer.status == 302 and "code=" in seen.answer.headers["Location"]:
        code = dict(parse_qsl(urlsplit(seen.answer.headers["Location"]).query))["code"]
        exchanged = known(scene.send(code_exchange(code, code_verifier=VERIFIER)))
        given = exchanged.json
    elif seen.answer.headers.get("Content-Type") == "application/json":
        given = seen.json
    if "access_token" not in given:
        return
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    known(scene.send(Ask(f"{CONNECT}/userinfo", headers=bearer)))
    renewed = known(scene.send(refresh(given["refresh_token"])))
    assert known(scene.send(Ask(f"{CONNECT}/logout", {"id_token_hint": given["id_token"]}))).answer.status == 200
    assert renewed.answer.status in {200, 400, 401}


def known(seen: Seen) -> Seen:
    assert seen.row.outcome != "failed" and seen.answer.status < 500, seen.answer.body
    return seen
