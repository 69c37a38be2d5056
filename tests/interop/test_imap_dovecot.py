"""The same awkward mails in our IMAP server and in Debian's Dovecot: every FETCH item must be the same.

Both are asked by one raw client that reads answers into trees, so that a literal equals the quoted string of the same
octets. What differs on purpose stands in ``EXPLAINED``; an entry that no longer differs fails too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulators.core.store import open_store
from tests.support.awkward_mails import mails
from tests.support.dovecot import PASSWORD, USER, running_dovecot
from tests.support.imap_raw import Answer, RawImap, fetched
from tests.support.imap_room import imap_room

pytestmark = pytest.mark.interop

MAILS = mails()
DATE = b'"17-Jul-2026 02:44:25 +0200" '
WHOLE = (
    b"ENVELOPE BODYSTRUCTURE BODY RFC822.SIZE INTERNALDATE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] "
    b"BODY.PEEK[HEADER.FIELDS (Subject to X-H3)] BODY.PEEK[HEADER.FIELDS.NOT (Subject To)] BODY.PEEK[]<10.40> "
    b"BODY.PEEK[TEXT]<3.100000> BODY.PEEK[]<9999999.10> RFC822.HEADER"
)
PATHS = ("1", "2", "3", "5", "1.1", "1.2", "2.1", "2.2", "2.3", "1.1.1", "1.1.2", "2.1.1", "1.1.1.1")
PARTS = b" ".join(f"BODY.PEEK[{path}{what}]".encode() for path in PATHS for what in ("", ".MIME", ".HEADER", ".TEXT"))

CLOSING = (
    "Dovecot counts the line end before an outer delimiter into a multipart that has just been closed, or a "
    "message/rfc822 without body; RFC 2046 §5.1.1 gives it to the delimiter, and so do we"
)
UNCHANGED = "Dovecot stores a bare LF as CR LF; what was delivered here is handed out octet by octet"
SIZES = {"BODYSTRUCTURE", "BODY", "RFC822.SIZE", "BODY[]<10>", "BODY[TEXT]<3>"}
"""What must differ when the octets do; every other item of such a mail is the same but for the line ends."""
EXPLAINED: dict[str, tuple[str, set[str]]] = {
    "same-boundary": (CLOSING, {"BODY[1]"}),
    "inner-closes-close": (CLOSING, {"BODY[1]"}),
    "outer-closes-message": (CLOSING, {"BODYSTRUCTURE", "BODY", "BODY[1]"}),
    "message-empty": (CLOSING, {"BODYSTRUCTURE", "BODY", "BODY[1]"}),
    "message-base64": (CLOSING, {"BODYSTRUCTURE", "BODY", "BODY[1]"}),
}


@dataclass
class Pair:
    """Both servers with every mail, in the same order."""

    ours: RawImap
    reference: RawImap


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("dovecot")
    store = open_store(None)
    try:
        with running_dovecot(folder) as port, imap_room(store) as room:
            reference, ours = RawImap(port), room.client()
            assert reference.command(f"LOGIN {USER} {PASSWORD}".encode()).ok
            for client in (reference, ours):
                for name, mail in MAILS.items():
                    answer = client.append(b"INBOX", mail, b"(\\Seen $MDNSent) " + DATE)
                    assert answer.ok, (name, answer.status)
                assert client.command(b"SELECT INBOX").ok
            yield Pair(ours, reference)
            reference.close()
    finally:
        store.close()


def differences(pair: Pair, number: int, items: bytes) -> dict[str, tuple[Any, Any]]:
    ours, theirs = (client.fetch(b"%d" % number, b"(%b)" % items)[number] for client in (pair.ours, pair.reference))
    names = {*ours, *theirs}
    return {
        name.decode(): (ours.get(name, "absent"), theirs.get(name, "absent"))
        for name in names
        if ours.get(name, "absent") != theirs.get(name, "absent")
    }


def same_lines(ours: Any, theirs: Any) -> bool:
    """:data:`UNCHANGED`."""
    return isinstance(ours, bytes) and ours.replace(b"\r\n", b"\n") == theirs.replace(b"\r\n", b"\n")


def test_there_are_at_least_sixty_mails() -> None:
    assert len(MAILS) >= 60


@pytest.mark.parametrize("name", MAILS)
def test_every_item_is_dovecots(pair: Pair, name: str) -> None:
    number = list(MAILS).index(name) + 1
    found = {**differences(pair, number, WHOLE), **differences(pair, number, PARTS)}
    found.pop("INTERNALDATE", None)  # the same instant, each in a zone of its own: compared below
    if name.startswith("lf-"):
        found = {item: pair for item, pair in found.items() if item not in SIZES and not same_lines(*pair)}
    assert found.keys() == EXPLAINED.get(name, ("", set()))[1], found


def test_internal_dates_are_the_same_instant(pair: Pair) -> None:
    from simulators.mssante.imap.dates import date_time

    for client in (pair.ours, pair.reference):
        found = client.fetch(b"1:*", b"(INTERNALDATE)")
        assert {date_time(items[b"INTERNALDATE"]).isoformat() for items in found.values()} == {
            "2026-07-17T00:44:25+00:00"
        }


def test_25_mb_are_the_same(pair: Pair) -> None:
    mail = MAILS["xdm"].replace(
        b"------=_Part_0_1.2--", b"\r\n".join([b"A" * 76] * 330_000) + b"\r\n------=_Part_0_1.2--"
    )
    assert len(mail) > 25_000_000
    for client in (pair.ours, pair.reference):
        assert client.command(b"CREATE Gros").ok
        assert client.append(b"Gros", mail, DATE).ok
        assert client.command(b"SELECT Gros").ok
    items = (
        b"BODYSTRUCTURE ENVELOPE RFC822.SIZE BODY.PEEK[] BODY.PEEK[2] BODY.PEEK[2.MIME] BODY.PEEK[2]<20000000.70000>"
    )
    try:
        assert differences(pair, 1, items) == {}
    finally:
        for client in (pair.ours, pair.reference):
            assert client.command(b"SELECT INBOX").ok


SEARCHES = (
    b"ALL",
    b"SEEN KEYWORD $MDNSent",
    b"UNSEEN",
    b"SUBJECT bonjour",
    b"SUBJECT {9}\r\nR\xc3\xa9sultat",
    b"FROM thomas",
    b"TO ville.mssante.test",
    b"NOT TO ville.mssante.test",
    b"HEADER X-MSS-INS O",
    b'HEADER Message-ID ""',
    b"BODY joint",
    b"TEXT texte",
    b"LARGER 2000 SMALLER 60000",
    b"OR SUBJECT bonjour SUBJECT dedans",
    b"SENTON 20-Nov-2026",
    b"SENTBEFORE 1-Jan-2027 SENTSINCE 1-Nov-2026",
    b"ON 17-Jul-2026",
    b"UID 3:5,7 NOT (4)",
    b"2:4,*",
    b"NEW",
    b"OLD",
)


@pytest.mark.parametrize("keys", SEARCHES, ids=lambda keys: keys.decode("latin-1")[:30].replace("\r\n", " "))
def test_search_finds_the_same(pair: Pair, keys: bytes) -> None:
    parts = [keys]
    if b"{" in keys:
        head, _, literal = keys.partition(b"\r\n")
        parts = [b"CHARSET UTF-8 " + head, literal]
    answers = []
    for client in (pair.reference, pair.ours):
        answer = client.command(b"SEARCH " + parts[0], *parts[1:])
        assert answer.ok, answer.status
        answers.append([line for line in answer.lines if line.startswith(b"* SEARCH")])
    assert answers[0] == answers[1]


SESSION = (
    (b"STORE 2 +FLAGS.SILENT (\\Flagged)",),
    (b"FETCH 2 (FLAGS)",),
    (b"STORE 2 FLAGS ($Forwarded)",),
    (b"UID STORE 2 -FLAGS ($forwarded)",),
    (b"CREATE Archive/2026",),
    (b"COPY 2:3 Archive/2026",),
    (b"COPY 2:3 Absent",),
    (b"STATUS Archive/2026 (MESSAGES UIDNEXT UNSEEN)",),
    (b"MOVE 2 Archive/2026",),
    (b"STORE 2 +FLAGS (\\Deleted)",),
    (b"UID EXPUNGE 1",),
    (b"EXPUNGE",),
    (b"FETCH 9999 FLAGS",),
    (b"UID FETCH 9999 FLAGS",),
    (b"SUBSCRIBE Archive/2026",),
    (b'LSUB "" "Archive*"',),
    (b"RENAME Archive/2026 Archive/2027",),
    (b'LIST "" "Archive*"',),
    (b"DELETE Archive/2027",),
    (b"DELETE Archive/2027",),
    (b"CREATE INBOX",),
    (b"EXAMINE INBOX",),
    (b"NONSENSE",),
    (b"FETCH 1",),
    (b"FETCH 1 (BODY[",),
    (b"SEARCH NONSENSE",),
    (b"STORE 1 FLAGS (\\Recent)",),
    (b"UNSELECT",),
    (b"FETCH 1 FLAGS",),
)


def shape(status: bytes, lines: list[bytes]) -> tuple[bytes, list[str]]:
    """OK, NO or BAD with the name of its code where a client reads it, and the kinds of untagged responses."""
    words = status.split()
    code = words[1].strip(b"[]") if len(words) > 1 and words[1].startswith((b"[COPYUID", b"[TRYCREATE")) else b""
    kinds = [b" ".join(word for word in line.split()[1:3] if word.isalpha()).decode() for line in lines]
    return words[0] + b" " + code, sorted(
        kind for kind in kinds if kind in ("EXPUNGE", "FETCH", "LIST", "LSUB", "STATUS")
    )


def flags_told(answer: Answer) -> dict[int, set[bytes]]:
    return {number: set(items.get(b"FLAGS", ())) for number, items in fetched(answer).items()}


def test_a_session_of_commands_ends_the_same(pair: Pair) -> None:
    """Last: it changes the folders."""
    for command in SESSION:
        ours, theirs = pair.ours.command(*command), pair.reference.command(*command)
        assert shape(ours.status, ours.lines) == shape(theirs.status, theirs.lines), (command, ours, theirs)
        assert flags_told(ours) == flags_told(theirs), command
