"""Several sessions change one folder at random: what each client was told must add up to what the folder is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.core.listeners.session import Command, LiteralOffered, Send
from simulators.core.store import Store
from simulators.mssante import folders, messages
from simulators.mssante.imap.alarm import Alarm
from simulators.mssante.imap.session import ImapSession
from simulators.mssante.imap.state import House
from tests.support.imap_raw import parse
from tests.support.imap_room import ADDRESS, Room, imap_room

MAIL = b"Subject: a\r\n\r\nb\r\n"
LITERAL = re.compile(rb"\{(\d+)\}\r\n")
NUMBERED = ("FETCH", "STORE", "SEARCH")


class Link:
    listener, peer, tls = "imap", ("127.0.0.1", 1), None

    def wake(self) -> None: ...


@dataclass
class Client:
    """``flags`` by message number, None where nothing was told yet."""

    session: ImapSession
    flags: list[set[bytes] | None] = field(default_factory=list)

    def do(self, command: str) -> list[bytes]:
        line = f"t {command}".encode()
        if command.endswith("}"):
            self.session.receive_unit(LiteralOffered(line, len(MAIL)))
            unit = Command((line, MAIL, b""), line + b"\r\n" + MAIL)
        else:
            unit = Command((line,), line + b"\r\n")
        octets = b"".join(a.octets for a in self.session.receive_unit(unit) if isinstance(a, Send))
        while (found := LITERAL.search(octets)) is not None:
            octets = octets[: found.start()] + b'""' + octets[found.end() + int(found[1]) :]
        told = [line for line in octets.split(b"\r\n") if line]
        assert told[-1].startswith((b"t OK", b"t BAD there are", b"t BAD expected")), told[-1]
        self.hear(command, told[:-1])
        return told

    def hear(self, command: str, told: list[bytes]) -> None:
        for line in told:
            words = line.split()
            kind = words[2] if len(words) > 2 and words[1].isdigit() else b""
            if kind == b"EXISTS":
                assert int(words[1]) >= len(self.flags), "the number of messages falls by EXPUNGE alone"
                self.flags += [None] * (int(words[1]) - len(self.flags))
            elif kind == b"EXPUNGE":
                assert not command.startswith(NUMBERED), "numbers stay during FETCH, STORE and SEARCH"
                del self.flags[int(words[1]) - 1]
            elif kind == b"FETCH":
                self.hear_flags(line)

    def hear_flags(self, line: bytes) -> None:
        _, number, _, pairs = parse(line)
        items = dict(zip(pairs[::2], pairs[1::2], strict=True))
        if b"FLAGS" in items:
            self.flags[number - 1] = set(items[b"FLAGS"]) - {b"\\Recent"}


SETS = st.sampled_from(["1", "2", "1:2", "2:*", "1:*", "*"])
FLAGS = st.sampled_from(["\\Seen", "\\Deleted", "$MDNSent", "\\Flagged"])
COMMANDS = st.one_of(
    st.sampled_from(["NOOP", "EXPUNGE", "UID EXPUNGE 1:*", "SEARCH ALL", "UID SEARCH DELETED", "CHECK"]),
    st.just(f"APPEND INBOX (\\Flagged) {{{len(MAIL)}}}"),
    st.builds(
        "{}FETCH {} ({})".format, st.sampled_from(["", "UID "]), SETS, st.sampled_from(["FLAGS", "BODY[]", "UID"])
    ),
    st.builds(
        "{}STORE {} {}FLAGS ({})".format, st.sampled_from(["", "UID "]), SETS, st.sampled_from(["", "+", "-"]), FLAGS
    ),
    st.builds("{}COPY {} INBOX".format, st.sampled_from(["", "UID "]), SETS),
    st.builds("{}MOVE {} {}".format, st.sampled_from(["", "UID "]), SETS, st.sampled_from(["Trash", "INBOX"])),
)


def play(room: Room, steps: list[tuple[int, str]]) -> None:
    house = House(room.runtime, "imap", room.door, Alarm(room.store))
    clients = [Client(ImapSession(house, Link())) for _ in range(3)]
    for client in clients:
        client.do(f"LOGIN {ADDRESS} secret")
        client.do("SELECT INBOX")
        client.do("FETCH 1:* (FLAGS)")
    for who, command in steps:
        clients[who].do(command)
    with room.store.read(room.world) as tx:
        found = messages.listing(tx, folders.get(tx, ADDRESS, "INBOX").folder)
    for client in clients:
        client.do("NOOP")
        assert len(client.flags) == len(found)
        for told, message in zip(client.flags, found, strict=True):
            assert told is None or told == {flag.encode() for flag in message.flags}
        assert client.session.state.folder.uids == [message.uid for message in found]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), COMMANDS), max_size=14))
def test_what_was_told_adds_up(room: Room, steps: list[tuple[int, str]]) -> None:
    with room.store.write(room.world) as tx:
        inbox = folders.get(tx, ADDRESS, "INBOX").folder
        messages.expunge(tx, inbox, messages.uids(tx, inbox))
    room.deliver(MAIL, MAIL, MAIL)
    play(room, steps)


def test_the_same_on_each_database(either_store: Store) -> None:
    with imap_room(either_store) as room:
        room.deliver(MAIL, MAIL, MAIL)
        play(
            room,
            [
                (0, "STORE 1,2 +FLAGS (\\Deleted)"),
                (1, "FETCH 1 (FLAGS)"),
                (2, "MOVE 3 INBOX"),
                (0, "EXPUNGE"),
                (1, "STORE 1:* -FLAGS ($MDNSent)"),
                (2, f"APPEND INBOX {{{len(MAIL)}}}"),
            ],
        )
