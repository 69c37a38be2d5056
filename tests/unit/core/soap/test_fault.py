from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.rules import Grade, Level, Rule, Text
from simulators.core.soap import FAULT_ACTION, FINDING_NAMESPACE, fault_answer, read_envelope
from simulators.core.xml import NAMESPACES, parse, text

RULE = Rule(
    id="SIM-TEST",
    level=Level.REFUSE,
    looks_at="a test",
    source="a test",
    grade=Grade.INFERRED,
    sentence=Text("phrase", "sentence"),
    mend=Text("réparez <ceci>", "mend <this>"),
)


def test_the_fault_has_the_form_of_the_field() -> None:
    data = fault_answer(
        "Le certificat est invalide",
        message_id="urn:uuid:2",
        relates_to="urn:uuid:1",
        subcode="DMPInvalidCertificate",
        findings=[RULE.finding("/a/@b", found="1 < 2", expected="3")],
        href="http://localhost/v/1",
    )
    fault = read_envelope(parse(data)).body
    soap, wsse = NAMESPACES["soap"], NAMESPACES["wsse"]
    assert fault.tag == f"{{{soap}}}Fault"
    assert (fault.nsmap["soap"], fault.nsmap["wsse"]) == (soap, wsse)
    names = {"s": soap, "f": FINDING_NAMESPACE}
    assert fault.findtext("s:Code/s:Value", None, names) == "soap:Sender"
    assert fault.findtext("s:Code/s:Subcode/s:Value", None, names) == "soap:DMPInvalidCertificate"
    reason = fault.find("s:Reason/s:Text", names)
    assert reason is not None
    assert (reason.text, reason.get("{http://www.w3.org/XML/1998/namespace}lang")) == (
        "Le certificat est invalide",
        "fr",
    )
    finding = fault.find("s:Detail/f:Finding", names)
    assert finding is not None
    assert [(str(child.tag).partition("}")[2], text(child)) for child in finding] == [
        ("rule", "SIM-TEST"),
        ("where", "/a/@b"),
        ("found", "1 < 2"),
        ("expected", "3"),
        ("mend", "réparez <ceci>"),
        ("mend", "mend <this>"),
        ("href", "http://localhost/v/1"),
    ]
    assert read_envelope(parse(data)).action == FAULT_ACTION
    assert b">urn:uuid:1</RelatesTo>" in data


def test_everything_optional_may_be_absent() -> None:
    data = fault_answer("x", message_id="m", relates_to=None, code="Receiver")
    assert (
        b"<soap:Body><soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>"
        b'<soap:Reason><soap:Text xml:lang="fr">x</soap:Text></soap:Reason></soap:Fault></soap:Body>'
    ) in data


def test_a_subcode_of_ws_security_is_kept() -> None:
    assert b"<soap:Value>wsse:FailedCheck</soap:Value>" in fault_answer(
        "x", message_id="m", relates_to=None, subcode="wsse:FailedCheck"
    )


@pytest.mark.parametrize("subcode", ["a:b", "<", "a b", "soap:", "1", ":a"])
def test_another_subcode_is_not_written(subcode: str) -> None:
    with pytest.raises(ValueError, match="subcode"):
        fault_answer("x", message_id="m", relates_to=None, subcode=subcode)


@given(st.text(), st.text())
def test_hostile_values_are_quoted_harmlessly(reason: str, found: str) -> None:
    finding = RULE.finding("/a", found=found.encode("utf-8", "replace").decode())
    data = fault_answer(
        reason.encode("utf-8", "replace").decode(), message_id="m", relates_to="<&>", findings=[finding], href="&"
    )
    assert len(read_envelope(parse(data)).body[2][0]) == 7
