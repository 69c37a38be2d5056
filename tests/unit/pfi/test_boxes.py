"""The PFI and the operator agree on the mailboxes of a hospital without knowing each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.assembly.seeding import seed_population
from simulators.core.rules import Policy
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.mssante import mailboxes, seeds
from simulators.pfi import boxes
from simulators.pfi.poller import Poller

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("names", [["main"], ["a.b", "a-b", "a_b"]])
def test_agreed(memory_store: Store, names: list[str]) -> None:
    worlds = Worlds(memory_store, lambda: NOW, (seed_population, seeds.seed))
    for name in names:
        worlds.create(name)
    seen = set()
    for name in names:
        with memory_store.read(name) as tx:
            application, organisation = boxes.mailbox(tx, Policy()), boxes.error_mailbox(tx, Policy())
            assert mailboxes.get(tx, application).kind is mailboxes.Kind.APP
            assert mailboxes.get(tx, organisation).kind is mailboxes.Kind.ORG
        seen.add(application)
    assert len(seen) == len(names)


def test_named_by_the_world(memory_store: Store) -> None:
    worlds = Worlds(memory_store, lambda: NOW, (seed_population,))
    worlds.create("main")
    policy = Policy(settings={"pfi.mailbox": "PFI@x.mssante.test", "pfi.error-mailbox": "Erreurs@x.mssante.test"})
    with memory_store.read("main") as tx:
        assert boxes.mailbox(tx, policy) == "pfi@x.mssante.test"
        assert boxes.error_mailbox(tx, policy) == "erreurs@x.mssante.test"
        assert boxes.mailbox(tx, Policy()) == "hospital.app@main.mssante.test"  # no operator here: what it would be


def test_without_hospital(memory_store: Store) -> None:
    Worlds(memory_store, lambda: NOW).create("main")
    with memory_store.read("main") as tx:
        assert boxes.mailbox(tx, Policy()) == boxes.error_mailbox(tx, Policy()) == ""


def test_the_hint_is_the_operator_s() -> None:
    assert Poller.HINT == "mail"
