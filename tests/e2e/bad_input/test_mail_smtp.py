"""Hostile SMTP: smuggled messages, injected headers and commands, crowds of recipients, endless lines and messages."""

from __future__ import annotations

import contextlib
import smtplib
import socket
from collections.abc import Callable

import pytest

from simulators.clients.control import Control
from simulators.core.mail.eicar import eicar
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.mail_bench import SMTP_PORTS, MailBench, rest_of
from tests.e2e.mssante.conftest import b64, mail

MEGABYTE = 1024 * 1024
FALSE_ENDS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "bare LF": b"text\nmore",
    "bare CR": b"text\rmore",
    "NUL LF": b"\r\n\x00\n.\r\n",
}


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, control: Control) -> MailBench:
    sandbox.create_world("smtp")
    return MailBench(sandbox, control, "smtp")


# -- smuggling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", FALSE_ENDS)
def test_a_second_message_behind_a_false_end(bench: MailBench, end: str) -> None:
    """Refused whole: not one of the two messages is stored, and no smuggled command is run."""
    client, address = bench.started(), bench.address
    smuggled = f"MAIL FROM:<{address}>\r\nRCPT TO:<{address}>\r\nDATA\r\nSubject: smuggled\r\n\r\n.\r\n".encode()

    def act() -> None:
        client.send(bench.letter_to_self() + FALSE_ENDS[end] + smuggled)
        assert client.getreply()[0] == 521
        assert rest_of(client.sock) == b""

    row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
    assert row["status"] == "bare_line_end"


@pytest.mark.parametrize("line", [b"NOOP\nRSET\r\n", b"NOOP\rRSET\r\n", b"EHLO a\n"])
def test_a_command_line_with_another_end(bench: MailBench, line: bytes) -> None:
    client = bench.smtp()

    def act() -> None:
        client.send(line)
        assert client.getreply()[0] == 521
        assert rest_of(client.sock) == b""

    bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")


def test_commands_behind_the_final_dot_are_commands(bench: MailBench) -> None:
    """What is pipelined behind a message (RFC 2920) is read as commands: junk is refused, the first message stands."""
    client = bench.started()
    since = bench.cursor(bench.world)
    client.send(bench.letter_to_self() + b".\r\nGET / HTTP/1.1\r\nMAIL FROM:<root@evil.test>\r\nDATA\r\n")
    assert [client.getreply()[0] for _ in range(4)] == [250, 502, 553, 503]
    client.quit()
    found = [row["operation"].rpartition(".")[2] for row in bench.rows(bench.world, since)]
    assert found == ["MESSAGE", "SMTP", "MAIL", "SMTP"]
    bench.still_serves()


@pytest.mark.parametrize("listener", ["submission", "operator-smtp", "internet-mail"])
def test_commands_injected_before_tls(bench: MailBench, listener: str) -> None:
    """What came in clear behind STARTTLS is thrown away (CVE-2011-0411), and told."""
    client = smtplib.SMTP("localhost", bench.port(listener), timeout=20)
    client.ehlo()
    secure: list[socket.socket] = []

    def act() -> None:
        client.send(b"STARTTLS\r\nEHLO injected\r\nRSET\r\n")
        assert client.getreply()[0] == 220
        assert client.sock is not None
        secure.append(bench.papers.wrap_socket(client.sock, server_hostname="localhost"))
        secure[0].sendall(b"NOOP\r\n")
        assert secure[0].recv(1000).startswith(b"250 2.0.0"), "the first answer is that of the first command under TLS"

    row = bench.denied(act, "CORE-STARTTLS-INJECTION", world=PSEUDO, outcome="incident")
    assert row["status"] == "starttls_injection"
    secure[0].close()


def test_what_was_said_in_clear_is_forgotten(bench: MailBench) -> None:
    client = smtplib.SMTP("localhost", bench.port("submission"), timeout=20)
    client.ehlo()
    client.starttls(context=bench.papers)
    assert client.docmd("AUTH", f"EXTERNAL {b64(bench.address.encode())}")[0] == 503, "EHLO anew (RFC 3207 §4.2)"


# -- injection ------------------------------------------------------------------------------------------------------

INJECTIONS = {
    "EHLO": (b"EHLO x) by evil.test\r\n", 501, "MSS-SMTP-SYNTAX"),
    "EHLO-8bit": ("EHLO é\r\n".encode(), 501, "MSS-SMTP-SYNTAX"),
    "MAIL-space": (b"MAIL FROM:<a@b.test> <x>\r\n", 501, "MSS-SMTP-SYNTAX"),
    "MAIL-angle": (b"MAIL FROM:<a@b.test>X-Spam: no>\r\n", 501, "MSS-SMTP-SYNTAX"),
    "MAIL-NUL": (b"MAIL FROM:<a\x00@b.test>\r\n", 501, "MSS-SMTP-SYNTAX"),
    "ENVID": (b"MAIL FROM:<%b> ENVID=a+0D+0ABcc:+20x\r\n", 501, "MSS-SMTP-SYNTAX"),
    "ENVID-hex": (b"MAIL FROM:<%b> ENVID=a+0\r\n", 501, "MSS-SMTP-SYNTAX"),
    "twice": (b"MAIL FROM:<%b> SIZE=1 SIZE=2\r\n", 501, "MSS-SMTP-SYNTAX"),
    "size": (b"MAIL FROM:<%b> SIZE=99999999999999999999\r\n", 552, "MSS-SMTP-SIZE"),
    "size-negative": (b"MAIL FROM:<%b> SIZE=-1\r\n", 501, "MSS-SMTP-SYNTAX"),
    "AUTH": (b"AUTH PLAIN AGEAYg==\r\n", 503, "MSS-AUTH-AGAIN"),
    "8-bit": (b"NO\xffOP\r\n", 501, "MSS-SMTP-SYNTAX"),
    "not UTF-8": (b"MAIL FROM:<\xff@b.test>\r\n", 501, "MSS-SMTP-SYNTAX"),
    "BDAT": (b"BDAT 10 LAST\r\n", 502, "MSS-SMTP-COMMAND"),
    "empty": (b"\r\n", 501, "MSS-SMTP-SYNTAX"),
}


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_line_that_would_end_elsewhere(bench: MailBench, name: str) -> None:
    line, code, rule = INJECTIONS[name]
    client = bench.smtp()

    def act() -> None:
        client.send(line.replace(b"%b", bench.address.encode()))
        answer = client.getreply()
        assert (answer[0], rule.encode() in answer[1]) == (code, True), answer

    bench.denied(act, rule)
    client.quit()


@pytest.mark.parametrize("parameter", ["ORCPT=rfc822;a+0D+0AStatus:+202.0.0", "NOTIFY=NEVER,SUCCESS", "X=1"])
def test_a_recipient_that_would_end_in_a_report(bench: MailBench, parameter: str) -> None:
    client = bench.smtp()
    client.docmd(f"MAIL FROM:<{bench.address}>")
    bench.denied(lambda: client.docmd(f"RCPT TO:<{bench.address}> {parameter}"), "MSS-SMTP-SYNTAX")
    client.quit()


def test_a_loop(bench: MailBench) -> None:
    message_refused(bench, bench.letter_to_self(extra="Received: from a by b\r\n" * 60), "MSS-DATA-LOOP")


def test_two_senders_are_told(bench: MailBench) -> None:
    """A second From is a warning unless the world is strict: products do it."""
    client, raw = bench.started(), bench.letter_to_self(extra="From: <other@x.mssante.test>\r\n")
    since = bench.cursor(bench.world)
    client.send(raw + b".\r\n")
    assert client.getreply()[0] == 250
    row = bench.awaited(bench.world, since, "MSS-DATA-FROM")
    assert row["outcome"] == "accepted"


@pytest.mark.parametrize("body", ["plain", "base64"])
def test_a_virus(bench: MailBench, body: str) -> None:
    text = eicar().decode() if body == "plain" else b64(eicar())
    message_refused(bench, bench.letter_to_self(text), "MSS-DATA-VIRUS")


def test_a_nul(bench: MailBench) -> None:
    message_refused(bench, bench.letter_to_self("a\x00b"), "MSS-DATA-NUL")


def message_refused(bench: MailBench, raw: bytes, rule: str) -> None:
    client = bench.started()

    def act() -> None:
        client.send(raw + b".\r\n")
        code, text = client.getreply()
        assert (code // 100, rule.encode() in text) == (5, True), text

    bench.denied(act, rule)
    client.quit()


# -- too much -------------------------------------------------------------------------------------------------------


def test_1000_recipients_and_one_more(bench: MailBench) -> None:
    """A thousand is what the operator takes in one transaction; the next is told to come in another."""
    client, domain = bench.smtp(), f"cabinet-{bench.world}.formation.mssante.fr"
    client.docmd(f"MAIL FROM:<{bench.address}>")
    client.send(b"".join(f"RCPT TO:<p{number}@{domain}>\r\n".encode() for number in range(1000)))
    assert {client.getreply()[0] for _ in range(1000)} == {250}
    more = f"RCPT TO:<p1000@{domain}>"
    bench.denied(lambda: client.docmd(more), "MSS-RCPT-MANY", status="452")
    raw = bench.letter_to_self()
    client.send(b"DATA\r\n")
    assert client.getreply()[0] == 354
    client.send(raw + b".\r\n")
    assert client.getreply()[0] == 250
    for number in (0, 500, 999):
        (stored,) = bench.house.inbox(f"p{number}@{domain}")
        assert stored.endswith(raw)
    bench.still_serves()


def test_1000_recipients_of_the_catcher(bench: MailBench) -> None:
    """The catcher answers 250 for what it will keep, and for nothing else."""
    client = smtplib.SMTP("localhost", bench.port("internet-mail"), timeout=20)
    client.login(bench.world, "any")
    people = [f"p{number}@example.org" for number in range(1001)]
    raw = mail("a@b.test", people[0])
    refused = client.sendmail("a@b.test", people, raw)
    assert list(refused) == [people[1000]]
    assert refused[people[1000]][0] == 452
    client.quit()


def test_recipients_nobody_knows(bench: MailBench) -> None:
    """Guessing addresses ends the session after twenty refusals."""
    client, since = bench.smtp(), bench.cursor(bench.world)
    domain = bench.address.partition("@")[2]
    client.docmd(f"MAIL FROM:<{bench.address}>")
    client.send(b"".join(b"RCPT TO:<guess%d@%b>\r\n" % (n, domain.encode()) for n in range(1000)))
    assert [client.getreply()[0] for _ in range(22)] == [550] * 21 + [421]
    assert rest_of(client.sock) == b""
    assert len(bench.rows(bench.world, since)) == 21
    bench.still_serves()


def test_a_message_of_100_mb(bench: MailBench) -> None:
    """Announced, it is refused at MAIL; sent all the same, it is read to its end, dropped, and refused."""
    client = bench.smtp()
    size = 100 * MEGABYTE
    bench.denied(lambda: client.docmd(f"MAIL FROM:<{bench.address}> SIZE={size}"), "MSS-SMTP-SIZE", status="552")
    client.quit()
    client = bench.started()

    def act() -> None:
        client.send(b"Subject: large\r\n\r\n")
        for _ in range(100):
            client.send((b"x" * 1022 + b"\r\n") * 1024)
        client.send(b".\r\n")
        assert client.getreply()[0] == 552

    bench.denied(act, "MSS-SMTP-SIZE", status="552", besides="data_too_large")
    assert client.noop()[0] == 250, "the session goes on"
    client.quit()


@pytest.mark.parametrize("listener", SMTP_PORTS)
def test_a_line_without_end(bench: MailBench, listener: str) -> None:
    """4 MB without CR LF: nothing is kept of it, and it is refused once its end comes."""
    with bench.open(listener) as sock:
        assert sock.recv(1000).startswith(b"220 ")

        def act() -> None:
            for _ in range(64):
                sock.sendall(b"A" * 65_536)
            sock.sendall(b"\r\nNOOP\r\n")
            told = sock.recv(1000)
            while told.count(b"\r\n") < 2:
                told += sock.recv(1000)
            assert [line[:3] for line in told.splitlines()] == [b"500", b"250"], told

        row = bench.denied(act, "CORE-FRAMING", world=PSEUDO, outcome="incident")
        assert row["status"] == "line_too_long"


def test_an_endless_line_in_a_message(bench: MailBench) -> None:
    """Beyond the 998 octets of RFC 5322 §2.1.1 a message is still one: 1 MB in a line, header or body, comes back."""
    for raw in (bench.letter_to_self("y" * MEGABYTE), bench.letter_to_self(extra=f"X-Long: {'z' * MEGABYTE}\r\n")):
        client = bench.started()
        client.send(raw + b".\r\n")
        assert client.getreply()[0] == 250
        client.quit()
        reader = bench.imap()
        (last,) = reader.fetch(b"*", b"(BODY.PEEK[] ENVELOPE BODYSTRUCTURE)").values()
        assert bytes(last[b"BODY[]"]).endswith(raw)
        reader.close()


def test_too_many_mistakes(bench: MailBench) -> None:
    client = bench.smtp()
    since = bench.cursor(bench.world)
    client.send(b"WHAT\r\n" * 200)
    codes = []
    with contextlib.suppress(smtplib.SMTPServerDisconnected):
        while True:
            codes.append(client.getreply()[0])
    assert codes == [502] * 21 + [421]
    assert len(bench.rows(bench.world, since)) == 21
    bench.still_serves()


SASL: dict[str, Callable[[str], tuple[str, ...]]] = {
    "no base64": lambda address: ("AUTH XOAUTH2 %%%",),
    "no base64 later": lambda address: ("AUTH XOAUTH2", "%%%"),
    "no user": lambda address: (f"AUTH XOAUTH2 {b64(b'auth=Bearer x')}",),
    "two users": lambda address: (f"AUTH XOAUTH2 {b64(b'user=a' + bytes([1]) + b'user=b' + bytes([1, 1]))}",),
    "not UTF-8": lambda address: (f"AUTH PLAIN {b64(bytes([0, 255, 0, 255]))}",),
    "three NUL": lambda address: (f"AUTH PLAIN {b64(bytes(3))}",),
    "unknown": lambda address: ("AUTH GSSAPI x",),
    "10 kB": lambda address: (f"AUTH XOAUTH2 {b64(b'user=' + b'a' * 8000 + bytes([1]) + b'auth=Bearer x')}",),
}


@pytest.mark.parametrize("name", SASL)
def test_credentials_that_are_none(bench: MailBench, name: str) -> None:
    client = bench.house.smtp(structure=bench.structure)
    since, elsewhere, before = bench.cursor(bench.world), bench.cursor(PSEUDO), bench.state()
    codes = [client.docmd(line)[0] for line in SASL[name](bench.address)]
    while codes[-1] == 334:
        codes.append(client.docmd("")[0])
    assert codes[-1] // 100 == 5, codes
    assert client.docmd(f"MAIL FROM:<{bench.address}>")[0] == 530
    assert bench.unforeseen(since, elsewhere) == []
    assert bench.state() == before
    bench.still_serves()
