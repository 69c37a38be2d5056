"""Sessions damaged by chance, with a seed: no line of SMTP and no command of IMAP is our bug, no octets hang a port."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Sequence

import pytest

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.mail_bench import MailBench
from tests.e2e.bad_input.test_any_message import cut, echo, flip
from tests.e2e.mssante.conftest import b64
from tests.support.imap_raw import RawImap

SESSIONS = 150
WORDS = (
    *(
        b"(",
        b")",
        b'"',
        b"\\",
        b"{3}",
        b"{3+}",
        b"{0}",
        b"*",
        b"%",
        b"[",
        b"]",
        b"<",
        b">",
        b"=",
        b"+0A",
        b"NIL",
        b"1:*",
    ),
    *(b"\x00", b"\xff", b"\xc3\xa9", b"&AOk-", b"9" * 400, b"-1", b"x" * 5_000, b"%s%n", b"' OR 1=1 --", b" ", b"  "),
    *(
        b"UID",
        b"BODY[",
        b"BODY[1.2.3.MIME]",
        b"<0.1>",
        b"HEADER.FIELDS",
        b"$MDNSent",
        b"\\Recent",
        b"INBOX",
        b"ALL",
        b",",
    ),
)
SMTP_LINES = (
    *(b"EHLO a", b"NOOP", b"RSET", b"VRFY a", b"HELO b", b"AUTH PLAIN AGEAYg==", b"AUTH XOAUTH2 dXNlcj1h", b"STARTTLS"),
    *(b"MAIL FROM:<%b> SIZE=100 RET=HDRS ENVID=a+2Bb", b"MAIL FROM:<%b> BODY=8BITMIME SMTPUTF8", b"MAIL FROM:<>"),
    *(
        b"RCPT TO:<%b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;%b",
        b"RCPT TO:<%b>",
        b"RCPT TO:<x@patient.mssante.fr>",
        b"DATA",
    ),
    *(b"From: <%b>\r\nSubject: =?utf-8?b?w6k=?=\r\nReturn-Receipt-To: <%b>\r\n\r\nbody\r\n.", b"."),
)
IMAP_LINES = (
    *(b"SELECT INBOX", b"EXAMINE Sent", b"STATUS INBOX (MESSAGES UIDNEXT)", b'LIST "" "*"', b'LSUB "" %%', b"NOOP"),
    *(b"FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT)]<0.20>)", b"CHECK", b"NAMESPACE"),
    *(b"UID FETCH 1:* (BODY.PEEK[1.MIME] RFC822.SIZE) (CHANGEDSINCE 1)", b"STORE 1 +FLAGS.SILENT ($MDNSent \\Seen)"),
    *(b"SEARCH CHARSET UTF-8 OR SUBJECT a NOT (SINCE 1-Jan-2020 LARGER 10)", b"UID SEARCH 1:* KEYWORD a", b"EXPUNGE"),
    *(b'APPEND INBOX (\\Seen) "21-Nov-2026 12:00:00 +0100" {11+}\r\nA: b\r\n\r\nbody', b"COPY 1 Sent", b"MOVE 1 Trash"),
    *(
        b"CREATE a/b",
        b"RENAME a c",
        b"DELETE c",
        b"SUBSCRIBE a",
        b"ID NIL",
        b"ENABLE CONDSTORE",
        b"IDLE\r\nDONE",
        b"CLOSE",
    ),
    *(b"GETQUOTAROOT INBOX", b"CAPABILITY", b"UNSELECT", b"LOGIN a b", b"AUTHENTICATE PLAIN AGEAYg=="),
)
Damage = Callable[[random.Random, bytes], bytes]


def word(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(WORDS) + data[at:]


def swapped(chance: random.Random, data: bytes) -> bytes:
    words = data.split(b" ")
    words[chance.randrange(len(words))] = chance.choice(WORDS)
    return b" ".join(words)


def whole(chance: random.Random, data: bytes) -> bytes:
    return data


DAMAGES: tuple[Damage, ...] = (flip, cut, echo, word, word, swapped, swapped, whole, whole)


def script(chance: random.Random, lines: Sequence[bytes], address: bytes, tagged: bool) -> bytes:
    out = bytearray()
    for number in range(chance.randint(3, 12)):
        line = chance.choice(lines).replace(b"%b", address)
        line = chance.choice(DAMAGES)(chance, line) or b"x"
        out += (b"t%d " % number if tagged else b"") + line + b"\r\n"
    return bytes(out)


def exhausted(sock: socket.socket, octets: bytes, probe: bytes, ends: Sequence[bytes]) -> bytes:
    """What came, until an answer to ``probe`` or the end. A session that waits for a literal, a message or a response
    of SASL is given what it waits for: a session that then says nothing hangs, and that is an ``AssertionError``."""
    sock.settimeout(8)
    told = bytearray()
    try:
        sock.sendall(octets)
        for _ in range(12):
            sock.sendall(probe)
            while not any(end in told for end in ends):
                sock.settimeout(0.4)
                try:
                    more = sock.recv(1 << 16)
                except TimeoutError:
                    break
                if not more:
                    return bytes(told)
                told += more
            else:
                return bytes(told)
    except (ConnectionError, OSError):
        return bytes(told)
    raise AssertionError(f"no answer to {octets!r}; so far {bytes(told[-500:])!r}")


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, control: Control) -> MailBench:
    sandbox.create_world("any-bytes")
    return MailBench(sandbox, control, "any-bytes")


@pytest.mark.parametrize("listener", ["submissions", "submission", "operator-smtp", "internet-mail"])
def test_no_line_of_smtp_is_our_bug(bench: MailBench, listener: str) -> None:
    chance = random.Random(f"20261121 {listener}")
    since, elsewhere = bench.cursor(bench.world), bench.cursor(PSEUDO)
    for number in range(SESSIONS // 2):
        sock = bench.open(listener)
        if listener == "submissions" and number % 4:
            told = sock.recv(4096)
            sock.sendall(b"EHLO a\r\nAUTH EXTERNAL " + b64(bench.address.encode()).encode() + b"\r\n")
            while b"235 " not in told:
                told += sock.recv(4096)
        octets = script(chance, SMTP_LINES, bench.address.encode(), tagged=False)
        exhausted(sock, octets, b"\r\n.\r\nHELP probe-%d\r\nQUIT\r\n" % number, [b"221 "])
        sock.close()
    assert bench.unforeseen(since, elsewhere) == []
    bench.still_serves()


@pytest.mark.parametrize("known", [True, False])
def test_no_command_of_imap_is_our_bug(bench: MailBench, known: bool) -> None:
    chance = random.Random(f"20261121 {known}")
    since, elsewhere = bench.cursor(bench.world), bench.cursor(PSEUDO)
    for number in range(SESSIONS if known else SESSIONS // 3):
        client = bench.imap() if known else RawImap(bench.port("imaps"), bench.papers)
        octets = script(chance, IMAP_LINES, bench.address.encode(), tagged=True)
        probe = b"\r\nDONE\r\np%d NOOP\r\n" % number
        exhausted(client.socket, octets, probe, [b"p%d OK" % number, b"p%d BAD" % number])
        client.close()
    assert bench.unforeseen(since, elsewhere) == []
    outcomes = [row["outcome"] for row in bench.every_row(bench.world, since)]
    assert not known or {"accepted", "refused"} <= set(outcomes)
    bench.still_serves()


@pytest.mark.parametrize("listener", ["submission", "submissions", "imap", "imaps", "operator-smtp", "internet-mail"])
def test_octets_of_nothing(bench: MailBench, listener: str) -> None:
    """Noise, on the bare port and under TLS."""
    chance = random.Random(f"noise {listener}")
    since, elsewhere = bench.cursor(bench.world), bench.cursor(PSEUDO)
    for _ in range(15):
        for sock in (bench.open(listener), socket.create_connection(("127.0.0.1", bench.port(listener)), 20)):
            sock.settimeout(1)
            try:
                sock.sendall(chance.randbytes(chance.choice([1, 10, 1_000, 100_000])))
                sock.recv(100)
            except OSError:
                pass
            finally:
                sock.close()
    assert bench.unforeseen(since, elsewhere) == []
    bench.still_serves()
