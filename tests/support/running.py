"""``segur-sandbox`` commands in processes of their own, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "simulators.cli.main")
PATIENCE_S = 60.0


def environment(cache: Path, **more: str) -> dict[str, str]:
    """A user's environment with a cache folder of its own, which no other sandbox uses."""
    kept = {name: value for name, value in os.environ.items() if name != "SEGUR_SANDBOX_ENDPOINTS"}
    return {**kept, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}


def command(cache: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs one command to its end, from another folder than the checkout."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cache,
        env=environment(cache, **more),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


class Up:
    """``up`` (or another command that stays), ready; ``with`` stops it as Ctrl-C would."""

    def __init__(self, cache: Path, *arguments: str, verb: str = "up", **more: str) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [*COMMAND, verb, *arguments],
            cwd=cache,
            env=environment(cache, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._read()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("ready"):
                return
        raise AssertionError(f"ended with {self._process.wait()}:\n" + "\n".join(self.lines))

    @property
    def pid(self) -> int:
        return self._process.pid

    def told(self, name: str) -> list[str]:
        """What follows ``name`` on the lines that begin with it."""
        return [line.partition(" ")[2].strip() for line in self.lines if line.split(" ")[0] == name]

    @property
    def endpoints(self) -> Mapping[str, Any]:
        """The endpoints file, where the command said it is."""
        found: dict[str, Any] = json.loads(Path(self.told("endpoints")[0]).read_text("utf-8"))
        return found

    def stop(self, name: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal and gives the exit code; what it printed on its way out is added to ``lines``."""
        if self._process.poll() is None:
            self._process.send_signal(name)
        rest, _ = self._process.communicate(timeout=PATIENCE_S)
        self.lines += rest.splitlines() if rest else []
        return self._process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.stop()
        elif self._process.stdout is not None:
            self._process.stdout.close()
