"""What is too large, against processes of their own: refused and told, the memory bounded, the service still up."""

from __future__ import annotations

import base64
import contextlib
import io
import smtplib
import socket
import ssl
import threading
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.bad_input.test_hostile_xml import LAUGHS, QUADRATIC
from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mllp_apart import until
from tests.support.mllp_ledger import ADDRESS, END, PASSWORD, VT, Line, Record, field, line_to
from tests.unit.population.pam.cases import message as admission

MIB = 1 << 20
LARGE = 200 * MIB
LIMIT = 100 * MIB
"""Of one frame: the sandbox may hold so much of it."""
PATIENCE_S = 180.0


@pytest.fixture(scope="module", params=["pfi", "dpi"])
def alone(
    request: pytest.FixtureRequest, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxProcess]:
    """``up --only`` one receiver, in memory."""
    endpoints = tmp_path_factory.mktemp("alone") / "endpoints.json"
    line = ("--only", request.param, "--memory")
    with SandboxProcess(cache, endpoints, *line, patience=PATIENCE_S) as process:
        yield process


def place(process: SandboxProcess) -> str:
    ((name, services),) = process.endpoints["services"].items()
    return str(urlsplit(services[f"{name}_mllp"]).netloc)


def serves(process: SandboxProcess) -> None:
    with line_to(place(process)) as line:
        assert field(line.say(admission()), "MSA", 1) == "AA"
    assert process.alive


def peak(process: SandboxProcess) -> int:
    found = process.peak_memory()
    if found is None:
        pytest.skip("this system does not tell the peak memory of a process")
    return found


def poured(sock: socket.socket, size: int, block: bytes) -> None:
    """As much of ``size`` octets as the other side takes."""
    with contextlib.suppress(OSError):
        for _ in range(size // len(block)):
            sock.sendall(block)


@pytest.mark.parametrize("begin", [b"MSH|^~\\&|", b""])
def test_a_frame_of_200_mb(alone: SandboxProcess, begin: bytes) -> None:
    serves(alone)
    before, line = peak(alone), Line(place(alone), 60)
    line.socket.sendall(VT + begin)
    pouring = threading.Thread(target=poured, args=(line.socket, LARGE, b"x" * MIB), daemon=True)
    pouring.start()
    answer = line.answer()
    assert field(answer, "MSA", 1) == "AE"
    assert b"mllp_too_large" in answer
    pouring.join(60)
    line.close()
    assert not pouring.is_alive()
    assert peak(alone) - before < 1.5 * LIMIT, f"{(peak(alone) - before) // MIB} MiB more"
    body = {"timeout": 20, "expect": {"status": "mllp_too_large"}}
    told = alone.control.call("POST", "/worlds/-/exchanges/wait", body)
    assert told["exchange"]["outcome"] == "incident"
    serves(alone)


def test_200_mb_outside_any_frame(alone: SandboxProcess) -> None:
    """Octets outside a frame are thrown away as they come."""
    serves(alone)
    before = peak(alone)
    with line_to(place(alone)) as line:
        poured(line.socket, LARGE, b"x" * MIB)
        line.socket.sendall(VT + admission() + END)
        assert field(line.answer(), "MSA", 1) == "AA"
    assert peak(alone) - before < 64 * MIB, f"{(peak(alone) - before) // MIB} MiB more"


def test_a_million_segments(alone: SandboxProcess) -> None:
    serves(alone)
    before = peak(alone)
    head = admission().partition(b"\r")[0]
    for crowd in (
        b"\rZZZ" * 1_000_000,
        b"\rPID|" + b"|" * 5_000_000,
        b"\rPID|" + b"^" * 5_000_000,
        b"\rPID|1|" + b"~" * 5_000_000,
    ):
        with line_to(place(alone)) as line:
            assert field(line.say(head + crowd), "MSA", 1) == "AE"
    assert peak(alone) - before < 400 * MIB, f"{(peak(alone) - before) // MIB} MiB more"
    serves(alone)


@pytest.fixture(scope="module")
def whole(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """A whole sandbox, in memory."""
    endpoints = tmp_path_factory.mktemp("whole") / "endpoints.json"
    with SandboxProcess(cache, endpoints, "--memory", patience=PATIENCE_S) as process:
        record = Record(process, "whole")
        record.opened()
        yield record


@pytest.mark.parametrize(
    "bomb", [LAUGHS + b"<a>&l9;</a>", QUADRATIC + b"<a>" + b"&q;" * 50_000 + b"</a>", b"<a>" * 2_000_000]
)
def test_an_xml_bomb_in_the_document(whole: Record, bomb: bytes) -> None:
    before = peak(whole.process)
    _, _, message = whole.request("bomb", len(bomb))
    lines = message.split(b"\r")
    at = next(number for number, line in enumerate(lines) if b"^Base64^" in line)
    start, _, rest = lines[at].partition(b"^Base64^")
    lines[at] = start + b"^Base64^" + base64.b64encode(bomb) + rest[rest.index(b"|") :]
    with line_to(whole.place) as line:
        answer = line.say(b"\r".join(lines))
    assert (field(answer, "MSA", 1), b"PFI-CDA" in answer) == ("AE", True)
    assert peak(whole.process) - before < 128 * MIB, f"{(peak(whole.process) - before) // MIB} MiB more"


def archive(size: int, copies: int) -> bytes:
    """``copies`` members of ``size`` zeros each, packed a thousand times smaller."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for number in range(copies):
            with made.open(f"IHE_XDM/SUBSET01/DOC{number:05d}.XML", "w") as member:
                for _ in range(size // MIB):
                    member.write(bytes(MIB))
    return packed.getvalue()


@pytest.mark.parametrize(("size", "copies"), [(512 * MIB, 1), (64 * MIB, 8)])
def test_a_zip_bomb_in_the_mailbox(whole: Record, size: int, copies: int) -> None:
    """The operator may refuse it; else the PFI reads the mail, says what is wrong, and goes on."""
    box = next(
        box["address"]
        for box in whole.control.call("GET", "/worlds/main/mailboxes?kind=APP")["mailboxes"]
        if box["address"].startswith("hospital.app@")
    )
    mail, before = EmailMessage(), peak(whole.process)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = ADDRESS, box, "XDM/1.0/DDM+x", make_msgid()
    mail.set_content("Bonjour")
    mail.add_attachment(archive(size, copies), maintype="application", subtype="zip", filename="IHE_XDM.ZIP")
    known = len(whole.control.call("GET", "/worlds/main/pfi/incoming")["incoming"])
    sent = submitted(whole, box, mail.as_bytes().replace(b"\n", b"\r\n"))
    if sent == 250:
        whole.control.call("POST", "/worlds/main/pfi/poll")
        until(lambda: len(whole.control.call("GET", "/worlds/main/pfi/incoming")["incoming"]) > known)
        found = whole.control.call("GET", "/worlds/main/pfi/incoming")["incoming"][-1]
        assert (found["kind"], found["documents"]) == ("other", [])
        assert found["note"], "it says why"
    else:
        assert 500 <= sent < 600
    assert peak(whole.process) - before < 128 * MIB, f"{(peak(whole.process) - before) // MIB} MiB more"
    _, _, message = whole.request("after", size // MIB + copies)
    with line_to(whole.place) as line:
        assert field(line.say(message), "MSA", 1) == "AA"


def submitted(record: Record, to: str, mail: bytes) -> int:
    """The code that ended the submission."""
    services = record.process.endpoints
    at = urlsplit(services["services"]["mssante"]["submissions"])
    context = ssl.create_default_context(cafile=services["trust"]["roots"])
    with smtplib.SMTP_SSL(at.hostname or "", at.port or 0, context=context, timeout=60) as client:
        client.login(ADDRESS, PASSWORD)
        try:
            client.sendmail(ADDRESS, [to], mail)
        except smtplib.SMTPDataError as refused:
            return int(refused.smtp_code)
    return 250
