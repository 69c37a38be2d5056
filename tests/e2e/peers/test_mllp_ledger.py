"""What the PFI acknowledged AA survives kill -9 with its orders; in the end each document is in the DMP once."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mllp_ledger import MllpLedger, MllpSender, Record, field, line_to

ROUNDS, RECORDS = 4, 2
SEED = 20261121
PATIENCE_S = 240.0
CHANNELS = ["dmp", "ps"]
_NAME = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.MULTILINE | re.IGNORECASE)


def test_kill_9_loses_no_acknowledged_document(place: str, cache: Path, tmp_path: Path) -> None:
    """Two records send; the process is killed while one of them waits and the queue is being worked; four times."""
    chance, ledger = random.Random(SEED), MllpLedger(tmp_path / "ledger")
    line = ("--data", place, "--durable")
    for number in range(ROUNDS):
        with SandboxProcess(cache, tmp_path / "endpoints.json", *line, patience=PATIENCE_S) as process:
            record = Record(process, f"round-{number}")
            record.opened()
            kept(record, ledger)
            send_until_killed(process, record, ledger, chance.randint(3, 8))
    assert len(ledger.acknowledged()) >= ROUNDS * 3
    assert ledger.unsure(), "somebody was waiting for an answer"
    with SandboxProcess(cache, tmp_path / "endpoints.json", *line, patience=PATIENCE_S) as process:
        record = Record(process, "last")
        kept(record, ledger)
        send_again(record, ledger)
        record.settle()
        record.settle("PT10M")  # what the last kill had interrupted may wait for its next attempt
        drained(record, ledger)


def send_until_killed(process: SandboxProcess, record: Record, ledger: MllpLedger, acknowledgements: int) -> None:
    ledger.arm(acknowledgements, process.kill)
    senders = [MllpSender(record, ledger, f"record-{number}") for number in range(RECORDS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert [(sender.problem, sender.is_alive()) for sender in senders] == [("", False)] * RECORDS
    assert not process.alive


def kept(record: Record, ledger: MllpLedger) -> None:
    """Every acknowledged message is one request with its orders; what was not acknowledged is whole or absent."""
    found = record.requests()
    names = [one["control_id"] for one in found]
    assert len(names) == len(set(names)), "none is there twice"
    assert set(ledger.acknowledged()) <= set(names), "acknowledged and lost"
    assert set(names) <= ledger.attempted.keys()
    for one in found:
        assert one["document"] == ledger.attempted[one["control_id"]][0]
        assert [order["channel"] for order in one["orders"]] == CHANNELS


def send_again(record: Record, ledger: MllpLedger) -> None:
    """As a record must: what got no acknowledgement, as it was."""
    with line_to(record.place) as line:
        for control_id in ledger.unsure():
            answer = line.say(ledger.attempted[control_id][1])
            assert field(answer, "MSA", 1) == "AA", answer
            ledger.acknowledge(control_id)


def drained(record: Record, ledger: MllpLedger) -> None:
    """Each order done: one document in the DMP, one mail by its Message-ID, one receipt of each kind."""
    kept(record, ledger)
    found = record.requests()
    assert len(found) == len(ledger.attempted)
    waiting = [order for one in found for order in one["orders"] if order["state"] != "ok"]
    assert waiting == []
    assert all(Counter(told["kind"] for told in one["receipts"]) == {"Z01": 1, "Z02": 1} for one in found)
    documents = [document for document, _ in ledger.attempted.values()]
    assert record.party.kept(documents).keys() == set(documents)
    assert record.party.count() == len(documents), "none is in the DMP twice"
    fed = Counter(row["outcome"] for row in record.journal("dmp.TD2.1"))
    assert fed == {"accepted": len(documents)}, "and none was offered to it twice"
    mails = Counter(name for mail in record.mails() for name in _NAME.findall(mail))
    assert len(mails) == len(documents), "a mail sent again after a lost answer is the same mail"
    extra = sum(mails.values()) - len(documents)
    assert extra <= ROUNDS, "at most what was on the wire at each kill"
