"""A sandbox in a process of its own, started by its real command line, killed without warning, started again.

It is met on the wire only: ``ready`` is a line it prints, its addresses are those of ``endpoints.json``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from simulators.clients.control import Control

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
COMMAND = (sys.executable, "-m", "simulators.cli.main")


def environment(cache: Path) -> dict[str, str]:
    """Keys, PKI and ``endpoints.json`` under ``cache``; nothing of the user's own sandbox."""
    kept = {name: value for name, value in os.environ.items() if name != "SEGUR_SANDBOX_ENDPOINTS"}
    return {**kept, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def run_command(cache: Path, *arguments: str, timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """``segur-sandbox arguments...`` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(cache),
        text=True,
        encoding="utf-8",
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def start_command(cache: Path, *arguments: str) -> subprocess.Popen[str]:
    """``segur-sandbox arguments...`` begun; its output, errors included, is read line by line."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(cache),
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


class SandboxProcess:
    """``up`` with ``arguments``, ready on return. ``with`` kills it at the end, and ``patience`` seconds do."""

    def __init__(self, cache: Path, endpoints: Path, *arguments: str, patience: float = PATIENCE_S) -> None:
        command: Sequence[str] = [*COMMAND, "up", "--random-ports", "--endpoints", str(endpoints), *arguments]
        self._log = endpoints.with_suffix(".log").open("ab")
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment(cache), stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self._watchdog = threading.Timer(patience, self._process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()
        self.lines = self._until_ready()
        self.endpoints: Mapping[str, Any] = json.loads(endpoints.read_text("utf-8"))
        self.control = Control.of_file(endpoints)

    def _until_ready(self) -> list[str]:
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("ready;"):
                return lines
        self.kill()
        raise AssertionError(f"the sandbox ended before it was ready: {lines}; see {self._log.name}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def peak_memory(self) -> int | None:
        """The most bytes it ever held; None where the system does not say."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return None
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def kill(self) -> None:
        """kill -9, and waits until the system has taken the process away."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.terminate()
        return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._watchdog.cancel()
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
