"""A bare IMAP client that shows what came, byte for byte, and reads it into trees; it knows no library's habits."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 20.0
_LITERAL = re.compile(rb"~?\{(\d+)\}\r\n\Z")
_ATOM = re.compile(rb'[^\s()"\[\]{}]+(?:\[[^\]]*\](?:<\d+>)?)?')


class Str(bytes):
    """A string, quoted or literal; an atom is plain ``bytes``, NIL is None, a number an ``int``."""


@dataclass
class Answer:
    """``lines`` are whole untagged responses (literals inside), ``status`` the tagged line without its tag."""

    lines: list[bytes] = field(default_factory=list)
    status: bytes = b""

    @property
    def ok(self) -> bool:
        return self.status.startswith(b"OK")


class RawImap:
    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket: socket.socket = tls.wrap_socket(sock, server_hostname="localhost") if tls else sock
        self._held = bytearray()
        self._tag = 0
        self.greeting = self.response()

    def start_tls(self, context: ssl.SSLContext) -> None:
        assert self.command(b"STARTTLS").ok
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def line(self) -> bytes:
        """One line with its CR LF; empty at the end of the stream."""
        while (end := self._held.find(b"\n")) < 0:
            more = self.socket.recv(1 << 16)
            if not more:
                left = bytes(self._held)
                self._held.clear()
                return left
            self._held += more
        return self._cut(end + 1)

    def response(self) -> bytes:
        """One response with its literals, as it came."""
        out = bytearray()
        while True:
            line = self.line()
            out += line
            literal = _LITERAL.search(line)
            if literal is None:
                return bytes(out)
            out += self._exactly(int(literal[1]))

    def command(self, *parts: bytes) -> Answer:
        """Sends one command; parts after the first are synchronising literals, each followed by the next text part."""
        self._tag += 1
        tag = b"t%d" % self._tag
        return self.run(tag, parts)

    def run(self, tag: bytes, parts: tuple[bytes, ...]) -> Answer:
        answer = Answer()
        self.send(tag + b" " + parts[0] + b"\r\n")
        for literal, text in zip(parts[1::2], (*parts[2::2], b"")[: len(parts[1::2])], strict=True):
            line = self.response()
            while line and not line.startswith((b"+", tag)):
                answer.lines.append(line)
                line = self.response()
            if not line or line.startswith(tag):
                answer.status = line[len(tag) + 1 :].rstrip()
                return answer
            self.send(literal + text + b"\r\n")
        return self.finish(tag, answer)

    def finish(self, tag: bytes, answer: Answer | None = None) -> Answer:
        answer = answer or Answer()
        while True:
            line = self.response()
            if not line or line.startswith(tag + b" "):
                answer.status = line[len(tag) + 1 :].rstrip()
                return answer
            answer.lines.append(line)

    def append(self, folder: bytes, mail: bytes, options: bytes = b"") -> Answer:
        return self.command(b"APPEND %b %b{%d}" % (folder, options, len(mail)), mail)

    def fetch(self, which: bytes, items: bytes) -> dict[int, dict[bytes, Any]]:
        """FETCH responses by sequence number, items by name."""
        answer = self.command(b"FETCH %b %b" % (which, items))
        assert answer.ok, answer.status
        return fetched(answer)

    def close(self) -> None:
        self.socket.close()

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            more = self.socket.recv(1 << 20)
            assert more, "the stream ended inside a literal"
            self._held += more
        return self._cut(size)

    def _cut(self, size: int) -> bytes:
        out = bytes(self._held[:size])
        del self._held[:size]
        return out


def fetched(answer: Answer) -> dict[int, dict[bytes, Any]]:
    found: dict[int, dict[bytes, Any]] = {}
    for line in answer.lines:
        if b" FETCH (" in line[:30]:
            _, number, _, pairs = parse(line)
            found.setdefault(number, {}).update(zip(pairs[::2], pairs[1::2], strict=True))
    return found


def parse(line: bytes) -> list[Any]:
    """A response as a tree: lists for parentheses."""
    stack: list[list[Any]] = [[]]
    at, end = 0, len(line.rstrip(b"\r\n"))
    while at < end:
        sign = line[at : at + 1]
        if sign == b" ":
            at += 1
        elif sign == b"(":
            stack.append([])
            at += 1
        elif sign == b")":
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        else:
            value, at = _value(line, at)
            stack[-1].append(value)
    assert len(stack) == 1, line[:200]
    return stack[0]


def _value(line: bytes, at: int) -> tuple[Any, int]:
    if line[at : at + 1] == b'"':
        return _quoted(line, at + 1)
    literal = re.compile(rb"~?\{(\d+)\}\r\n").match(line, at)
    if literal:
        stop = literal.end() + int(literal[1])
        return Str(line[literal.end() : stop]), stop
    atom = _section(line, at) or _ATOM.match(line, at)
    assert atom, line[at : at + 100]
    word = atom[0]
    if word == b"NIL":
        return None, atom.end()
    return (int(word) if word.isdigit() else word), atom.end()


def _section(line: bytes, at: int) -> re.Match[bytes] | None:
    return re.compile(rb"(?:BODY|BINARY)\[[^\]]*\](?:<\d+>)?").match(line, at)


def _quoted(line: bytes, at: int) -> tuple[Str, int]:
    out = bytearray()
    while line[at : at + 1] != b'"':
        if line[at : at + 1] == b"\\":
            at += 1
        out += line[at : at + 1]
        at += 1
    return Str(out), at + 1
