"""The operator without a socket: sessions played like a score, introspection answered by the test."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulators.clients.introspection import Introspected
from simulators.core import journal
from simulators.core.exchange import Runtime
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.listeners import Close, Data, Expect, Line, Send, StartTls, TlsFacts, Unit, Violation
from simulators.core.listeners.incident import Reason
from simulators.core.listeners.session import Action, Session
from simulators.core.own_rules import OWN_RULES
from simulators.core.pki import Trust
from simulators.core.rules import Catalogue, Policy
from simulators.core.store import Store
from simulators.core.world import World, Worlds
from simulators.mssante import folders, messages, service
from simulators.mssante.catchers.internet import CatcherSession
from simulators.mssante.seeds import seed
from simulators.mssante.smtp.session import SmtpSession
from simulators.population import registry
from simulators.population.reference import reference_population

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", None)
DOCTOR, OTHER = "899700000039", "899700000013"
ME, YOU = "claude.testeur@main.mssante.test", "camille.fictif@main.mssante.test"
CITIZEN = "185010099900171@patient.mssante.test"


@dataclass
class Wire:
    """What a session knows of its connection."""

    listener: str = "submission"
    peer: tuple[str, int] = ("127.0.0.1", 40000)
    tls: TlsFacts | None = TLS

    def wake(self) -> None:
        """Nobody does."""


@dataclass
class Dialogue:
    """One connection: ``say`` a line, get the replies."""

    session: Session
    heard: list[Action] = field(default_factory=list)

    def say(self, line: str | bytes) -> str:
        return self.give(Line(line.encode() if isinstance(line, str) else line))

    def give(self, unit: Unit) -> str:
        return self.told(self.session.receive_unit(unit))

    def told(self, actions: Sequence[Action]) -> str:
        self.heard = list(actions)
        words = []
        for action in actions:
            if isinstance(action, Send):
                assert action.octets.isascii()
                assert action.octets.endswith(b"\r\n")
                assert all(len(line) <= 512 for line in action.octets.split(b"\r\n"))
                words.append(action.octets.decode().removesuffix("\r\n"))
            else:
                words.append({Expect: "<expect>", StartTls: "<tls>", Close: "<close>"}[type(action)])
        return "\n".join(words)

    def play(self, *lines: str) -> str:
        """Several lines; the last reply."""
        reply = ""
        for line in lines:
            reply = self.say(line)
        return reply

    def mail(self, sender: str, to: str, message: bytes, mail: str = "", rcpt: str = "") -> str:
        self.say(f"MAIL FROM:<{sender}>{mail}")
        self.say(f"RCPT TO:<{to}>{rcpt}")
        if not self.say("DATA").startswith("354"):
            return "no DATA"
        return self.give(Data(message))

    def violate(self, cause: str, *, fatal: bool = False) -> str:
        return self.give(Violation(Reason(cause, "fr", "something is wrong"), b"raw", fatal))


def populate(tx: Any, world: World) -> None:
    registry.populate(tx, reference_population())


class Room:
    """``subject`` is whom the tokens belong to; empty: they are not active."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.worlds = Worlds(store, lambda: self.now, (populate, seed))
        self.worlds.create("main")
        made = service.service(lambda now: Trust(()))
        catalogue: Catalogue[Any] = Catalogue([*made.rules, *OWN_RULES])
        self.book = TriggerBook(store, catalogue, FAULTS, now=lambda: self.now, operations=made.operations)
        self.runtime = Runtime(store, self.worlds, lambda: self.now, catalogue, self.book)
        self.subject = DOCTOR
        self.expires = 0.0

    def introspected(self, *args: object, **kwargs: object) -> Introspected:
        """In place of the wire."""
        if not self.subject:
            return Introspected(False)
        lapse = {"exp": self.expires} if self.expires else {}
        return Introspected(True, {"SubjectNameID": self.subject, **lapse})

    def connect(self, listener: str = "submission", tls: TlsFacts | None = TLS) -> Dialogue:
        link = Wire(listener, tls=tls)
        if listener == "internet-mail":
            dialogue = Dialogue(CatcherSession(link, self.runtime))
        else:
            port = service.PORTS[listener]
            dialogue = Dialogue(SmtpSession(link, self.runtime, lambda now: Trust(()), port))
        dialogue.told(dialogue.session.opened())
        return dialogue

    def signed_in(self, address: str = ME) -> Dialogue:
        dialogue = self.connect()
        assert dialogue.play("EHLO produit.test", f"AUTH XOAUTH2 {xoauth2(address)}").startswith("235"), dialogue.heard
        return dialogue

    def policy(self, **given: Any) -> None:
        self.worlds.set_policy("main", Policy.from_json(given))

    def inbox(self, address: str, world: str = "main") -> list[bytes]:
        with self.store.read(world) as tx:
            folder = folders.get(tx, address, folders.INBOX)
            return [messages.content(tx, message) for message in messages.listing(tx, folder.folder)]

    def rows(self, world: str = "main") -> list[journal.Exchange]:
        return list(journal.read(self.store, world, limit=1000))

    def last(self) -> Mapping[str, Any]:
        """The last row's refusing finding."""
        findings = [f for f in self.rows()[-1].verdict["findings"] if f["level"] == "refuse"]
        return dict(findings[0])


def xoauth2(address: str, token: str = "a.b.c") -> str:
    return b64(f"user={address}\x01auth=Bearer {token}\x01\x01".encode())


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def mail(sender: str = ME, to: str = YOU, extra: str = "") -> bytes:
    return f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: essai\r\nMessage-ID: <un@test>\r\n{extra}\r\ncorps\r\n".encode()
