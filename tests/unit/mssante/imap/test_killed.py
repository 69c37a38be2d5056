"""kill -9 of the server while two clients append: what it answered OK is there afterwards."""

from __future__ import annotations

import contextlib
import re
import threading

from simulators.core.store import open_store
from simulators.mssante import folders, messages
from tests.support.imap_raw import RawImap
from tests.support.imap_room import ADDRESS
from tests.support.processes import Child

PROCESS = "tests.support.imap_process"
UID = re.compile(rb"APPENDUID \d+ (\d+)")


def feed(port: int, letter: str, ledger: dict[int, bytes], enough: threading.Event) -> None:
    """Appends until the connection breaks; writes down what was acknowledged."""
    client = RawImap(port)
    with contextlib.suppress(OSError, AssertionError):
        if not client.command(b"LOGIN %b secret" % ADDRESS.encode()).ok:
            return
        for number in range(100_000):
            mail = f"Subject: {letter}{number}\r\n\r\n{'x' * 2_000}\r\n".encode()
            found = UID.search(client.append(b"INBOX", mail, b"($MDNSent) ").status)
            if found is None:
                break
            ledger[int(found[1])] = mail
            if number == 25:
                enough.set()
    client.close()


def test_nothing_acknowledged_is_lost(place: str) -> None:
    ledgers: list[dict[int, bytes]] = [{}, {}]
    enough = threading.Event()
    with Child(PROCESS, place) as child:
        port = int(child.line())
        feeders = [
            threading.Thread(target=feed, args=(port, letter, ledger, enough))
            for letter, ledger in zip("ab", ledgers, strict=True)
        ]
        for feeder in feeders:
            feeder.start()
        assert enough.wait(60)
        child.kill()
        for feeder in feeders:
            feeder.join()
    acknowledged = ledgers[0] | ledgers[1]
    assert len(acknowledged) == len(ledgers[0]) + len(ledgers[1]) > 25, "no UID was given twice"
    store = open_store(place)
    try:
        with store.read("imap") as tx:
            inbox = folders.get(tx, ADDRESS, "INBOX")
            stored = {message.uid: message for message in messages.listing(tx, inbox.folder)}
            assert acknowledged.keys() <= stored.keys()
            for uid, mail in acknowledged.items():
                assert messages.content(tx, stored[uid]) == mail
                assert stored[uid].flags == {"$MDNSent"}
            assert inbox.uid_next == max(stored) + 1
    finally:
        store.close()
