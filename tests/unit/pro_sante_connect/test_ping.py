"""Ping mode: the answer of the person puts one message into the outbox, and only then."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from simulators.clients.outbound import OutboundDenied
from simulators.clients.transport import WireProblem
from simulators.core import journal
from simulators.core.due import Due
from simulators.core.pki import Trust
from simulators.core.rules import Policy
from simulators.core.store import schema
from simulators.pro_sante_connect.device import PING
from simulators.pro_sante_connect.ping import OPERATION, Ping, endpoint
from tests.support.psc_ciba import answer, asked, poll
from tests.support.psc_room import Room


class Product:
    """The product's notification endpoint."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, Any]] = []
        self.status = 204
        product = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                product.heard.append((self.path, self.headers["Authorization"], json.loads(body)))
                self.send_response(product.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/ping?a=b"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def product() -> Iterator[Product]:
    made = Product()
    yield made
    made.close()


def outbox(room: Room, world: str = "main") -> list[Any]:
    with room.store.read(world) as tx:
        return list(tx.find(schema.outbox))


def worked(room: Room) -> Ping:
    """One round of the clockwork."""
    ping = Ping(lambda now: Trust(()))
    ping.stand_on(room.runtime)
    Due(room.worlds, {}, {PING: ping.send}, worker="test").work()
    return ping


def pinged(room: Room, endpoint: str, given: str = "approve") -> str:
    room.client(delivery="ping", notification_endpoint=endpoint)
    number = asked(room, client_notification_token="jeton-1")
    answer(room, number, given)
    return number


@pytest.mark.parametrize("given", ["approve", "refuse", "pin-blocked"])
def test_an_answer_is_told_to_the_client(room: Room, product: Product, given: str) -> None:
    number = pinged(room, product.url, given)
    assert product.heard == []
    worked(room)
    worked(room)
    assert product.heard == [("/ping?a=b", "Bearer jeton-1", {"auth_req_id": number})]
    row = journal.last(room.store, "main", 1)[0]
    assert (row.operation, row.direction, row.outcome, row.status) == (OPERATION, "out", "accepted", "204")
    assert room.send(poll(number)).answer.status == (200 if given == "approve" else 400)


@pytest.mark.parametrize("given", ["ignore", "offline"])
def test_silence_is_not_told(room: Room, product: Product, given: str) -> None:
    pinged(room, product.url, given)
    assert outbox(room) == []


def test_a_client_in_poll_mode_is_told_nothing(room: Room) -> None:
    answer(room, asked(room), "approve")
    assert outbox(room) == []


def test_an_automatic_answer_is_told_at_once(room: Room) -> None:
    world = room.world(Policy(settings={"psc.ciba-auto": "approve", "psc.ciba-auto-after-polls": "9"}))
    room.client(world, client_id="autre", delivery="ping", notification_endpoint="http://localhost:9/ping")
    number = asked(room, "autre", client_notification_token="jeton-1")
    assert [row.kind for row in outbox(room, world)] == [PING]
    assert room.send(poll(number, "autre")).answer.status == 200


def test_an_error_of_the_product_is_in_the_journal(room: Room, product: Product) -> None:
    product.status = 500
    pinged(room, product.url)
    worked(room)
    row = journal.last(room.store, "main", 1)[0]
    assert (row.operation, row.outcome, row.status) == (OPERATION, "failed", "500")


def test_nobody_listens(room: Room) -> None:
    number = pinged(room, "http://127.0.0.1:9/ping")
    worked(room)
    row = journal.last(room.store, "main", 1)[0]
    assert row.outcome == "failed" and row.marks["problem"]
    assert [one.state for one in outbox(room)] == ["failed"]
    assert room.send(poll(number)).answer.status == 200


def test_a_host_nobody_named_is_never_called(room: Room) -> None:
    pinged(room, "http://partner.example/ping")
    worked(room)
    row = journal.last(room.store, "main", 1)[0]
    assert row.outcome == "failed" and "partner.example" in row.marks["problem"]


@pytest.mark.parametrize(
    "text", ["", "x", "ftp://localhost/", "http://", "http://u:p@localhost/", "http://localhost:99999/", "http://[x/"]
)
def test_no_address_at_all(text: str) -> None:
    with pytest.raises(OutboundDenied):
        endpoint(text, Policy(), ())


def test_a_named_host(room: Room) -> None:
    assert (
        endpoint("https://partner.example/x", Policy(settings={"outbound.hosts": "partner.example"}), ()).path == "/x"
    )
    assert endpoint("https://partner.example/x", Policy(), ("partner.example",)).netloc == "partner.example"
    with pytest.raises(OutboundDenied):
        endpoint("https://auth.esw.esante.gouv.fr/", Policy(), ("auth.esw.esante.gouv.fr",))


def test_before_the_listeners_are_made() -> None:
    with pytest.raises(WireProblem):
        Ping(lambda now: Trust(())).send("main", "x", {})
