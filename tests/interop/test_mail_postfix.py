"""Postfix as the other operator, both ways: mutual TLS, the white list, reports back, delayed then failed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from simulators.assembly.endpoints import certificate_files, trust_files
from simulators.assembly.settings import Settings
from simulators.core.rules import Policy
from simulators.mssante import domains
from simulators.mssante.domains import Operator
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, House
from tests.interop.mail.office import letter, same_archive
from tests.interop.mail.postfix import DOCTOR, DOMAIN, LATER, NOBODY, Postfix, installed

pytestmark = pytest.mark.interop

WORLD = "main"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, environment=environment, publish=False)) as running:
        policy = {**running.worlds.get(WORLD).policy.as_json(), "settings": {"mssante.retry-every": "PT2H"}}
        running.worlds.set_policy(WORLD, Policy.from_json(policy))
        yield House(running, WORLD)


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files of a server certificate for localhost."""
    issued = house.sandbox.pki.issue_server(["localhost"], ["127.0.0.1"], now=house.sandbox.now())
    folder = tmp_path_factory.mktemp("server")
    files = {"certificate": folder / "certificate.pem", "key": folder / "key.pem"}
    files["certificate"].write_bytes(issued.pem() + b"".join(c.public_bytes(Encoding.PEM) for c in issued.chain))
    files["key"].write_bytes(issued.key_pem())
    return {name: str(path) for name, path in files.items()}


@pytest.fixture(scope="module")
def elsewhere(house: House, server: dict[str, str]) -> Iterator[Postfix]:
    """It shows the certificate of the laboratory, which the white list names for its domain."""
    laboratory = house.structure("laboratory")
    client = certificate_files(house.sandbox, WORLD, laboratory)["auth_cli"]
    here = f"[localhost]:{urlsplit(house.sandbox.url('operator-smtp')).port}"
    domain = house.box("PER", GENERALIST).partition("@")[2]
    routes = {domain: f"smtp:{here}", **{f"{how}@{domain}": f"{how}:{here}" for how in ("anonymous", "clear")}}
    with installed(server, client, str(trust_files(house.sandbox)["roots"]), routes) as made:
        shown = house.sandbox.holders.pair(WORLD, laboratory).auth_cli.certificate
        listening = load_pem_x509_certificate(Path(server["certificate"]).read_bytes())
        with house.sandbox.store.write(WORLD) as tx:
            for certificate in (shown, listening):
                dn = certificate.subject.rfc4514_string()
                domains.list_operator(tx, Operator(DOMAIN, dn, "Postfix", f"localhost:{made.port}"))
        yield made


@pytest.fixture
def postfix(elsewhere: Postfix) -> Iterator[Postfix]:
    with elsewhere.running():
        yield elsewhere


@pytest.fixture
def advance(house: House) -> Callable[[str], None]:
    """Business time goes on; what is due, and what it sends, is done."""
    return lambda period: house.sandbox.advance(WORLD, period=period)


def _number(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W+", "-", request.node.name)


def _sent(house: House, to: str, number: str, **options: list[str]) -> tuple[str, bytes]:
    client, sender = house.applicative()
    raw = letter(sender, to, number=number)
    client.sendmail(sender, [to], raw, **options)
    client.quit()
    return sender, raw


def _unix(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def test_postfix_delivers_to_us(house: House, postfix: Postfix, request: pytest.FixtureRequest) -> None:
    to = house.box("PER", GENERALIST)
    before = len(house.inbox(to))
    raw = letter(DOCTOR, to, number=_number(request))
    postfix.send(to, raw)
    postfix.until(lambda: len(house.inbox(to)) > before, "the mail")
    stored = house.inbox(to)[-1]
    assert stored.endswith(raw)
    assert same_archive(stored)
    assert "Verified TLS connection established to localhost" in postfix.log
    row = house.journal("MESSAGE")[-1]
    assert (row.outcome, row.who["sender"]) == ("accepted", DOCTOR)


def test_we_relay_to_postfix(
    house: House, postfix: Postfix, request: pytest.FixtureRequest, advance: Callable[[str], None]
) -> None:
    before = len(postfix.received(0))
    sender, raw = _sent(house, DOCTOR, _number(request))
    advance("PT0S")
    stored = postfix.received(before + 1)[-1]
    assert stored.endswith(_unix(raw))
    assert same_archive(stored)
    assert re.search(rb'\(Client CN ".*SIM.*", Issuer ".*" \(verified OK\)\)', stored), stored[:1500]
    hops = re.findall(rb"^Received: (.*\n(?:[ \t].*\n)*)", stored, re.MULTILINE)
    assert len(hops) == 2 and b"by operateur.mssante.test" in hops[1], hops
    assert house.journal("RELAY")[-1].outcome == "accepted"
    assert f"from=<{sender}>" in postfix.log


def test_postfix_reports_the_delivery(
    house: House, postfix: Postfix, request: pytest.FixtureRequest, advance: Callable[[str], None]
) -> None:
    options = {"mail_options": ["RET=HDRS", "ENVID=enveloppe"], "rcpt_options": ["NOTIFY=SUCCESS,FAILURE"]}
    box = house.box("APP", house.structure("hospital"))
    before = len(house.inbox(box))
    _sent(house, DOCTOR, _number(request), **options)
    advance("PT0S")
    postfix.until(lambda: len(house.inbox(box)) > before, "the report")
    report = house.inbox(box)[-1]
    assert report.startswith(b"Return-Path: <>\r\n")
    assert b"Reporting-MTA: dns; mx." + DOMAIN.encode() in report
    assert b"Original-Envelope-Id: enveloppe\r\n" in report
    assert b"Action: delivered\r\n" in report


def test_postfix_is_told_of_our_delivery(house: House, postfix: Postfix, request: pytest.FixtureRequest) -> None:
    before = len(postfix.received(0))
    to = house.box("PER", GENERALIST)
    postfix.send(to, letter(DOCTOR, to, number=_number(request)), notify="SUCCESS")
    house.sandbox.advance(WORLD, period="PT0S")
    report = postfix.received(before + 1)[-1]
    assert b"Action: delivered\n" in report
    assert f"Final-Recipient: rfc822; {to}".encode() in report


def test_nobody_at_postfix(
    house: House, postfix: Postfix, request: pytest.FixtureRequest, advance: Callable[[str], None]
) -> None:
    sender, _ = _sent(house, NOBODY, _number(request))
    advance("PT0S")
    report = house.inbox(sender)[-1]
    assert b"Subject: Undelivered Mail Returned to Sender\r\n" in report
    assert b"Remote-MTA: dns; localhost\r\n" in report
    assert b"Status: 5.1.1\r\n" in report and b"User unknown in virtual mailbox table" in report


def test_nobody_here(house: House, postfix: Postfix, request: pytest.FixtureRequest) -> None:
    before = len(postfix.received(0))
    nobody = "nobody@" + house.box("PER", GENERALIST).partition("@")[2]
    postfix.send(nobody, letter(DOCTOR, nobody, number=_number(request)))
    bounce = postfix.received(before + 1)[-1]
    assert b"Status: 5.1.1\n" in bounce and b"MSS-RCPT-UNKNOWN" in bounce


def test_delayed_then_failed(
    house: House, postfix: Postfix, request: pytest.FixtureRequest, advance: Callable[[str], None]
) -> None:
    sender, _ = _sent(house, LATER, _number(request))
    before = len(house.inbox(sender))
    advance("PT3H")
    assert len(house.inbox(sender)) == before
    advance("PT2H")
    assert b"Action: delayed\r\n" in house.inbox(sender)[before]
    advance("P6D")
    assert [b"Action: failed\r\n" in raw for raw in house.inbox(sender)[before:]] == [False, True]
    assert b"Diagnostic-Code: smtp; 450 4.7.1" in house.inbox(sender)[-1]


def test_delivered_once_postfix_is_back(
    house: House, elsewhere: Postfix, request: pytest.FixtureRequest, advance: Callable[[str], None]
) -> None:
    before = len(elsewhere.received(0))
    _, raw = _sent(house, DOCTOR, _number(request))
    advance("PT0S")
    assert house.journal("RELAY")[-1].outcome == "failed"
    with elsewhere.running():
        advance("PT2H")
        assert elsewhere.received(before + 1)[-1].endswith(_unix(raw))


def _relisted(house: House, entries: list[Operator]) -> list[Operator]:
    with house.sandbox.store.write(WORLD) as tx:
        old = domains.operators_of(tx, DOMAIN)
        domains.unlist(tx, DOMAIN)
        for entry in entries:
            domains.list_operator(tx, entry)
    return old


def test_the_white_list_names_another_certificate(
    house: House, postfix: Postfix, request: pytest.FixtureRequest
) -> None:
    before = len(postfix.received(0))
    to = house.box("PER", GENERALIST)
    old = _relisted(house, [Operator(DOMAIN, "CN=un autre,O=AUTRE,C=FR")])
    try:
        postfix.send(to, letter(DOCTOR, to, number=_number(request)))
        bounce = postfix.received(before + 1)[-1]
    finally:
        _relisted(house, old)
    assert b"Diagnostic-Code: smtp; 554 5.7.1" in bounce and b"MSS-PEER-DN" in bounce


@pytest.mark.parametrize(("how", "said"), [("anonymous", b"MSS-PEER-CERTIFICATE"), ("clear", b"530 5.7.0")])
def test_postfix_shows_no_certificate(
    house: House, postfix: Postfix, request: pytest.FixtureRequest, how: str, said: bytes
) -> None:
    before = len(postfix.received(0))
    to = f"{how}@{house.box('PER', GENERALIST).partition('@')[2]}"
    postfix.send(to, letter(DOCTOR, to, number=_number(request)))
    assert said in postfix.received(before + 1)[-1]


def test_a_server_certificate_of_nobody_gets_nothing(
    house: House, postfix: Postfix, request: pytest.FixtureRequest, advance: Callable[[str], None]
) -> None:
    """The relay does not hand a mail to who cannot show a certificate of the trust space."""
    before = len(postfix.received(0))
    old = _relisted(house, [Operator(DOMAIN, "", "Postfix", f"localhost:{postfix.stranger}")])
    try:
        _sent(house, DOCTOR, _number(request))
        advance("PT0S")
        row = house.journal("RELAY")[-1]
    finally:
        _relisted(house, old)
    assert (row.outcome, row.status) == ("failed", "0")
    assert len(postfix.received(0)) == before
    advance("PT2H")
    assert len(postfix.received(before + 1)) == before + 1
