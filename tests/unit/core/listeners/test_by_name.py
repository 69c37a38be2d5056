"""One TLS port for several names: the handshake chooses the certificate, Host the application, both must agree."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulators.core.listeners import HttpListener, Kind, Limits, by_name, choose_by_name
from simulators.core.listeners.house import OnName
from tests.unit.core.listeners.support import (
    Incidents,
    Issuer,
    client_context,
    connect,
    read_answer,
    read_to_end,
    server_context,
    serving,
)

NAMES = ("dmp.test", "psc.test")


def echo(environ, start_response):  # type: ignore[no-untyped-def]
    start_response("200 OK", [])
    return [f"{environ['segur.listener']} {environ['segur.server_name']}".encode()]


@contextmanager
def shared(
    issuer: Issuer, server: Path, on_name: OnName = lambda asked: None
) -> Iterator[tuple[HttpListener, Incidents]]:
    """A port for two names, one of which has a context of its own."""
    own, context = server_context(issuer, server), server_context(issuer, server)
    choose_by_name(context, lambda name: own if name in NAMES else None)
    seen = Incidents()
    apps = {name: (name.partition(".")[0], echo) for name in NAMES}
    app = by_name("https", apps, seen)
    with serving(app, Limits(), lambda: context, names=NAMES, on_name=on_name) as (listener, incidents):
        incidents.queue = seen.queue  # both tell the same journal
        yield listener, incidents


def ask(listener: HttpListener, issuer: Issuer, name: str | None, host: str) -> tuple[bytes, bytes]:
    context = client_context(issuer)
    context.check_hostname = False
    with context.wrap_socket(connect(listener.port), server_hostname=name) as sock:
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return read_answer(sock)


@pytest.mark.parametrize("host", ["dmp.test", "DMP.test.", "dmp.test:18443"])
def test_a_name_leads_to_its_application(issuer: Issuer, server_pem: Path, host: str) -> None:
    with shared(issuer, server_pem) as (listener, _):
        assert ask(listener, issuer, "dmp.test", host)[1] == b"dmp dmp.test"
        assert ask(listener, issuer, "psc.test", "psc.test")[1] == b"psc psc.test"


@pytest.mark.parametrize(
    ("name", "host", "cause"),
    [
        (None, "dmp.test", "no_server_name"),
        (None, "127.0.0.1", "no_server_name"),
        ("dmp.test", "psc.test", "name_disagrees"),
        ("dmp.test", "elsewhere.test", "name_disagrees"),
        ("dmp.test", "[::1]:443", "name_disagrees"),
    ],
)
def test_a_misdirected_request_is_explained_and_told(
    issuer: Issuer, server_pem: Path, name: str | None, host: str, cause: str
) -> None:
    with shared(issuer, server_pem) as (listener, incidents):
        head, body = ask(listener, issuer, name, host)
        told = incidents.wait(Kind.MISDIRECTED)
    assert b"421 Misdirected Request" in head
    assert b"dmp.test, psc.test" in body
    assert (told.cause, told.listener) == (cause, "https")
    assert told.raw.startswith(b"GET / HTTP/1.1")


def test_an_unknown_name_ends_in_an_alert_with_the_list_in_the_journal(issuer: Issuer, server_pem: Path) -> None:
    with shared(issuer, server_pem) as (listener, _), pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        client_context(issuer).wrap_socket(connect(listener.port), server_hostname="elsewhere.test")


def test_the_incident_of_an_unknown_name(issuer: Issuer, server_pem: Path) -> None:
    context = server_context(issuer, server_pem)
    choose_by_name(context, lambda name: None)
    with serving(echo, Limits(), lambda: context, names=NAMES) as (listener, incidents):
        with pytest.raises(ssl.SSLError):
            client_context(issuer).wrap_socket(connect(listener.port), server_hostname="elsewhere.test")
        told = incidents.wait(Kind.MISDIRECTED)
    assert told.cause == "unknown_name"
    for text in (told.reason_en, told.reason_fr):
        assert "elsewhere.test" in text
        assert "dmp.test, psc.test" in text


def test_the_chosen_context_presents_the_certificate(issuer: Issuer, foreign_issuer: Issuer, server_pem: Path) -> None:
    other = server_context(foreign_issuer, foreign_issuer.issue("localhost"))
    context = server_context(issuer, server_pem)
    choose_by_name(context, lambda name: other)
    with serving(echo, Limits(), lambda: context) as (listener, _):
        with client_context(foreign_issuer).wrap_socket(connect(listener.port), server_hostname="localhost") as sock:
            assert sock.getpeercert()
        unnamed = client_context(issuer)
        unnamed.check_hostname = False
        with unnamed.wrap_socket(connect(listener.port)) as sock:
            assert sock.getpeercert()


def test_an_outage_of_one_name_leaves_the_others(issuer: Issuer, server_pem: Path) -> None:
    with shared(issuer, server_pem, on_name=lambda asked: "close" if asked == "dmp.test" else None) as (listener, _):
        assert ask(listener, issuer, "psc.test", "psc.test")[1] == b"psc psc.test"
        context = client_context(issuer)
        context.check_hostname = False
        sock = context.wrap_socket(connect(listener.port), server_hostname="dmp.test", suppress_ragged_eofs=True)
        with sock:
            assert read_to_end(sock) == b""


def test_a_name_that_is_no_text_does_no_harm(issuer: Issuer, server_pem: Path) -> None:
    with shared(issuer, server_pem) as (listener, _):
        with socket.create_connection(("127.0.0.1", listener.port), 5) as sock:
            sock.sendall(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\xff")
            read_to_end(sock)
        assert ask(listener, issuer, "dmp.test", "dmp.test")[1] == b"dmp dmp.test"
