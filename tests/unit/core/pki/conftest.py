"""One key cache and one PKI for the whole session: making RSA keys is what costs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.core.pki import Holder, IssuedCertificate, KeyPool, Pki

URL = "http://localhost:18001"


@pytest.fixture(scope="session")
def now() -> datetime:
    """TLS compares with the wall clock, so certificates must be made for today."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def pool(cache: Path) -> KeyPool:
    return KeyPool(cache, leaf_keys=2)


@pytest.fixture(scope="session")
def serials() -> Callable[[], int]:
    return itertools.count(0x5E60_0000).__next__


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory, pool: KeyPool, now: datetime, serials: Callable[[], int]) -> Pki:
    return Pki.open(tmp_path_factory.mktemp("pki"), pool, now, serials=serials, url_base=URL)


@pytest.fixture
def new_pki(tmp_path: Path, pool: KeyPool, now: datetime, serials: Callable[[], int]) -> Pki:
    """A PKI of its own, for tests that revoke or add roots."""
    return Pki.open(tmp_path / "pki", pool, now, serials=serials, url_base=URL)


@pytest.fixture(scope="session")
def holder() -> Holder:
    return Holder("10B0999009", "CENTRE FICTIF")


@pytest.fixture(scope="session")
def server(pki: Pki, now: datetime) -> IssuedCertificate:
    return pki.issue_server(["localhost", "dmp.test"], ["127.0.0.1"], now=now)


@pytest.fixture(scope="session")
def auth_cli(pki: Pki, now: datetime, holder: Holder) -> IssuedCertificate:
    return pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now)
