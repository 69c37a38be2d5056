"""The record as a creator of documents, over the wire with a scripted PFI."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from simulators.clients.control import Refusal
from simulators.documents.cda.read import read_cda
from tests.e2e.dpi.conftest import Ward
from tests.support.scripted_pfi import answer, field, half, silent

FLAG = re.compile(r"\|(MASQUE_PS|INVISIBLE_PATIENT|INVISIBLE_REP_LEGAUX|[A-Z_]+)\^[^|]*\^MetaDMPMSS\|\|([YN])\^\^")


def flags(message: bytes) -> dict[str, str]:
    return dict(FLAG.findall(message.decode()))


def cda(message: bytes) -> Any:
    """The document of a message, read."""
    return read_cda(base64.b64decode(field(message, "OBX", 5).split("^")[4]))


def test_a_validated_document_leaves_and_is_acknowledged(ward: Ward) -> None:
    number = ward.write(
        recipients=["dr@b.mssante.test"], to_patient=True, fin=True, ack_lecture=True, reply_to="r@b.mssante.test"
    )
    ward.settle()
    told, (message,) = ward.document(number), ward.pfi.messages
    assert (told["state"], told["sendings"][0]["ack"]) == ("acked", "AA")
    assert field(message, "MSH", 9) == "MDM^T02^MDM_T02"
    assert (field(message, "ORC", 1), field(message, "OBX", 11)) == ("NW", "F")
    assert field(message, "TXA", 12) == told["document_id"] == cda(message).unique_id
    asked = flags(message)
    assert list(asked) == [
        *("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX", "CONNEXION_SECRETE", "MODIF_CONF_CODE"),
        *("DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT", "ACK_RECEPTION", "ACK_LECTURE_MSS"),
    ]
    yes = {name for name, value in asked.items() if value == "Y"}
    assert yes == {"DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT", "ACK_RECEPTION", "ACK_LECTURE_MSS"}
    text = message.decode()
    assert "NTE|1|||FIN" in text
    assert "X.400^dr@b.mssante.test" in text
    assert f"X.400^{told['patient']}@patient.mssante.test" in text
    assert "REPLY^Reply To^participation" in text


def test_both_mail_bodies_travel(ward: Ward) -> None:
    ward.write(recipients=["dr@b.mssante.test"], to_patient=True, body_ps="Cher confrère", body_patient="Bonjour")
    ward.settle()
    text = ward.pfi.messages[0].decode()
    for code, body in (("CORPSMAIL_PS", "Cher confrère"), ("CORPSMAIL_PATIENT", "Bonjour")):
        assert re.search(
            rf"\|{code}\^[^|]*\|\|\^text\^\^Base64\^{re.escape(base64.b64encode(body.encode()).decode())}", text
        )


def test_an_oru_by_setting(ward: Ward, setting: Callable[..., None]) -> None:
    setting(message="ORU")
    ward.write()
    ward.settle()
    (message,) = ward.pfi.messages
    assert (field(message, "MSH", 9), field(message, "MSH", 12)) == ("ORU^R01^ORU_R01", "2.5")


def test_the_deferral_is_business_time_and_can_be_used_to_hold_and_cancel(
    ward: Ward, setting: Callable[..., None]
) -> None:
    setting(deferral="PT2H")
    first, second, third = ward.write(), ward.write(), ward.write()
    ward.call("POST", f"/documents/{second}/hold")
    ward.call("POST", f"/documents/{third}/cancel")
    ward.settle("PT1H")
    assert [ward.document(n)["state"] for n in (first, second, third)] == ["validated", "held", "cancelled"]
    assert ward.pfi.messages == []
    ward.settle("PT2H")
    assert [ward.document(n)["state"] for n in (first, second, third)] == ["acked", "held", "cancelled"]
    ward.call("POST", f"/documents/{second}/resume")
    ward.settle()
    assert ward.document(second)["state"] == "acked"
    assert len(ward.pfi.messages) == 2


def test_what_left_cannot_be_cancelled_and_the_reason_is_told(ward: Ward) -> None:
    ward.pfi.then(silent)
    number = ward.write()
    ward.settle()
    assert ward.document(number)["state"] == "sent"
    with pytest.raises(Refusal, match="no HL7 message cancels") as refused:
        ward.call("POST", f"/documents/{number}/cancel")
    assert refused.value.status == 409


def test_a_pfi_that_is_down_blocks_nothing_and_the_order_can_still_be_cancelled(
    ward: Ward, setting: Callable[..., None]
) -> None:
    setting(pfi="mllp://127.0.0.1:1")
    number = ward.write()
    ward.settle()
    waiting = ward.document(number)
    assert (waiting["state"], waiting["sendings"][0]["problem"].split(":")[0]) == ("queued", "refused")
    ward.call("POST", f"/documents/{number}/cancel")
    setting(pfi=ward.pfi.url)
    ward.settle("PT1H")
    assert (ward.document(number)["state"], ward.pfi.messages) == ("cancelled", [])


def test_every_odd_answer_is_tried_again_with_the_same_msh10(ward: Ward) -> None:
    ward.pfi.then(answer("AR"), silent, half, answer("AA", about="OTHER"), answer("XX"))
    number = ward.write()
    seen: list[tuple[str, str]] = []
    for _ in range(5):
        ward.settle("PT6M" if seen else "PT0S")
        seen.append((ward.document(number)["state"], ward.document(number)["sendings"][0]["ack"]))
    ward.settle("PT6M")
    assert ward.document(number)["state"] == "acked"
    assert [state for state, _ in seen] == ["queued", "sent", "sent", "sent", "sent"]
    assert seen[0][1] == "AR"
    assert len(ward.pfi.messages) == 6
    assert len(set(ward.pfi.messages)) == 1


def test_a_message_is_given_up_at_last(ward: Ward, setting: Callable[..., None]) -> None:
    setting(pfi="mllp://127.0.0.1:1", retry_every="PT12H")
    number = ward.write()
    ward.settle("P3D")
    told = ward.document(number)
    assert told["state"] == "refused"
    assert told["sendings"][0]["given_up"]
    assert "given up" in told["reasons"][-1]["en"]
    setting(pfi=ward.pfi.url)
    ward.call("POST", f"/documents/{number}/resend")
    ward.settle()
    assert ward.document(number)["state"] == "acked"


def test_an_ae_is_final_and_its_reason_readable(ward: Ward) -> None:
    error = "ERR||PRT^1^8^1^10|101^Required field missing^messageErrorCondition|E||||FINESS absent"
    ward.pfi.then(answer("AE", error))
    number = ward.write()
    ward.settle("P1D")
    told = ward.document(number)
    assert (told["state"], len(ward.pfi.messages)) == ("refused", 1)
    assert told["sendings"][0]["errors"] == ["[PRT^1^8^1^10] · 101 Required field missing · FINESS absent"]
    assert "FINESS absent" in told["reasons"][-1]["fr"]
    with pytest.raises(Refusal, match="accepted no version"):
        ward.call("POST", f"/documents/{number}/replace")


def test_replace_then_delete(ward: Ward) -> None:
    number = ward.write(recipients=["dr@b.mssante.test"])
    ward.settle()
    ward.call("POST", f"/documents/{number}/replace", text="Corrigé")
    ward.settle()
    ward.call("POST", f"/documents/{number}/delete")
    ward.settle()
    told, (first, second, third) = ward.document(number), ward.pfi.messages
    one, two = told["versions"]
    assert [field(m, "MSH", 9)[:7] for m in (first, second, third)] == ["MDM^T02", "MDM^T10", "MDM^T04"]
    assert [field(m, "ORC", 1) for m in (first, second, third)] == ["NW", "RO", "CA"]
    assert [field(m, "OBX", 11) for m in (first, second, third)] == ["F", "C", "D"]
    assert (one["set_id"], one["document_id"] != two["document_id"]) == (two["set_id"], True)
    assert field(second, "TXA", 13) == one["document_id"]
    assert [parent.root for parent in cda(second).replaces] == [one["document_id"]]
    assert (cda(second).version.text, cda(second).set_id.root) == ("2", two["set_id"])
    assert "dr@b.mssante.test" in second.decode()
    assert field(third, "TXA", 12) == two["document_id"]
    assert field(third, "OBX", 5) == field(second, "OBX", 5)
    assert (told["state"], [v["state"] for v in told["versions"]]) == ("deleted", ["acked", "deleted"])
    with pytest.raises(Refusal, match="deleted"):
        ward.call("POST", f"/documents/{number}/replace")


def test_a_refused_deletion_leaves_the_document(ward: Ward) -> None:
    number = ward.write()
    ward.settle()
    ward.pfi.then(answer("AE", "ERR||TXA^1^12|207^x^x|E|900^Version^applicationErrorCondition"))
    ward.call("POST", f"/documents/{number}/delete")
    ward.settle()
    told = ward.document(number)
    assert (told["state"], told["action"]) == ("acked", "initial")
    assert "900 Version" in told["reasons"][-1]["fr"]
    ward.call("POST", f"/documents/{number}/delete")
    ward.settle()
    assert ward.document(number)["state"] == "deleted"


def test_another_visibility_is_a_new_version_that_says_so(ward: Ward) -> None:
    number = ward.write()
    ward.settle()
    ward.call("POST", f"/documents/{number}/visibility", flags={"MASQUE_PS": True})
    ward.settle()
    message = ward.pfi.messages[1]
    assert (field(message, "ORC", 1), flags(message)["MASQUE_PS"], flags(message)["MODIF_CONF_CODE"]) == (
        "RO",
        "Y",
        "Y",
    )
    ward.call("POST", f"/documents/{number}/replace", text="Suite")
    ward.settle()
    assert flags(ward.pfi.messages[2])["MODIF_CONF_CODE"] == "N"
    assert flags(ward.pfi.messages[2])["MASQUE_PS"] == "Y"


def test_an_invisible_document_is_not_mailed_to_its_patient(ward: Ward) -> None:
    number = ward.write(to_patient=True, flags={"invisible_patient": True})
    ward.settle()
    message = ward.pfi.messages[0]
    assert (flags(message)["INVISIBLE_PATIENT"], flags(message)["DESTMSSANTEPAT"]) == ("Y", "N")
    assert "patient.mssante" not in message.decode()
    assert "DESTMSSANTEPAT = N" in ward.document(number)["reasons"][0]["fr"]


def test_the_opposition_of_the_population_is_obeyed(ward: Ward) -> None:
    number = ward.write(patient="opposed")
    ward.settle()
    assert flags(ward.pfi.messages[0])["DESTDMP"] == "N"
    assert "ZFA-9" in ward.document(number)["reasons"][0]["fr"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"patient": "nobody", "kind": "discharge-letter"}, 404, "nobody"),
        ({"patient": "adult", "kind": "novel"}, 400, "novel"),
        ({"patient": "adult", "kind": "discharge-letter", "recipients": ["a|b"]}, 400, "mail address"),
        ({"patient": "adult", "kind": "discharge-letter", "recipients": ["a@b\rPRT||"]}, 400, "mail address"),
        ({"patient": "adult", "kind": "discharge-letter", "flags": {"MASK": True}}, 400, "mask"),
        ({"patient": "adult", "kind": "discharge-letter", "flags": {"MASQUE_PS": "Y"}}, 400, "true or false"),
        ({"patient": "adult", "kind": "discharge-letter", "professional": "nobody"}, 404, "nobody"),
        ({"patient": "adult", "kind": "discharge-letter", "text": "x" * 30_000}, 400, "30000"),
    ],
)
def test_what_no_document_can_be_made_of_is_refused(ward: Ward, body: dict[str, Any], status: int, said: str) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        ward.call("POST", "/documents", **body)
    assert refused.value.status == status
    assert ward.call("GET", "/documents") == {"documents": []}


def test_a_hostile_text_cannot_break_out_of_its_segment(ward: Ward) -> None:
    ward.write(title="a|b^c~d&e\\F\\\rPID|evil", body_ps="x\rMSH|", recipients=["dr@b.mssante.test"])
    ward.settle()
    names = [line[:3] for line in ward.pfi.messages[0].decode().split("\r")]
    assert names.count("PID") == 1
    assert names.count("MSH") == 1


def test_no_document_of_that_number(ward: Ward) -> None:
    for number in (99, 1 << 40):
        with pytest.raises(Refusal) as refused:
            ward.document(number)
        assert refused.value.status == 404
        with pytest.raises(Refusal) as refused:
            ward.call("POST", f"/documents/{number}/validate")
        assert refused.value.status == 404
