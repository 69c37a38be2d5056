"""aiosmtpd as the other operator: what we relay arrives with its bytes, over TLS with both certificates."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.assembly.settings import Settings
from simulators.mssante import domains
from simulators.mssante.domains import Operator
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import House, mail

pytestmark = pytest.mark.interop
FOREIGN = "aiosmtpd.formation.mssante.fr"


@dataclass
class Kept:
    """The handler: what came, and from whom."""

    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    answer: str = "250 kept"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert server.transport is not None
        self.peers.append(server.transport.get_extra_info("peercert"))
        self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), bytes(envelope.original_content or b"")))
        return self.answer


class Operated(Controller):
    """STARTTLS wanted first, on a port that is free."""

    def __init__(self, kept: Kept, context: ssl.SSLContext, port: int) -> None:
        self._context = context
        super().__init__(kept, hostname="127.0.0.1", port=port)

    def factory(self) -> SMTP:
        return SMTP(self.handler, hostname="peer", tls_context=self._context, require_starttls=True)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, environment=environment, publish=False)) as running:
        yield House(running, "main")


@pytest.fixture
def peer(house: House, tmp_path: Path) -> Iterator[Kept]:
    sandbox, kept = house.sandbox, Kept()
    issued = sandbox.pki.issue_server(["localhost"], ["127.0.0.1"], now=sandbox.now())
    pair = tmp_path / "peer.pem"
    pair.write_bytes(issued.key_pem() + issued.pem() + b"".join(c.public_bytes(Encoding.PEM) for c in issued.chain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(sandbox.folder / "trust" / "roots.pem"))
    context.load_cert_chain(pair)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Operated(kept, context, port)
    controller.start()
    try:
        with sandbox.store.write(house.world) as tx:
            dn = issued.certificate.subject.rfc4514_string()
            domains.list_operator(tx, Operator(FOREIGN, dn, "aiosmtpd", f"localhost:{port}"))
        yield kept
    finally:
        controller.stop()


def test_a_mail_arrives_with_its_bytes(house: House, peer: Kept) -> None:
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    raw = mail(sender, to, body="corps")
    client.sendmail(sender, [to], raw)
    house.sandbox.advance(house.world, period="PT0S")
    ((given, recipients, content),) = peer.mails
    assert (given, recipients) == (sender, [to])
    assert content.startswith(b"Received: from ") and content.endswith(raw)
    assert ("organizationalUnitName", "SIM-SANDBOX") in [pair for rdn in peer.peers[0]["subject"] for pair in rdn]
    assert house.journal("RELAY")[-1].outcome == "accepted"


def test_its_refusal_comes_back_as_a_report(house: House, peer: Kept) -> None:
    peer.answer = "550 5.7.1 not today"
    client, sender = house.applicative()
    to = f"dr.essai@{FOREIGN}"
    client.sendmail(sender, [to], mail(sender, to))
    house.sandbox.advance(house.world, period="PT0S")
    assert b"Diagnostic-Code: smtp; 550 5.7.1 not today" in house.inbox(sender)[-1]
