"""How a product finds the sandbox: the JSON file named by ``SEGUR_SANDBOX_ENDPOINTS``, or one started for the tests.

The file is read as plain JSON: no class of the sandbox is needed to use it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

VARIABLE = "SEGUR_SANDBOX_ENDPOINTS"
START_LIMIT = 90.0
STOP_LIMIT = 20.0


class NotStarted(Exception):
    """``up`` ended, or wrote no endpoints file in time; the text carries what it printed."""


@dataclass(frozen=True)
class Endpoints:
    """What a product reads of endpoints.json (schema_version 1)."""

    control_url: str
    control_token: str
    services: dict[str, dict[str, str]]
    roots: Path

    def in_world(self, simulator: str, world: str) -> dict[str, str]:
        """Addresses of ``simulator`` inside ``world``: the same host, ``/w/<world>`` before the path."""
        return {name: _prefixed(url, world) for name, url in self.services[simulator].items()}


def read(path: Path) -> Endpoints:
    """Read an endpoints file. Raises ValueError (JSON) or KeyError (shape)."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if data["schema_version"] != 1:
        raise ValueError(f"endpoints.json of schema {data['schema_version']}, 1 expected")
    control = data["control"]
    return Endpoints(control["url"], control["token"], data["services"], Path(data["trust"]["roots"]))


@contextmanager
def sandbox(folder: Path) -> Iterator[Endpoints]:
    """The sandbox named by the environment, else a private one in ``folder``, stopped at the end."""
    named = os.environ.get(VARIABLE)
    if named:
        yield read(Path(named))
        return
    target, log = folder / "endpoints.json", folder / "up.log"
    command = [sys.executable, "-m", "simulators.cli.main", "up", "--random-ports", "--endpoints", str(target)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=_checkout())
        try:
            yield _await(process, target, log)
        finally:
            _stop(process)


def _await(process: subprocess.Popen[bytes], target: Path, log: Path) -> Endpoints:
    pause, deadline = threading.Event(), time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if target.is_file():
            try:
                return read(target)
            except ValueError:  # caught in the middle of its writing
                pass
        if process.poll() is not None:
            raise NotStarted(f"up ended with {process.returncode}\n{_tail(log)}")
        pause.wait(0.05)
    raise NotStarted(f"no endpoints file after {START_LIMIT:.0f} s\n{_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]


def _checkout() -> Path:
    return Path(__file__).resolve().parents[2]


def _prefixed(url: str, world: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/w/{world}{parts.path}"))
