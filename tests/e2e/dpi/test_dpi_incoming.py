"""What comes to the record over MLLP: documents of mails, receipts, identities; in the clear and over mutual TLS."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from simulators.clients.control import Refusal
from simulators.clients.mllp import MllpLine, MllpServer, send_once
from simulators.core.hl7 import edit, read_message
from simulators.core.pki import client_context
from simulators.documents.hl7.model import Zam
from simulators.documents.hl7.zam import build_zam
from simulators.population.pam import Consent, build_pam
from tests.e2e.dpi.conftest import Ward
from tests.unit.dpi.dpi_room import LETTER, octets
from tests.unit.population.pam.cases import event, identity
from tests.unit.population.pam.cases import head as pam_head

STRANGER = replace(LETTER, cda=LETTER.cda.replace(b"185010099900171", b"285010099900152"))


def code(answer: str) -> str:
    return read_message(answer.encode()).value("MSA-1")


def test_a_document_enters_and_a_stranger_waits(ward: Ward) -> None:
    assert code(ward.tell(octets())) == "AA"
    refused = read_message(ward.tell(octets(replace(STRANGER, document_id=LETTER.document_id))).encode())
    assert refused.value("MSA-1") == "AE"
    told = ward.call("GET", "/received")
    assert [one["state"] for one in told["integrated"]] == ["current"]
    assert [one["kind"] for one in ward.call("GET", "/notices")["notices"]] == ["new"]


def test_an_unknown_patient_is_filed_by_hand_over_the_api(ward: Ward) -> None:
    answer = read_message(ward.tell(octets(replace(STRANGER))).encode())
    assert {err.get(5) for err in answer.all("ERR")} >= {"904"}  # the same five traits under another matricule
    (waiting,) = ward.call("GET", "/received")["refused"]
    assert waiting["traits"]["matricule"] == "285010099900152"
    number = waiting["number"]
    for patient in ("nobody", ""):
        with pytest.raises(Refusal):
            ward.call("POST", f"/received/{number}/import", patient=patient)
    made = ward.call("POST", f"/received/{number}/import", patient="adult")
    told = ward.call("GET", "/received")
    assert (told["integrated"][0]["number"], told["integrated"][0]["by"]) == (made["imported"], "manual")
    assert told["refused"][0]["imported"] == made["imported"]
    with pytest.raises(Refusal, match="imported before") as again:
        ward.call("POST", f"/received/{number}/import", patient="adult")
    assert again.value.status == 409


def test_receipts_come_back_to_their_document(ward: Ward) -> None:
    number = ward.write(recipients=["a@b.mssante.test"], ack_lecture=True)
    ward.settle()
    msh10 = ward.document(number)["sendings"][0]["msh10"]
    for zam in (
        Zam("Z01", msh10, True),
        Zam("Z02", msh10, False, "a@b.mssante.test", error=("550", "absente")),
        Zam("Z03", msh10, True, "a@b.mssante.test"),
    ):
        answer = ward.tell(build_zam(zam, pam_head("Z")))
        assert (code(answer), f"|ACK^{zam.kind}^ACK|" in answer) == ("AA", True)
    receipts = ward.document(number)["receipts"]
    assert {(one["kind"], one["accepted"], one["error"]) for one in receipts} == {
        ("Z01", True, ""),
        ("Z02", False, "550^absente"),
        ("Z03", True, ""),
    }
    answer = ward.tell(build_zam(Zam("Z01", "NOT-OURS", True), pam_head("Z")))
    assert (code(answer), "OBX^1^4" in answer, "207" in answer) == ("AE", True, True)


def test_pam_rules_what_leaves(ward: Ward) -> None:
    assert code(ward.tell(build_pam(replace(event("A01"), consent=Consent(feed="IO")), pam_head()))) == "AA"
    number = ward.write()
    ward.settle()
    assert b"|DESTDMP^Destinataire DMP^MetaDMPMSS||N^" in ward.pfi.messages[-1]
    assert "ZFA-9" in ward.document(number)["reasons"][0]["en"]
    ward.tell(build_pam(replace(event("A31"), identity=identity(status="PROV"), consent=None), pam_head()))
    (person,) = [p for p in ward.call("GET", "/patients")["patients"] if p["slug"] == "adult"]
    assert (person["qualified"], person["may_feed"], person["source"]) == (False, False, "pam")


def test_what_is_not_for_a_record_is_refused(ward: Ward) -> None:
    assert "HL7-KIND" in ward.tell(edit(octets(), "MSH-9", "ORU^R01^ORU_R01"))
    answer = ward.tell(edit(octets(), "MSH-21", "2.1^CISIS_CDA_HL7_V2"))
    assert (code(answer), "DPI-PROFILE" in answer, "MSH^1^21" in answer) == ("AE", True, True)
    assert ward.call("GET", "/received")["integrated"] == []


def test_the_certificate_leads_to_the_world(ward: Ward) -> None:
    """MSH-6 names nobody: the certificate alone does."""
    sandbox, described = ward.sandbox, ward.control.call("GET", f"/worlds/{ward.world}")
    hospital = next(s["id"] for s in described["structures"] if s["slug"] == "hospital")
    context = client_context(sandbox.trusted.at(sandbox.now()), sandbox.holders.pair(ward.world, hospital).auth_cli)
    url = sandbox.local_url("dpi_mllps")
    server = MllpServer(url, context, named=(urlsplit(url).hostname or "",))
    with MllpLine(server) as line:
        for _ in range(2):
            answer = read_message(line.exchange(edit(octets(), "MSH-6", "ANYBODY")))
            assert answer.value("MSA-1") == "AA"
    assert len(ward.call("GET", "/received")["integrated"]) == 1


def test_a_slow_integration_delays_its_acknowledgement_only(ward: Ward) -> None:
    fault = {"name": "latency", "match": {"on": "dpi.MDM^T02"}, "params": {"seconds": 0.5}}
    ward.control.call("POST", f"/worlds/{ward.world}/faults", fault)
    begun = time.monotonic()
    assert code(ward.tell(octets())) == "AA"
    assert time.monotonic() - begun >= 0.5


def test_a_forced_refusal_looks_like_the_true_one(ward: Ward) -> None:
    refusal = {"rule": "DPI-PATIENT-UNKNOWN", "match": {"on": "dpi.MDM^T02"}}
    ward.control.call("POST", f"/worlds/{ward.world}/refusals", refusal)
    answer = read_message(ward.tell(octets()).encode())
    assert (answer.value("MSA-1"), answer.value("ERR-3.1"), answer.value("ERR-5.1")) == ("AE", "207", "902")
    assert ward.call("GET", "/received") == {"integrated": [], "refused": []}


@pytest.mark.parametrize(
    "broken",
    [
        *(b"", b"MSH|^~\\&|", b"\xff\xfe\x00", b"MSH|^~\\&|A|B|C|D|1||MDM^T02|1|P|2.6\r"),
        *(b"MSH|^~\\&|A|B|C|D|1||ZAM^Z01|1|P|2.6\r", b"MSH|^~\\&|A|B|C|D|1||ADT^A28|1|P|2.5\r"),
        edit(
            octets(),
            "OBX[1]-5.5",
            "PCFET0NUWVBFIGEgWzwhRU5USVRZIHggU1lTVEVNICJmaWxlOi8vL2V0Yy9wYXNzd2QiPl0+PGE+Jng7PC9hPg==",
        ),
        edit(octets(), "OBX", None),
        edit(octets(), "PID", None),
    ],
)
def test_hostile_input_is_refused_and_the_record_stays_up(ward: Ward, broken: bytes) -> None:
    url = ward.sandbox.local_url("dpi_mllp")
    before = ward.call("GET", "/received")["integrated"]
    answer = read_message(send_once(MllpServer(url), broken))
    assert answer.value("MSA-1") in {"AE", "AR"}
    assert ward.call("GET", "/received")["integrated"] == before
    assert code(ward.tell(octets())) == "AA"
