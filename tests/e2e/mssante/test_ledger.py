"""Killed again and again while two products send: what was answered 250 is there, once, byte for byte."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.mssante.conftest import b64
from tests.support.ledger_sandbox import SandboxProcess

ROUNDS, EACH = 4, 40


class Product:
    """A PFI: it knows the endpoints file, and keeps a ledger of its own."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        described = sandbox.endpoints["worlds"]["main"]
        self.services = sandbox.endpoints["services"]["mssante"]
        structure = next(s for s in described["structures"] if s["slug"] == "hospital")
        boxes = [box for box in described["mailboxes"] if box["kind"] == "APP"]
        self.address = str(next(box["address"] for box in boxes if structure["id"] in box["owners"]))
        files = structure["certificates"]["auth_cli"]
        self.context = ssl.create_default_context(cafile=sandbox.endpoints["trust"]["roots"])
        self.context.load_cert_chain(files["certificate"], files["key"])

    def _at(self, name: str) -> tuple[str, int]:
        at = urlsplit(self.services[name])
        return at.hostname or "", at.port or 0

    def send(self, begun: int, ledger: dict[str, bytes], enough: threading.Event) -> None:
        """Until the connection breaks; what was acknowledged is in ``ledger``."""
        try:
            with smtplib.SMTP_SSL(*self._at("submissions"), context=self.context, timeout=20) as client:
                client.ehlo()
                assert client.docmd("AUTH", f"EXTERNAL {b64(self.address.encode())}")[0] == 235
                for number in range(begun, begun + 10_000):
                    name = f"<{number}@registre.test>"
                    raw = f"From: <{self.address}>\r\nMessage-ID: {name}\r\n\r\n{'é' * 500}\r\n".encode()
                    client.sendmail(self.address, [self.address], raw)
                    ledger[name] = raw
                    if len(ledger) % EACH == 0:
                        enough.set()
        except (OSError, smtplib.SMTPException):
            enough.set()

    def read(self) -> list[bytes]:
        with imaplib.IMAP4_SSL(*self._at("imaps"), ssl_context=self.context, timeout=20) as reader:
            reader.authenticate("EXTERNAL", lambda _: self.address.encode())
            count = int((reader.select("INBOX", readonly=True)[1][0] or b"0").decode())
            data = reader.fetch(f"1:{count}", "(BODY.PEEK[])")[1] if count else []
            return [part[1] for part in data if isinstance(part, tuple)]


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    arguments = (tmp_path / "cache", tmp_path / "endpoints.json", "--data", str(tmp_path / "data"))
    ledger: dict[str, bytes] = {}
    for round in range(ROUNDS):
        with SandboxProcess(*arguments) as sandbox:
            product, enough = Product(sandbox), threading.Event()
            begun = [(round * 2 + client) * 10_000 for client in range(2)]
            clients = [threading.Thread(target=product.send, args=(start, ledger, enough)) for start in begun]
            for client in clients:
                client.start()
            assert enough.wait(30)
            sandbox.kill()
            for client in clients:
                client.join(30)
    with SandboxProcess(*arguments) as sandbox:
        stored = Product(sandbox).read()
    assert len(ledger) >= ROUNDS * EACH
    for name, raw in ledger.items():
        assert sum(message.endswith(raw) for message in stored) == 1, name
    assert len(stored) <= len(ledger) + ROUNDS * 2  # accepted, and the answer was cut off
