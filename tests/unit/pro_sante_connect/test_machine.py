"""Whatever clients, thieves and time do in one world: a token serves exactly as long as the model says, and the other
world, where everybody has the same names, never changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from simulators.core.oidc.keys import rotate
from simulators.pro_sante_connect.names import CONNECT, NAME
from tests.support.dump import dump
from tests.support.psc_room import Ask, Room, code_exchange, form, refresh

CLIENTS = st.sampled_from(["produit", "autre"])
ACCESS, IDLE, LONGEST, CODE = 120, 1800, 14400, 60


@dataclass
class Session:
    login: int
    used: int
    closed: bool = False

    def open(self, now: int) -> bool:
        return not self.closed and now < self.login + LONGEST and now < self.used + IDLE


@dataclass
class Grant:
    """What came of one code."""

    client: str
    session: Session
    issued: int
    used: bool = False
    revoked: bool = False


@dataclass
class Pair:
    """One answer of the token endpoint."""

    grant: Grant
    access: str
    renewal: str
    issued: int
    spent: bool = False
    cut: bool = field(default=False)


class Machine(RuleBasedStateMachine):
    codes = Bundle("codes")
    pairs = Bundle("pairs")

    @initialize()
    def two_worlds(self) -> None:
        self.room, self.now = Room(), 0
        self.other = self.room.world()
        for world in ("main", self.other):
            for name in ("produit", "autre"):
                self.room.client(world, client_id=name)
            self.room.send(Ask(f"/w/{world}{CONNECT}/certs"))
        self.foreign = self.room.tokens("produit", self.other)
        self.before = dump(self.room.store, self.other)

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.close()

    @rule(target=codes, client=CLIENTS)
    def sign_in(self, client: str) -> tuple[str, Grant]:
        return self.room.code(client, "main"), Grant(client, Session(self.now, self.now), self.now)

    @rule(target=pairs, code=codes, client=CLIENTS)
    def exchange(self, code: tuple[str, Grant], client: str) -> Pair | None:
        value, grant = code
        answer = self.room.send(code_exchange(value, client, world="main"))
        replayed = grant.used
        good = not grant.used and client == grant.client and self.now < grant.issued + CODE
        good = good and grant.session.open(self.now)
        assert (answer.answer.status == 200) == good, answer.rules
        if replayed:
            grant.revoked = True
        if not good:
            return None
        grant.used, grant.session.used = True, self.now
        return Pair(grant, answer.json["access_token"], answer.json["refresh_token"], self.now)

    @rule(target=pairs, pair=pairs, client=CLIENTS)
    def renew(self, pair: Pair | None, client: str) -> Pair | None:
        if pair is None:
            return None
        answer = self.room.send(refresh(pair.renewal, client))
        grant = pair.grant
        reused = client == grant.client and pair.spent and not grant.revoked
        good = client == grant.client and not pair.spent and not grant.revoked and grant.session.open(self.now)
        good = good and self.now < pair.issued + IDLE
        assert (answer.answer.status == 200) == good, answer.rules
        if reused:
            grant.revoked = True
        if not good:
            return None
        pair.spent, grant.session.used = True, self.now
        return Pair(grant, answer.json["access_token"], answer.json["refresh_token"], self.now)

    @rule(pair=pairs)
    def use(self, pair: Pair | None) -> None:
        if pair is None:
            return
        seen = self.room.send(Ask(f"{CONNECT}/userinfo", headers={"Authorization": f"Bearer {pair.access}"}))
        alive = not pair.grant.revoked and not pair.cut and self.now < pair.issued + ACCESS
        alive = alive and pair.grant.session.open(self.now)
        assert (seen.answer.status == 200) == alive, seen.rules
        if alive:
            pair.grant.session.used = self.now

    @rule(pair=pairs)
    def introspect(self, pair: Pair | None) -> None:
        if pair is None:
            return
        ask = form("token/introspect", "main", token=pair.access, client_id="autre", client_secret="s3cret")
        alive = not pair.grant.revoked and not pair.cut and self.now < pair.issued + ACCESS
        assert self.room.send(ask).json["active"] == (alive and pair.grant.session.open(self.now))

    @rule(pair=pairs, whole=st.booleans())
    def revoke(self, pair: Pair | None, whole: bool) -> None:
        if pair is None:
            return
        token = pair.renewal if whole else pair.access
        ask = form("revoke", "main", token=token, client_id=pair.grant.client, client_secret="s3cret")
        assert self.room.send(ask).answer.status == 200
        pair.cut = True if not whole else pair.cut
        pair.grant.revoked = pair.grant.revoked or whole

    @rule(pair=pairs)
    def log_out_by_foreign_hint(self, pair: Pair | None) -> None:
        """The other world's ID token, shown at this world's address, closes nothing here."""
        hint = {"id_token_hint": self.foreign["id_token"]}
        assert self.room.send(Ask(f"/w/main{CONNECT}/logout", hint)).answer.status == 400

    @rule()
    def foreign_tokens_are_nothing_here(self) -> None:
        bearer = {"Authorization": f"Bearer {self.foreign['access_token']}"}
        assert self.room.send(Ask(f"/w/main{CONNECT}/userinfo", headers=bearer)).answer.status == 401
        ask = refresh(self.foreign["refresh_token"])
        assert self.room.send(Ask(f"/w/main{CONNECT}/token", body=ask.body)).answer.status == 400

    @rule()
    def rotate_the_key(self) -> None:
        with self.room.store.write("main") as tx:
            rotate(tx, NAME, self.room.runtime.new_key)

    @rule(seconds=st.sampled_from([1, 59, 60, 119, 120, 1200, 1799, 1800]))
    def pass_time(self, seconds: int) -> None:
        self.room.pass_time(seconds)
        self.now += seconds

    @invariant()
    def the_other_world_is_as_it_was(self) -> None:
        if hasattr(self, "before"):
            assert dump(self.room.store, self.other) == self.before


def test_tokens_live_as_the_model_says() -> None:
    limits = settings(
        max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Machine, settings=limits)
