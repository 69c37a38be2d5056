"""What never became a request: one row of the pseudo-world, with the reason in both languages."""

from __future__ import annotations

import pytest

from simulators.assembly.incidents import RULES, recorder
from simulators.core import journal
from simulators.core.listeners import Incident, Kind
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
