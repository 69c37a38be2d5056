"""Two sandboxes in processes of their own on one PostgreSQL: one mailbox, whichever of them a client comes to."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.imap_raw import RawImap
from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mail_ledger import ADDRESS, MailParty
from tests.support.postgres import TestDatabase

PATIENCE_S = 10.0


@pytest.mark.postgresql
def test_two_processes_are_one_operator(postgres: TestDatabase, cache: Path, tmp_path: Path) -> None:
    with (
        SandboxProcess(cache, tmp_path / "one.json", "--data", postgres.url) as one,
        SandboxProcess(cache, tmp_path / "two.json", "--data", postgres.url) as two,
    ):
        here, there = MailParty(one, "round-0"), MailParty(two, "second")
        idle = there.imap()
        idle.send(b"i IDLE\r\n")
        assert idle.response().startswith(b"+")
        arrives(here, idle)
        flagged_and_expunged(here, idle)
        numbered_once(here, there)


def arrives(here: MailParty, idle: RawImap) -> None:
    """Accepted by one process, pushed by the other, read there byte for byte."""
    data = here.letter("sender", 1)[1]
    start = time.monotonic()
    client = here.smtp()
    assert client.sendmail(ADDRESS, [ADDRESS], data) == {}
    assert told(idle, 1) == [b"* 1 EXISTS\r\n"]
    assert time.monotonic() - start < PATIENCE_S
    client.quit()


def flagged_and_expunged(here: MailParty, idle: RawImap) -> None:
    client = here.imap()
    assert client.command(b"STORE 1 +FLAGS ($MDNSent)").ok
    lines = told(idle, 1, b"FETCH")
    assert b"$MDNSent" in lines[0]
    assert client.command(b"STORE 1 +FLAGS (\\Deleted)").ok
    assert client.command(b"EXPUNGE").ok
    assert told(idle, 1, b"EXPUNGE") == [b"* 1 EXPUNGE\r\n"]
    idle.send(b"DONE\r\n")
    assert idle.finish(b"i").ok
    client.close()


def numbered_once(here: MailParty, there: MailParty) -> None:
    """Both give out UIDs, turn about; none twice, none of before, in the order of arrival."""
    clients = [here.imap(), there.imap()]
    sent = [here.letter("turns", number)[1] for number in range(10)]
    for number, data in enumerate(sent):
        assert clients[number % 2].append(b"INBOX", data).ok
    for party in (here, there):
        folder = party.folder()
        assert [kept.uid for kept in folder.messages] == list(range(2, 12))
        assert [kept.data for kept in folder.messages] == sent


def told(idle: RawImap, count: int, word: bytes = b"EXISTS") -> list[bytes]:
    """The next lines with that word; others (RECENT, FLAGS) are passed over."""
    found: list[bytes] = []
    while len(found) < count:
        line = idle.response()
        assert line, "the connection ended"
        if word in line:
            found.append(line)
    return found
