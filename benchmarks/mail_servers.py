"""Our operator, Postfix and Dovecot, each as processes of its own in a folder of its own."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.mail_driver import Place
from simulators.clients.control import Control

ADDRESS: Final = "mesure@poste.main.formation.mssante.fr"
LISTED: Final = ("cent@poste.main.formation.mssante.fr", "dix-mille@poste.main.formation.mssante.fr")
PASSWORD: Final = "benchmark"
START_S: Final = 60.0
SBIN: Final = f"{os.environ.get('PATH', '')}:/usr/sbin"


class Missing(RuntimeError):
    """A counterpart is not on this machine, or does not start."""


@dataclass(frozen=True)
class Server:
    """Where its doors are; ``pid`` of its only process, 0 where there are several."""

    name: str
    smtp: Place | None = None
    imap: Place | None = None
    pid: int = 0
    address: str = ADDRESS

    def of(self, address: str) -> Place:
        """IMAP as another mailbox."""
        assert self.imap is not None
        return Place(self.imap.port, self.imap.tls, address, PASSWORD)


@contextmanager
def ours(folder: Path) -> Iterator[Server]:
    """``up --durable`` in a process of its own: TLS, journal, verdict on each mail, every commit on the disk."""
    path = folder / "endpoints.json"
    command = [sys.executable, "-m", "simulators.cli.main", "up", "--random-ports", "--endpoints", str(path)]
    command += ["--data", str(folder / "data"), "--durable"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        _until(path.exists, process)
        control = Control.of_file(path)
        for address in (ADDRESS, *LISTED):
            body = {"address": address, "kind": "ORG", "password": PASSWORD}
            control.call("POST", "/worlds/main/mailboxes", body)
        services = control.document["services"]["mssante"]
        tls = ssl.create_default_context(cafile=control.document["trust"]["roots"])
        smtp, imap = (
            Place(urlsplit(services[name]).port or 0, tls, ADDRESS, PASSWORD) for name in ("submissions", "imaps")
        )
        yield Server("this sandbox", smtp, imap, process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def postfix(folder: Path) -> Iterator[Server]:
    """A real queue and a Maildir behind it. Raises :class:`Missing`."""
    if shutil.which("postfix", path=SBIN) is None or os.geteuid() != 0:
        raise Missing("no Postfix on this machine, or not root")
    from tests.interop.mail.postfix import DOCTOR, installed

    pair = {name: str(folder / f"{name}.pem") for name in ("certificate", "key")}
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", pair["key"], "-out", pair["certificate"]], check=True, capture_output=True)
    with installed(pair, pair, pair["certificate"], {}) as made, made.running():
        yield Server("Postfix, in clear", smtp=Place(made.local), address=DOCTOR)


@contextmanager
def dovecot(folder: Path) -> Iterator[Server]:
    """sdbox with its own rules of fsync (``optimized``). Raises :class:`Missing`."""
    if shutil.which("dovecot", path=SBIN) is None:
        raise Missing("no Dovecot on this machine")
    from tests.support.dovecot import PASSWORD as SECRET
    from tests.support.dovecot import USER, running_dovecot

    with running_dovecot(folder) as port:
        yield Server("Dovecot, in clear", imap=Place(port, None, USER, SECRET))


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024


def processor_s(pid: int) -> float:
    """Processor time that a process has used, in seconds; 0 for no process."""
    if not pid:
        return 0.0
    words = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _until(there: object, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    assert callable(there)
    while not there() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
