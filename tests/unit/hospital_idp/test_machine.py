"""Whatever is done with codes, tokens and sessions in one world: the model knows what still serves, and the other
world's rows stay as they were."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from simulators.core.store import Store
from simulators.hospital_idp import discovery
from simulators.hospital_idp.providers import Provider
from tests.support.dump import dump
from tests.unit.hospital_idp.room import DOCTOR, NURSE, VERIFIER, Room
from tests.unit.hospital_idp.stage import Stage

ACCESS_S, CODE_S = 300, 60
PEOPLE = st.sampled_from([NURSE, DOCTOR])


@dataclass
class Session:
    open: bool = True


@dataclass
class Grant:
    """One code and all that came of it."""

    session: Session
    code: str
    issued: float
    used: bool = False
    revoked: bool = False
    refresh: str = ""
    spent: list[str] = field(default_factory=list)
    access: list[tuple[str, float]] = field(default_factory=list)

    @property
    def serves(self) -> bool:
        return self.session.open and not self.revoked


class OneWorldOfTwo(RuleBasedStateMachine):
    grants: Bundle[Grant] = Bundle("grants")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.room = Room(store)

    @initialize()
    def begin(self) -> None:
        self.clock = 0.0
        self.sessions: dict[str, Session] = {}
        self.a, self.b = (Stage(self.room) for _ in range(2))
        self.kept = self.b.tokens
        self.b.code_exchange()
        self.before = dump(self.room.store, self.b.world.name)

    @rule(target=grants, who=PEOPLE)
    def sign_in(self, who: str) -> Grant:
        told = self.a.send(self.a.browser.asking(self.a.client, login_hint=who))
        assert told.status == 302, told.text
        sid = next(key for key in told.row.keys if key.startswith("session:"))
        session = self.sessions.setdefault(sid, Session())
        assert session.open
        return Grant(session, told.back["code"], self.clock)

    @rule(grant=grants, verifier=st.sampled_from([VERIFIER, "v" * 43]))
    def exchange(self, grant: Grant, verifier: str) -> None:
        told = self.a.send(self.a.browser.exchanging(self.a.client, grant.code, code_verifier=verifier))
        in_time = self.clock < grant.issued + CODE_S
        right = verifier == VERIFIER and not grant.used and in_time and grant.session.open
        assert (told.status == 200) is right, told.text
        if right:
            grant.used = True
            grant.refresh = told.json["refresh_token"]
            grant.access.append((told.json["access_token"], self.clock))
        elif grant.used:
            grant.revoked = True
            assert told.refusal == "IDP-CODE-USED"

    @rule(grant=grants)
    def refresh(self, grant: Grant) -> None:
        if not grant.refresh:
            return
        told = self.a.send(self.a.browser.refreshing(self.a.client, grant.refresh))
        assert (told.status == 200) is grant.serves, told.text
        if grant.serves:
            grant.spent.append(grant.refresh)
            grant.refresh = told.json["refresh_token"]
            grant.access.append((told.json["access_token"], self.clock))

    @rule(grant=grants)
    def refresh_with_a_spent_token(self, grant: Grant) -> None:
        if not grant.spent:
            return
        told = self.a.send(self.a.browser.refreshing(self.a.client, grant.spent[0]))
        assert told.refusal in {"IDP-REFRESH-USED", "IDP-REFRESH-OVER"}
        grant.revoked = True

    @rule(grant=grants)
    def use(self, grant: Grant) -> None:
        for token, issued in grant.access[-2:]:
            told = self.a.send(self.a.browser.userinfo(token))
            assert (told.status == 200) is (grant.serves and self.clock < issued + ACCESS_S), told.text
            stranger = self.a.browser.post("/introspect", self.a.other, {"token": token})
            assert self.a.send(stranger).json["active"] is (told.status == 200)

    @rule(grant=grants)
    def revoke(self, grant: Grant) -> None:
        if grant.refresh:
            gone = self.a.browser.post("/revoke", self.a.client, {"token": grant.refresh})
            assert self.a.send(gone).status == 200
            grant.revoked = True

    @rule()
    def log_out(self) -> None:
        page = self.a.send(self.a.browser.request("/logout"))
        fields = dict(_fields(page.text))
        if "csrf" in fields:
            told = self.a.send(self.a.browser.request("/logout", "POST", body=list(fields.items())))
            sid = next(key for key in told.row.keys if key.startswith("session:"))
            self.sessions[sid].open = False

    @rule()
    def rotate(self) -> None:
        with self.room.store.write(self.a.world.name) as tx:
            discovery.new_key(tx, Provider("chu", algorithm="ES256"), self.room.runtime.new_key)

    @rule(seconds=st.sampled_from([1, 59, 61, 299, 301]))
    def wait(self, seconds: int) -> None:
        # B's clock is the same wall: what it holds is compared, not its lives.
        self.room.pass_time(seconds)
        self.clock += seconds

    @rule(grant=grants)
    def try_it_in_the_other_world(self, grant: Grant) -> None:
        """Through A's doors with B's things, and never the reverse: that would write in B."""
        stolen = self.a.browser.userinfo(self.kept["access_token"])
        assert self.a.send(stolen).refusal == "IDP-BEARER-TOKEN"
        again = self.a.browser.refreshing(self.a.client, self.kept["refresh_token"])
        assert self.a.send(again).refusal == "IDP-REFRESH-UNKNOWN"

    @invariant()
    def the_other_world_stays_as_it_was(self) -> None:
        if hasattr(self, "before"):
            assert dump(self.room.store, self.b.world.name) == self.before

    def teardown(self) -> None:
        if hasattr(self, "kept"):
            told = self.b.send(self.b.browser.refreshing(self.b.client, self.kept["refresh_token"]))
            assert told.status == 200, told.text
            for stage in (self.a, self.b):
                self.room.worlds.delete(stage.world.name)


def _fields(page: str) -> list[tuple[str, str]]:
    import re

    return re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)


def test_codes_tokens_and_sessions(memory_store: Store) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: OneWorldOfTwo(memory_store),
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
