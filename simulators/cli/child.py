"""One command run to its end, with the signals that reach us forwarded to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any, Self

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # as a shell answers
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Child:
    """Before the command starts a signal ends the block as ``KeyboardInterrupt``; while it runs the command gets it;
    after it nothing cuts the stop short. Outside the main thread signals are left alone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._state = "before"
        self._early: list[int] = []
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            known = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
            self._handlers = {number: signal.signal(number, self._signalled) for number in known}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """The exit code of the command; 128 + the signal's number when a signal ended it."""
        # Found here, because Windows would not look for npm.cmd when it is asked for npm.
        program = shutil.which(command[0], path=environment.get("PATH"))
        if program is None:
            print(f"segur-sandbox: {command[0]}: command not found", file=sys.stderr)
            return NOT_FOUND
        self._state = "starting"
        try:
            self._process = subprocess.Popen([program, *command[1:]], env=dict(environment))
        except OSError as problem:
            print(f"segur-sandbox: {command[0]}: {problem.strerror}", file=sys.stderr)
            return NOT_EXECUTABLE
        finally:
            self._state = "running" if self._process else "after"
        for number in self._early:
            self._forward(number)
        code = self._process.wait()
        self._state = "after"
        return code if code >= 0 else 128 - code

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._state == "before":
            self._state = "after"
            raise KeyboardInterrupt
        if self._state == "starting":
            self._early.append(number)
        elif self._state == "running":
            self._forward(number)

    def _forward(self, number: int) -> None:
        if number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty():
            return  # the terminal has already sent Ctrl-C to the command too
        with contextlib.suppress(OSError):
            if self._process is not None:
                self._process.send_signal(number) if os.name == "posix" else self._process.terminate()
