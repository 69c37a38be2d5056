"""A mail client of as few instructions as it takes, the same for every server: its own cost is in each figure."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

PATIENCE_S: Final = 120.0
_LITERAL: Final = re.compile(rb"\{(\d+)\}\r\n\Z")


class Failed(RuntimeError):
    """The server did not answer as a measure needs it."""


@dataclass(frozen=True)
class Place:
    """Where a server listens; without ``tls`` in clear, without ``user`` nobody signs in."""

    port: int
    tls: ssl.SSLContext | None = None
    user: str = ""
    password: str = ""

    def open(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(plain, server_hostname="localhost") if self.tls else plain


class Wire:
    """Lines and literals of one connection."""

    def __init__(self, place: Place) -> None:
        self.socket = place.open()
        self._held = bytearray()

    def line(self) -> bytes:
        while (end := self._held.find(b"\n")) < 0:
            self._more()
        return self.exactly(end + 1)

    def exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            self._more()
        out = bytes(self._held[:size])
        del self._held[:size]
        return out

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> None:
        octets = self.socket.recv(1 << 18)
        if not octets:
            raise Failed(f"the connection ended after {bytes(self._held[-200:])!r}")
        self._held += octets


class Smtp(Wire):
    """One session of submission; no pipelining, as most products."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._expect(b"220")
        self.say(b"EHLO benchmark\r\n", b"250")
        if place.user:
            plain = base64.b64encode(f"\0{place.user}\0{place.password}".encode())
            self.say(b"AUTH PLAIN " + plain + b"\r\n", b"235")

    def say(self, octets: bytes, code: bytes) -> None:
        self.socket.sendall(octets)
        self._expect(code)

    def send(self, sender: str, to: str, message: bytes) -> None:
        """One message, acknowledged. ``message`` has no line that begins with a dot."""
        self.say(b"MAIL FROM:<%b>\r\n" % sender.encode(), b"250")
        self.say(b"RCPT TO:<%b>\r\n" % to.encode(), b"250")
        self.say(b"DATA\r\n", b"354")
        self.say(message + b".\r\n", b"250")

    def _expect(self, code: bytes) -> None:
        line = self.line()
        while line[3:4] == b"-":
            line = self.line()
        if not line.startswith(code):
            raise Failed(repr(line))


class Imap(Wire):
    """One session with INBOX open."""

    def __init__(self, place: Place, folder: str = "INBOX") -> None:
        super().__init__(place)
        self.line()
        self.command(f"LOGIN {place.user} {place.password}")
        self.command(f"SELECT {folder}")

    def command(self, text: str) -> int:
        """Sends it and reads to the tagged OK; how many untagged responses came."""
        self.socket.sendall(f"x {text}\r\n".encode())
        return self.finish()

    def append(self, message: bytes) -> None:
        """One message, with a literal that waits for leave, as most products."""
        self.socket.sendall(b"x APPEND INBOX {%d}\r\n" % len(message))
        while not (line := self.line()).startswith(b"+"):
            if line.startswith(b"x "):
                raise Failed(repr(line))
        self.socket.sendall(message + b"\r\n")
        self.finish()

    def finish(self) -> int:
        seen = 0
        while not (line := self.response()).startswith(b"x "):
            seen += 1
        if not line.startswith(b"x OK"):
            raise Failed(repr(line))
        return seen

    def response(self) -> bytes:
        """One response; of one with literals, the end."""
        while (literal := _LITERAL.search(line := self.line())) is not None:
            self.exactly(int(literal[1]))
        return line

    def idle(self) -> None:
        self.socket.sendall(b"x IDLE\r\n")
        while not self.line().startswith(b"+"):
            pass

    def until(self, word: bytes) -> None:
        """Reads on until a line has ``word``."""
        while word not in self.line():
            pass


def together(works: Sequence[Callable[[], object]], during: float = 4.0, warm: int = 3) -> float:
    """How often a second all of ``works`` are done, each in a thread of its own, over about ``during`` seconds."""
    done, problems = [0] * len(works), list[Exception]()
    start_line = threading.Barrier(len(works) + 1)
    ends = [0.0]

    def run(position: int) -> None:
        try:
            for _ in range(warm):
                works[position]()
            start_line.wait()
            while time.perf_counter() < ends[0]:
                works[position]()
                done[position] += 1
        except Exception as problem:
            problems.append(problem)
            start_line.abort()

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(works))]
    for thread in threads:
        thread.start()
    ends[0] = time.perf_counter() + 3600
    try:
        start_line.wait()
        begin = time.perf_counter()
        ends[0] = begin + during
    except threading.BrokenBarrierError:
        begin = time.perf_counter()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return sum(done) / (time.perf_counter() - begin)
