"""An IMAP server on a random port over a small world, with a door of its own: user = address, password ``secret``."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulators.core.exchange import Runtime
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.listeners import ImapFramer, Incident, Link, StreamHost, StreamLimits, StreamRoom, WorkerPool
from simulators.core.rules import Catalogue
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.mssante import folders, mailboxes, messages
from simulators.mssante.access.model import Access
from simulators.mssante.imap.alarm import Alarm
from simulators.mssante.imap.contract import Refused
from simulators.mssante.imap.session import ImapSession
from simulators.mssante.imap.state import House
from simulators.mssante.mailboxes import Kind
from simulators.mssante.rules import imap as rules
from tests.support.imap_raw import RawImap

ADDRESS = "labo@ch-a.mssante.test"
OTHER = "medecin@ville.mssante.test"
CHALLENGE = b'{"status":"401"}'


@dataclass
class OwnDoor:
    """Knows every mailbox by one password or one token; ``abrupt`` and ``expires`` are for tests."""

    world: str
    offered: tuple[str, ...] = ("PLAIN", "XOAUTH2", "OAUTHBEARER", "EXTERNAL")
    abrupt: bool = False
    expires: datetime | None = None
    seen: list[tuple[str, bytes]] = field(default_factory=list)

    def mechanisms(self, link: Link, listener: str) -> tuple[str, ...]:
        return self.offered

    def check(self, mechanism: str, response: bytes, link: Link, listener: str) -> Access | Refused:
        self.seen.append((mechanism, response))
        if mechanism == "PLAIN":
            _, user, password = response.split(b"\0")
            good, name = password == b"secret", user
        elif mechanism == "EXTERNAL":
            good, name = link.tls is not None, response
        else:
            good, name = b"auth=Bearer good\x01" in response, _named(response)
        if good:
            return Access(self.world, name.decode(), {"professional": "899700000001"}, self.expires)
        challenge = CHALLENGE if mechanism in ("XOAUTH2", "OAUTHBEARER") else b""
        return Refused("no such access", challenge=challenge, abrupt=self.abrupt)


def _named(response: bytes) -> bytes:
    start = response.partition(b"user=" if b"user=" in response else b"a=")[2]
    return start.replace(b",", b"\x01").partition(b"\x01")[0]


@dataclass
class Room:
    """What a test needs. ``now`` is the wall clock of the worlds."""

    store: Store
    worlds: Worlds
    runtime: Runtime
    book: TriggerBook
    door: OwnDoor
    host: StreamHost
    world: str
    port: int = 0
    tls_port: int = 0
    incidents: list[Incident] = field(default_factory=list)
    clients: list[RawImap] = field(default_factory=list)

    def client(self, address: str = ADDRESS) -> RawImap:
        """A client that has logged in."""
        client = self.stranger()
        assert client.command(b"LOGIN %b secret" % address.encode()).ok
        return client

    def stranger(self) -> RawImap:
        """A client that has not."""
        client = RawImap(self.port)
        self.clients.append(client)
        return client

    def deliver(self, *mails: bytes, address: str = ADDRESS, folder: str = "INBOX", flags: Sequence[str] = ()) -> None:
        """As SMTP would: past IMAP."""
        with self.store.write(self.world) as tx:
            number = folders.get(tx, address, folder).folder
            for mail in mails:
                messages.append(tx, number, mail, received=self.worlds.now(), flags=flags)

    def journal(self) -> list[Any]:
        """Operation and outcome of the rows of the world."""
        from simulators.core import journal

        return [(row.operation, row.outcome) for row in journal.read(self.store, self.world, limit=1000)]


@contextmanager
def imap_room(
    store: Store, *, tls: ssl.SSLContext | None = None, limits: StreamLimits | None = None, largest: int = 40 << 20
) -> Iterator[Room]:
    """A room with :data:`ADDRESS` (APP) and :data:`OTHER` (PER) in world ``imap``."""
    now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    worlds = Worlds(store, lambda: now)
    world = worlds.create("imap").name
    catalogue = Catalogue(rules.RULES)
    book = TriggerBook(store, catalogue, FAULTS, now=lambda: now)
    runtime = Runtime(store, worlds, lambda: now, catalogue, book)
    with store.write(world) as tx:
        for address, kind in ((ADDRESS, Kind.APP), (OTHER, Kind.PER)):
            mailboxes.create(tx, address, kind, created=now)
            folders.create_defaults(tx, address)
    pool = WorkerPool("imap-test")
    incidents: list[Incident] = []
    door, alarm, host = OwnDoor(world), Alarm(store), StreamHost(pool, incidents.append)
    room = Room(store, worlds, runtime, book, door, host, world, incidents=incidents)
    house = House(runtime, "imap", door, alarm, tls is not None, largest)
    limits = limits or StreamLimits()
    parts = (
        "127.0.0.1",
        0,
        "IMAP",
        lambda: ImapFramer(max_literal_bytes=largest),
        lambda link: ImapSession(house, link),
    )
    context = (lambda: tls) if tls is not None else None
    room.port = host.bind(StreamRoom("imap", *parts, tls=context, limits=limits))
    if tls is not None:
        room.tls_port = host.bind(StreamRoom("imaps", *parts, tls=context, tls_at_once=True, limits=limits))
    host.start()
    try:
        yield room
    finally:
        for client in room.clients:
            client.close()
        alarm.stop()
        host.stop(1.0)
        pool.stop()
