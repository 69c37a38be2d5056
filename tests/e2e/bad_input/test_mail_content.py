"""Mails built to break a reader, sent by SMTP to an operator in a process of its own, read back by IMAP: whole, in
bounded time and memory, with a verdict and never a bug of ours."""

from __future__ import annotations

import base64
import smtplib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.clients.control import Control
from tests.e2e.bad_input.test_archives import HOSTILE
from tests.support.imap_raw import fetched
from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mail_ledger import ADDRESS, MailParty

MEGABYTE = 1 << 20
CEILING = 700 * MEGABYTE
PATIENCE_S = 15.0
HEAD = f"From: <{ADDRESS}>\r\nTo: <{ADDRESS}>\r\nMessage-ID: <hostile@test>\r\nMIME-Version: 1.0\r\n".encode()


def headed(rest: bytes) -> bytes:
    return HEAD + rest


def multiparts(depth: int) -> bytes:
    opened = [b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)]
    closed = [b"\r\n--b%d--\r\n" % n for n in reversed(range(depth))]
    return headed(b"".join([*opened, b"Content-Type: text/plain\r\n\r\ndeep", *closed]))


def messages(depth: int) -> bytes:
    return headed(
        b"Content-Type: message/rfc822\r\n\r\n" + (b"Content-Type: message/rfc822\r\n\r\n" * depth) + b"deep\r\n"
    )


def same_boundary(depth: int) -> bytes:
    return headed(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * depth)


def parts(count: int) -> bytes:
    return headed(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * count + b"--b--\r\n")


def archive(content: bytes) -> bytes:
    text = base64.encodebytes(content).replace(b"\n", b"\r\n")
    named = b'Content-Type: application/zip; name="IHE_XDM.ZIP"\r\nContent-Transfer-Encoding: base64\r\n'
    subject = b"Subject: XDM/1.0/DDM+Lettre NOM Prenom\r\n"
    disposed = b'Content-Disposition: attachment; filename="IHE_XDM.ZIP"\r\n\r\n'
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntexte\r\n--b\r\n"
    return headed(subject + head + named + disposed + text + b"--b--\r\n")


CONTENTS: dict[str, Callable[[], bytes]] = {
    "multiparts 1,000 deep": lambda: multiparts(1_000),
    "messages 1,000 deep": lambda: messages(1_000),
    "one boundary 1,000 deep": lambda: same_boundary(1_000),
    "100,000 parts": lambda: parts(100_000),
    "header of 1 MB": lambda: headed(b"X-Long: " + b"a " * (MEGABYTE // 2) + b"\r\n\r\nbody\r\n"),
    "subject of 1 MB": lambda: headed(b"Subject: " + b"=?utf-8?q?=C3=A9?= " * 50_000 + b"\r\n\r\nbody\r\n"),
    "header of 1 MB, folded": lambda: headed(b"Subject: a" + b"\r\n b" * 250_000 + b"\r\n\r\nbody\r\n"),
    "100,000 headers": lambda: headed(b"X-A: b\r\n" * 100_000 + b"\r\nbody\r\n"),
    "headers alone": lambda: headed(b"X-A: b\r\n" * 10),
    "100,000 recipients in To": lambda: headed(b"Cc: " + b"a@b.test, " * 100_000 + b"a@b.test\r\n\r\nbody\r\n"),
    "comments 100,000 deep": lambda: headed(b"Cc: " + b"(" * 100_000 + b"\r\n\r\nbody\r\n"),
    "groups": lambda: headed(b"Cc: " + b"a:" * 100_000 + b"\r\n\r\nbody\r\n"),
    "quotes": lambda: headed(b'Cc: "' + b'\\"' * 200_000 + b"\r\n\r\nbody\r\n"),
    "10,000 parameters": lambda: headed(
        b"Content-Type: text/plain" + b"".join(b"; p%d=v" % n for n in range(10_000)) + b"\r\n\r\nbody\r\n"
    ),
    "10,000 continuations": lambda: headed(
        b"Content-Type: text/plain" + b"".join(b"; p*%d*=%%41" % n for n in range(10_000)) + b"\r\n\r\nbody\r\n"
    ),
    "boundary of 1 MB": lambda: headed(
        b"Content-Type: multipart/mixed; boundary=" + b"b" * MEGABYTE + b"\r\n\r\n" + b"--" + b"b" * MEGABYTE + b"\r\n"
    ),
    "an empty boundary": lambda: headed(b'Content-Type: multipart/mixed; boundary=""\r\n\r\n' + b"--\r\n" * 50_000),
    "base64 of nothing": lambda: headed(b"Content-Transfer-Encoding: base64\r\n\r\n" + b"====\r\n" * 100_000),
    "quoted-printable": lambda: headed(
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 300_000
    ),
    "unknown charset": lambda: headed(b"Content-Type: text/plain; charset=x-\xff\r\n\r\n\xff\xfe\r\n"),
    "a codec that is no charset": lambda: headed(b"Content-Type: text/plain; charset=zlib\r\n\r\nabc\r\n"),
    "references": lambda: headed(b"References: " + b"<a@b> " * 100_000 + b"\r\n\r\nbody\r\n"),
    "dates": lambda: headed(b"Date: " + b"9" * 100_000 + b"\r\n\r\nbody\r\n"),
    "octets": lambda: headed(b"\r\n" + bytes(n for n in range(1, 256) if n not in (10, 13)) * 4_000 + b"\r\n"),
    **{f"archive: {name}": (lambda content=content: archive(content)) for name, content in HOSTILE.items()},  # type: ignore[misc]
}


class Operator:
    """A process that is asked what it holds of memory."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process, self.control = process, process.control
        self.party = MailParty(process, "round-0")

    def rows(self, since: int) -> list[dict[str, Any]]:
        return rows(self.control, since)


def rows(control: Control, since: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control.call("GET", f"/worlds/main/exchanges?since={since}&limit=1000")["exchanges"]
    return found


@pytest.fixture(scope="module")
def operator(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with SandboxProcess(cache, tmp_path_factory.mktemp("content") / "endpoints.json") as process:
        yield Operator(process)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_mail_made_to_break_its_reader(operator: Operator, name: str) -> None:
    raw = CONTENTS[name]()
    since = max((row["number"] for row in operator.rows(0)), default=0)
    start = time.monotonic()
    client = operator.party.smtp()
    client.docmd(f"MAIL FROM:<{ADDRESS}> BODY=8BITMIME")
    client.docmd(f"RCPT TO:<{ADDRESS}>")
    assert client.docmd("DATA")[0] == 354
    client.send(smtplib._quote_periods(raw) + b".\r\n")  # type: ignore[attr-defined]
    code, text = client.getreply()
    taken = time.monotonic() - start
    client.close()
    assert code == 250, text
    assert taken < PATIENCE_S
    (row,) = [row for row in operator.rows(since) if row["operation"] == "mssante.MESSAGE"]
    assert row["outcome"] == "accepted"
    if name.startswith("archive: "):
        assert row["verdict"]["findings"], "the verdict tells what the archive is"
    read_back(operator, raw)
    assert not [one for one in operator.rows(since) if "SIM-BUG" in str(one["verdict"])]
    peak = operator.process.peak_memory()
    assert peak is None or peak < CEILING, f"{peak // MEGABYTE} MB"


def read_back(operator: Operator, raw: bytes) -> None:
    start = time.monotonic()
    client = operator.party.imap()
    answer = client.command(
        b"FETCH * (ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[HEADER] BODY.PEEK[1.1.1.MIME] BODY.PEEK[])"
    )
    assert answer.ok, answer.status
    assert answer.lines[-1].rstrip().endswith(b")")
    body = client.command(b"FETCH * BODY.PEEK[]")
    (found,) = [items for items in fetched(body).values() if b"BODY[]" in items]
    assert bytes(found[b"BODY[]"]).endswith(raw), "byte for byte"
    for command in (b"SEARCH *:* TEXT zzzz", b"SEARCH * OR SUBJECT zzzz SENTSINCE 1-Jan-2020", b"SEARCH * BODY zzzz"):
        assert client.command(command.replace(b"*:*", b"*")).ok
    client.close()
    assert time.monotonic() - start < PATIENCE_S
