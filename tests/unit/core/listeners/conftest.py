from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.unit.core.listeners.support import Issuer, client_context, make_issuer, server_context


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return make_issuer("test", tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def foreign_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return make_issuer("foreign", tmp_path_factory.mktemp("foreign"))


@pytest.fixture(scope="session")
def server_pem(issuer: Issuer) -> Path:
    return issuer.issue("localhost")


@pytest.fixture(scope="session")
def server_tls(issuer: Issuer, server_pem: Path) -> ssl.SSLContext:
    return server_context(issuer, server_pem)


@pytest.fixture(scope="session")
def client_tls(issuer: Issuer) -> ssl.SSLContext:
    return client_context(issuer)
