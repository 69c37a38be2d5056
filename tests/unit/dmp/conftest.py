"""One PKI for all DMP tests, one room (store, worlds) for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.dmp_room import Certificates, Room


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def room(certificates: Certificates) -> Iterator[Room]:
    opened = Room(certificates)
    yield opened
    opened.close()
