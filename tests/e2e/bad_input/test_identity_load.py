"""200 sign-ins and CIBA rounds under way together in four worlds: each ends as its person decided, nothing crosses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from simulators.clients.control import Control
from simulators.core import journal
from simulators.sandbox import Sandbox
from tests.support.dump import dump
from tests.support.psc_person import CONNECT, OTHER, PERSON, Person
from tests.support.psc_room import claims

JOURNEYS, WORLDS, HANDS, SEED = 200, 4, 32, 20260307
CIBA = "urn:openid:params:grant-type:ciba"


@dataclass(frozen=True)
class Ended:
    """How one journey ended; ``session`` is empty for one that the person refused."""

    world: str
    session: str = ""
    tokens: tuple[str, ...] = ()


Journey = Iterator[Ended | None]
"""One request or two at each step, and at last how it ended."""


class Load:
    """Journeys in ``worlds``; every third one names its world by the client alone."""

    def __init__(self, sandbox: Sandbox, control: Control, worlds: list[str]) -> None:
        self.sandbox, self.control, self.worlds = sandbox, control, worlds

    def journey(self, number: int) -> Journey:
        world, kind = self.worlds[number % WORLDS], number // WORLDS
        person = Person(self.sandbox, world, prefixed=number % 3 != 0)
        chosen = (PERSON, OTHER)[kind // 2 % 2]
        refuses = kind % 5 == 0
        return (self.sign_in if kind % 2 else self.ciba)(number, world, person, chosen, refuses)

    def sign_in(self, number: int, world: str, person: Person, chosen: str, refuses: bool) -> Journey:
        state, nonce = f"state-{number}", f"nonce-{number}"
        assert person.authorize(state=state, nonce=nonce).status_code == 200
        yield None
        person.choose("refuse" if refuses else chosen)
        told = person.told
        assert told["state"] == state
        yield None
        if refuses:
            assert told["error"] == "access_denied" and "code" not in told
            yield Ended(world)
        else:
            tokens = person.exchange(told["code"])
            assert claims(tokens["id_token"])["nonce"] == nonce
            ended = self.checked(world, person, chosen, tokens)
            assert person.exchange(told["code"])["error"] == "invalid_grant"
            assert self.userinfo(person, person.provider, tokens) is None, "a replayed code ends what came of it"
            yield ended

    def ciba(self, number: int, world: str, person: Person, chosen: str, refuses: bool) -> Journey:
        asked = {"scope": "openid scope_all", "acr_values": "eidas1", "login_hint": chosen, "binding_message": "42"}
        known = {"client_id": person.client["client_id"], "client_secret": person.client["secret"]}
        answer = person.post(f"{person.provider}{CONNECT}/ext/ciba/auth", {**known, **asked}).json()
        poll = {"grant_type": CIBA, "auth_req_id": answer["auth_req_id"]}
        yield None
        assert person.token(**poll)["error"] == "authorization_pending"
        yield None
        given = {"answer": "refuse" if refuses else "approve", "auth_req_id": answer["auth_req_id"]}
        self.control.call("POST", f"/worlds/{world}/psc/ciba/answer", given)
        yield None
        tokens = person.token(**poll)
        if refuses:
            assert tokens["error"] == "access_denied"
            yield Ended(world)
        else:
            assert claims(tokens["id_token"])["urn:openid:params:jwt:claim:auth_req_id"] == answer["auth_req_id"]
            yield self.checked(world, person, chosen, tokens)

    def checked(self, world: str, person: Person, chosen: str, tokens: dict[str, Any]) -> Ended:
        """The tokens are of this world, client and person; no other world takes them."""
        identity = claims(tokens["id_token"])
        assert identity["iss"].startswith(person.provider) and identity["aud"] == person.client["client_id"]
        assert identity["SubjectNameID"] == chosen
        there = f"{self.sandbox.url('psc')}/w/{self.worlds[(self.worlds.index(world) + 1) % WORLDS]}"
        assert self.userinfo(person, there, tokens) is None
        assert self.userinfo(person, person.provider, tokens) == chosen
        return Ended(world, tokens["session_state"], (tokens["access_token"], tokens["refresh_token"]))

    def userinfo(self, person: Person, base: str, tokens: dict[str, Any]) -> str | None:
        """Whom the access token tells of at that address, None when it is refused there."""
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer = person.get(f"{base}{CONNECT}/userinfo", headers=bearer)
        assert answer.status_code in {200, 401}
        return str(answer.json()["SubjectNameID"]) if answer.status_code == 200 else None


def played(load: Load) -> list[Ended]:
    """All journeys step by step, in another order at each step: every one is under way before any ends."""
    chance, ended = random.Random(SEED), []
    under_way = [load.journey(number) for number in range(JOURNEYS)]
    with ThreadPoolExecutor(HANDS) as hands:
        while under_way:
            chance.shuffle(under_way)
            stood = list(zip(under_way, hands.map(next, under_way), strict=True))
            ended += [end for _, end in stood if end is not None]
            under_way = [journey for journey, end in stood if end is None]
    return ended


@pytest.fixture
def load(sandbox: Sandbox, control: Control, world: str) -> Load:
    worlds = [f"{world}-{number}" for number in range(WORLDS)]
    for name in worlds:
        sandbox.create_world(name)
        control.call("PATCH", f"/worlds/{name}/policy", {"settings": {"psc.ciba-interval": "0"}})
    return Load(sandbox, control, worlds)


def test_two_hundred_at_once(sandbox: Sandbox, world: str, load: Load) -> None:
    before = [dump(sandbox.store, name) for name in ("main", world)]
    ended = played(load)
    assert len(ended) == JOURNEYS
    signed_in = [end for end in ended if end.session]
    assert len({end.session for end in signed_in}) == len(signed_in) == JOURNEYS * 4 // 5
    tokens = [token for end in signed_in for token in end.tokens]
    assert len(set(tokens)) == len(tokens)
    assert [dump(sandbox.store, name) for name in ("main", world)] == before
    for name in load.worlds:
        own_rows_only(sandbox, name, [end for end in ended if end.world == name])


def own_rows_only(sandbox: Sandbox, world: str, ended: list[Ended]) -> None:
    """The journal of a world tells of its own client and sessions, without a bug or a lost number."""
    rows = journal.read(sandbox.store, world, limit=10_000)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert {row.outcome for row in rows} == {"accepted", "refused"}
    assert {row.who["client"] for row in rows if "client" in row.who} == {f"segur-sandbox-{world}"}
    assert not [row for row in rows if "contradictions" in row.marks and row.operation != "pro_sante_connect.userinfo"]
    sessions = {key.removeprefix("session:") for row in rows for key in row.keys if key.startswith("session:")}
    assert sessions == {end.session for end in ended if end.session}
