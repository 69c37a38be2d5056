"""Clients that send by SMTP and store by IMAP until the operator dies, and the ledger of what it answered 250 or OK.

A line of the ledger is written only after the answer had come; what was attempted is known besides.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.clients.control import Refusal
from tests.support.imap_raw import RawImap, fetched
from tests.support.ledger_sandbox import SandboxProcess

ADDRESS, PASSWORD = "ledger@poste.main.formation.mssante.fr", "secret"
_APPENDUID = re.compile(rb"OK \[APPENDUID (\d+) (\d+)\]")
_NAME = re.compile(rb"Message-ID: <([^>]*)>")


@dataclass(frozen=True)
class Kept:
    """One message of the mailbox, as a reader finds it."""

    uid: int
    name: str
    flags: frozenset[str]
    data: bytes


@dataclass(frozen=True)
class Folder:
    """A folder as a reader finds it."""

    validity: int
    next_uid: int
    messages: tuple[Kept, ...]

    def by_name(self) -> dict[str, Kept]:
        return {message.name: message for message in self.messages}


class MailLedger:
    """``attempted`` before it was sent; the file ``path`` has a line per acknowledgement: name, digest, what.

    ``at`` a number of acknowledgements of this round, ``then`` is called by the client that got the last of them, while
    the others are in mid-exchange.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempted: dict[str, bytes] = {}
        self.uids: dict[str, int] = {}
        self.flagged: set[str] = set()
        self.expunged: dict[str, int] = {}
        self.attempted_expunges: set[str] = set()
        self._lock = threading.Lock()
        self._left = 0
        self._then: Callable[[], None] = lambda: None

    def arm(self, at: int, then: Callable[[], None]) -> None:
        self._left, self._then = at, then

    def attempt(self, name: str, data: bytes) -> None:
        with self._lock:
            self.attempted[name] = data

    def acknowledge(self, name: str, uid: int | None = None) -> None:
        with self._lock:
            digest = hashlib.sha256(self.attempted[name]).hexdigest()
            with self.path.open("a", encoding="ascii") as file:
                file.write(f"{name} {digest}\n")
            if uid is not None:
                self.uids[name] = uid
            self._left -= 1
            if self._left == 0:
                self._then()

    def acknowledged(self) -> dict[str, str]:
        """SHA-256 by name, as the file says."""
        lines = self.path.read_text("ascii").splitlines() if self.path.exists() else []
        return dict(line.split() for line in lines)


class MailParty:
    """Who speaks to a sandbox process, under the name of a round."""

    def __init__(self, process: SandboxProcess, name: str) -> None:
        self.name = name
        self._services: Mapping[str, str] = process.endpoints["services"]["mssante"]
        self._tls = ssl.create_default_context(cafile=process.endpoints["trust"]["roots"])
        body: dict[str, Any] = {"address": ADDRESS, "kind": "ORG", "password": PASSWORD}
        try:
            process.control.call("POST", "/worlds/main/mailboxes", body)
        except Refusal:
            assert name != "round-0", "the mailbox is there since the first round"

    def smtp(self) -> smtplib.SMTP:
        at = urlsplit(self._services["submissions"])
        client = smtplib.SMTP_SSL(at.hostname or "", at.port or 0, context=self._tls, timeout=30)
        client.login(ADDRESS, PASSWORD)
        return client

    def imap(self, folder: bytes = b"INBOX") -> RawImap:
        client = RawImap(urlsplit(self._services["imaps"]).port or 0, self._tls)
        assert client.command(b"LOGIN %b %b" % (ADDRESS.encode(), PASSWORD.encode())).ok
        assert client.command(b"SELECT " + folder).ok
        return client

    def letter(self, who: str, number: int) -> tuple[str, bytes]:
        """A name and a message of about 2 kB that bears it."""
        name = f"{self.name}.{who}.{number}@ledger"
        head = f"From: <{ADDRESS}>\r\nTo: <{ADDRESS}>\r\nSubject: {name}\r\nMessage-ID: <{name}>\r\n\r\n"
        return name, head.encode() + f"{number:06d} {who}\r\n".encode() * 150

    def folder(self) -> Folder:
        """INBOX as it is now."""
        client = self.imap()
        status = client.command(b"STATUS INBOX (UIDVALIDITY UIDNEXT)").lines[0]
        found = re.search(rb"UIDVALIDITY (\d+) UIDNEXT (\d+)", status)
        assert found, status
        messages = []
        for items in fetched(client.command(b"UID FETCH 1:* (UID FLAGS BODY.PEEK[])")).values():
            data = bytes(items[b"BODY[]"])
            name = _NAME.search(data)
            assert name, data[:300]
            flags = frozenset(flag.decode() for flag in items[b"FLAGS"])
            messages.append(Kept(items[b"UID"], name[1].decode(), flags, data))
        client.close()
        return Folder(int(found[1]), int(found[2]), tuple(messages))


class Client(threading.Thread):
    """Works until the connection breaks; ``problem`` is any other end."""

    def __init__(self, party: MailParty, ledger: MailLedger, who: str) -> None:
        super().__init__(daemon=True)
        self._party, self._ledger, self._who = party, ledger, who
        self._number = 0
        self.problem = ""

    def run(self) -> None:
        try:
            while not self.problem:
                self._number += 1
                self.work(*self._party.letter(self._who, self._number))
        except (OSError, EOFError, smtplib.SMTPServerDisconnected):
            return
        except Exception as error:  # told in the test's own thread
            self.problem = repr(error)

    def work(self, name: str, data: bytes) -> None:
        raise NotImplementedError


class Sender(Client):
    """One SMTP session, one message after the other."""

    def __init__(self, party: MailParty, ledger: MailLedger, who: str) -> None:
        super().__init__(party, ledger, who)
        self._client = party.smtp()

    def work(self, name: str, data: bytes) -> None:
        self._ledger.attempt(name, data)
        self._client.docmd(f"MAIL FROM:<{ADDRESS}>")
        self._client.docmd(f"RCPT TO:<{ADDRESS}>")
        code, text = self._client.data(data)
        if code == 250:
            self._ledger.acknowledge(name)
        else:
            self.problem = f"{code} {text!r}"


class Appender(Client):
    """One IMAP session: APPEND, then a flag on what was stored; every third message is expunged again."""

    def __init__(self, party: MailParty, ledger: MailLedger, who: str) -> None:
        super().__init__(party, ledger, who)
        self._client = party.imap()

    def work(self, name: str, data: bytes) -> None:
        self._ledger.attempt(name, data)
        found = _APPENDUID.match(self._said(self._client.append(b"INBOX", data).status))
        assert found, "APPENDUID"
        uid = int(found[2])
        self._ledger.acknowledge(name, uid)
        self._said(self._client.command(b"UID STORE %d +FLAGS ($MDNSent)" % uid).status)
        self._ledger.flagged.add(name)
        if self._number % 3 == 0:
            self._ledger.attempted_expunges.add(name)
            self._said(self._client.command(b"UID STORE %d +FLAGS (\\Deleted)" % uid).status)
            self._said(self._client.command(b"UID EXPUNGE %d" % uid).status)
            self._ledger.expunged[name] = uid

    def _said(self, status: bytes) -> bytes:
        if not status:
            raise EOFError
        assert status.startswith(b"OK"), status
        return status
