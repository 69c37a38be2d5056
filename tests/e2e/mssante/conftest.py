"""A world with its people, tokens and certificates, and smtplib as the product's own client."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulators.core.pki import client_context
from simulators.mssante import folders, messages
from simulators.sandbox import Sandbox
from tests.support.psc_person import Person

SPECIALIST, GENERALIST, RADIOLOGIST = "899700000039", "899700000013", "899700000054"


@dataclass
class House:
    """One world of a running sandbox."""

    sandbox: Sandbox
    world: str

    @property
    def boxes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.describe(self.world, certificates=False)["mailboxes"]
        return found

    def box(self, kind: str, owner: str) -> str:
        return str(next(b["address"] for b in self.boxes if b["kind"] == kind and b["owners"][0] == owner))

    def structure(self, slug: str) -> str:
        described = self.sandbox.describe(self.world, certificates=False)
        return str(next(s["id"] for s in described["structures"] if s["slug"] == slug))

    def token(self, person: str = SPECIALIST) -> str:
        """An access token of Pro Santé Connect, signed in as a person would."""
        browser = Person(self.sandbox, self.world)
        code = browser.sign_in(person)["code"]
        return str(browser.exchange(code)["access_token"])

    def context(self, structure: str = "") -> ssl.SSLContext:
        issued = self.sandbox.holders.pair(self.world, structure).auth_cli if structure else None
        return client_context(self.sandbox.trusted.at(self.sandbox.now()), issued)

    def smtp(self, listener: str = "submission", structure: str = "") -> smtplib.SMTP:
        at = urlsplit(self.sandbox.url(listener))
        context = self.context(structure)
        if at.scheme == "smtps":
            secure = smtplib.SMTP_SSL(at.hostname or "", at.port or 0, context=context, timeout=20)
            secure.ehlo()
            return secure
        client = smtplib.SMTP(at.hostname or "", at.port or 0, timeout=20)
        client.ehlo()
        client.starttls(context=context)
        client.ehlo()
        return client

    def applicative(self, slug: str = "hospital") -> tuple[smtplib.SMTP, str]:
        """A session of a PFI: certificate, EXTERNAL."""
        structure = self.structure(slug)
        address = self.box("APP", structure)
        client = self.smtp(structure=structure)
        code, text = client.docmd("AUTH", f"EXTERNAL {b64(address.encode())}")
        assert code == 235, text
        return client, address

    def inbox(self, address: str) -> list[bytes]:
        with self.sandbox.store.read(self.world) as tx:
            folder = folders.get(tx, address, folders.INBOX)
            return [messages.content(tx, message) for message in messages.listing(tx, folder.folder)]

    def journal(self, operation: str) -> list[Any]:
        from simulators.core import journal

        rows = journal.read(self.sandbox.store, self.world, limit=1000)
        return [row for row in rows if row.operation == f"mssante.{operation}"]


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def xoauth2(address: str, token: str) -> str:
    return b64(f"user={address}\x01auth=Bearer {token}\x01\x01".encode())


def mail(sender: str, to: str, subject: str = "essai", extra: str = "", body: str = "Bonjour") -> bytes:
    head = f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <a@test>\r\n{extra}"
    return f"{head}\r\n{body}\r\n".encode()


@pytest.fixture
def house(sandbox: Sandbox, world: str) -> House:
    return House(sandbox, world)


@pytest.fixture(scope="session")
def first_house(sandbox: Sandbox) -> Callable[[], House]:
    return lambda: House(sandbox, "main")
