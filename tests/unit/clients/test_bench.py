"""The world of one test: look-ups, waiting and what is said when nothing came."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.clients.bench import SLICE_S, Bench, NothingCame

DOCUMENT: dict[str, Any] = {
    "control": {"url": "http://localhost:1/_sandbox", "token": "t"},
    "trust": {"roots": "roots.pem", "pem": "PEM"},
    "services": {"dmp": {"patients": "https://h:3/si-dmp-server/x"}},
}
WORLD: dict[str, Any] = {
    "name": "w",
    "services": {"dmp": {"patients": "https://h:3/w/w/si-dmp-server/x"}},
    "structures": [{"slug": "hospital", "id": "10B0000019"}],
    "patients": [{"slug": "adult", "id": "185010099900171"}],
    "professionals": [{"slug": "hospital-specialist", "id": "899700000013"}],
}


class Told:
    """A control API that answers in order and keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.document, self.answers = DOCUMENT, list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    def call(self, method: str, path: str, body: Any = None) -> Any:
        self.asked.append((method, path, body))
        return self.answers.pop(0)


def bench(*answers: Any) -> tuple[Bench, Told]:
    told = Told(*answers)
    made: Any = told
    return Bench(made, dict(WORLD)), told


def waited(exchange: Any = None, cursor: int = 0, near: Any = ()) -> dict[str, Any]:
    return {"exchange": exchange, "cursor": cursor, "seen": 1, "near": list(near)}


def test_places_and_people_by_name_or_identifier() -> None:
    here, _ = bench()
    assert here.url("dmp") == "https://h:3/w/w"
    assert here.url("dmp", "patients") == here.services["dmp"]["patients"]
    assert here.patient("adult") is here.patient("185010099900171")
    assert here.structure("hospital")["id"] == "10B0000019"
    assert here.professional("899700000013")["slug"] == "hospital-specialist"
    assert (here.roots, here.roots_pem) == (Path("roots.pem"), "PEM")


@pytest.mark.parametrize(
    "look", [lambda b: b.url("psc"), lambda b: b.url("dmp", "x"), lambda b: b.patient("x"), lambda b: b.structure("")]
)
def test_an_unknown_name_tells_the_known_ones(look: Any) -> None:
    with pytest.raises(KeyError, match=r"among .*: (dmp|patients|adult|185|hospital|10B)"):
        look(bench()[0])


def test_the_next_wait_goes_on_after_the_exchange_found() -> None:
    here, told = bench(waited({"number": 4}, 4), waited({"number": 6}, 6))
    assert here.wait(operation="dmp.TD2.1")["number"] == 4
    assert here.wait({"who.structure": "1"}, outcome="refused")["number"] == 6
    (_, path, first), (_, _, second) = told.asked
    assert path == "/worlds/w/exchanges/wait"
    assert first == {"since": 0, "timeout": 30.0, "expect": {"operation": "dmp.TD2.1"}}
    assert (second["since"], second["expect"]) == (4, {"who.structure": "1", "outcome": "refused"})


def test_nothing_in_time_is_explained() -> None:
    near = {"number": 2, "operation": "dmp.TD0.2", "misses": {"outcome": {"expected": "accepted", "found": "refused"}}}
    here, told = bench(waited(cursor=2, near=[near]), waited(cursor=2))
    with pytest.raises(NothingCame) as nothing:
        here.wait(timeout=SLICE_S + 5, outcome="accepted")
    assert [body["timeout"] for _, _, body in told.asked] == [SLICE_S, 5]
    assert "exchange 2, dmp.TD0.2" in str(nothing.value)
    assert "outcome: expected 'accepted', found 'refused'" in str(nothing.value)
    assert isinstance(nothing.value, AssertionError)
    with pytest.raises(NothingCame, match="no exchange came"):
        bench(waited())[0].wait(timeout=0)


def test_what_it_orders() -> None:
    here, told = bench({"fired": [1]}, {}, {}, {"id": "F1"}, {"id": "R1"}, {}, {}, {"exchanges": [5]}, {})
    assert here.advance("P6M") == [1]
    here.freeze(datetime(2026, 1, 2, tzinfo=UTC))
    here.freeze(None)
    assert here.fault("latency", "dmp.TD0.2", params={"seconds": 1}, nth=2) == "F1"
    assert here.refuse("DMP-X", "dmp.*", patient="1") == "R1"
    here.clear()
    assert here.journal(3) == [5]
    here.drop()
    bodies = [body for _, _, body in told.asked]
    assert bodies[0] == {"advance": "P6M"}
    assert bodies[1:3] == [{"freeze": "2026-01-02T00:00:00+00:00"}, {"unfreeze": True}]
    assert bodies[3] == {"name": "latency", "match": {"on": "dmp.TD0.2", "nth": 2}, "params": {"seconds": 1}}
    assert bodies[4] == {"rule": "DMP-X", "match": {"on": "dmp.*", "patient": "1"}}
    assert [(method, path) for method, path, _ in told.asked[5:]] == [
        ("DELETE", "/worlds/w/faults"),
        ("DELETE", "/worlds/w/refusals"),
        ("GET", "/worlds/w/exchanges?since=3&limit=1000"),
        ("DELETE", "/worlds/w"),
    ]


def test_an_import_is_seen_at_once(tmp_path: Path) -> None:
    after = {**WORLD, "patients": [{"slug": "mine", "id": "1"}]}
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"patients": []}), "utf-8")
    here, told = bench({"patients": 1}, after)
    assert here.import_population(file) == {"patients": 1}
    assert here.patient("mine")["id"] == "1"
    assert told.asked[0] == ("PUT", "/worlds/w/population", {"patients": []})


def test_files_are_asked_for_when_a_structure_is_used() -> None:
    texts = {"slug": "hospital", "id": "10B0000019", "certificates": {"pem": {}}}
    files = {**texts, "certificates": {"pem": {}, "auth_cli": {"key": "k.pem"}}}
    here, told = bench({**WORLD, "structures": [files]})
    here.description["structures"] = [texts]
    assert here.structure("hospital")["certificates"]["auth_cli"]["key"] == "k.pem"
    assert here.structure("hospital") is files
    assert told.asked == [("GET", "/worlds/w?certificates=true", None)]
