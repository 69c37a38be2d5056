"""A product's own ports, in a container: it is called back by HTTP (8080) and MLLP (2575), and keeps what came.

Run there by the distribution's Python, which has nothing of ours: ``listening.py``, or ``listening.py HOST PORT FILE``
to send a kept frame to somebody and print the answer.
"""

from __future__ import annotations

import http.server
import socket
import socketserver
import sys
import threading
from pathlib import Path

PLACE = Path("/tmp")
HTTP, MLLP = 8080, 2575
START, END = b"\x0b", b"\x1c\r"
ACK = "MSH|^~\\&|PRODUCT|PRODUCT|SANDBOX|SANDBOX|20260101000000||ACK|1|T|2.6\rMSA|AA|{}\r"


class Called(http.server.BaseHTTPRequestHandler):
    """The HTTP callback."""

    def do_POST(self) -> None:
        keep("called", self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()


class Received(socketserver.BaseRequestHandler):
    """The MLLP port."""

    def handle(self) -> None:
        while frame := framed(self.request):
            keep("frame", frame)
            number = frame.split(b"\r")[0].split(b"|")[9].decode("ascii")
            self.request.sendall(START + ACK.format(number).encode("ascii") + END)


def keep(name: str, content: bytes) -> None:
    """A whole file or none."""
    part = PLACE / f"{name}.part"
    part.write_bytes(content)
    part.replace(PLACE / name)


def framed(line: socket.socket) -> bytes:
    """The next message without its frame, empty at the end."""
    taken = b""
    while not taken.endswith(END):
        more = line.recv(65536)
        if not more:
            return b""
        taken += more
    return taken.removeprefix(START).removesuffix(END)


def send(host: str, port: int, file: str) -> bytes:
    """The answer to a kept frame."""
    with socket.create_connection((host, port), 20) as line:
        line.sendall(START + (PLACE / file).read_bytes() + END)
        return framed(line)


if __name__ == "__main__":
    if sys.argv[1:]:
        print(send(sys.argv[1], int(sys.argv[2]), sys.argv[3]).decode().replace("\r", "\n"))
    else:
        mllp = socketserver.ThreadingTCPServer(("", MLLP), Received)
        threading.Thread(target=mllp.serve_forever, daemon=True).start()
        http.server.HTTPServer(("", HTTP), Called).serve_forever()
