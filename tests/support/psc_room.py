"""A Pro Santé Connect without a socket: real requests through ``exchange()``, worlds made at will, time by hand."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from simulators.core import journal
from simulators.core.exchange import Answer, Arrival, Call, Runtime, exchange
from simulators.core.faults.effects import Planned, Refuse
from simulators.core.pki import Trust
from simulators.core.pki.keys import fresh_key_pem
from simulators.core.routing import split_prefix
from simulators.core.rules import Catalogue, Policy, Rule
from simulators.core.world import Worlds
from simulators.population import registry
from simulators.population.reference import reference_population
from simulators.pro_sante_connect import clients, seeds, service
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.flow import PscFlow
from simulators.pro_sante_connect.names import AUTH, CONNECT, WALLET
from tests.support.stores import borrowed, given_back

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BACK = "https://produit.test/retour"
PERSON = "899700000021"
_key = cache(lambda number: fresh_key_pem())


@dataclass
class Book:
    """A fault book of one slot."""

    forced: Rule | None = None

    def plan(self, call: Call) -> Sequence[Planned]:
        return () if self.forced is None else (Planned("refuse", "on_request", Refuse(self.forced.forced(None))),)


@dataclass
class Seen:
    """One exchange as its two sides saw it: the answer and the journal row."""

    answer: Answer
    row: journal.Exchange

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.answer.body)
        return found

    @property
    def sent_back(self) -> dict[str, str]:
        """The parameters of the redirection."""
        return dict(parse_qsl(urlsplit(self.answer.headers["Location"]).query))

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.row.verdict["findings"]]

    def finding(self, rule: Rule) -> Mapping[str, Any]:
        return next(f for f in self.row.verdict["findings"] if f["rule"] == rule.id)


@dataclass(frozen=True)
class Ask:
    """A request that can be edited at the places findings name: ``query.x``, ``body.x``, ``header.X``."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    listener: str = AUTH
    certificate: bytes | None = None
    world: str | None = None
    method: str = ""

    def with_(self, place: str, value: str | None) -> Ask:
        """Another value at ``place``; None takes it away."""
        part, _, name = place.partition(".")
        part = {"header": "headers"}.get(part, part)
        changed = {**(getattr(self, part) or {}), name: value}
        return replace(self, **{part: {k: v for k, v in changed.items() if v is not None}})

    def value(self, place: str) -> str | None:
        part, _, name = place.partition(".")
        found: str | None = (getattr(self, {"header": "headers"}.get(part, part)) or {}).get(name)
        return found


class Room:
    """The provider of one installation, with a store in memory. ``now`` may be moved by tests."""

    def __init__(self, trust: Callable[[datetime], Trust] = lambda now: Trust(())) -> None:
        self.now = NOW
        self.book = Book()
        self.store = borrowed()
        self.worlds = Worlds(self.store, lambda: self.now, [_people, seeds.seed])
        self.runtime = Runtime(
            self.store,
            self.worlds,
            lambda: self.now,
            Catalogue(service.RULES),
            self.book,
            base=lambda listener, host: f"https://{listener}.test",
            new_key=self._key,
        )
        self.flows = {name: PscFlow(name, service.PERFORMERS, trust) for name in (AUTH, WALLET)}
        self._names = itertools.count(1)
        self._keys = itertools.count()
        self.worlds.ensure("main")

    def _key(self) -> bytes:
        """Keys of one room differ; every room has the same ones, made once for all tests."""
        return _key(next(self._keys))

    def close(self) -> None:
        given_back(self.store)

    def world(self, policy: Policy | None = None) -> str:
        return self.worlds.create(f"t{next(self._names)}", policy=policy or Policy()).name

    def client(self, world: str = "main", **fields: Any) -> Client:
        """Declares a client of the product."""
        wanted = {"client_id": "produit", "secret": "s3cret", "redirect_uris": (BACK,), **fields}
        client = Client(**wanted)
        with self.store.write(world) as tx:
            clients.save(tx, client)
        return client

    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def send(self, ask: Ask) -> Seen:
        """One exchange."""
        body = b"" if ask.body is None else urlencode(ask.body).encode()
        headers = {"Host": f"{ask.listener}.test", **ask.headers}
        if ask.body is not None:
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        prefix, path = split_prefix(ask.path)
        arrival = Arrival(
            protocol="pro_sante_connect",
            listener=ask.listener,
            peer="127.0.0.1:1",
            method=ask.method or ("GET" if ask.body is None else "POST"),
            path=path,
            headers=headers,
            body=body,
            address_world=ask.world or prefix,
            certificate=ask.certificate,
            query=urlencode(ask.query),
        )
        before = {name: journal.cursor(self.store, name) for name in self.worlds.names(hidden=True)}
        answer = exchange(self.runtime, self.flows[ask.listener], arrival)
        row = next(
            journal.last(self.store, name, 1)[0]
            for name in self.worlds.names(hidden=True)
            if journal.cursor(self.store, name) > before[name]
        )
        return Seen(answer, row)

    # --- the usual steps

    def authorize(self, client_id: str = "produit", world: str | None = None, **given: str) -> Seen:
        return self.send(authorization(client_id, world=world, **given))

    def code(self, client_id: str = "produit", world: str | None = None, **given: str) -> str:
        return self.authorize(client_id, world, **given).sent_back["code"]

    def tokens(self, client_id: str = "produit", world: str | None = None, **given: str) -> dict[str, Any]:
        code = self.code(client_id, world, **given)
        return self.send(code_exchange(code, client_id, world=world)).json


def _people(tx: Any, world: Any) -> None:
    registry.populate(tx, reference_population())


def authorization(client_id: str = "produit", *, world: str | None = None, **given: str) -> Ask:
    """A good authorization request, signed in by hint; an empty value takes a parameter away."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": BACK,
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "state": "etat",
        "nonce": "nonce",
        "login_hint": PERSON,
        **given,
    }
    return Ask("/auth", {k: v for k, v in asked.items() if v}, listener=WALLET, world=world)


def form(endpoint: str, world: str | None = None, **fields: str) -> Ask:
    """A form to one of the endpoints under ``/protocol/openid-connect``."""
    return Ask(f"{CONNECT}/{endpoint}", body=fields, world=world)


def code_exchange(code: str, client_id: str = "produit", *, world: str | None = None, **given: str) -> Ask:
    known = {"client_id": client_id, "client_secret": "s3cret", "redirect_uri": BACK, "code": code}
    return form("token", world, grant_type="authorization_code", **{**known, **given})


def refresh(token: str, client_id: str = "produit", **given: str) -> Ask:
    known = {"client_id": client_id, "client_secret": "s3cret", "refresh_token": token}
    return form("token", grant_type="refresh_token", **{**known, **given})


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def claims(token: str) -> dict[str, Any]:
    """The payload of a JWT, unverified."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def normalised(answer: Answer) -> tuple[int, bytes]:
    """What two refusals by the same rule share: all but journal numbers, sign-in ids and page nonces."""
    whole = f"{sorted(answer.headers.items())}".encode() + answer.body
    whole = re.sub(rb"exchanges(/|%2F)(\w+(/|%2F))?\d+", b"EXCHANGE", whole)
    return answer.status, re.sub(rb"[0-9a-f]{24,}", b"ID", whole)


def assert_mends(room: Room, good: Callable[[], Ask], place: str, broken: str | None, rule: Rule) -> None:
    """Broken: one finding of ``rule``, at the broken place, equal to its example. Mended there: none. Forced: the
    same answer as the true refusal."""
    whole = good()
    seen = room.send(whole.with_(place, broken))
    found = [f for f in seen.row.verdict["findings"] if f["rule"] == rule.id]
    assert len(found) == 1, f"{rule.id}: {seen.rules}"
    assert found[0]["where"] == place
    assert rule.example is not None
    assert (rule.example.where, rule.example.expected) == (place, found[0]["expected"]), found[0]
    whole = good()
    mended = whole.with_(place, broken).with_(found[0]["where"], whole.value(place))
    assert rule.id not in room.send(mended).rules
    if found[0]["level"] == "refuse":
        assert_forced(room, good(), rule, seen)


def assert_forced(room: Room, ask: Ask, rule: Rule, true: Seen) -> None:
    """A forced refusal of a good request looks like the true one."""
    room.book.forced = rule
    try:
        forced = room.send(ask)
    finally:
        room.book.forced = None
    assert forced.row.verdict["forced"] and forced.rules == [rule.id]
    assert normalised(forced.answer) == normalised(true.answer)
