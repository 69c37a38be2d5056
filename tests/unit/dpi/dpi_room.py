"""The record without a socket: a world with the reference population, messages of the flow 6, its own acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.core import journal
from simulators.core.exchange import Answer, Arrival, Runtime, exchange
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.hl7 import Hl7Flow, read_message
from simulators.core.own_rules import OWN_RULES
from simulators.core.rules import Catalogue, Finding, Policy, judge
from simulators.core.store import Store
from simulators.core.store.api import Tx
from simulators.core.world import Worlds, load
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Participant, Transmission
from simulators.dpi import integration
from simulators.dpi.house import Moment
from simulators.dpi.reading import received
from simulators.dpi.rules import identity
from simulators.dpi.service import PERFORM, RULES
from simulators.population import registry
from simulators.population.reference import reference_population
from tests.support.hl7_documents import FROM_MAIL, head

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
UNIT = Participant(
    "RCT",
    org_name="Cardiologie",
    org_id="3435",
    org_type="UF",
    org_parent="0B0999009",
    address="cardiologie@main.mssante.test",
)
SENDER = FROM_MAIL.participants[0]
LETTER = replace(FROM_MAIL, participants=(SENDER, UNIT, *FROM_MAIL.participants[1:]))
"""A good message of the flow 6, for the adult patient."""


def octets(plan: Transmission = LETTER, **changes: Any) -> bytes:
    """Its message, from a PFI to the record."""
    return build_transmission(plan, head(plan, receiving_app="DPI-SEGUR-SANDBOX", **changes))


@dataclass
class Room:
    """A world, its clock stopped unless moved."""

    store: Store
    world: str = "main"

    def __post_init__(self) -> None:
        self.now = NOW
        self.worlds = Worlds(
            self.store, lambda: self.now, [lambda tx, world: registry.populate(tx, reference_population())]
        )
        self.worlds.create(self.world)
        catalogue: Catalogue[Any] = Catalogue([*OWN_RULES, *RULES])
        book = TriggerBook(self.store, catalogue, FAULTS)
        self.runtime = Runtime(self.store, self.worlds, lambda: self.now, catalogue, book)

    def later(self, **period: int) -> None:
        self.now += timedelta(**period)

    def policy(self, **settings: str) -> None:
        named = {f"dpi.{name.replace('_', '-')}": value for name, value in settings.items()}
        self.worlds.set_policy(self.world, Policy(settings=named))

    def moment(self, tx: Tx) -> Moment:
        return Moment.of(load(tx), self.now)

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        with self.store.write(self.world) as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        with self.store.read(self.world) as tx:
            yield tx

    def judged(self, message: bytes) -> tuple[Finding, ...]:
        """What the record finds in a message of the flow 6."""
        with self.reading() as tx:
            found = received(tx, read_message(message))
        return judge(Policy(), (*integration.FORMAL, *identity.CHECKS), found).findings

    def tell(self, message: bytes) -> Answer:
        """One exchange; the acknowledgement."""
        arrival = Arrival("dpi", "dpi_mllp", "127.0.0.1:1", "HL7", "", {}, message)
        return exchange(self.runtime, Hl7Flow("dpi", PERFORM), arrival)

    def last(self) -> journal.Exchange:
        return journal.last(self.store, self.world, 1)[-1]
