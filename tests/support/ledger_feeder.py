"""Clients that feed a sandbox until it dies, and the ledger of what it acknowledged to them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.clients.dmp.client import DmpClient
from simulators.clients.transport import WireProblem
from simulators.core.clock import system_now
from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.population.model import Patient
from tests.support.ledger_sandbox import SandboxProcess

BATCH = 25


def small_document(client: DmpClient, patient: Patient, unique_id: str, content: bytes, now: datetime) -> bytes:
    """A CDA level 1 around ``content``, which need not be a PDF for what these tests prove."""
    day = now.replace(microsecond=0)
    plan = CdaPlan(
        kind=DocumentKind.DISCHARGE_LETTER,
        patient=patient,
        author=client.professional,
        structure=client.structure,
        document_id=unique_id,
        created=day,
        service_start=day - timedelta(days=2),
        service_stop=day - timedelta(hours=1),
        content=content,
    )
    return build_cda(plan)


class Ledger:
    """What a client wrote down: ``attempted`` before it sent, the file after the answer had come.

    ``at`` a number of acknowledgements of this round, ``then`` is called, by the client that got the last of them while
    the others are in mid-exchange.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempted: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._left = 0
        self._then: Callable[[], None] = lambda: None

    def arm(self, at: int, then: Callable[[], None]) -> None:
        self._left, self._then = at, then

    def attempt(self, unique_id: str, document: bytes) -> None:
        with self._lock:
            self.attempted[unique_id] = document

    def acknowledge(self, unique_id: str) -> None:
        with self._lock:
            digest = hashlib.sha256(self.attempted[unique_id]).hexdigest()
            with self.path.open("a", encoding="ascii") as file:
                file.write(f"{unique_id} {digest}\n")
            self._left -= 1
            if self._left == 0:
                self._then()

    def acknowledged(self) -> dict[str, str]:
        """SHA-256 by uniqueId, as the file says."""
        lines = self.path.read_text("ascii").splitlines() if self.path.exists() else []
        return dict(line.split() for line in lines)


class Feeder(threading.Thread):
    """Feeds one document after the other until the connection breaks; ``problem`` is any other end."""

    def __init__(self, client: DmpClient, patient: Patient, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self._client, self._patient, self._ledger = client, patient, ledger
        self.problem = ""

    def run(self) -> None:
        try:
            while not self.problem:
                self._feed()
        except WireProblem:
            return
        except Exception as error:  # told in the test's own thread
            self.problem = repr(error)

    def _feed(self) -> None:
        client, unique_id = self._client, self._client.oid()
        document = small_document(client, self._patient, unique_id, f"%PDF {unique_id}".encode(), system_now())
        self._ledger.attempt(unique_id, document)
        answer, _ = client.feed(self._patient.ins, [document])
        if answer.outcome == "accepted":
            self._ledger.acknowledge(unique_id)
        else:
            self.problem = f"refused: {answer.code} {answer.text} {answer.rule}"


class Party:
    """Who speaks in world ``main`` of a sandbox process, under the name of a round."""

    def __init__(self, process: SandboxProcess, name: str) -> None:
        self._world: Mapping[str, Any] = process.control.call("GET", "/worlds/main?certificates=true")
        self._roots = Path(process.endpoints["trust"]["roots"])
        self._name = name
        self.patient = patient_of(self._world, "adult")

    def client(self, who: str) -> DmpClient:
        """The hospital's specialist on a connection of his own."""
        ids = replayable_ids(f"{self._name}:{who}")
        return dmp_client(self._world, self._roots, "hospital", "hospital-specialist", ids=ids, now=system_now)

    def fingerprints(self) -> list[str]:
        """Of every certificate of the world."""
        held = [structure["certificates"] for structure in self._world["structures"] if "certificates" in structure]
        return [pair[use]["fingerprint"] for pair in held for use in ("auth_cli", "sign")]

    def kept(self, unique_ids: Sequence[str]) -> dict[str, bytes]:
        """Those of the documents that come back, with their bytes."""
        found: dict[str, bytes] = {}
        with self.client("reader") as reader:
            assert reader.authorise(self.patient.ins).outcome == "accepted"
            for start in range(0, len(unique_ids), BATCH):
                found |= reader.retrieve(self.patient.ins, unique_ids[start : start + BATCH]).documents
        return found

    def count(self) -> int:
        """How many approved documents a search finds."""
        with self.client("searcher") as searcher:
            answer = searcher.search(self.patient.ins)
        assert answer.outcome == "accepted", answer
        return int(str(answer.values["count"]))
