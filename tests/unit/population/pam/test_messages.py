"""PAM messages written and read again; samples; whatever the content, reading answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.hl7 import edit, read_message
from simulators.core.rules import Policy, judge
from simulators.population.pam import PAM_CHECKS, PAM_EVENTS, Name, apply, names, read_pam
from tests.unit.population.pam.cases import GONE, INS, event, identity, message, withdrawal


@pytest.mark.parametrize("name", sorted(PAM_EVENTS))
def test_what_is_written_is_read_again(name: str) -> None:
    written = event(name)
    found = read_pam(read_message(message(name)))
    assert found.identity == written.identity
    assert found.movement == written.movement
    assert found.consent == written.consent
    assert found.details == written.details
    assert found.merged == written.merged
    assert found.structure == names.STRUCTURES[name]
    assert (found.event, found.version, found.control_id) == (name, "2.5", "SIM1")
    if name not in {"A40", "A47"}:
        assert found.visit == written.visit


def test_header_and_order_of_segments() -> None:
    text = message("A01").decode()
    assert [line[:3] for line in text.split("\r") if line] == ["MSH", "EVN", "PID", "PV1", "ZBE", "ZFA", "ZFD"]
    header = text.split("\r")[0].split("|")
    assert (header[8], header[11], header[16], header[20]) == (
        "ADT^A01^ADT_A01",
        "2.5^FRA^2.11",
        "FRA",
        "2.11^IHE_FRANCE-2.11-PAM",
    )


def test_segments_in_any_order() -> None:
    head, *others = [line for line in message("A01").split(b"\r") if line]
    turned = b"\r".join([head, *reversed(others)]) + b"\r"
    assert read_pam(read_message(turned)) == read_pam(read_message(message("A01")))


def test_an_ins_may_only_be_kept_when_validated() -> None:
    assert read_pam(read_message(message(identity=identity()))).ins == INS
    provisional = read_pam(read_message(message(identity=identity(status="PROV"))))
    assert provisional.ins is None
    assert provisional.references == ("PI:0B0999009|SIM000001",)


def test_the_withdrawal_keeps_the_two_quotes() -> None:
    assert b'""^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS' in withdrawal()
    found = read_pam(read_message(withdrawal()))
    assert found.ins_deleted
    assert found.identity.ins == GONE
    assert found.merged_references == ("INS:185010099900171",)


def test_delimiters_of_a_name_are_escaped() -> None:
    odd = replace(identity(), names=(Name("D|E^F&G~H\\I", "ALIX", "ALIX"),))
    assert read_pam(read_message(message(identity=odd))).identity.names == odd.names


_FIELDS = [f"{segment}-{field}" for segment in ("PID", "PV1", "ZBE", "ZFA", "EVN") for field in range(1, 34)]
_TEXTS = st.text("AZ09^~&\\\"é|' ", max_size=24)


@given(st.lists(st.tuples(st.sampled_from(_FIELDS), _TEXTS), max_size=6), st.sampled_from(sorted(PAM_EVENTS)))
def test_no_content_makes_reading_judging_or_remembering_raise(edits: list[tuple[str, str]], name: str) -> None:
    octets = message(name)
    for where, value in edits:
        if f"\r{where[:3]}".encode() not in octets:
            continue
        octets = edit(octets, where, value)
    found = read_message(octets)
    judge(Policy(profile="strict"), PAM_CHECKS, found)
    apply(apply(None, event("A01")), read_pam(found))


def test_an_empty_message_is_read() -> None:
    found = read_pam(read_message(b"MSH|^~\\&|||||||ADT^A01\r"))
    assert (found.event, found.references, found.visit) == ("A01", (), None)
    assert judge(Policy(), PAM_CHECKS, read_message(b"MSH|^~\\&|||||||ADT^A01\r")).refused
