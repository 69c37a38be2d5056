"""One world's HL7 as a product's test bench sees it: the PFI's port, the published messages, a product's own listener.

Nothing of the sandbox's code is used: endpoints.json, its control API, and octets.
"""

from __future__ import annotations

import base64
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.interop.mail.office import Office, office
from tests.interop.psc.room import Bench
from tests.interop.python.samples import missing

SAMPLES = Path(__file__).resolve().parents[3].parent / "shared" / "samples" / "hl7"
VOLET_A = "Trans_Doc-CDA-HL7V2/TRANSMISSION_DOCS_CDA_EN_HL7V2_V2.1"
RADIOLOGY = f"{VOLET_A}/MDM/Transmission_initiale_MDM/message_MDM_CR_Radio_INIT_N1_Base64.er7"
BIOLOGY = f"{VOLET_A}/ORU/Transmission_initiale_ORU/message_ORU_CR_Bio_INIT_N3_SEGUR.hl7"
INS = "279035121518989"
TIMEOUT_S = 60


def published(name: str) -> str:
    """A published message as it stands."""
    path = SAMPLES / name
    if not path.is_file():
        missing(f"the published message {name} in the folder 'shared' beside the checkout")
    return path.read_text("utf-8")


@dataclass(frozen=True)
class Ward:
    """A world with its PFI."""

    office: Office

    @property
    def bench(self) -> Bench:
        return self.office.room.bench

    @property
    def api(self) -> str:
        return self.office.api

    def at(self, listener: str = "pfi_mllp") -> tuple[str, int]:
        """Host and port of a listener of the peers."""
        document = self.bench.call("GET", "/endpoints")
        parts = urlsplit(document["services"][listener.partition("_")[0]][listener])
        return parts.hostname or "", parts.port or 0

    def settings(self, **values: str | None) -> None:
        """Sets the world's settings, ``pfi_dpi`` for ``pfi.dpi``."""
        named = {name.replace("_", ".", 1).replace("_", "-"): value for name, value in values.items()}
        self.bench.call("PATCH", f"{self.api}/policy", {"settings": named})

    def rows(self, operation: str = "") -> list[dict[str, Any]]:
        """The journal, or the exchanges of one operation."""
        rows = self.bench.call("GET", f"{self.api}/exchanges?last=1000")["exchanges"]
        return [row for row in rows if operation in {"", row["operation"]}]

    def settle(self) -> None:
        """Until nothing is due, queued or unread."""
        self.bench.call("POST", f"{self.api}/clock", {"advance": "PT0S"})

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.bench.call("GET", f"{self.api}/pfi/orders")["orders"]
        return found


def ward(bench: Bench, world: str = "main") -> Ward:
    return Ward(office(bench, world))


def rules(row: Mapping[str, Any], level: str) -> list[str]:
    """The rules of a verdict, in the order found."""
    return [finding["rule"] for finding in row["verdict"]["findings"] if finding["level"] == level]


def put(message: str, segment: str, number: int, field: int, value: str) -> str:
    """The message with a value in a field of the n-th such segment, component and all, as a script would."""
    lines, seen = message.replace("\r", "\n").split("\n"), 0
    for index, line in enumerate(lines):
        if line.startswith(f"{segment}|"):
            seen += 1
            if seen == number:
                fields = line.split("|")
                at = field - 1 if segment == "MSH" else field
                fields += [""] * (at + 1 - len(fields))
                fields[at] = value
                lines[index] = "|".join(fields)
    return "\n".join(lines)


def field(message: str, segment: str, number: int, at: int) -> str:
    """The same, read."""
    found = [line for line in message.replace("\r", "\n").split("\n") if line.startswith(f"{segment}|")]
    fields = found[number - 1].split("|")
    return fields[at - 1 if segment == "MSH" else at]


def component(text: str, number: int, value: str) -> str:
    """A field with another value in one component."""
    parts = text.split("^")
    parts[number - 1] = value
    return "^".join(parts)


def document(message: str) -> bytes:
    """The CDA of a message."""
    text = field(message, "OBX", 1, 5).split("^")[4]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def listening(command: Sequence[str], folder: Path) -> Iterator[list[str]]:
    """A product's listener: what it has printed, line by line, while it runs. It says ``ready`` first and ends with
    its input."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    said: list[str] = []
    ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if line.startswith("ready"):
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert ready.wait(TIMEOUT_S) and process.poll() is None, f"the listener did not start: {said}"
        yield said
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(TIMEOUT_S)
        reader.join(TIMEOUT_S)
        assert process.stdout is not None
        process.stdout.close()


def mails(here: Ward, address: str) -> list[bytes]:
    """What a mailbox holds."""
    return here.office.stored(address)


def web(here: Ward, path: str) -> requests.Response:
    """A page of the console."""
    return here.bench.page(path)
