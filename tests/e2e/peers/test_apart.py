"""The journey with each simulator in a process of its own: folders, worlds and Python apart; only wires between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ledger_feeder import Party
from tests.support.mllp_apart import Apart, another, apart, cda_of, composed, until

COLLEAGUE = "899700000013"
PATIENT = "185010099900171@patient.mssante.test"
RADIOLOGIST = "cabinet@poste.main.formation.mssante.fr"
NEW_OID = "1.2.250.1.999.9.1.9001"


@pytest.fixture(scope="module")
def hospital(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with apart(cache, tmp_path_factory.mktemp("apart")) as running:
        yield running


def test_the_whole_journey(hospital: Apart) -> None:
    """Written in the record; in the DMP, mailed to a professional and to the patient; told to the record."""
    colleague = hospital.box("PER", COLLEAGUE)
    letter = hospital.write(recipients=[colleague], to_patient=True, ack_lecture=True)
    until(lambda: hospital.receipts(letter["id"]) == ["Z01", "Z02", "Z02"], lambda: hospital.document(letter["id"]))
    told = hospital.document(letter["id"])
    assert (told["state"], [one["ack"] for one in told["sendings"]]) == ("acked", ["AA"])
    kept = Party(hospital.processes["dmp"], "reader").kept([told["document_id"]])
    for address in (colleague, PATIENT):
        (mail,) = hospital.mails(address)
        assert cda_of(mail) == kept[told["document_id"]]


def test_an_archive_by_mail_enters_the_record(hospital: Apart) -> None:
    """Flow 6: a colleague's mail to the applicative mailbox; the record integrates it, and he is told."""
    colleague = hospital.box("PER", COLLEAGUE)
    if not hospital.mails(colleague):
        hospital.write(recipients=[colleague])
        until(lambda: hospital.mails(colleague))
    document = another(cda_of(hospital.mails(colleague)[0]), NEW_OID)
    hospital.call("mssante", "POST", "mailboxes", address=RADIOLOGIST, kind="ORG", password="secret")
    box = applicative(hospital)
    hospital.submit(RADIOLOGIST, "secret", box, composed(RADIOLOGIST, box, "flow6@test", document))
    until(lambda: integrated(hospital), lambda: hospital.call("pfi", "GET", "pfi/incoming"))
    assert integrated(hospital) == [NEW_OID]
    until(lambda: hospital.mails(RADIOLOGIST))
    (told,) = hospital.mails(RADIOLOGIST)
    assert b"disposition-notification" in told
    assert b"<flow6@test>" in told


def test_the_identity_repository_is_obeyed_across_processes(hospital: Apart) -> None:
    """An opposition told by PAM: the record asks nothing of the DMP any more."""
    body = {"patient": "adult", "answers": "refuses-both", "wait": 30}
    done = hospital.call("identity_repository", "POST", "identity/admit", **body)
    assert [message["ack"] for message in done["messages"]] == ["AA", "AA"]
    (told,) = [one for one in hospital.call("pfi", "GET", "pfi/patients")["patients"] if one["ins"]]
    assert told["may_feed"] is False
    letter = hospital.write(flags={"DESTDMP": True})
    until(lambda: hospital.document(letter["id"])["state"] == "acked")
    assert hospital.receipts(letter["id"]) == []
    assert Party(hospital.processes["dmp"], "after").kept([letter["document_id"]]) == {}


def applicative(hospital: Apart) -> str:
    found = hospital.call("mssante", "GET", "mailboxes?kind=APP")["mailboxes"]
    return str(next(box["address"] for box in found if box["address"].startswith("hospital.app@")))


def integrated(hospital: Apart) -> list[str]:
    return [one["document_id"] for one in hospital.call("dpi", "GET", "dpi/received")["integrated"]]
