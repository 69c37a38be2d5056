"""Journeys over HTTP: as JSON, as pages, as a picture; what looks real is masked, what is odd is refused."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from lxml import etree

from simulators.clients.control import Control, Refusal
from simulators.core import journal
from simulators.population.ins import Ins
from simulators.sandbox import Sandbox
from tests.support.journey_rows import DOCUMENT, discharge, entry

REAL = Ins.of_payload("1850100999077", "1.2.250.1.213.1.4.8").matricule
"""Of nobody, but the guard cannot know: it is in no population."""


@pytest.fixture
def http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@pytest.fixture
def played(sandbox: Sandbox, world: str) -> str:
    """A world with the journey of a letter, and another exchange."""
    write(sandbox, world, [*discharge(), entry("dmp.TD2.1", "document:1.2.3", f"patient:{REAL}")])
    return world


def write(sandbox: Sandbox, world: str, entries: list[journal.Entry]) -> None:
    here = sandbox.worlds.get(world)
    with sandbox.store.write(world, here.epoch) as tx:
        for one in entries:
            journal.record(tx, here, sandbox.now(), one)


def page(sandbox: Sandbox, http: requests.Session, path: str) -> requests.Response:
    return http.get(f"{sandbox.console_url.rstrip('/')}{path}", timeout=20)


def test_the_list_and_one_journey_as_json(control: Control, played: str) -> None:
    found: Any = control.call("GET", f"/worlds/{played}/journeys")
    assert found["complete"] and [one["key"] for one in found["journeys"]] == ["14", "1"]
    assert found["journeys"][1]["rows"] == list(range(1, 14)) and found["journeys"][1]["outcome"] == "refused"
    one: Any = control.call("GET", f"/worlds/{played}/journeys/7")
    assert one == control.call("GET", f"/worlds/{played}/journeys/{DOCUMENT}")
    assert {actor["code"] for actor in one["actors"]} >= {"dpi", "pfi", "dmp", "mssante", "patient"}
    first = one["exchanges"][0]
    assert (first["numbers"], first["from"], first["to"], first["label"]) == ([1, 2], "dpi", "pfi", "MDM^T02")


@pytest.mark.parametrize("key", ["99", "0", "9" * 40, "document:none", "%2e%2e", "a.svg"])
def test_no_such_journey(sandbox: Sandbox, control: Control, http: requests.Session, played: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        control.call("GET", f"/worlds/{played}/journeys/{key}")
    assert refused.value.status == 404
    for path in (f"/journeys/{played}/{key}", f"/journeys/{played}/{key}.svg", f"/journeys/no-such-{played}/1"):
        assert page(sandbox, http, path).status_code == 404


@pytest.mark.parametrize(("lang", "words"), [("fr", ("Parcours 1", "refusé")), ("en", ("Journey 1", "refused"))])
def test_the_page_is_followed_or_not(
    sandbox: Sandbox, http: requests.Session, played: str, lang: str, words: tuple[str, ...]
) -> None:
    live = page(sandbox, http, f"/journeys/{played}/1?lang={lang}")
    assert live.headers["Refresh"] == "2" and all(word in live.text for word in words)
    still = page(sandbox, http, f"/journeys/{played}/1?lang={lang}&live=0")
    assert "Refresh" not in still.headers and f"/exchanges/{played}/1?lang={lang}" in still.text
    assert "<script" not in still.text and " style=" not in still.text
    assert f"/journeys/{played}/1" in page(sandbox, http, f"/journeys/{played}?lang={lang}").text


def test_the_picture_is_a_file_of_its_own(sandbox: Sandbox, http: requests.Session, played: str) -> None:
    answer = page(sandbox, http, f"/journeys/{played}/1.svg?lang=en")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "attachment" in answer.headers["Content-Disposition"]
    root = etree.fromstring(answer.content)
    assert etree.QName(root).localname == "svg" and not root.findall(".//{*}a")


def test_who_is_not_in_the_population_is_masked(sandbox: Sandbox, http: requests.Session, played: str) -> None:
    for path in (f"/journeys/{played}", f"/journeys/{played}/14", f"/journeys/{played}/14.svg"):
        assert REAL not in page(sandbox, http, path).text
    assert f"{REAL[:4]}*" in page(sandbox, http, f"/journeys/{played}").text
    assert "185010099900171" in page(sandbox, http, f"/journeys/{played}/1").text


def test_hostile_labels_stay_text(sandbox: Sandbox, http: requests.Session, world: str) -> None:
    hostile = '<script>alert(1)</script>"]]>&\x0b'
    made = [
        entry(f"pfi.{hostile}", f"document:{hostile}", status=hostile, who={"application": hostile}),
        entry(f"dmp.{hostile}", who={"structure": hostile, "product": "Segur sandbox"}, outcome="refused"),
    ]
    write(sandbox, world, made)
    for number in (1, 2):
        for path in (f"/journeys/{world}/{number}", f"/journeys/{world}"):
            answer = page(sandbox, http, path)
            assert answer.status_code == 200 and "<script" not in answer.text
        etree.fromstring(page(sandbox, http, f"/journeys/{world}/{number}.svg").content)


def test_an_old_journey_of_a_long_journal_is_still_found(
    sandbox: Sandbox, control: Control, world: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulators.console.api import journeys as api

    monkeypatch.setattr(api, "MOST_ROWS", 20)
    write(sandbox, world, [entry(f"dmp.TD{number}", f"document:{number // 2}") for number in range(60)])
    found: Any = control.call("GET", f"/worlds/{world}/journeys")
    assert not found["complete"] and len(found["journeys"]) == 10
    assert control.call("GET", f"/worlds/{world}/journeys/4")["rows"] == [3, 4]
    assert control.call("GET", f"/worlds/{world}/journeys/document:3")["rows"] == [7, 8]
