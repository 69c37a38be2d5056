"""Between operators: mutual TLS, the white list, relay with retry on business time, reports."""

from __future__ import annotations

import email
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from simulators.core.pki import IssuedCertificate, server_context
from simulators.mssante import domains
from simulators.mssante.domains import Operator
from tests.e2e.mssante.conftest import GENERALIST, House, mail

FOREIGN = "autre-operateur.formation.mssante.fr"


def _deliver(client: smtplib.SMTP, sender: str, to: str) -> None:
    client.sendmail(sender, [to], mail(sender, to))


def test_a_listed_operator_delivers(house: House) -> None:
    structure = house.structure("laboratory")
    to = house.box("PER", GENERALIST)
    _deliver(house.smtp("operator-smtp", structure), f"dr@{FOREIGN}", to)
    assert len(house.inbox(to)) == 1
    with house.sandbox.store.read(house.world) as tx:
        (entry,) = domains.white_list(tx)  # nobody had listed it: this world adopts
    assert entry.domain == FOREIGN
    assert structure in entry.dn


def test_null_sender_and_reports_come_in(house: House) -> None:
    to = house.box("PER", GENERALIST)
    client = house.smtp("operator-smtp", house.structure("laboratory"))
    client.sendmail("", [to], mail("MAILER-DAEMON@x.mssante.fr", to))
    assert house.inbox(to)[0].startswith(b"Return-Path: <>\r\n")


def test_what_the_white_list_refuses(house: House) -> None:
    to = house.box("PER", GENERALIST)
    with house.sandbox.store.write(house.world) as tx:
        domains.list_operator(tx, Operator(FOREIGN, "CN=un autre,O=AUTRE,C=FR"))
    client = house.smtp("operator-smtp", house.structure("laboratory"))
    code, text = client.docmd("MAIL", f"FROM:<dr@{FOREIGN}>")
    assert (code, b"MSS-PEER-DN" in text) == (554, True)
    code, text = client.docmd("MAIL", "FROM:<dr@example.org>")
    assert (code, b"MSS-PEER-DOMAIN" in text) == (554, True)
    anonymous = house.smtp("operator-smtp")
    code, text = anonymous.docmd("MAIL", f"FROM:<dr@{FOREIGN}>")
    assert (code, b"MSS-PEER-CERTIFICATE" in text) == (554, True)
    with house.sandbox.store.write(house.world) as tx:
        domains.unlist(tx, FOREIGN)
    assert client.docmd("MAIL", f"FROM:<dr@{FOREIGN}>")[0] == 250
    code, text = client.docmd("RCPT", "TO:<x@example.org>")
    assert code == 550
    assert client.docmd("RCPT", f"TO:<{to}>")[0] == 250


@dataclass
class Peer:
    """The other operator: one thread, as little SMTP as it takes, by sockets of our own."""

    port: int
    answer: bytes = b"250 2.0.0 taken"
    dsn: bool = True
    seen: list[bytes] = field(default_factory=list)
    dn: list[str] = field(default_factory=list)


@contextmanager
def _peer(context: ssl.SSLContext) -> Iterator[Peer]:
    listening = socket.create_server(("127.0.0.1", 0))
    peer = Peer(listening.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            try:
                _serve(connection, context, peer)
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def _serve(connection: socket.socket, context: ssl.SSLContext, peer: Peer) -> None:
    connection.settimeout(10)
    wire: socket.socket = connection
    wire.sendall(b"220 peer\r\n")
    file = wire.makefile("rb")
    while line := file.readline():
        verb = line[:4].upper()
        peer.seen.append(line.strip())
        if verb == b"EHLO":
            wire.sendall(b"250-peer\r\n250-8BITMIME\r\n%b250 STARTTLS\r\n" % (b"250-DSN\r\n" if peer.dsn else b""))
        elif verb == b"STAR":
            wire.sendall(b"220 go\r\n")
            secure = context.wrap_socket(connection, server_side=True)
            peer.dn = [str(rdn) for rdn in (secure.getpeercert() or {}).get("subject", ())]
            wire, file = secure, secure.makefile("rb")
        elif verb == b"DATA":
            wire.sendall(b"354 go\r\n")
            content = b""
            while not content.endswith(b"\r\n.\r\n"):
                content += file.readline()
            peer.seen.append(content)
            wire.sendall(peer.answer + b"\r\n")
        elif verb == b"QUIT":
            wire.sendall(b"221 bye\r\n")
            break
        else:
            wire.sendall(b"250 ok\r\n")
    wire.close()


@pytest.fixture
def peer(house: House) -> Iterator[Peer]:
    sandbox = house.sandbox
    issued = sandbox.pki.issue_server(["localhost"], ["127.0.0.1"], now=sandbox.now())
    trust = sandbox.trusted.at(sandbox.now())
    with _peer(server_context(issued, trust, verify="required")) as running:
        entry = Operator(FOREIGN, dn_text(issued), "un pair d'essai", f"localhost:{running.port}")
        with sandbox.store.write(house.world) as tx:
            domains.list_operator(tx, entry)
        yield running


def dn_text(issued: IssuedCertificate) -> str:
    return issued.certificate.subject.rfc4514_string()


def test_a_server_the_white_list_does_not_name_gets_nothing_until_it_does(house: House, peer: Peer) -> None:
    with house.sandbox.store.write(house.world) as tx:
        (right,) = domains.operators_of(tx, FOREIGN)
        domains.unlist(tx, FOREIGN)
        domains.list_operator(tx, replace(right, dn="CN=un autre,O=AUTRE,C=FR"))
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    client.sendmail(sender, [to], mail(sender, to))
    house.sandbox.advance(house.world, period="PT0S")
    (row,) = house.journal("RELAY")
    assert (row.outcome, row.status) == ("failed", "454")
    assert not any(line.startswith(b"MAIL") for line in peer.seen)
    with house.sandbox.store.write(house.world) as tx:
        domains.list_operator(tx, right)
    house.sandbox.advance(house.world, period="PT30M")
    assert house.journal("RELAY")[-1].outcome == "accepted"


def test_relay_with_mutual_tls(house: House, peer: Peer) -> None:
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    raw = mail(sender, to, body="corps")
    client.sendmail(sender, [to], raw, mail_options=["ENVID=un"], rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
    house.sandbox.advance(house.world, period="PT0S")
    assert any(line.startswith(b"MAIL FROM:<" + sender.encode() + b"> ENVID=un") for line in peer.seen)
    assert f"RCPT TO:<{to}> NOTIFY=FAILURE,SUCCESS ORCPT=rfc822;{to}".encode() in peer.seen
    assert peer.seen[-2].startswith(b"Received: from ")
    assert peer.seen[-2].endswith(raw + b".\r\n")
    assert any("SIM-SANDBOX" in rdn for rdn in peer.dn)
    (row,) = house.journal("RELAY")
    assert (row.direction, row.outcome, row.status) == ("out", "accepted", "250")
    assert house.inbox(sender) == []


def test_a_peer_without_dsn_is_told_as_relayed(house: House, peer: Peer) -> None:
    peer.dsn = False
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    client.sendmail(sender, [to], mail(sender, to), rcpt_options=["NOTIFY=SUCCESS"])
    house.sandbox.advance(house.world, period="PT0S")
    assert b"Action: relayed\r\n" in house.inbox(sender)[0]


def test_a_refusal_comes_back(house: House, peer: Peer) -> None:
    peer.answer = b"550 5.1.1 nobody"
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    client.sendmail(sender, [to], mail(sender, to))
    house.sandbox.advance(house.world, period="PT0S")
    report = house.inbox(sender)[0]
    assert b"Status: 5.1.1\r\nRemote-MTA: dns; localhost\r\nDiagnostic-Code: smtp; 550 5.1.1 nobody\r\n" in report


def test_delayed_then_failed_on_business_time(house: House, peer: Peer) -> None:
    peer.answer = b"451 4.3.0 later"
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    client.sendmail(sender, [to], mail(sender, to))
    house.sandbox.advance(house.world, period="PT3H")
    assert house.inbox(sender) == []
    house.sandbox.advance(house.world, period="PT2H")
    (delayed,) = house.inbox(sender)
    assert b"Action: delayed\r\n" in delayed
    house.sandbox.advance(house.world, period="P6D")
    subjects = [email.message_from_bytes(raw)["subject"] for raw in house.inbox(sender)]
    assert subjects == ["Delayed Mail (still being retried)", "Undelivered Mail Returned to Sender"]
    attempts = len(house.journal("RELAY"))
    house.sandbox.advance(house.world, period="P6D")
    assert len(house.journal("RELAY")) == attempts


def test_delivered_after_a_retry(house: House, peer: Peer) -> None:
    peer.answer = b"451 4.7.1 greylisted"
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    client.sendmail(sender, [to], mail(sender, to))
    house.sandbox.advance(house.world, period="PT0S")
    peer.answer = b"250 ok"
    house.sandbox.advance(house.world, period="PT30M")
    assert [row.outcome for row in house.journal("RELAY")] == ["failed", "accepted"]
    assert house.inbox(sender) == []
