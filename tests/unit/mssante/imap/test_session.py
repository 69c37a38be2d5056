"""The server over its socket: what a client is told, by whom it may be surprised, and what it may not break."""

from __future__ import annotations

import imaplib
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.core import journal
from simulators.core.listeners.session import Command, LiteralOffered, Send
from simulators.core.store import Store, open_store
from simulators.core.store.api import Tx
from simulators.mssante import folders, mailboxes, messages, operations
from simulators.mssante.imap.alarm import Alarm
from simulators.mssante.imap.commands.table import COMMANDS
from simulators.mssante.imap.session import ImapSession
from simulators.mssante.imap.state import House, Loaded, State
from simulators.mssante.messages import Message
from tests.support.imap_raw import RawImap, fetched
from tests.support.imap_room import ADDRESS, OTHER, Room, imap_room
from tests.support.postgres import TestDatabase

MAIL = b"From: a@b.mssante.test\r\nSubject: bonjour\r\n\r\ncorps\r\n"


def selected(room: Room, address: str = ADDRESS, folder: bytes = b"INBOX") -> RawImap:
    client = room.client(address)
    assert client.command(b"SELECT " + folder).ok
    return client


def kinds(lines: list[bytes]) -> list[str]:
    return [line.decode("latin-1").strip()[2:] for line in lines]


# --- what other sessions do


def test_arrivals_flags_and_expunges_of_others_are_told(either_room: Room) -> None:
    room = either_room
    room.deliver(MAIL, MAIL, MAIL)
    one, other = selected(room), selected(room)
    room.deliver(MAIL)
    assert kinds(one.command(b"NOOP").lines) == ["4 EXISTS", "4 RECENT"]
    other.command(b"STORE 2 +FLAGS (\\Flagged)")
    other.command(b"STORE 1,3 +FLAGS.SILENT (\\Deleted)")
    told = kinds(one.command(b"FETCH 4 (UID)").lines)
    assert [line.split()[0] for line in told] == ["4", "1", "2", "3"]
    assert all("FLAGS" in line for line in told[1:])
    other.command(b"EXPUNGE")
    assert kinds(one.command(b"FETCH 4 (UID)").lines) == ["4 FETCH (UID 4)"], "numbers stay during FETCH"
    answer = one.command(b"FETCH 1 (UID BODY.PEEK[])")
    assert answer.status.startswith(b"OK [EXPUNGEISSUED]") and not fetched(answer)
    assert kinds(one.command(b"NOOP").lines) == ["3 EXPUNGE", "1 EXPUNGE"]
    assert kinds(one.command(b"UID SEARCH ALL").lines) == ["SEARCH 2 4"]


def test_idle_is_woken_by_any_writer(either_room: Room) -> None:
    room = either_room
    room.deliver(MAIL)
    idler = selected(room)
    idler.send(b"i IDLE\r\n")
    assert idler.line() == b"+ idling\r\n"
    room.deliver(MAIL)
    assert [idler.line(), idler.line()] == [b"* 2 EXISTS\r\n", b"* 2 RECENT\r\n"]
    other = selected(room)
    other.command(b"STORE 1 +FLAGS (\\Deleted)")
    assert b"1 FETCH (FLAGS (\\Deleted" in idler.line()
    other.command(b"EXPUNGE")
    assert idler.line() == b"* 1 EXPUNGE\r\n"
    idler.send(b"DONE\r\n")
    assert idler.finish(b"i").ok
    assert idler.command(b"NOOP").lines == []


def test_idle_ends_with_anything_but_done(room: Room) -> None:
    idler = selected(room)
    idler.send(b"i IDLE\r\n")
    idler.line()
    idler.send(b"x NOOP\r\n")
    assert idler.finish(b"i").status.startswith(b"BAD")
    assert idler.command(b"NOOP").ok


def test_recent_is_told_to_one_session(room: Room) -> None:
    room.deliver(MAIL)
    looking = room.client()
    assert "1 RECENT" in kinds(looking.command(b"EXAMINE INBOX").lines)
    assert "1 RECENT" in kinds(room.client().command(b"SELECT INBOX").lines)
    assert "0 RECENT" in kinds(room.client().command(b"SELECT INBOX").lines)


def test_a_folder_deleted_under_a_session_ends_it(room: Room) -> None:
    one, other = room.client(), room.client()
    other.command(b"CREATE Un")
    one.command(b"SELECT Un")
    assert other.command(b"DELETE Un").ok
    one.send(b"a NOOP\r\n")
    assert one.line().startswith(b"* BYE")


def test_a_world_reset_ends_the_session(room: Room) -> None:
    room.deliver(MAIL)
    client, waiting = selected(room), selected(room)
    before = room.client().command(b"STATUS INBOX (UIDVALIDITY)").lines
    room.worlds.snapshot(room.world, "now")
    room.worlds.restore(room.world, "now")
    for one, command in ((client, b"a FETCH 1 FLAGS\r\n"), (waiting, b"a STORE 1 +FLAGS (\\Seen)\r\n")):
        one.send(command)
        assert one.line().startswith(b"* BYE [UNAVAILABLE]")
        assert one.line() == b""
    assert room.client().command(b"STATUS INBOX (UIDVALIDITY)").lines != before


# --- keywords, sections, sizes


def test_keywords_stay_in_the_spelling_first_met(room: Room) -> None:
    room.deliver(MAIL)
    client = selected(room)
    answer = client.command(b"STORE 1 +FLAGS ($MDNSent)")
    assert b"$MDNSent \\*)]" in b"".join(answer.lines)
    client.command(b"STORE 1 +FLAGS ($mdnsent \\SEEN)")
    assert client.fetch(b"1", b"(FLAGS)")[1][b"FLAGS"] == [b"$MDNSent", b"\\Recent", b"\\Seen"]
    assert b"$MDNSent" in b"".join(selected(room).command(b"EXAMINE INBOX").lines)
    assert kinds(client.command(b"SEARCH KEYWORD $MDNSENT").lines) == ["SEARCH 1"]
    assert client.command(b"STORE 1 +FLAGS (\\Recent)").status.startswith(b"BAD")
    assert client.command(b"STORE 1 +FLAGS (%b)" % b" ".join(b"k%d" % n for n in range(300))).status.startswith(
        b"NO [LIMIT]"
    )


def test_reading_marks_as_seen_and_peeking_does_not(room: Room) -> None:
    room.deliver(MAIL)
    client = selected(room)
    assert client.fetch(b"1", b"(BODY.PEEK[])")[1] == {b"BODY[]": MAIL}
    assert client.fetch(b"1", b"(RFC822.HEADER)")[1][b"RFC822.HEADER"].endswith(b"\r\n\r\n")
    found = client.fetch(b"1", b"(BODY[TEXT])")[1]
    assert found[b"BODY[TEXT]"] == b"corps\r\n" and b"\\Seen" in found[b"FLAGS"]
    assert client.command(b"NOOP").lines == []


def test_a_large_message_comes_in_pieces_and_back_whole(room: Room) -> None:
    big = MAIL + b"0123456789abcde\r\n" * 400_000
    client = selected(room)
    assert client.append(b"INBOX", big).ok
    assert client.fetch(b"1", b"(BODY.PEEK[])")[1][b"BODY[]"] == big
    step = 1 << 20
    parts = [client.fetch(b"1", b"(BODY.PEEK[]<%d.%d>)" % (at, step))[1] for at in range(0, len(big), step)]
    assert b"".join(next(iter(part.values())) for part in parts) == big


def test_append_is_refused_before_its_octets_travel(memory_store: Store) -> None:
    with imap_room(memory_store, largest=100_000) as room:
        with room.store.write(room.world) as tx:
            mailboxes.set_quota(tx, ADDRESS, 50_000)
        client = room.client()
        for folder, size, code in ((b"INBOX", 60_000, b"OVERQUOTA"), (b"Absent", 9_000, b"TRYCREATE")):
            answer = client.append(folder, b"x" * size)
            assert answer.status.startswith(b"NO [%b]" % code), answer
        assert client.append(b"INBOX", b"x" * 100_001).status.startswith(b"BAD")
        assert client.append(b"INBOX", b"x" * 40_000).ok
        assert client.append(b"INBOX", b"x" * 20_000).status.startswith(b"NO [OVERQUOTA]")
        assert b"STORAGE 40 48" in client.command(b"GETQUOTAROOT INBOX").lines[1]
        assert client.command(b"SETQUOTA BAL (STORAGE 9)").status.startswith(b"NO [NOPERM]")
        stranger = room.stranger()
        assert stranger.append(b"INBOX", b"x" * 9_000).status.startswith(b"BAD")


def test_a_non_synchronising_bomb_ends_the_connection(memory_store: Store) -> None:
    with imap_room(memory_store, largest=100_000) as room:
        client = room.client()
        client.send(b"a APPEND INBOX {99999999+}\r\n")
        assert client.line().startswith(b"* BYE")
        assert client.line() == b""
        assert selected(room).command(b"NOOP").ok


# --- CONDSTORE, UIDPLUS, MOVE, LIST-EXTENDED


def test_condstore(room: Room) -> None:
    room.deliver(MAIL, MAIL)
    client = selected(room)
    first = client.fetch(b"1:2", b"(MODSEQ)")
    seen = first[1][b"MODSEQ"][0]
    answer = client.command(b"STORE 1 (UNCHANGEDSINCE %d) +FLAGS.SILENT (\\Flagged)" % seen)
    assert answer.ok and b"MODSEQ" in b"".join(answer.lines)
    answer = client.command(b"UID STORE 1,2 (UNCHANGEDSINCE %d) +FLAGS (\\Seen)" % seen)
    assert answer.status.startswith(b"OK [MODIFIED 1"), "the first changed after what the client knew"
    changed = fetched(client.command(b"FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % seen))
    assert 1 in changed
    assert b"MODSEQ" in b"".join(client.command(b"SEARCH MODSEQ %d" % seen).lines)
    assert b"HIGHESTMODSEQ" in b"".join(client.command(b"STATUS INBOX (HIGHESTMODSEQ)").lines)


def test_copy_and_move_tell_the_new_uids(either_room: Room) -> None:
    room = either_room
    room.deliver(MAIL, MAIL, MAIL)
    client = selected(room)
    assert client.command(b"COPY 2:3 Sent").status.split()[3:5] == [b"2:3", b"1:2]"]
    answer = client.command(b"UID MOVE 1:2 Trash")
    assert [line.split()[1] for line in answer.lines] == [b"OK", b"2", b"1"]
    assert b"COPYUID" in answer.lines[0]
    assert client.command(b"MOVE 1 Absent").status.startswith(b"NO [TRYCREATE]")
    assert client.command(b"UID COPY 999 Trash").ok, "no such UID is no error"
    assert kinds(client.command(b"STATUS Trash (MESSAGES UIDNEXT)").lines) == ['STATUS "Trash" (MESSAGES 2 UIDNEXT 3)']


def test_list_extended(room: Room) -> None:
    client = room.client()
    client.command(b"CREATE Un/Deux")
    client.command(b"SUBSCRIBE Un/Deux")
    client.command(b"DELETE Un")
    shown = kinds(client.command(b'LIST (SUBSCRIBED) "" ("Un*" "S*") RETURN (SPECIAL-USE STATUS (MESSAGES))').lines)
    assert shown == [
        'LIST (\\HasNoChildren \\Sent \\Subscribed) "/" "Sent"',
        'STATUS "Sent" (MESSAGES 0)',
        'LIST (\\HasNoChildren \\Subscribed) "/" "Un/Deux"',
        'STATUS "Un/Deux" (MESSAGES 0)',
    ]
    assert kinds(client.command(b'LIST "" "Un"').lines) == ['LIST (\\NonExistent \\Noselect \\HasChildren) "/" "Un"']
    assert kinds(client.command(b'LIST "" ""').lines) == ['LIST (\\Noselect) "/" ""']
    assert client.command(b'LIST (NONSENSE) "" "*"').status.startswith(b"BAD")


# --- what may not be broken


def test_mailboxes_do_not_see_each_other(room: Room) -> None:
    room.deliver(MAIL)
    client = selected(room, OTHER)
    assert "0 EXISTS" in kinds(client.command(b"SELECT INBOX").lines)


def test_a_bug_is_told_journalled_and_survived(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.deliver(MAIL)
    client = selected(room)

    def broken(*_: Any) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr("simulators.mssante.imap.commands.fetch.envelope", broken)
    answer = client.command(b"FETCH 1 (ENVELOPE)")
    assert answer.status.startswith(b"NO [SERVERBUG]") and b"SIM-BUG" in answer.status
    monkeypatch.setattr("simulators.mssante.imap.commands.changing.named", broken)
    assert client.command(b"STORE 1 +FLAGS (\\Seen)").status.startswith(b"NO [SERVERBUG]")
    assert client.command(b"NOOP").ok
    assert room.journal()[-1] == ("mssante.STORE", "failed")


def test_faults_and_forced_refusals(room: Room) -> None:
    room.deliver(MAIL)
    client = selected(room)
    room.book.add_refusal(room.world, "MSS-IMAP-INTERNAL", {"on": "mssante.MOVE"})
    answer = client.command(b"MOVE 1 Trash")
    assert answer.status.startswith(b"NO [SERVERBUG] Internal error"), answer
    assert kinds(client.command(b"SEARCH ALL").lines) == ["SEARCH 1"], "nothing was moved"
    room.book.clear(room.world)
    room.book.add_fault(room.world, "latency", {"on": "mssante.FETCH"}, {"seconds": 0.2})
    begun = time.monotonic()
    assert client.fetch(b"1", b"(UID)") == {1: {b"UID": 1}}
    assert time.monotonic() - begun >= 0.2
    room.book.clear(room.world)
    room.book.add_fault(room.world, "outage", {"on": "mssante.LIST"})
    assert client.command(b'LIST "" "*"').status.startswith(b"NO [UNAVAILABLE]")
    room.book.add_fault(room.world, "close", {"on": "mssante.SEARCH"}, {})
    client.send(b"a SEARCH ALL\r\n")
    assert client.line() == b""


def test_too_many_errors_end_the_connection(room: Room) -> None:
    client = room.stranger()
    said = [client.command(b"NONSENSE %d" % n).status[:3] for n in range(30)]
    assert set(said) == {b"BAD"}
    client.send(b"x NONSENSE\r\n")
    assert [client.line()[:5], client.line()[:5], client.line()] == [b"x BAD", b"* BYE", b""]


LINES = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from(
            b'SELECT FETCH STORE UID 1:* INBOX ( ) BODY[] FLAGS {3} "a" SEARCH OR NOT \\Seen * LIST MOVE IDLE'.split()
        ),
        max_size=7,
    ).map(lambda words: b"t " + b" ".join(words)),
)


class _Link:
    listener, peer, tls = "imap", ("127.0.0.1", 1), None

    def wake(self) -> None: ...


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, min_size=1, max_size=6))
def test_nothing_raises_out_of_the_session(room: Room, lines: list[bytes]) -> None:
    client = _session(room)
    for line in lines:
        if line.endswith(b"{3}"):
            client.receive_unit(LiteralOffered(line, 3))
            unit = Command((line, b"abc", b""), line + b"\r\nabc")
        else:
            unit = Command((line,), line + b"\r\n")
        actions = client.receive_unit(unit)
        told = b"".join(action.octets for action in actions if isinstance(action, Send))
        assert b"SIM-BUG" not in told, (line, told)


def _session(room: Room) -> ImapSession:

    made = ImapSession(House(room.runtime, "imap", room.door, Alarm(room.store)), _Link())
    made.receive_unit(Command((b"a LOGIN %b secret" % ADDRESS.encode(),), b""))
    made.receive_unit(Command((b"a SELECT INBOX",), b""))
    return made


def test_a_standard_client_lives_with_it(room: Room) -> None:
    with imaplib.IMAP4("127.0.0.1", room.port) as client:
        client.login(ADDRESS, "secret")
        assert client.append("Sent", "\\Seen", imaplib.Time2Internaldate(0), MAIL)[0] == "OK"
        assert client.select("Sent")[1] == [b"1"]
        assert client.search("UTF-8", "SUBJECT", "bonjour")[1] == [b"1"]
        assert client.fetch("1", "(RFC822)")[1][0][1] == MAIL
        assert (
            client.copy("1", "Trash")[0] == client.store("1", "+FLAGS", "\\Deleted")[0] == client.expunge()[0] == "OK"
        )


def test_imapclient_lives_with_it(room: Room) -> None:
    imapclient = pytest.importorskip("imapclient")
    room.deliver(MAIL, MAIL)
    with imapclient.IMAPClient("127.0.0.1", room.port, ssl=False) as client:
        client.login(ADDRESS, "secret")
        assert client.has_capability("MOVE") and client.namespace().personal == (("", "/"),)
        assert client.find_special_folder(b"\\Sent") == "Sent"
        client.select_folder("INBOX")
        found = client.fetch(client.search(["SUBJECT", "bonjour"]), ["ENVELOPE", "BODYSTRUCTURE", "FLAGS"])
        assert [message[b"ENVELOPE"].subject for message in found.values()] == [b"bonjour"] * 2
        client.idle()
        room.deliver(MAIL)
        assert (3, b"EXISTS") in client.idle_check(timeout=5)
        client.idle_done()
        client.move([1], "Trash")
        assert client.folder_status("Trash", ["MESSAGES"]) == {b"MESSAGES": 1}
        client.create_folder("Résultats")
        assert ((b"\\HasNoChildren",), b"/", "Résultats") in client.list_folders()


def test_reading_a_mail_is_journalled_with_its_message_id(room: Room) -> None:
    room.deliver(b"Message-ID: <1@x.mssante.test>\r\n" + MAIL)
    client = selected(room)
    client.fetch(b"1", b"(UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER])")
    assert ("mssante.FETCH", "accepted") not in room.journal()
    client.fetch(b"1", b"(BODY.PEEK[])")
    (row,) = journal.read(room.store, room.world, key="message:<1@x.mssante.test>")
    assert row.operation == "mssante.FETCH" and row.who["mailbox"] == ADDRESS


def test_every_command_with_a_transaction_can_meet_a_fault() -> None:
    assert {f"mssante.{spec.name}" for spec in COMMANDS.values() if spec.parse} == set(operations.IMAP)


def test_a_peer_that_does_not_read_is_not_served_into_memory(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.deliver(*[b"Subject: %d\r\n\r\n" % n + b"0123456789abcde\r\n" * 60_000 for n in range(60)])
    loaded: list[int] = []
    real = State.loaded

    def counted(self: State, message: Message, tx: Tx | None = None) -> Loaded:
        loaded.append(message.uid)
        return real(self, message, tx)

    monkeypatch.setattr(State, "loaded", counted)
    client = selected(room)
    client.send(b"a FETCH 1:* (BODY.PEEK[])\r\n")
    before = -1
    while len(loaded) != before:
        before = len(loaded)
        time.sleep(0.3)
    assert len(loaded) < 30, "60 MB were asked, and nobody reads"
    assert len(fetched(client.finish(b"a"))) == 60


@pytest.mark.postgresql
def test_idle_is_woken_by_another_process(postgres: TestDatabase) -> None:
    """Two stores on one database are two processes: they share no bell."""
    here, there = open_store(postgres.url), open_store(postgres.url)
    try:
        with imap_room(here) as room:
            idler = selected(room)
            idler.send(b"i IDLE\r\n")
            idler.line()
            with there.write(room.world) as tx:
                number = folders.get(tx, ADDRESS, "INBOX").folder
                messages.append(tx, number, MAIL, received=room.worlds.now())
            assert idler.line() == b"* 1 EXISTS\r\n"
    finally:
        there.close()
        here.close()
