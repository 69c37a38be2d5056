"""Rows become journeys, both sides of an exchange one arrow, and who spoke is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.scenario.picture.journeys import find, journey_of, journeys
from simulators.scenario.picture.model import Journey, Known
from tests.support.journey_rows import HOSPITAL, KINDS, PATIENT, START, as_row, discharge, entry, receipt, rows

OPERATIONS = (
    *("pfi.MDM^T02", "dpi.out.MDM^T02", "dmp.TD2.1", "pfi.out.TD2.1", "mssante.MESSAGE", "pfi.out.MESSAGE"),
    *("dpi.ZAM^Z01", "pfi.out.ZAM^Z01", "mssante.RELAY", "dmp.TD0.2", "pro_sante_connect.token", "odd", ""),
)
KEYS = st.sampled_from(
    [f"{kind}:{n}" for kind in ("hl7", "document", "message", "patient", "session", "mailbox") for n in range(3)]
)
ENTRIES = st.builds(
    lambda operation, keys, outcome, out: entry(operation, *keys, outcome=outcome, out=out),
    st.sampled_from(OPERATIONS),
    st.sets(KEYS, max_size=3),
    st.sampled_from(["accepted", "refused", "failed", "incident", "odd"]),
    st.booleans(),
)


def told(journey: Journey) -> list[tuple[tuple[int, ...], str, str, str, str]]:
    return [(one.numbers, one.source.code, one.target.code, one.label, one.outcome) for one in journey.exchanges]


@given(st.lists(ENTRIES, max_size=25))
def test_every_row_is_in_exactly_one_journey_and_drawn_once(entries: list[Any]) -> None:
    found = journeys(rows(entries))
    assert sorted(n for journey in found for n in journey.rows) == list(range(1, len(entries) + 1))
    for journey in found:
        drawn = sorted(n for one in journey.told for n in one.numbers)
        assert drawn == sorted(journey.rows)
        codes = [actor.code for actor in journey.actors]
        assert len(codes) == len(set(codes))
        assert {side.code for one in journey.exchanges for side in (one.source, one.target)} == set(codes)


@given(st.lists(ENTRIES, max_size=12), st.randoms())
def test_the_order_of_reading_changes_nothing(entries: list[Any], dice: Any) -> None:
    ordered = rows(entries)
    mixed = list(ordered)
    dice.shuffle(mixed)
    assert journeys(mixed) == journeys(ordered)


def test_the_discharge_letter_is_one_journey() -> None:
    (journey,) = journeys(rows(discharge()), Known(mailboxes=KINDS))
    assert told(journey) == [
        ((1, 2), "dpi", "pfi", "MDM^T02", "refused"),
        ((3, 4), "dpi", "pfi", "MDM^T02", "accepted"),
        ((5,), "pfi", "dmp", "TD2.1", "failed"),
        ((6, 7), "pfi", "dmp", "TD2.1", "accepted"),
        ((8, 9), "pfi", "dpi", "ZAM^Z01", "accepted"),
        ((10, 11), "pfi", "mssante", "MESSAGE", "accepted"),
        ((10,), "mssante", "professional", "MAILBOX", "accepted"),
        ((10,), "mssante", "patient", "MAILBOX", "accepted"),
        ((10,), "mssante", "structure_mailbox", "DSN delivered", "accepted"),
        ((12, 13), "pfi", "dpi", "ZAM^Z02", "accepted"),
    ]
    assert [actor.code for actor in journey.actors] == [
        *("dpi", "pfi", "dmp", "mssante", "structure_mailbox", "professional", "patient")
    ]
    assert (journey.outcome, journey.patient) == ("refused", "185010099900171")


def test_the_reading_receipt_goes_on_the_same_journey() -> None:
    (journey,) = journeys(rows([*discharge(), *receipt()]), Known(mailboxes=KINDS))
    assert told(journey)[-5:] == [
        ((14,), "pfi", "mssante", "AUTH", "accepted"),
        ((15,), "professional", "mssante", "MESSAGE", "accepted"),
        ((15,), "mssante", "structure_mailbox", "MAILBOX", "accepted"),
        ((16, 17), "pfi", "mssante", "FETCH mdn", "accepted"),
        ((18, 19), "pfi", "dpi", "ZAM^Z03 Y", "accepted"),
    ]
    assert "sut" not in {actor.code for actor in journey.actors}


def test_a_connection_tells_who_called_and_commands_are_not_drawn() -> None:
    at, pfi = {"address": "127.0.0.1:40001"}, "pfi.out.TD2.1"
    asked = [
        entry("dmp.TD3.1b", PATIENT, who=at),
        entry("dmp.TD2.1", "document:1", PATIENT, who=at),
        entry(pfi, "document:1", PATIENT, out=True),
        entry("mssante.RCPT", "document:1"),
        entry("mssante.RCPT", "document:1", outcome="refused"),
    ]
    journey = journey_of(rows(asked))
    assert [one.source.code for one in journey.exchanges][:2] == ["pfi", "pfi"]
    assert [one.numbers for one in journey.drawn] == [(1,), (2, 3), (5,)]
    assert [one.numbers for one in journey_of(rows(asked[3:4])).drawn] == [(1,)]


def test_commands_stay_with_the_mail_of_their_connection() -> None:
    first, second = ({"mailbox": HOSPITAL, "address": f"127.0.0.1:{port}"} for port in (40001, 40002))
    made = [
        entry("mssante.AUTH", who=first),
        entry("mssante.AUTH", who=second),
        entry("mssante.MESSAGE", "message:1", "document:1", who=first),
        entry("mssante.MESSAGE", "message:2", "document:2", who=second, marks={"forwarded": ["a@b to c@d"]}),
    ]
    found = journeys(rows(made))
    assert [one.rows for one in found] == [(1, 3), (2, 4)]
    assert told(found[1])[-1] == ((4,), "mssante", "mailbox", "FORWARD", "accepted")


def test_a_failure_made_good_is_no_failure() -> None:
    fed = [entry("dmp.TD2.1", "document:1", outcome="failed"), entry("dmp.TD2.1", "document:1")]
    assert [journey_of(rows(fed)).outcome, journey_of(rows(fed[::-1])).outcome] == ["accepted", "failed"]


def test_an_identity_goes_with_the_letter_of_its_patient() -> None:
    told = [
        entry("pfi.ADT^A28", "hl7:A1", PATIENT, status="AA"),
        entry("identity_repository.out.ADT^A28", "hl7:A1", PATIENT, status="AA", out=True),
    ]
    (journey,) = journeys(rows([*told, *discharge()]))
    assert journey.exchanges[0].numbers == (1, 2)
    assert [found.rows for found in journeys(rows([*told, entry("dmp.TD2.1", "document:1", "patient:2")]))] == [
        *((1, 2), (3,))
    ]


def test_the_product_takes_the_part_that_no_peer_played() -> None:
    as_dpi = journey_of(rows([one for one in discharge() if one.protocol != "dpi"]))
    assert told(as_dpi)[0] == ((1,), "sut", "pfi", "MDM^T02", "refused")
    assert next(actor for actor in as_dpi.actors if actor.code == "sut").roles == ("dpi",)
    as_pfi = journey_of(rows([one for one in discharge() if one.protocol != "pfi"]))
    assert [one[1:3] for one in told(as_pfi)][:3] == [("dpi", "sut"), ("dpi", "sut"), ("client", "dmp")]
    assert next(actor for actor in as_pfi.actors if actor.code == "sut").roles == ("pfi",)
    assert as_pfi.exchanges[-1].source.code == "sut"


def test_an_answer_that_came_too_late_keeps_its_caller_and_a_lost_one_is_told() -> None:
    call = ("hl7:M1", "document:1")
    late = journey_of(
        rows(
            [
                entry("pfi.out.TD2.1", *call, "submission:9", outcome="failed", out=True),
                entry("dmp.TD2.1", "document:1", "submission:9"),
            ]
        )
    )
    assert [one[1:3] for one in told(late)] == [("pfi", "dmp"), ("pfi", "dmp")]
    lost = journey_of(
        rows([entry("pfi.MDM^T02", *call, status="AA"), entry("dpi.out.MDM^T02", *call, outcome="failed", out=True)])
    )
    assert [(one.outcome, one.lost) for one in lost.exchanges] == [("failed", True)]


def test_a_patient_only_brings_what_nothing_else_joins() -> None:
    feed = [entry("dmp.TD0.2", "message:1", PATIENT), entry("dmp.TD2.1", "document:1", PATIENT)]
    other = [entry("dmp.TD2.1", "document:2", PATIENT), entry("dmp.TD3.1", "message:2", PATIENT)]
    assert [journey.rows for journey in journeys(rows([*feed, *other]))] == [(1, 2), (3, 4)]
    far = [as_row(1, feed[0]), as_row(2, feed[1], START + timedelta(hours=1))]
    assert [journey.rows for journey in journeys(far)] == [(1,), (2,)]


@pytest.mark.parametrize(
    ("one", "source", "target"),
    [
        (entry("dmp.TD2.1", who={"product": "Vendor 3"}), "sut", "dmp"),
        (
            entry("dmp.TD2.1", who={"product": "Segur sandbox 1.0", "structure": "10B0"}),
            *("structure:10B0", "dmp"),
        ),
        (entry("pfi.MDM^T02", who={"application": "DPI-SEGUR-SANDBOX"}), "dpi", "pfi"),
        (entry("pfi.ADT^A28"), "sut", "pfi"),
        (entry("identity_repository.out.ADT^A28", out=True, status="AA"), "identity_repository", "sut"),
        (
            entry("mssante.MESSAGE", who={"mailbox": "a@b"}, request_head="MESSAGE\nHelo: webmail.x"),
            "mailbox",
            "mssante",
        ),
        (entry("mssante.MESSAGE", who={"certificate": "CN=x"}), "other_operator", "mssante"),
        (entry("mssante.MESSAGE", who={"mailbox": "a@b"}), "sut", "mssante"),
        (entry("mssante.RELAY", out=True), "mssante", "other_operator"),
        (entry("mssante.SMS"), "sut", "phone"),
        (entry("pro_sante_connect.authorization"), "professional", "pro_sante_connect"),
        (entry("pro_sante_connect.token", who={"client": "vendor"}), "sut", "pro_sante_connect"),
        (entry("pro_sante_connect.ping", out=True), "pro_sante_connect", "sut"),
        (entry("hospital_idp.token", who={"client": "scenario-x"}), "client", "hospital_idp"),
    ],
)
def test_who_speaks_with_whom(one: Any, source: str, target: str) -> None:
    (exchange,) = journey_of(rows([one])).exchanges
    assert (exchange.source.code, exchange.target.code) == (source, target)


def test_a_journey_is_found_by_number_or_key() -> None:
    found = journeys(rows([entry("dmp.TD2.1", "document:1"), entry("mssante.MESSAGE", "message:<a@b>")]))
    assert [
        find(found, key) and find(found, key).rows for key in ("1", "2", "3", "document:1", "message:a@b", "²")
    ] == [  # type: ignore[union-attr]
        *((1,), (2,), None, (1,), (2,), None)
    ]


def test_nothing_is_no_journey() -> None:
    assert journeys([]) == []
    with pytest.raises(ValueError, match="at least one"):
        journey_of([])
