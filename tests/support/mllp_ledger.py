"""Records that send documents by MLLP until the PFI dies, and the ledger of what it acknowledged AA.

They are sockets and octets: the framing here shares nothing with that of the sandbox. A line of the ledger is written
only after the acknowledgement had come; what was attempted is known besides, and is sent again as it was.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.clients.control import Refusal
from simulators.core.clock import system_now
from simulators.core.hl7 import Head
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Flags, Participant
from tests.support.hl7_documents import GOOD, SENDER
from tests.support.ledger_feeder import Party, small_document
from tests.support.ledger_sandbox import SandboxProcess

ADDRESS, PASSWORD = "registre@poste.main.formation.mssante.fr", "secret"
VT, END = b"\x0b", b"\x1c\r"
PATIENCE_S = 30.0
FLAGS = Flags(destdmp=True, destmssanteps=True, ack_reception=True)


class Line:
    """One connection to ``host:port``."""

    def __init__(self, place: str, timeout: float = PATIENCE_S) -> None:
        host, _, port = place.partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""

    def say(self, message: bytes) -> bytes:
        """One frame and the acknowledgement of it; ``EOFError`` when the connection ends instead."""
        self.socket.sendall(VT + message + END)
        return self.answer()

    def answer(self) -> bytes:
        """The next frame of the other side."""
        while END not in self._held:
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError
            self._held += data
        found, _, self._held = self._held.partition(END)
        assert found.startswith(VT), found[:200]
        return found[1:]

    def close(self) -> None:
        self.socket.close()


@contextmanager
def line_to(place: str) -> Iterator[Line]:
    """A connection for a while."""
    line = Line(place)
    try:
        yield line
    finally:
        line.close()


def field(message: bytes, segment: str, number: int) -> str:
    """A field of the first segment of that name, empty without it."""
    for text in message.decode("utf-8", "replace").split("\r"):
        parts = text.split("|")
        if parts[0] == segment:
            at = number - 1 if segment == "MSH" else number
            return parts[at] if len(parts) > at else ""
    return ""


class Record:
    """A hospital record in world ``main`` of a sandbox process; ``name`` makes what it sends its own."""

    def __init__(self, process: SandboxProcess, name: str) -> None:
        self.name = name
        self.place = urlsplit(process.endpoints["services"]["pfi"]["pfi_mllp"]).netloc
        self.party = Party(process, name)
        self.process, self.control = process, process.control
        self._client = self.party.client(f"{name}:author")

    def opened(self) -> None:
        """The mailbox that everything is sent to."""
        body: dict[str, Any] = {"address": ADDRESS, "kind": "ORG", "password": PASSWORD}
        try:
            self.control.call("POST", "/worlds/main/mailboxes", body)
        except Refusal as refusal:
            assert refusal.status == 409, refusal

    def request(self, who: str, number: int, *, size: int = 0) -> tuple[str, str, bytes]:
        """MSH-10, uniqueId and octets of an MDM^T02 to the DMP and to the mailbox."""
        control_id, document = f"{self.name}.{who}.{number}", self._client.oid()
        content = f"%PDF {document}".encode().ljust(size, b"x")
        cda = small_document(self._client, self.party.patient, document, content, system_now())
        place = self._client.structure.finess
        assert place is not None
        sender = replace(SENDER, org_id=place.value, person_id=self._client.professional.ps_idnat.value)
        reader = Participant("RCT", address=ADDRESS)
        plan = replace(
            GOOD,
            control_id=control_id,
            document_id=document,
            cda=cda,
            flags=FLAGS,
            mail_bodies={},
            fin=False,
            participants=(sender, reader),
        )
        head = Head("DPI-REGISTRE", place.value, "PFI-SEGUR-SANDBOX", "main", system_now(), "MDM", control_id)
        return control_id, document, build_transmission(plan, head)

    def requests(self) -> list[dict[str, Any]]:
        """What the PFI took, with orders and receipts."""
        found: list[dict[str, Any]] = self.control.call("GET", "/worlds/main/pfi/requests")["requests"]
        return found

    def settle(self, period: str = "PT0S") -> None:
        self.control.call("POST", "/worlds/main/clock", {"advance": period})

    def settings(self, **values: str) -> None:
        """``pfi_dpi`` for ``pfi.dpi``."""
        named = {name.replace("_", ".", 1).replace("_", "-"): value for name, value in values.items()}
        self.control.call("PATCH", "/worlds/main/policy", {"settings": named})

    def mails(self) -> list[bytes]:
        """What the mailbox holds."""
        path = f"/worlds/main/mailboxes/{ADDRESS}/messages"
        return [self.control.raw("GET", f"{path}/{one['uid']}") for one in self.control.call("GET", path)["messages"]]

    def journal(self, operation: str) -> list[Mapping[str, Any]]:
        """Every exchange of one operation, page after page."""
        found, since = list[Mapping[str, Any]](), 0
        while rows := self.control.call("GET", f"/worlds/main/exchanges?since={since}&limit=500")["exchanges"]:
            found += [row for row in rows if row["operation"] == operation]
            since = rows[-1]["number"]
        return found


class MllpLedger:
    """``attempted``: MSH-10 to uniqueId and octets; ``acknowledged``: in the file, one MSH-10 a line.

    ``at`` a number of acknowledgements of this round, ``then`` is called by the record that got the last of them, while
    the others are in mid-exchange.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempted: dict[str, tuple[str, bytes]] = {}
        self._lock = threading.Lock()
        self._left = 0
        self._then: Callable[[], None] = lambda: None

    def arm(self, at: int, then: Callable[[], None]) -> None:
        self._left, self._then = at, then

    def attempt(self, control_id: str, document: str, message: bytes) -> None:
        with self._lock:
            self.attempted[control_id] = (document, message)

    def acknowledge(self, control_id: str) -> None:
        with self._lock:
            with self.path.open("a", encoding="ascii") as file:
                file.write(f"{control_id}\n")
            self._left -= 1
            if self._left == 0:
                self._then()

    def acknowledged(self) -> list[str]:
        return self.path.read_text("ascii").splitlines() if self.path.exists() else []

    def unsure(self) -> list[str]:
        """Attempted, and no acknowledgement came."""
        done = set(self.acknowledged())
        return [name for name in self.attempted if name not in done]


class MllpSender(threading.Thread):
    """One connection, one message after the other until it breaks; ``problem`` is any other end."""

    def __init__(self, record: Record, ledger: MllpLedger, who: str) -> None:
        super().__init__(daemon=True)
        self._record, self._ledger, self._who = record, ledger, who
        self._line = Line(record.place)
        self.problem = ""

    def run(self) -> None:
        number = 0
        try:
            while not self.problem:
                number += 1
                control_id, document, message = self._record.request(self._who, number)
                self._ledger.attempt(control_id, document, message)
                self.send(control_id, message)
        except (OSError, EOFError):
            return
        except Exception as error:  # told in the test's own thread
            self.problem = repr(error)
        finally:
            self._line.close()

    def send(self, control_id: str, message: bytes) -> None:
        answer = self._line.say(message)
        if (field(answer, "MSA", 1), field(answer, "MSA", 2)) == ("AA", control_id):
            self._ledger.acknowledge(control_id)
        else:
            self.problem = answer.decode("utf-8", "replace")
