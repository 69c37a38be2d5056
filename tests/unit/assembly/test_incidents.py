"""What never became a request: one row of the pseudo-world, with the reason in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.assembly.incident_mends import MENDS
from simulators.assembly.incidents import RULES, explained, recorder
from simulators.core import journal
from simulators.core.listeners import Incident, Kind, Reason, reasons, tls_reasons
from simulators.core.listeners.sniff import Guess
from simulators.core.rules import Text
from simulators.core.store import Store
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.core.world import Worlds
from tests.unit.assembly.conftest import NOW


def incident(kind: Kind, raw: bytes = b"GET /") -> Incident:
    return Incident(kind, "dmp", ("192.0.2.1", 4), "why-not", "pourquoi", "why", 1.0, raw)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_journalled_with_its_reason(memory_store: Store, kind: Kind) -> None:
    recorder(Worlds(memory_store, lambda: NOW))(incident(kind))
    (row,) = journal.last(memory_store, PSEUDO_WORLD, 5)
    (finding,) = row.verdict["findings"]
    assert (row.outcome, row.operation, row.status) == ("incident", f"dmp.{kind.value}", "why-not")
    assert finding["rule"] == RULES[kind].id == f"CORE-{kind.value.upper().replace('_', '-')}"
    assert finding["found"] == "pourquoi / why"
    assert "192.0.2.1:4" in finding["where"]
    assert row.who == {"address": "192.0.2.1:4"}
    assert journal.bodies(memory_store, PSEUDO_WORLD, row.number)[0] == b"GET /"


def test_every_rule_speaks_both_languages_and_says_what_to_do() -> None:
    for rule in RULES.values():
        for text in (rule.sentence, rule.mend):
            assert text.fr
            assert text.en
            assert text.fr != text.en
        assert not rule.switchable


def test_a_store_that_is_closed_costs_nobody_anything(memory_store: Store) -> None:
    record = recorder(Worlds(memory_store, lambda: NOW))
    memory_store.close()
    record(incident(Kind.HUNG_UP))


def causes() -> set[str]:
    """Every cause the listeners name for a connection that failed before any request."""
    found = {reason.cause for table in (tls_reasons._VERIFY, tls_reasons._ALERTS) for reason in table.values()}
    found |= {reason.cause for reason in tls_reasons._LOCAL.values()} | {tls_reasons._HUNG_UP.cause}
    found |= {value.cause for value in vars(reasons).values() if isinstance(value, Reason)}
    found |= {reasons.plain_on_tls(seen).cause for seen in Guess if seen is not Guess.TLS}
    return found | {reasons.tls_on_plain("HTTP").cause, reasons.unknown_name("x", []).cause, reasons.no_name([]).cause}


# What no product can mend, or whose family says all: the rule's own mend is the answer.
GENERAL = {"open_connections", "no_descriptor", "body_too_large", "head_too_large", "starttls_injection"}


@pytest.mark.parametrize("cause", sorted(causes() - GENERAL))
def test_each_cause_says_what_to_change(cause: str) -> None:
    mend = MENDS[cause]
    assert mend.fr and mend.en and mend.fr != mend.en


def test_the_cause_decides_the_sentence_and_the_mend() -> None:
    told = explained(replace(incident(Kind.HANDSHAKE_FAILED, b""), cause="client_rejected_unknown_ca"))
    assert (told.rule.sentence, told.rule.mend) == (Text("pourquoi", "why"), MENDS["client_rejected_unknown_ca"])
    assert told.rule.id == RULES[Kind.HANDSHAKE_FAILED].id
    other = explained(replace(incident(Kind.HANDSHAKE_FAILED, b""), cause="client_alert_user_cancelled"))
    assert other.rule.mend == RULES[Kind.HANDSHAKE_FAILED].mend


@pytest.mark.parametrize("first", [b"CONNECT a.test:443 HTTP/1.1\r\n", b"GET http://a.test/ HTTP/1.1\r\n"])
def test_a_port_taken_for_a_proxy(first: bytes) -> None:
    told = explained(incident(Kind.PLAIN_ON_TLS_PORT, first))
    assert told.facts["cause"] == "proxy_connect" and "NO_PROXY" in told.rule.mend.fr
    assert explained(incident(Kind.TIMEOUT, first)).facts["cause"] == "why-not"
