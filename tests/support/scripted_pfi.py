"""A PFI that does as it is told: one script step a message. It shares nothing with ours but sockets and MLLP octets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

VT, END = b"\x0b", b"\x1c\x0d"
Step = Callable[[bytes], bytes | None]


def field(message: bytes, segment: str, number: int) -> str:
    """A field of the first segment of that name."""
    line = next(line for line in message.decode().split("\r") if line.startswith(segment))
    parts = line.split("|")
    at = number - 1 if segment == "MSH" else number
    return parts[at] if len(parts) > at else ""


def answer(code: str, *errors: str, about: str = "") -> Step:
    """An acknowledgement; ``about`` instead of the MSH-10 of the message."""

    def step(message: bytes) -> bytes:
        header = f"MSH|^~\\&|PFI|X|DPI|X|20260101||ACK^T02^ACK|9|T|2.6|||||FRA|UNICODE UTF-8\rMSA|{code}|"
        return (header + (about or field(message, "MSH", 10)) + "\r" + "".join(f"{e}\r" for e in errors)).encode()

    return step


def silent(message: bytes) -> None:
    """Closes without a word."""


def half(message: bytes) -> bytes:
    """An acknowledgement cut in the middle: its end never comes."""
    return b"HALF" + (answer("AA")(message) or b"")[:30]


class ScriptedPfi:
    """Listens until the block ends. ``steps`` are used in order, then every message is accepted."""

    def __init__(self, *steps: Step) -> None:
        self._steps, self._over = list(steps), False
        self.messages: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mllp://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> ScriptedPfi:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        with contextlib.suppress(OSError):  # wakes the one that waits for a peer
            socket.create_connection(self._server.getsockname(), 1).close()
        self._thread.join(5)
        self._server.close()

    def then(self, *steps: Step) -> None:
        """More of the script."""
        self._steps += steps

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            if self._over:
                peer.close()
                return
            with peer:
                peer.settimeout(5)
                self._speak(peer)

    def _speak(self, peer: socket.socket) -> None:
        data = b""
        while END not in data:
            more = peer.recv(65_536)
            if not more:
                return
            data += more
        message = data[data.index(VT) + 1 : data.index(END)]
        self.messages.append(message)
        step = self._steps.pop(0) if self._steps else answer("AA")
        said = step(message)
        if said is not None and said.startswith(b"HALF"):
            peer.sendall(VT + said[4:])
        elif said is not None:
            peer.sendall(VT + said + END)


def send(url: str, message: bytes) -> bytes:
    """One message to a listener of the sandbox; its acknowledgement."""
    host, _, port = url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(VT + message + END)
        data = b""
        while END not in data:
            more = line.recv(65_536)
            if not more:
                break
            data += more
    return data.removeprefix(VT).removesuffix(END)
