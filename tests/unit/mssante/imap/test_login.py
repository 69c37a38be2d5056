"""How a mailbox is opened: mechanisms, initial responses, refusals, TLS."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from simulators.core.store import Store
from tests.support.imap_raw import RawImap
from tests.support.imap_room import ADDRESS, CHALLENGE, Room, imap_room
from tests.unit.core.listeners.support import make_issuer, server_context

TOKEN = f"user={ADDRESS}\x01auth=Bearer good\x01\x01".encode()
FOREIGN = f"user={ADDRESS}\x01auth=Bearer foreign\x01\x01".encode()
BEARER = f"n,a={ADDRESS},\x01host=h\x01port=1\x01auth=Bearer good\x01\x01".encode()
PLAIN = f"\0{ADDRESS}\0secret".encode()


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


@pytest.mark.parametrize(("mechanism", "response"), [(b"XOAUTH2", TOKEN), (b"OAUTHBEARER", BEARER), (b"PLAIN", PLAIN)])
@pytest.mark.parametrize("initial", [True, False])
def test_with_and_without_initial_response(room: Room, mechanism: bytes, response: bytes, initial: bool) -> None:
    client = room.stranger()
    if initial:
        assert client.command(b"AUTHENTICATE %b %b" % (mechanism, b64(response))).ok
    else:
        client.send(b"a AUTHENTICATE %b\r\n" % mechanism)
        assert client.line() == b"+ \r\n"
        client.send(b64(response) + b"\r\n")
        assert client.finish(b"a").ok
    assert room.door.seen == [(mechanism.decode(), response)]
    assert client.command(b"SELECT INBOX").ok


def test_a_refused_token_is_told_why_then_no(room: Room) -> None:
    client = room.stranger()
    client.send(b"a AUTHENTICATE XOAUTH2 %b\r\n" % b64(FOREIGN))
    assert client.line() == b"+ %b\r\n" % b64(CHALLENGE)
    client.send(b"\r\n")
    assert client.finish(b"a").status.startswith(b"NO [AUTHENTICATIONFAILED]")
    assert client.command(b"AUTHENTICATE XOAUTH2 %b" % b64(TOKEN)).ok, "another try is welcome"


def test_an_abrupt_operator_drops_the_connection(room: Room) -> None:
    room.door.abrupt = True
    client = room.stranger()
    client.send(b"a AUTHENTICATE XOAUTH2 %b\r\n" % b64(FOREIGN))
    assert client.line() == b"+ %b\r\n" % b64(CHALLENGE)
    assert client.line() == b""


def test_cancelled_garbage_and_unknown_mechanisms(room: Room) -> None:
    client = room.stranger()
    client.send(b"a AUTHENTICATE PLAIN\r\n")
    client.line()
    client.send(b"*\r\n")
    assert client.finish(b"a").status.startswith(b"BAD")
    assert client.command(b"AUTHENTICATE PLAIN not-base64!").status.startswith(b"BAD")
    assert client.command(b"AUTHENTICATE CRAM-MD5").status.startswith(b"NO [CANNOT]")
    assert client.command(b"LOGIN %b wrong" % ADDRESS.encode()).status.startswith(b"NO [AUTHENTICATIONFAILED]")
    assert client.command(b"LOGIN {%d}" % len(ADDRESS), ADDRESS.encode(), b" {6}", b"secret").ok
    assert client.command(b"LOGIN x y").status.startswith(b"BAD"), "authenticated already"


def test_secrets_are_not_journalled(room: Room) -> None:
    from simulators.core import journal

    room.stranger().command(b"LOGIN hush1 (hush2")
    room.stranger().command(b"AUTHENTICATE NOTHING aHVzaDM=")
    rows = journal.read(room.store, "-")
    raw = b"".join(journal.bodies(room.store, "-", row.number)[0] for row in rows)
    assert len(rows) == 2 and b"***" in raw and b"hush" not in raw and b"aHVz" not in raw


def test_the_session_ends_with_the_token(room: Room) -> None:
    room.door.expires = room.worlds.now() + timedelta(seconds=1)
    client = room.client()
    assert client.command(b"SELECT INBOX").ok
    room.worlds.freeze(room.world, room.worlds.now() + timedelta(seconds=2))
    client.send(b"a STATUS INBOX (MESSAGES)\r\n")
    assert client.line().startswith(b"* BYE [EXPIRED]")
    assert client.line() == b""


# --- TLS


@pytest.fixture
def secured(memory_store: Store, tmp_path: Path) -> Iterator[tuple[Room, ssl.SSLContext]]:
    issuer = make_issuer("imap", tmp_path)
    context = ssl.create_default_context(cafile=str(issuer.path))
    context.check_hostname = False
    context.load_cert_chain(issuer.issue("client"))
    with imap_room(memory_store, tls=server_context(issuer, issuer.issue("localhost"))) as opened:
        yield opened, context


def test_starttls_then_a_certificate(secured: tuple[Room, ssl.SSLContext]) -> None:
    room, context = secured
    room.door.offered = ("EXTERNAL",)
    client = room.stranger()
    assert b"STARTTLS" in client.greeting and b"LOGINDISABLED" in client.greeting
    assert client.command(b"AUTHENTICATE XOAUTH2 %b" % b64(TOKEN)).status.startswith(b"NO [PRIVACYREQUIRED]")
    client.start_tls(context)
    assert b"STARTTLS" not in b"".join(client.command(b"CAPABILITY").lines)
    assert client.command(b"STARTTLS").status.startswith(b"BAD")
    assert client.command(b"AUTHENTICATE EXTERNAL %b" % b64(ADDRESS.encode())).ok


def test_tls_at_once_and_an_empty_initial_response(secured: tuple[Room, ssl.SSLContext]) -> None:
    room, context = secured
    client = RawImap(room.tls_port, context)
    room.clients.append(client)
    assert client.command(b"AUTHENTICATE EXTERNAL =").ok
    assert room.door.seen == [("EXTERNAL", b"")]


def test_what_was_said_before_tls_is_forgotten(secured: tuple[Room, ssl.SSLContext]) -> None:
    room, context = secured
    client = room.stranger()
    client.send(b"a STARTTLS\r\nb LOGIN %b secret\r\n" % ADDRESS.encode())
    assert client.finish(b"a").ok
    client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
    assert client.command(b"SELECT INBOX").status.startswith(b"BAD"), "the injected LOGIN was dropped"
    assert "starttls_injection" in {str(incident.kind) for incident in room.incidents}
