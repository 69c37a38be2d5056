"""Certificates are issued once, kept across restarts and resets, and never given out under another authority."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from simulators.assembly.holders import Holders, Pair
from simulators.core.pki import ANY_STRUCTURE, KeyPool, Pki, chain_verdict, read_certificate
from simulators.core.routing import look_up
from simulators.core.store import Store
from simulators.core.world import Worlds
from tests.unit.assembly.conftest import NOW

HOLDER = "10B0000019"


@pytest.fixture
def store(memory_store: Store) -> Store:
    Worlds(memory_store, lambda: NOW).create("w")
    return memory_store


def serials(pair: Pair) -> tuple[int, int]:
    return pair.auth_cli.serial, pair.sign.serial


def test_a_pair_is_issued_at_first_use_and_kept(store: Store, pki: Pki, keys: KeyPool) -> None:
    first = Holders(store, pki, keys, lambda: NOW).pair("w", HOLDER)
    again = Holders(store, pki, keys, lambda: NOW).pair("w", HOLDER)
    assert serials(first) == serials(again)
    assert first.auth_cli.key_pem() != first.sign.key_pem()
    assert [c.subject for c in again.sign.chain] == [c.subject for c in first.sign.chain]
    for issued in (first.auth_cli, first.sign):
        assert look_up(store, "certificate", issued.fingerprint) == "w"


def test_a_reset_takes_no_certificate_away(store: Store, pki: Pki, keys: KeyPool) -> None:
    holders = Holders(store, pki, keys, lambda: NOW)
    before = serials(holders.pair("w", HOLDER))
    Worlds(store, lambda: NOW).reset("w")
    assert serials(holders.pair("w", HOLDER)) == before


def test_each_world_has_its_own(store: Store, pki: Pki, keys: KeyPool) -> None:
    Worlds(store, lambda: NOW).create("other")
    holders = Holders(store, pki, keys, lambda: NOW)
    assert serials(holders.generic("w")) != serials(holders.pair("other", ANY_STRUCTURE))


def anew(store: Store, pki: Pki, keys: KeyPool, at: datetime = NOW) -> Pair:
    """The pair of a store first served with another installation, and what trusts it."""
    pair = Holders(store, pki, keys, lambda: at).pair("w", HOLDER)
    for issued in (pair.auth_cli, pair.sign):
        facts = read_certificate(issued.der())
        assert not chain_verdict(facts, pki.trust(at), at)
        assert issued.chain[-1] in pki.roots
    return pair


def test_another_pki_on_the_same_keys_issues_anew(store: Store, pki: Pki, keys: KeyPool, tmp_path: Path) -> None:
    before = Holders(store, pki, keys, lambda: NOW).pair("w", HOLDER)
    other = Pki.open(tmp_path / "pki", keys, NOW)
    assert serials(anew(store, other, keys)) != serials(before)


def test_other_keys_issue_anew(store: Store, pki: Pki, keys: KeyPool, tmp_path: Path) -> None:
    before = Holders(store, pki, keys, lambda: NOW).pair("w", HOLDER)
    cache = KeyPool(tmp_path)
    assert serials(anew(store, pki, cache)) != serials(before)


def test_a_lapsed_certificate_is_issued_anew(store: Store, pki: Pki, keys: KeyPool) -> None:
    before = Holders(store, pki, keys, lambda: NOW).pair("w", HOLDER)
    later = before.sign.certificate.not_valid_after_utc + timedelta(days=1)
    assert serials(Holders(store, pki, keys, lambda: later).pair("w", HOLDER)) != serials(before)
