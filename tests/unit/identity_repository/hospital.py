"""A hospital for each test: a store, a world and its repository, without any port."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulators.core.due import Due
from simulators.core.exchange import Runtime
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.hl7 import Message, read_message
from simulators.core.pki import Trust
from simulators.core.rules import Catalogue, Policy, judge
from simulators.core.store import Store
from simulators.core.world import World, Worlds, load
from simulators.identity_repository import deliveries, office, records, service
from simulators.identity_repository.deliveries import Delivery, Subscriber
from simulators.identity_repository.model import Record
from simulators.identity_repository.scene import Scene
from simulators.population import registry
from simulators.population.pam import PAM_CHECKS, PamEvent, read_pam
from simulators.population.reference import reference_population

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
NOBODY = [Subscriber("DPI", "mllp://127.0.0.1:9")]


def populate(tx: Any, world: World) -> None:
    registry.populate(tx, reference_population())


class Hospital:
    """Commands given and messages read; each is judged by the strict profile."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOW
        self.worlds = Worlds(store, lambda: self.now, (populate,))
        self.worlds.create("main")
        self.service = service.service(lambda now: Trust(()))
        book = TriggerBook(store, Catalogue(()), FAULTS, now=lambda: self.now, operations=())
        self.runtime = Runtime(store, self.worlds, lambda: self.now, Catalogue(()), book, local=self._local)
        self.service.wsgi(self.runtime, "identity")
        self.due = Due(self.worlds, self.service.due, self.service.senders, worker="test")
        self.listeners: dict[str, str] = {}

    def command(self, name: str, patient: str = "adult", **given: str) -> Message:
        """The message of the one subscriber."""
        return read_message(self.octets(name, patient, **given))

    def octets(self, name: str, patient: str = "adult", breaks: Any = None, **given: str) -> bytes:
        asked = {key.rstrip("_"): value for key, value in given.items()}
        with self.store.write("main") as tx:
            scene = Scene.of(tx, load(tx), self.now)
            _, number = office.perform(scene, office.Order(name, patient, asked, breaks or {}), NOBODY)
            return tx.blob_bytes(deliveries.of_event(tx, number)[0].blob)

    def event(self, name: str, patient: str = "adult", **given: str) -> PamEvent:
        """The same as a value, once the strict profile has found nothing wrong."""
        message = self.command(name, patient, **given)
        verdict = judge(Policy(profile="strict"), PAM_CHECKS, message)
        assert [(finding.rule.id, finding.where) for finding in verdict.findings] == []
        return read_pam(message)

    def record(self, patient: str = "adult") -> Record:
        with self.store.read("main") as tx:
            return records.find(tx, patient)

    def told(self, name: str, patient: str, *subscribers: Subscriber) -> int:
        """A command for these subscribers; its number."""
        with self.store.write("main") as tx:
            return office.perform(Scene.of(tx, load(tx), self.now), office.Order(name, patient), subscribers)[1]

    def deliveries(self, number: int) -> list[Delivery]:
        with self.store.read("main") as tx:
            return deliveries.of_event(tx, number)

    def policy(self, **settings: str) -> None:
        named = {f"identity.{name.replace('_', '-')}": value for name, value in settings.items()}
        self.worlds.set_policy("main", Policy.from_json({"settings": named}))

    def _local(self, listener: str) -> str:
        return self.listeners[listener]
