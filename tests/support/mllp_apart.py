"""The simulators of one hospital journey, each a process of its own, told of each other by settings of their worlds."""

from __future__ import annotations

import contextlib
import email
import io
import re
import smtplib
import ssl
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.clients.mail.compose import MailPlan, compose
from simulators.core.clock import PARIS, system_now
from simulators.core.mail.words import Mailbox
from tests.support.ledger_sandbox import SandboxProcess

SIMULATORS = ("dmp", "mssante", "pfi", "dpi", "identity_repository")
WORLD = "/worlds/main"
PATIENCE_S, LIFE_S = 60.0, 400.0


@dataclass
class Apart:
    """Each with its own data folder and worlds; nothing is common but the PKI folder."""

    processes: dict[str, SandboxProcess]

    def call(self, simulator: str, method: str, path: str, **body: Any) -> Any:
        """The control API of one of them, in its world ``main``."""
        control = self.processes[simulator].control
        return control.call(method, f"{WORLD}/{path}", body if method != "GET" else None)

    def url(self, simulator: str, name: str) -> str:
        found: str = self.processes[simulator].endpoints["services"][simulator][name]
        return found

    def place(self, simulator: str, name: str) -> str:
        """host:port of a listener."""
        return urlsplit(self.url(simulator, name)).netloc

    def settings(self, simulator: str, **values: str) -> None:
        """``pfi_dmp`` for ``pfi.dmp``."""
        named = {name.replace("_", ".", 1).replace("_", "-"): value for name, value in values.items()}
        self.call(simulator, "PATCH", "policy", settings=named)

    def acquainted(self) -> None:
        """Everybody is told where the others are, as an integrator would."""
        self.settings(
            "pfi",
            pfi_dmp=self.url("dmp", "patients").removesuffix("/patients").partition("/si-dmp")[0],
            pfi_submission=self.place("mssante", "submission"),
            pfi_imap=self.place("mssante", "imaps"),
            pfi_dpi=self.url("dpi", "dpi_mllp"),
            pfi_poll_seconds="1",
        )
        self.settings("dpi", dpi_pfi=self.url("pfi", "pfi_mllps"))
        peers = f"PFI={self.url('pfi', 'pfi_mllp')},DPI={self.url('dpi', 'dpi_mllp')}"
        self.settings("identity_repository", identity_subscribers=peers)

    def write(self, **more: Any) -> Any:
        """A discharge letter of the adult patient, validated."""
        body = {"patient": "adult", "kind": "discharge-letter", "validate": True, **more}
        return self.call("dpi", "POST", "dpi/documents", **body)

    def document(self, number: int) -> Any:
        return self.call("dpi", "GET", f"dpi/documents/{number}")

    def receipts(self, number: int) -> list[str]:
        """Kinds of the receipts the record holds, a refusing one with a minus."""
        told = self.document(number)["receipts"]
        return sorted(f"{'' if one['accepted'] else '-'}{one['kind']}" for one in told)

    def box(self, kind: str, owner: str) -> str:
        found = self.call("mssante", "GET", f"mailboxes?kind={kind}")["mailboxes"]
        return str(next(box["address"] for box in found if box["owners"][0] == owner))

    def mails(self, address: str) -> list[bytes]:
        """What a mailbox of the operator holds, by the operator's own control API."""
        control, path = self.processes["mssante"].control, f"{WORLD}/mailboxes/{address}/messages"
        return [control.raw("GET", f"{path}/{one['uid']}") for one in control.call("GET", path)["messages"]]

    def submit(self, sender: str, password: str, to: str, mail: bytes) -> None:
        """By SMTP, as the owner of a mailbox with a password."""
        roots = self.processes["mssante"].endpoints["trust"]["roots"]
        host, _, port = self.place("mssante", "submissions").partition(":")
        context = ssl.create_default_context(cafile=roots)
        with smtplib.SMTP_SSL(host, int(port), context=context, timeout=30) as client:
            client.login(sender, password)
            assert client.sendmail(sender, [to], mail) == {}


@contextlib.contextmanager
def apart(cache: Path, folder: Path) -> Iterator[Apart]:
    """All of them running and acquainted."""
    with contextlib.ExitStack() as stack:
        processes = {}
        for name in SIMULATORS:
            (folder / name).mkdir()
            line = ("--only", name, "--data", str(folder / name / "data"), "--pki", str(folder / "pki"))
            process = SandboxProcess(cache, folder / name / "endpoints.json", *line, patience=LIFE_S)
            processes[name] = stack.enter_context(process)
        found = Apart(processes)
        found.acquainted()
        yield found


def until(done: Callable[[], object], told: Callable[[], object] = lambda: "") -> None:
    """Waits for what other processes do by themselves."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, told()
        time.sleep(0.2)


def composed(sender: str, to: str, message_id: str, document: bytes) -> bytes:
    """A mail with the document in an archive, which asks to be told that it was read."""
    date = system_now().astimezone(PARIS)
    people = Mailbox("", sender), (Mailbox("", to),)
    return compose(MailPlan(*people, f"<{message_id}>", date, (document,), read_receipt=True))


def another(document: bytes, oid: str) -> bytes:
    """The same document under another identifier."""
    changed = re.sub(rb'(<(?:id|setId) root=")2\.25\.\d+"', rb'\g<1>%b"' % oid.encode(), document)
    assert changed != document
    return changed


def cda_of(mail: bytes) -> bytes:
    """The document in the archive of a mail, by the standard library alone."""
    parts = email.message_from_bytes(mail, policy=policy.default).walk()
    packed = next(part for part in parts if (part.get_filename() or "").upper() == "IHE_XDM.ZIP")
    archive = zipfile.ZipFile(io.BytesIO(bytes(packed.get_content())))
    found = [archive.read(name) for name in archive.namelist() if name.startswith("IHE_XDM/")]
    return next(data for data in found if b"<ClinicalDocument" in data[:2_000])
