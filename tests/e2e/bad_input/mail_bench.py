"""The bench of mail: sessions of a PFI on every port, octets as they are, and a good mail there and back as the proof
that the operator still serves."""

from __future__ import annotations

import itertools
import smtplib
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO, Bench, refusing
from tests.e2e.mssante.conftest import House, b64, mail
from tests.support.imap_raw import Answer, RawImap, fetched

SMTP_PORTS = ("submission", "submissions", "operator-smtp", "internet-mail")
IMAP_PORTS = ("imap", "imaps")
BUGS = {"SIM-BUG", "CORE-BUG", "MSS-IMAP-INTERNAL"}
_numbers = itertools.count(1)


class MailBench(Bench):
    """``address`` is the applicative mailbox of the hospital, opened by its certificate."""

    def __init__(self, sandbox: Sandbox, control: Control, world: str) -> None:
        super().__init__(sandbox, control, world)
        self.house = House(sandbox, world)
        self.address = self.house.box("APP", self.structure)

    # -- sessions -----------------------------------------------------------------------------------------------------

    @property
    def papers(self) -> ssl.SSLContext:
        """TLS with the hospital's certificate."""
        return self.context(self.held("auth_cli"))

    def smtp(self) -> smtplib.SMTP:
        """A session of submission that has authenticated."""
        client = self.house.smtp(structure=self.structure)
        code, text = client.docmd("AUTH", f"EXTERNAL {b64(self.address.encode())}")
        assert code == 235, text
        return client

    def started(self) -> smtplib.SMTP:
        """The same, with one recipient accepted and 354 said: octets of a message come next."""
        client = self.smtp()
        for command, code in (("MAIL FROM", 250), ("RCPT TO", 250)):
            assert client.docmd(f"{command}:<{self.address}>")[0] == code
        assert client.docmd("DATA")[0] == 354
        return client

    def imap(self, *, selected: bool = True) -> RawImap:
        """A session of IMAPS that has authenticated, with INBOX open."""
        client = RawImap(self.port("imaps"), self.papers)
        assert client.command(b"AUTHENTICATE EXTERNAL " + b64(self.address.encode()).encode()).ok
        if selected:
            assert client.command(b"SELECT INBOX").ok
        return client

    def port(self, listener: str) -> int:
        return urlsplit(self.sandbox.url(listener)).port or 0

    def open(self, listener: str) -> socket.socket:
        """A connection; TLS where the port begins with it. The greeting is still to be read."""
        plain = socket.create_connection(("127.0.0.1", self.port(listener)), 20)
        if listener not in {"submissions", "imaps"}:
            return plain
        return self.papers.wrap_socket(plain, server_hostname="localhost")

    # -- the proofs ---------------------------------------------------------------------------------------------------

    def letter_to_self(self, body: str = "Bonjour", extra: str = "", subject: str = "essai") -> bytes:
        return mail(self.address, self.address, subject, f"X-Number: {next(_numbers)}\r\n{extra}", body)

    def still_serves(self) -> None:
        """A mail by SMTP on a new connection, read back by IMAP on another."""
        raw = self.letter_to_self()
        client = self.smtp()
        assert client.sendmail(self.address, [self.address], raw) == {}
        client.quit()
        reader = self.imap()
        (last,) = reader.fetch(b"*", b"(BODY.PEEK[])").values()
        assert bytes(last[b"BODY[]"]).endswith(raw)
        reader.close()

    def denied(
        self,
        act: Callable[[], object],
        rule: str,
        *,
        world: str = "",
        outcome: str = "refused",
        status: str = "",
        besides: str = "",
    ) -> dict[str, Any]:
        """One row with ``rule`` in the right world and none in the other (but an incident of that cause), nothing
        stored besides, the operator still up. The row."""
        chosen = world or self.world
        other = self.world if chosen == PSEUDO else PSEUDO
        since, elsewhere, before = self.cursor(chosen), self.cursor(other), self.state()
        act()
        row = self.awaited(chosen, since, rule)
        assert row["outcome"] == outcome, row
        if outcome == "refused":
            assert refusing(row)[:1] == [rule], row
        assert status in {"", row["status"]}, row["status"]
        mine = [r["number"] for r in self.rows(chosen, since) if not r["operation"].startswith("pro_sante_connect.")]
        assert mine == [row["number"]]
        assert [r["status"] for r in self.rows(other, elsewhere)] == ([besides] if besides else [])
        assert self.state() == before
        self.still_serves()
        return row

    def hang_up(self, clients: Iterable[RawImap]) -> None:
        """Hangs up without a word."""
        for client in clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
            client.close()

    def unforeseen(self, since: int, elsewhere: int) -> list[dict[str, Any]]:
        """The rows since then that blame the sandbox itself."""
        rows = [*self.every_row(self.world, since), *self.every_row(PSEUDO, elsewhere)]
        return [row for row in rows if BUGS & {finding["rule"] for finding in row["verdict"]["findings"]}]

    def every_row(self, world: str, since: int) -> Iterator[dict[str, Any]]:
        """Page after page."""
        while found := self.rows(world, since):
            yield from found
            since = found[-1]["number"]


def rest_of(sock: socket.socket | None) -> bytes:
    """Everything until the peer closes; a reset counts as the end."""
    assert sock is not None
    octets = bytearray()
    try:
        while more := sock.recv(1 << 16):
            octets += more
    except (ConnectionError, ssl.SSLError):
        return bytes(octets)
    return bytes(octets)


def asked(client: RawImap, octets: bytes, tag: bytes = b"x") -> Answer:
    """Octets as they are, ended by CR LF, and everything up to the tagged answer."""
    client.send(octets + b"\r\n")
    return client.finish(tag)


def listed(client: RawImap, items: bytes) -> dict[int, dict[bytes, Any]]:
    answer = client.command(b"FETCH 1:* " + items)
    assert answer.ok, answer.status
    return fetched(answer)
