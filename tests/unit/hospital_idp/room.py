"""The hospital provider without a socket: real requests through ``exchange()``, a browser that keeps cookies."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulators.core import journal
from simulators.core.exchange import Answer, Arrival, Call, Runtime, exchange
from simulators.core.faults.effects import Planned, Refuse
from simulators.core.pki.keys import fresh_key_pem
from simulators.core.rules import Catalogue, Policy, Rule
from simulators.core.store import Store
from simulators.core.world import World, Worlds
from simulators.hospital_idp import clients, providers, service
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.flow import IdpFlow
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.seeds import seed
from simulators.population import registry
from simulators.population.reference import reference_population

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
HOST = "https://idp.test:18022"
BACK = "https://dpi.test/callback?lang=fr"
OUT = "https://dpi.test/bye"
VERIFIER = "verifier-of-the-tests-0123456789-abcdefghijkl"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
NURSE, DOCTOR = "899700000088", "899700000039"
DISABLED = "ancien.agent"
FORM = "application/x-www-form-urlencoded"
_KEYS: list[bytes] = []
_NUMBERS = itertools.count(1)


def _key(number: int) -> bytes:
    """RSA keys are slow to make: every room of a run uses the same ones, each of its worlds another."""
    while len(_KEYS) <= number:
        _KEYS.append(fresh_key_pem())
    return _KEYS[number]


@dataclass
class Book:
    """A fault book of one slot."""

    forced: Rule | None = None

    def plan(self, call: Call) -> Sequence[Planned]:
        return () if self.forced is None else (Planned("refuse", "on_request", Refuse(self.forced.forced())),)


@dataclass(frozen=True)
class Told:
    """One exchange: the answer, and its journal row."""

    answer: Answer
    row: journal.Exchange

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.answer.body)
        return found

    @property
    def text(self) -> str:
        return self.answer.body.decode()

    @property
    def location(self) -> str:
        return self.answer.headers.get("Location", "")

    @property
    def back(self) -> dict[str, str]:
        """The parameters of the redirection."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.query or parts.fragment, keep_blank_values=True))

    @property
    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.row.verdict["findings"]
        return found

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.findings]

    @property
    def refusal(self) -> str:
        """The rule that refused."""
        assert self.row.outcome == "refused", (self.row.outcome, self.row.marks, self.answer.body[:300])
        return next(finding["rule"] for finding in self.findings if finding["level"] == "refuse")


@dataclass
class Request:
    """A request in parts, so that a test can break one."""

    path: str
    method: str = "GET"
    query: list[tuple[str, str]] = field(default_factory=list)
    body: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Request:
        return Request(self.path, self.method, list(self.query), list(self.body), dict(self.headers))


class Room:
    """One store, worlds at will, one clock."""

    def __init__(self, store: Store) -> None:
        self.store, self.at, self.book = store, NOW, Book()
        self._made, self._mine = itertools.count(), ["main", "-"]
        self.worlds = Worlds(store, lambda: self.at, [_populate, seed])
        self.runtime = Runtime(
            store,
            self.worlds,
            lambda: self.at,
            Catalogue(service.RULES),
            self.book,
            links=lambda world, number: f"https://console.test/exchanges/{world}/{number}",
            base=lambda listener, host: HOST,
            new_key=lambda: _key(next(self._made)),
        )
        self.flow = IdpFlow(service.PERFORMERS)

    def world(self, policy: Policy | None = None, name: str = "") -> World:
        self._mine.append(name or f"w{next(_NUMBERS)}")
        return self.worlds.create(self._mine[-1], policy=policy)

    def pass_time(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def send(self, request: Request, world: str | None) -> Told:
        body = urlencode(request.body).encode() if request.body or request.method == "POST" else b""
        headers = {"Host": "idp.test:18022", **request.headers}
        if request.method == "POST":
            headers.setdefault("Content-Type", FORM)
        arrival = Arrival(
            protocol="hospital_idp",
            listener="hospital-idp",
            peer="127.0.0.1:5000",
            method=request.method,
            path=request.path,
            headers=headers,
            body=body,
            address_world=world,
            query=urlencode(request.query),
        )
        answer = exchange(self.runtime, self.flow, arrival)
        return Told(answer, self.last())

    def last(self) -> journal.Exchange:
        """The newest row of this room's worlds: a test sends one request at a time."""
        there = [name for name in self.worlds.names(hidden=True) if name in self._mine]
        rows = [row for name in there for row in journal.last(self.store, name, 1)]
        return max(((self._order(row), row) for row in rows), key=lambda pair: pair[0])[1]

    def _order(self, row: journal.Exchange) -> int:
        seen = self.__dict__.setdefault("_seen", {})
        order: int = seen.setdefault((row.world, row.number), len(seen))
        return order

    def client(self, world: World, provider: str = "chu") -> Client:
        """The client the world was born with, with its addresses declared."""
        with self.store.write(world.name) as tx:
            found = next(iter(clients.every(tx, provider)))
            known = replace(found, redirect_uris=(BACK,), post_logout_redirect_uris=(OUT,))
            clients.save(tx, provider, known)
        return known

    def declare(self, world: World, client: Client, provider: str = "chu") -> Client:
        with self.store.write(world.name) as tx:
            clients.save(tx, provider, client)
        return client

    def provide(self, world: World, **values: Any) -> Provider:
        provider = Provider.from_json({"name": "chu", **values})
        with self.store.write(world.name) as tx:
            providers.save(tx, provider)
        return provider


class Browser:
    """A person's browser and the product behind it, at one provider of one world."""

    def __init__(self, room: Room, world: World, *, provider: str = "chu", prefix: bool = True) -> None:
        self.room, self.world, self.provider = room, world, provider
        self.address = world.name if prefix else None
        self.cookies: dict[str, str] = {}

    @property
    def issuer(self) -> str:
        return f"{HOST}/w/{self.address}/idp/{self.provider}" if self.address else f"{HOST}/idp/{self.provider}"

    def request(self, path: str, method: str = "GET", **parts: Any) -> Request:
        return Request(f"/idp/{self.provider}{path}", method, **parts)

    def send(self, request: Request, *, address: str | None = "") -> Told:
        request = request.copy()
        if self.cookies and "Cookie" not in request.headers:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told = self.room.send(request, self.address if address == "" else address)
        line = told.answer.headers.get("Set-Cookie", "")
        if line:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
        return told

    def asking(self, client: Client, **more: str) -> Request:
        """An authorization request that is right."""
        values = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": BACK,
            "scope": "openid profile email",
            "state": "state 1",
            "nonce": "nonce-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return self.request("/authorize", query=[(name, value) for name, value in values.items() if value])

    def code(self, client: Client, login_hint: str = NURSE, **more: str) -> str:
        told = self.send(self.asking(client, login_hint=login_hint, **more))
        assert told.status == 302, told.text
        return told.back["code"]

    def exchanging(self, client: Client, code: str, **more: str) -> Request:
        """A token request that is right."""
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            **more,
        }
        return self.post("/token", client, values)

    def refreshing(self, client: Client, refresh: str, **more: str) -> Request:
        return self.post("/token", client, {"grant_type": "refresh_token", "refresh_token": refresh, **more})

    def post(self, path: str, client: Client | None, values: Mapping[str, str]) -> Request:
        headers = {} if client is None or not client.secret else {"Authorization": basic(client)}
        named = {} if client is None or client.secret else {"client_id": client.client_id}
        return self.request(
            path, "POST", body=[(name, value) for name, value in {**values, **named}.items() if value], headers=headers
        )

    def tokens(self, client: Client, **more: str) -> dict[str, Any]:
        told = self.send(self.exchanging(client, self.code(client, **more)))
        assert told.status == 200, told.text
        return told.json

    def userinfo(self, access: str) -> Request:
        return self.request("/userinfo", headers={"Authorization": f"Bearer {access}"})

    def choosing(self, page: Told, **more: str) -> Request:
        """What the sign-in page sends."""
        found = re.search(r'action="([^"]+)"', page.text)
        assert found is not None
        path, _, query = found[1].partition("?")
        assert path == f"/w/{self.world.name}/idp/{self.provider}/login"
        hidden = dict(re.findall(r'name="(login|csrf)" value="([^"]+)"', page.text))
        body = list({**hidden, **more}.items())
        return self.request("/login", "POST", query=parse_qsl(query), body=body)


def basic(client: Client) -> str:
    from urllib.parse import quote_plus

    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def _populate(tx: Any, world: World) -> None:
    registry.populate(tx, reference_population())
