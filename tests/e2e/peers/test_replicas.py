"""Two sandboxes on one PostgreSQL, behind one another's back: whichever is spoken to, every order is done once."""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mllp_apart import another, cda_of, composed, until
from tests.support.mllp_ledger import ADDRESS, PASSWORD, Record, field, line_to
from tests.support.mllp_receiver import MllpReceiver
from tests.support.postgres import TestDatabase

DIRECT, WRITTEN = 5, 2
PATIENCE_S = 240.0
NEW_OID = "1.2.250.1.999.9.1.9002"


@pytest.mark.postgresql
def test_two_replicas_do_every_order_once(postgres: TestDatabase, cache: Path, tmp_path: Path) -> None:
    line = ("--data", postgres.url)
    with (
        SandboxProcess(cache, tmp_path / "one.json", *line, patience=PATIENCE_S) as one,
        SandboxProcess(cache, tmp_path / "two.json", *line, patience=PATIENCE_S) as two,
        MllpReceiver() as creator,
    ):
        here, there = Record(one, "here"), Record(two, "there")
        here.opened()
        here.settings(pfi_dpi=f"DPI-REGISTRE={creator.url}")
        sent = dict(to_both_at_once(here, there, number) for number in range(DIRECT))
        letters = [written(process) for process in (one, two) for _ in range(WRITTEN)]
        documents = [*sent.values(), *(letter["document_id"] for letter in letters)]
        until(lambda: finished(here, len(documents)), here.requests)
        assert all(Counter(z["kind"] for z in r["receipts"]) == {"Z01": 1, "Z02": 1} for r in here.requests())
        assert Counter(row["outcome"] for row in there.journal("dmp.TD2.1")) == {"accepted": len(documents)}
        assert there.party.kept(documents).keys() == set(documents)
        assert len(here.mails()) == len(documents)
        told_once(creator, sent)
        for letter in letters:
            told = one.control.call("GET", f"/worlds/main/dpi/documents/{letter['id']}")
            assert sorted((r["kind"], r["times"]) for r in told["receipts"]) == [("Z01", 1), ("Z02", 1)], told
        by_mail(one, two, here)


def to_both_at_once(here: Record, there: Record, number: int) -> tuple[str, str]:
    """One message to both at the same time: both accept it, as one request."""
    control_id, document, message = here.request("both", number)
    gate, answers = threading.Barrier(2), list[bytes]()

    def send(place: str) -> None:
        with line_to(place) as line:
            gate.wait(30)
            answers.append(line.say(message))

    threads = [threading.Thread(target=send, args=(record.place,)) for record in (here, there)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [(field(a, "MSA", 1), field(a, "MSA", 2)) for a in answers] == [("AA", control_id)] * 2, answers
    return control_id, document


def written(process: SandboxProcess) -> dict[str, str]:
    """A letter of the record of one of them."""
    body = {"patient": "adult", "kind": "discharge-letter", "validate": True, "recipients": [ADDRESS]}
    made: dict[str, str] = process.control.call("POST", "/worlds/main/dpi/documents", body)
    return made


def finished(record: Record, count: int) -> bool:
    found = record.requests()
    orders = [order["state"] == "ok" for one in found for order in one["orders"]]
    receipts = [told["state"] == "acked" for one in found for told in one["receipts"]]
    return len(found) == count and len(receipts) == 2 * count and all(orders) and all(receipts)


def told_once(creator: MllpReceiver, sent: dict[str, str]) -> None:
    """One Z01 and one Z02 for each request came over the wire."""
    heard = Counter((field(m, "MSH", 9).split("^")[1], field(m, "OBX", 4)) for m in creator.messages)
    assert set(heard.values()) == {1}, heard
    assert Counter(kind for kind, _ in heard) == {"Z01": len(sent), "Z02": len(sent)}


def by_mail(one: SandboxProcess, two: SandboxProcess, record: Record) -> None:
    """Both look into the applicative mailbox; the document enters the record once, its sender is told once."""
    found = one.control.call("GET", "/worlds/main/mailboxes?kind=APP")["mailboxes"]
    box = next(box["address"] for box in found if box["address"].startswith("hospital.app@"))
    documents = [cda_of(mail) for mail in record.mails()]
    document = next(one for one in documents if b'<id root="2.25.' in one)  # a letter of the record itself
    letter = composed(ADDRESS, box, "flow6@test", another(document, NEW_OID))
    before = len(record.mails())
    at = urlsplit(two.endpoints["services"]["mssante"]["submissions"])
    context = ssl.create_default_context(cafile=two.endpoints["trust"]["roots"])
    with smtplib.SMTP_SSL(at.hostname or "", at.port or 0, context=context, timeout=30) as client:
        client.login(ADDRESS, PASSWORD)
        assert client.sendmail(ADDRESS, [box], letter) == {}
    until(lambda: len(record.mails()) > before)
    for process in (one, two):
        process.control.call("POST", "/worlds/main/pfi/poll")
        process.control.call("POST", "/worlds/main/clock", {"advance": "PT0S"})
    kept = two.control.call("GET", "/worlds/main/dpi/received")["integrated"]
    assert [one["document_id"] for one in kept] == [NEW_OID]
    assert len(record.mails()) == before + 1
