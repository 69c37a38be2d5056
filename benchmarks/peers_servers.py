"""Receivers of HL7 v2, each a process of its own: our PFI, HAPI (Maven Central) and python-hl7.

The others answer and keep nothing; ours judges each message and commits it with its journal row, on the disk, first.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.identity_servers import COPY, SOURCES, Missing, _installed, _run, _tool
from tests.interop.hl7.ward import free_port
from tests.support.ledger_sandbox import ROOT, SandboxProcess

PRODUCTS: Final = ROOT / "tests" / "interop" / "hl7"
START_S: Final = 60.0
PATIENCE_S: Final = 1_800.0


@dataclass(frozen=True)
class Receiver:
    """``place`` is host:port; ``pid`` of its process."""

    name: str
    place: str
    pid: int


Start = Callable[[Path], contextlib.AbstractContextManager[Receiver]]


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[SandboxProcess]:
    """``up --durable`` with ``arguments``, its store under ``folder``."""
    line = ("--data", str(folder / "data"), "--durable", *arguments)
    with SandboxProcess(folder / "cache", folder / "endpoints.json", *line, patience=PATIENCE_S) as process:
        yield process


@contextmanager
def ours(folder: Path) -> Iterator[Receiver]:
    """The PFI alone: there is no DMP, each order finds that out once and waits."""
    with running(folder, "--only", "pfi") as process:
        place = urlsplit(process.endpoints["services"]["pfi"]["pfi_mllp"]).netloc
        yield Receiver("this sandbox, durable", place, process.pid)


@contextmanager
def hapi(folder: Path) -> Iterator[Receiver]:
    """HAPI's own service (``SimpleServer``). Raises :class:`Missing`."""
    java, javac, mvn, source = _tool("java"), _tool("javac"), _tool("mvn"), PRODUCTS / "java"
    fetch = [mvn, "-q", "-B", "-f", str(source / "pom.xml"), COPY]
    jars = _installed(source / "pom.xml", lambda target: [*fetch, f"-DoutputDirectory={target}"])
    classes = folder / "classes"
    libraries = str(jars / "*")
    _run(
        [javac, "--release", "17", "-cp", libraries, "-d", str(classes), str(source / "product/Receiver.java")], folder
    )
    path = os.pathsep.join([str(classes), libraries])
    with _listening("HAPI 2.6, keeps nothing", [java, "-cp", path, "product.Receiver"]) as found:
        yield found


@contextmanager
def python_hl7(folder: Path) -> Iterator[Receiver]:
    """The asyncio server of python-hl7."""
    with _listening("python-hl7, keeps nothing", [sys.executable, str(SOURCES / "python_hl7" / "server.py")]) as found:
        yield found


@contextmanager
def _listening(name: str, command: list[str]) -> Iterator[Receiver]:
    """It is given its port and says ``ready``; what it prints is thrown away."""
    port = free_port()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*command, str(port)], stdin=subprocess.PIPE, stdout=said, stderr=said)
        try:
            end = time.monotonic() + START_S
            while os.fstat(said.fileno()).st_size == 0:
                if process.poll() is not None or time.monotonic() > end:
                    raise Missing(f"{name} did not start")
                time.sleep(0.02)
            yield Receiver(name, f"127.0.0.1:{port}", process.pid)
        finally:
            process.kill()
            process.wait(20)
