"""The IMAP client: what it refuses before any wire, and how trouble is told."""

from __future__ import annotations

import ssl

import pytest

from simulators.clients.mail.imap import ImapProblem, ImapServer, Inbox
from simulators.clients.outbound import OutboundDenied
from simulators.core.errors import WireInsideTransaction
from simulators.core.store import Store
from simulators.core.world import Worlds
from tests.support.mails import NOW

CONTEXT = ssl.create_default_context()


def test_only_named_hosts() -> None:
    with pytest.raises(OutboundDenied):
        Inbox(ImapServer("imap.mssante.fr", 993, CONTEXT, named=["imap.mssante.fr"]), "a@b")
    with pytest.raises(OutboundDenied):
        Inbox(ImapServer("imap.example.org", 993, CONTEXT), "a@b")


def test_nobody_there() -> None:
    with pytest.raises(ImapProblem, match="ConnectionRefused"):
        Inbox(ImapServer("127.0.0.1", 1, CONTEXT, 2.0), "a@b")


def test_never_inside_a_transaction(memory_store: Store) -> None:
    Worlds(memory_store, lambda: NOW).create("main")
    with memory_store.read("main"), pytest.raises(WireInsideTransaction):
        Inbox(ImapServer("127.0.0.1", 1, CONTEXT), "a@b")
