"""Whatever is cut, lost or killed: no order is lost, none is carried out twice, each is told once."""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from simulators.core.store import Store
from simulators.documents.hl7.model import Action, Transmission
from tests.support.pfi_room import PfiRoom, plan

MOODS = st.lists(st.sampled_from(["down", "lost", "killed", "killed_after", "gateway", "well"]), max_size=6)


class Orders(RuleBasedStateMachine):
    def __init__(self, store: Store) -> None:
        super().__init__()
        self.room, self.numbers = PfiRoom(store), count(1)
        self.sent: list[Transmission] = []
        self.latest = ""

    @rule()
    def initial(self) -> None:
        self._send(Action.INITIAL)

    @precondition(lambda self: bool(self.latest))
    @rule()
    def replacement(self) -> None:
        self._send(Action.REPLACE, self.latest)

    @precondition(lambda self: bool(self.sent))
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        self.room.accept(data.draw(st.sampled_from(self.sent)))

    @rule(moods=MOODS)
    def trouble(self, moods: list[str]) -> None:
        self.room.dmp.moods += moods

    @rule()
    def work(self) -> None:
        self.room.work()

    @rule(minutes=st.integers(1, 20))
    def later(self, minutes: int) -> None:
        self.room.advance(f"PT{minutes}M")

    @invariant()
    def nothing_twice(self) -> None:
        fed = self.room.dmp.fed
        assert len(fed) == len(set(fed))
        assert len(self.room.orders()) == len(self.sent)

    def teardown(self) -> None:
        self.room.dmp.moods = []
        self.room.advance("PT12H")
        assert [order.state for order in self.room.orders()] == ["ok"] * len(self.sent)
        assert set(self.room.dmp.fed) == {sent.document_id for sent in self.sent}
        assert sorted(name for name, _ in self.room.zams) == sorted(
            f"{n}.1.Z01.Y" for n in range(1, len(self.sent) + 1)
        )

    def _send(self, action: Action, replaces: str = "") -> None:
        number = next(self.numbers)
        made = plan(f"M{number}", f"1.2.250.1.999.9.1.{number}", action=action, replaces=replaces)
        self.room.accept(made)
        self.sent.append(made)
        self.latest = made.document_id


def test_no_order_is_lost_or_doubled(memory_store: Store) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Orders(memory_store),
        settings=settings(
            max_examples=25, stateful_step_count=25, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
