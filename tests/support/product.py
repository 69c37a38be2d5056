"""A product's own endpoints, right ones and wrong ones: what ``doctor`` looks at in the other direction."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from simulators.core.pki import IssuedCertificate


@contextlib.contextmanager
def product(
    issued: IssuedCertificate | None = None,
    folder: Path | None = None,
    *,
    status: int = 200,
    late: timedelta = timedelta(0),
    wants_certificate: bool = False,
) -> Iterator[int]:
    """An HTTP server (HTTPS with ``issued``, whose files go to ``folder``); gives its port. ``late``: its clock."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) - late, usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            return  # a handshake that fails is what is tried

    server = Server(("127.0.0.1", 0), Handler)
    if issued is not None and folder is not None:
        context = _context(issued, folder)
        if wants_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=issued.chain_pem().decode())
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _running(server.serve_forever):
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            server.server_close()


@contextlib.contextmanager
def talker(banner: bytes, answers: dict[bytes, bytes] | None = None) -> Iterator[int]:
    """A plain port that greets with ``banner`` and answers a line that begins with a key; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.sendall(banner)
                for line in peer.makefile("rb"):
                    peer.sendall(next((a for k, a in (answers or {}).items() if line.startswith(k)), b"500 ?\r\n"))

    with _running(serve):
        try:
            yield listening.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as briefly:
        port: int = briefly.getsockname()[1]
        return port


def _context(issued: IssuedCertificate, folder: Path) -> ssl.SSLContext:
    (folder / "p.crt").write_bytes(issued.presented_pem())
    (folder / "p.key").write_bytes(issued.key_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "p.crt", folder / "p.key")
    return context


@contextlib.contextmanager
def _running(serve: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=10)
