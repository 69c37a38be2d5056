"""Six months later, to the microsecond: the authorisation has lapsed, the product's clock has not moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simulators.core.clock import add_period
from tests.e2e.bad_input.bench import Bench, fault

DENIED = fault("soap:DMPAccessDeniedByRightsService", "DMP-RIGHT-AUTHORISATION")


def clock(bench: Bench, **move: str) -> dict[str, Any]:
    moved: dict[str, Any] = bench.control.call("POST", f"/worlds/{bench.world}/clock", move)
    return moved


def authorisation(bench: Bench) -> object:
    answer = bench.ask(bench.letter("TD0.2"))
    assert answer.outcome == "accepted", answer
    return answer.values["authorisation"]


def test_p6m_lapses_it_exactly(fresh_bench: Bench) -> None:
    bench = fresh_bench
    now = bench.control.call("GET", f"/worlds/{bench.world}/clock")["wire"]
    frozen = clock(bench, freeze=now)
    granted = datetime.fromisoformat(frozen["business"])
    assert authorisation(bench) == "NON_EXISTE"
    bench.refused(lambda: bench.post(bench.letter("TD3.1")), DENIED, "DMP-RIGHT-AUTHORISATION")
    assert bench.ask(bench.letter("TD0.3")).values["status"] == "DMPOk"
    lapses = add_period(granted, "P6M")
    clock(bench, to=(lapses - timedelta(microseconds=1)).isoformat())
    assert authorisation(bench) == "VALIDE"
    assert bench.ask(bench.letter("TD3.1")).outcome == "accepted"
    moved = clock(bench, to=lapses.isoformat())
    assert datetime.fromisoformat(moved["wire"]) == datetime.fromisoformat(now), "wire time stands"
    assert authorisation(bench) == "EXPIRE"
    row = bench.refused(lambda: bench.post(bench.letter("TD3.1")), DENIED, "DMP-RIGHT-AUTHORISATION")
    (finding,) = row["verdict"]["findings"]
    assert (finding["found"], finding["expected"]) == ("EXPIRE", "VALIDE")
    bench.refused(lambda: bench.post(bench.letter("TD3.2")), DENIED, "DMP-RIGHT-AUTHORISATION")
    assert bench.ask(bench.letter("TD0.3")).values["status"] == "DMPOk"
    assert authorisation(bench) == "VALIDE"


def test_one_period_is_six_months(fresh_bench: Bench) -> None:
    """``advance P6M`` with the clock running: what was granted before it has lapsed after it."""
    bench = fresh_bench
    assert bench.ask(bench.letter("TD0.3")).outcome == "accepted"
    moved = clock(bench, advance="P6M")
    assert authorisation(bench) == "EXPIRE"
    wire, business = (datetime.fromisoformat(moved[name]) for name in ("wire", "business"))
    assert abs(add_period(wire, "P6M") - business) < timedelta(days=1)


def test_feeding_goes_on_without_authorisation(fresh_bench: Bench) -> None:
    """INDIRECTE needs none: a product that feeds is not stopped by a lapse."""
    bench = fresh_bench
    assert bench.ask(bench.letter("TD0.3")).outcome == "accepted"
    clock(bench, advance="P6M")
    assert bench.ask(bench.letter("TD2.1")).outcome == "accepted"
    assert bench.ask(bench.letter("TD3.1b")).outcome == "accepted"
