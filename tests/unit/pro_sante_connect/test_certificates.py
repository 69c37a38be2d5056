"""Clients that authenticate by certificate (RFC 8705, facts psc §1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.core.pki import IssuedCertificate, read_certificate
from simulators.pro_sante_connect.rules import client as rules
from tests.support.dmp_room import Certificates
from tests.support.psc_room import NOW, Ask, Room, code_exchange

STRUCTURE, OTHER = "10B0999009", "10B0999017"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(Path(tmp_path_factory.mktemp("pki")), NOW)


@pytest.fixture
def room(issued: Certificates) -> Iterator[Room]:
    made = Room(issued.trust)
    yield made
    made.close()


def by_certificate(room: Room, certificate: IssuedCertificate | None, secret: str | None = None) -> Ask:
    ask = code_exchange(room.code()).with_("body.client_secret", secret)
    return Ask(ask.path, body=ask.body, certificate=certificate.der() if certificate else None)


def test_the_declared_subject_and_no_other(room: Room, issued: Certificates) -> None:
    subject = read_certificate(issued.client(STRUCTURE).der()).subject_dn
    room.client(auth="tls_client_auth", secret="", subject_dn=subject)
    assert room.send(by_certificate(room, issued.client(STRUCTURE))).answer.status == 200
    seen = room.send(by_certificate(room, issued.client(OTHER)))
    assert seen.rules == [rules.CERTIFICATE.id] and seen.finding(rules.CERTIFICATE)["expected"] == subject
    assert room.send(by_certificate(room, None)).rules == [rules.CERTIFICATE_MISSING.id]


def test_an_adopted_client_without_secret_keeps_its_first_certificate(room: Room, issued: Certificates) -> None:
    def sent(certificate: IssuedCertificate) -> list[str]:
        ask = code_exchange(room.code("neuf"), "neuf").with_("body.client_secret", None)
        return room.send(Ask(ask.path, body=ask.body, certificate=certificate.der())).rules

    assert sent(issued.client(STRUCTURE)) == []
    assert sent(issued.client(OTHER)) == [rules.CERTIFICATE.id]


def test_secret_and_certificate_together(room: Room, issued: Certificates) -> None:
    room.client(auth="secret+cert")
    client = issued.client(STRUCTURE)
    assert room.send(by_certificate(room, client, "s3cret")).answer.status == 200
    assert room.send(by_certificate(room, client)).rules == [rules.SECRET_MISSING.id]
    assert room.send(by_certificate(room, None, "s3cret")).rules == [rules.CERTIFICATE_MISSING.id]


def test_the_seal_certificate_and_a_revoked_one(room: Room, issued: Certificates) -> None:
    room.client(auth="tls_client_auth", secret="")
    assert room.send(by_certificate(room, issued.signer(STRUCTURE))).rules == [rules.CERTIFICATE_USAGE.id]
    revoked = issued.revoke(issued.pki.issue_auth_cli(OTHER, "REVOQUE", now=NOW))
    seen = room.send(by_certificate(room, revoked))
    assert seen.rules == [rules.CERTIFICATE_CHAIN.id] and seen.finding(rules.CERTIFICATE_CHAIN)["found"] == "revoked"
