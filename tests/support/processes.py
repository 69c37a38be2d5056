"""Sub-processes that tests talk to line by line, and kill without warning.

They meet through pipes only: no sleep, no polling. A watchdog kills a child that says nothing for too
long, so that a defect is a failure and not a hang.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


class Child:
    """``python -m module arguments...`` in the checkout. ``with`` kills it at the end."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
            encoding="utf-8",
        )
        self._watchdog = threading.Timer(PATIENCE_S, self._process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def line(self) -> str:
        """The next line it prints; ``AssertionError`` when it has ended."""
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        assert text.endswith("\n"), f"the child ended (code {self._process.poll()}) after {text!r}"
        return text.rstrip("\n")

    def rest(self) -> list[str]:
        """Every line it printed before it ended; a torn last one is left out."""
        assert self._process.stdout is not None
        return [line.rstrip("\n") for line in self._process.stdout if line.endswith("\n")]

    def say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """kill -9, and waits until the system has taken the process away."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Waits for its own end; the exit code."""
        return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._watchdog.cancel()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def main_line(text: str) -> None:
    """What a child tells its test: at once, and whole, whichever thread says it."""
    os.write(sys.stdout.fileno(), f"{text}\n".encode())
