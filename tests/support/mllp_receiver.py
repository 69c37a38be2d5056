"""A receiver of HL7 v2 over MLLP written with sockets alone: it imports nothing of ours."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Answer = Callable[[bytes], bytes | None]
"""Octets of the acknowledgement of a message; None closes the connection without any."""


def ack(code: str, errors: str = "") -> Answer:
    """An acknowledgement of whatever comes."""

    def answer(message: bytes) -> bytes:
        control_id = message.split(b"\r")[0].split(b"|")[9].decode()
        return f"MSH|^~\\&|DPI|B|GAM|A|20260101||ACK|R{control_id}|T|2.5\rMSA|{code}|{control_id}\r{errors}".encode()

    return answer


class MllpReceiver:
    """Keeps what it got in ``messages``; ``answer`` may be changed at any time."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or ack("AA")
        self.messages: list[bytes] = []
        self._closing = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"mllp://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def texts(self) -> list[str]:
        return [message.decode("utf-8", "replace") for message in self.messages]

    def close(self) -> None:
        # A blocked accept() does not notice the close of its socket: it is woken by a connection.
        self._closing = True
        with contextlib.suppress(OSError):
            socket.create_connection(self._socket.getsockname(), 1).close()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        held = b""
        while not self._closing:
            try:
                data = connection.recv(65_536)
            except OSError:
                return
            if not data:
                return
            held += data
            while b"\x1c\r" in held:
                frame, _, held = held.partition(b"\x1c\r")
                self.messages.append(frame.removeprefix(b"\x0b"))
                answer = self.answer(self.messages[-1])
                if answer is None:
                    return
                connection.sendall(b"\x0b" + answer + b"\x1c\r")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
