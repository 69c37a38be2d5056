"""Hostile senders: nothing is stored, the session or the connection ends with a word, the service stays up."""

from __future__ import annotations

import smtplib
import socket
import ssl
from urllib.parse import urlsplit

import pytest

from tests.e2e.mssante.conftest import House, b64, mail


class Raw:
    """A session of a PFI by bytes: TLS at once, certificate, EXTERNAL."""

    def __init__(self, house: House) -> None:
        at = urlsplit(house.sandbox.url("submissions"))
        structure = house.structure("hospital")
        self.address = house.box("APP", structure)
        plain = socket.create_connection((at.hostname or "", at.port or 0), timeout=20)
        self.wire: ssl.SSLSocket = house.context(structure).wrap_socket(plain, server_hostname=at.hostname)
        self.file = self.wire.makefile("rb")
        self.reply()
        self.say(b"EHLO produit.test\r\n")
        assert self.say(f"AUTH EXTERNAL {b64(self.address.encode())}\r\n".encode()).startswith(b"235")

    def say(self, octets: bytes) -> bytes:
        self.wire.sendall(octets)
        return self.reply()

    def reply(self) -> bytes:
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        return line

    def to_data(self) -> None:
        self.say(f"MAIL FROM:<{self.address}>\r\n".encode())
        self.say(f"RCPT TO:<{self.address}>\r\n".encode())
        assert self.say(b"DATA\r\n").startswith(b"354")

    @property
    def over(self) -> bool:
        """Whether the server ends the connection."""
        try:
            return self.file.read() is not None
        except (ssl.SSLError, OSError):
            return True


@pytest.fixture
def raw(house: House) -> Raw:
    return Raw(house)


@pytest.mark.parametrize("end", [b"\n.\r\n", b"\r\n.\n", b"\n.\n", b"\r.\r\n", b"\r\n.\r"])
def test_smuggling(house: House, raw: Raw, end: bytes) -> None:
    raw.to_data()
    inner = f"MAIL FROM:<{raw.address}>\r\nRCPT TO:<{raw.address}>\r\nDATA\r\nSubject: passager\r\n\r\nx\r\n.\r\n"
    assert raw.say(b"Subject: un\r\n\r\ncorps" + end + inner.encode()).startswith(b"521 5.5.2")
    assert raw.over
    assert house.inbox(raw.address) == []


def test_pipelined_junk(house: House, raw: Raw) -> None:
    raw.wire.sendall(b"MAIL FROM:<x@y.z>\r\nRCPT TO:<" + b"a" * 400 + b">\r\nDATA\r\n\x00\xff\xfe\r\nNOOP\r\n")
    assert [raw.reply()[:3] for _ in range(5)] == [b"553", b"503", b"503", b"501", b"250"]


def test_endless_line(house: House, raw: Raw) -> None:
    for _ in range(40):
        raw.wire.sendall(b"A" * 65_536)
    assert raw.say(b"\r\n").startswith(b"500 5.5.2")
    assert raw.say(b"NOOP\r\n").startswith(b"250")


def test_a_hundred_megabytes(house: House, raw: Raw) -> None:
    raw.to_data()
    block = (b"x" * 998 + b"\r\n") * 1_000
    for _ in range(100):
        raw.wire.sendall(block)
    assert raw.say(b".\r\n").startswith(b"552 5.3.4")
    assert raw.say(b"NOOP\r\n").startswith(b"250")
    assert house.inbox(raw.address) == []


def test_a_thousand_recipients(house: House) -> None:
    client, sender = house.applicative()
    client.docmd("MAIL", f"FROM:<{sender}>")
    domain = f"beaucoup-{house.world}.formation.mssante.fr"
    codes = {client.docmd("RCPT", f"TO:<r{number}@{domain}>")[0] for number in range(1_000)}
    assert codes == {250}
    assert client.docmd("RCPT", f"TO:<r1000@{domain}>")[0] == 452
    assert client.data(mail(sender, sender))[0] == 250
    assert len(house.inbox(f"r999@{domain}")) == 1


def test_a_recipient_named_twice_gets_one_mail(house: House) -> None:
    client, sender = house.applicative()
    client.sendmail(sender, [sender, sender.upper(), sender], mail(sender, sender))
    assert len(house.inbox(sender)) == 1


def test_starttls_injection(house: House) -> None:
    at = urlsplit(house.sandbox.url("submission"))
    plain = socket.create_connection((at.hostname or "", at.port or 0), timeout=20)
    file = plain.makefile("rb")
    file.readline()
    plain.sendall(b"EHLO a\r\nSTARTTLS\r\nEHLO injecte\r\nNOOP\r\n")
    while not file.readline().startswith(b"220"):
        pass
    secure = house.context().wrap_socket(plain, server_hostname=at.hostname)
    secure.sendall(b"MAIL FROM:<a@b.c>\r\n")
    assert secure.makefile("rb").readline().startswith(b"503")  # neither EHLO nor NOOP was heard


def test_headers_cannot_be_injected_by_the_envelope(house: House) -> None:
    client, sender = house.applicative()
    assert client.docmd("MAIL", f"FROM:<{sender}> ENVID=a+0D+0ABcc:+20x@y")[0] == 501
    assert client.docmd("MAIL", f"FROM:<{sender}> ENVID=sain")[0] == 250
    assert client.docmd("RCPT", f"TO:<{sender}> ORCPT=rfc822;a+0D+0AX:y")[0] == 501


def test_who_floods_with_errors_is_put_out(house: House) -> None:
    client = house.smtp()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        for _ in range(30):
            client.docmd("BDAT", "1")
