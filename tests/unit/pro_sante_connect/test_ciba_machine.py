"""Random requests, polls, answers and time in two worlds, held against a model that shares no code with the room."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from simulators.pro_sante_connect import ciba_store
from tests.support.psc_ciba import answer, asked, kept, poll
from tests.support.psc_room import Room

LIFE, INTERVAL = 120, 5
WORLDS = ("main", "t1")
CLIENTS = {"main": ("produit", "second"), "t1": ("autre", "tiers")}


@dataclass
class Model:
    """What one request should be."""

    world: str
    client: str
    at: float
    interval: int = INTERVAL
    polled: float | None = None
    given: str = ""
    used: bool = False

    def heard(self, now: float, client: str) -> str:
        """What a poll hears, and what it leaves behind."""
        if self.used or now >= self.at + LIFE + INTERVAL + 10 or client != self.client:
            return "invalid_grant"
        if now >= self.at + LIFE:
            return "expired_token"
        if self.polled is not None and now < self.polled + self.interval:
            self.interval += 5
            return "slow_down"
        self.polled = now
        if self.given in {"refuse", "pin-blocked"}:
            return "access_denied"
        if self.given != "approve":
            return "authorization_pending"
        self.used = True
        return "tokens"


class Machine(RuleBasedStateMachine):
    requests = Bundle("requests")

    @initialize()
    def begin(self) -> None:
        self.room = Room()
        self.models: dict[str, Model] = {}
        self.room.world()
        for world, clients in CLIENTS.items():
            for client in clients:
                self.room.client(world, client_id=client)
        self.zero = self.room.now

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.close()

    @property
    def now(self) -> float:
        return (self.room.now - self.zero).total_seconds()

    @rule(target=requests, world=st.sampled_from(WORLDS), which=st.integers(0, 1))
    def ask(self, world: str, which: int) -> str:
        client = CLIENTS[world][which]
        self._ready(world)
        number = asked(self.room, client)
        self.models[number] = Model(world, client, self.now)
        return number

    def _ready(self, world: str) -> None:
        with self.room.store.write(world) as tx:
            for person in ciba_store.devices(tx):
                ciba_store.set_device(tx, person, ciba_store.READY)

    @rule(number=requests, same=st.booleans())
    def poll(self, number: str, same: bool) -> None:
        model = self.models[number]
        client = model.client if same else next(c for c in CLIENTS[model.world] if c != model.client)
        seen = self.room.send(poll(number, client))
        expected = model.heard(self.now, client)
        assert seen.json.get("error", "tokens") == expected
        assert seen.row.world == model.world

    @rule(number=requests)
    def poll_from_the_other_world(self, number: str) -> None:
        other = next(world for world in WORLDS if world != self.models[number].world)
        seen = self.room.send(poll(number, CLIENTS[other][0]))
        assert seen.json["error_description"] == "Invalid Auth Req ID" and seen.row.world == other

    @rule(number=requests, given=st.sampled_from(["approve", "refuse", "ignore", "pin-blocked", "offline"]))
    def answer(self, number: str, given: str) -> None:
        model = self.models[number]
        waits = not model.used and model.given in {"", "ignore", "offline"} and self.now < model.at + LIFE
        assert kept(self.room, number, model.world).awaits(self.room.now) == waits
        if waits:
            answer(self.room, number, given, model.world)
            model.given = given

    @rule(number=requests, beside=st.sampled_from([-1, 0]))
    def poll_about_when_allowed(self, number: str, beside: int) -> None:
        model = self.models[number]
        if model.polled is not None:
            self.room.pass_time(max(0, int(model.polled + model.interval + beside - self.now)))
        self.poll(number, True)

    @rule(seconds=st.one_of(st.integers(1, 12), st.sampled_from([60, 119, 120, 135])))
    def wait(self, seconds: int) -> None:
        self.room.pass_time(seconds)

    @invariant()
    def the_phone_lists_what_waits(self) -> None:
        if not hasattr(self, "room"):
            return
        for world in WORLDS:
            with self.room.store.read(world) as tx:
                listed = {one.auth_req_id for one in ciba_store.waiting(tx, self.room.now)}
            assert listed == {
                number
                for number, model in self.models.items()
                if model.world == world
                and not model.used
                and model.given in {"", "ignore", "offline"}
                and self.now < model.at + LIFE
            }


Machine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCiba = Machine.TestCase
