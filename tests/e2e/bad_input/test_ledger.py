"""What was acknowledged survives kill -9; what was not is whole or absent; an answer that never came was no lie."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from simulators.clients.transport import WireProblem
from tests.e2e.bad_input.bench import Bench
from tests.support.ledger_feeder import Feeder, Ledger, Party
from tests.support.ledger_sandbox import SandboxProcess

ROUNDS = 4
SEED = 20260105


def test_kill_9_under_load_loses_nothing_acknowledged(place: str, cache: Path, tmp_path: Path) -> None:
    """Two clients feed; the server is killed while one of them waits for its answer; four times, on one store."""
    chance, ledger = random.Random(SEED), Ledger(tmp_path / "ledger")
    fingerprints: list[str] = []
    for number in range(ROUNDS + 1):
        with SandboxProcess(cache, tmp_path / "endpoints.json", "--data", place) as process:
            party = Party(process, f"round-{number}")
            assert fingerprints in ([], party.fingerprints()), "the product's certificates are still good"
            fingerprints = party.fingerprints()
            check(party, ledger)
            if number < ROUNDS:
                feed_until_killed(process, party, ledger, chance.randint(3, 12))
    assert len(ledger.acknowledged()) >= ROUNDS * 3
    assert len(ledger.attempted) > len(ledger.acknowledged()), "somebody was waiting for an answer each time"


def feed_until_killed(process: SandboxProcess, party: Party, ledger: Ledger, acknowledgements: int) -> None:
    ledger.arm(acknowledgements, process.kill)
    feeders = [Feeder(party.client(who), party.patient, ledger) for who in ("one", "two")]
    for feeder in feeders:
        feeder.start()
    for feeder in feeders:
        feeder.join()
    assert [feeder.problem for feeder in feeders] == ["", ""]
    assert not process.alive


def check(party: Party, ledger: Ledger) -> None:
    """Every acknowledged document comes back as it was sent; another one is whole, or is not there."""
    kept = party.kept(list(ledger.attempted)) if ledger.attempted else {}
    digests = {unique_id: hashlib.sha256(data).hexdigest() for unique_id, data in kept.items()}
    acknowledged = ledger.acknowledged()
    assert {unique_id: digests.get(unique_id) for unique_id in acknowledged} == acknowledged
    for unique_id, data in kept.items():
        assert data == ledger.attempted[unique_id]
    assert len(kept) <= len(acknowledged) + 2 * ROUNDS, "at most one of each client was in flight"
    assert party.count() == len(kept) if kept else True


@pytest.mark.parametrize("mode", ["reset", "close"])
def test_an_answer_cut_after_the_commit(fresh_bench: Bench, mode: str) -> None:
    """The client cannot know; the document is stored, and sending it again says so."""
    bench = fresh_bench
    ins, document = bench.patient.ins, bench.document("1.2.250.1.999.9.1.77")
    body = {"name": "after_commit_before_answer", "match": {"on": "dmp.TD2.1", "nth": 1}, "params": {"mode": mode}}
    bench.control.call("POST", f"/worlds/{bench.world}/faults", body)
    since = bench.cursor(bench.world)
    with bench.client as client, pytest.raises(WireProblem):
        client.feed(ins, [document])
    (row,) = bench.rows(bench.world, since)
    assert (row["operation"], row["outcome"]) == ("dmp.TD2.1", "accepted")
    assert row["marks"]["faults"] == ["after_commit_before_answer"]
    again, _ = client.feed(ins, [document])
    assert (again.outcome, again.code) == ("refused", "XDSDuplicateUniqueIdInRegistry")
    assert client.authorise(ins).outcome == "accepted"
    assert client.retrieve(ins, ["1.2.250.1.999.9.1.77"]).documents == {"1.2.250.1.999.9.1.77": document}


def test_a_fault_before_the_commit_stores_nothing(fresh_bench: Bench) -> None:
    bench = fresh_bench
    ins, document = bench.patient.ins, bench.document("1.2.250.1.999.9.1.78")
    body = {"name": "before_commit", "match": {"on": "dmp.TD2.1", "nth": 1}}
    bench.control.call("POST", f"/worlds/{bench.world}/faults", body)
    before = bench.state()
    with bench.client as client:
        answer, _ = client.feed(ins, [document])
        assert (answer.outcome, answer.rule) == ("refused", "SIM-FAULT")
        assert bench.state() == before
        answer, _ = client.feed(ins, [document])
        assert answer.outcome == "accepted", answer
