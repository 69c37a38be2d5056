"""A store, a PKI and a key cache, without any port."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.core.pki import KeyPool, Pki

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyPool:
    return KeyPool(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki") / "pki"


@pytest.fixture(scope="session")
def pki(pki_folder: Path, keys: KeyPool) -> Pki:
    return Pki.open(pki_folder, keys, NOW)
