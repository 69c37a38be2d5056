"""An operator that may offer no AUTH, because it judges the certificate of the TLS session alone."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from simulators.clients.mail.sending import Server, send

MAIL = b"Subject: bonjour\r\n\r\ntexte\r\n"
ANSWERS = {
    "AUTH EXTERNAL": b"235 ok\r\n",
    "DATA": b"354 go on\r\n",
    "AUTH XOAUTH2": b"503 no AUTH here\r\n",
    "QUIT": b"421 later\r\n",
}


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Operator)
        self.wfile.write(b"220 operator\r\n")
        data = False
        for raw in self.rfile:
            verb, _, rest = raw.decode().rstrip("\r\n").partition(" ")
            line = f"{verb.upper()} {rest}".rstrip()
            if data and line != ".":
                continue
            data = line == "DATA"
            server.heard.append(line)
            hello = "".join(f"250-{one}\r\n" for one in ("operator", *server.offered)).encode() + b"250 DSN\r\n"
            known = next((said for start, said in ANSWERS.items() if line.startswith(start)), b"250 ok\r\n")
            self.wfile.write(hello if verb.upper() == "EHLO" else known)


class _Operator(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, *offered: str) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.offered, self.heard = offered, list[str]()


@contextmanager
def operator(*offered: str) -> Iterator[_Operator]:
    with _Operator(*offered) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("offered", "said"), [((), []), (("AUTH EXTERNAL",), ["AUTH EXTERNAL YUB0ZXN0"])])
def test_external_where_auth_is_offered(offered: tuple[str, ...], said: list[str]) -> None:
    """What comes after the acceptance, an odd answer to QUIT, takes nothing back."""
    with operator(*offered) as server:
        at = Server("127.0.0.1", server.server_address[1], None)
        sent = send(at, "a@test", [("b@test", " NOTIFY=SUCCESS")], MAIL, external="a@test")
    assert (sent.accepted, sent.dsn) == (True, True)
    assert [line for line in server.heard if line.startswith("AUTH")] == said
    assert "RCPT TO:<b@test> NOTIFY=SUCCESS" in server.heard


def test_a_token_is_shown_whatever_is_offered() -> None:
    """Without it the mail would leave as nobody's."""
    with operator() as server:
        at = Server("127.0.0.1", server.server_address[1], None)
        sent = send(at, "a@test", [("b@test", "")], MAIL, bearer="token")
    assert (sent.code, sent.accepted) == (503, False)
    assert not any(line.startswith("MAIL") for line in server.heard)
