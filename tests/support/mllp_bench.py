"""The bench of MLLP: good messages of every kind for both receivers, octets as they are, and an admission as the proof
that they still serve."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from simulators.core.hl7 import Head, edit
from simulators.core.store import schema
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Action, Participant, Transmission, Zam
from simulators.documents.hl7.zam import build_zam
from simulators.pfi import queue
from tests.e2e.bad_input.bench import PSEUDO, Bench, refusing
from tests.support.hl7_documents import FROM_MAIL, GOOD, SENDER
from tests.support.mllp_ledger import FLAGS, Line, field, line_to
from tests.unit.population.pam.cases import message as admission

RECEIVERS = ("pfi_mllp", "dpi_mllp")
BUGS = {"SIM-BUG", "CORE-BUG"}
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class MllpBench(Bench):
    """One world: MSH-6 of what it sends is its name."""

    def place_of(self, listener: str) -> str:
        return urlsplit(self.sandbox.local_url(listener)).netloc

    def say(self, message: bytes, listener: str = "pfi_mllp") -> bytes:
        """One connection, one frame, its acknowledgement."""
        with line_to(self.place_of(listener)) as line:
            return line.say(message)

    def settle(self) -> None:
        """Until nothing that was accepted is under way."""
        self.control.call("POST", f"/worlds/{self.world}/clock", {"advance": "PT0S"})

    # -- good messages ------------------------------------------------------------------------------------------------

    def plan(
        self, base: Transmission = GOOD, *, document: str = "", content: bytes = b"%PDF-1.4 fictif"
    ) -> Transmission:
        """A request that nobody made before; ``document`` instead of a fresh identifier."""
        number, finess = next(_numbers), self.client.structure.finess
        assert finess is not None
        oid = document or f"1.2.250.1.999.9.8.{number}"
        sender = replace(SENDER, org_id=finess.value, person_id=self.client.professional.ps_idnat.value)
        reader = Participant("RCT", address=f"lecteur@poste.{self.world}.formation.mssante.fr")
        people = (replace(sender, address=reader.address),) if base.mail else (sender, reader)
        flags = base.flags if base.mail else FLAGS
        cda = self.document(oid, content)
        named: dict[str, Any] = {"control_id": f"B{number}", "document_id": oid, "sending_facility": finess.value}
        return replace(base, **named, cda=cda, participants=people, flags=flags, mail_bodies={}, fin=False)

    def written(self, plan: Transmission, kind: str = "MDM") -> bytes:
        parties = (plan.sending_app, plan.sending_facility, "DPI-SEGUR-SANDBOX" if plan.mail else "PFI-SEGUR-SANDBOX")
        head = Head(*parties, self.world, self.sandbox.now(), kind, plan.control_id, "T")
        return build_transmission(plan, head, kind="ORU" if kind == "ORU" else "MDM")

    def letter(self, *_: Any, **more: Any) -> bytes:  # type: ignore[override]
        """An MDM^T02 for the PFI."""
        return self.written(self.plan(**more))

    def written_for_the_record(self) -> bytes:
        """Flow 6: an MDM^T02 for the DPI."""
        return self.written(self.plan(FROM_MAIL))

    def admission(self, name: str = "A01") -> bytes:
        """ADT of a patient known to both receivers."""
        return edit(edit(admission(name), "MSH-6", self.world), "MSH-10", f"A{next(_numbers)}")

    def zam(self, request: str = "NOBODY") -> bytes:
        head = Head("PFI-SEGUR-SANDBOX", "X", "DPI-SEGUR-SANDBOX", self.world, AT, "", f"Z{next(_numbers)}")
        return build_zam(Zam("Z02", request, True, "a@b.mssante.test", "899700000013", None, AT), head)

    def every_kind(self) -> list[tuple[str, bytes]]:
        """A good message of each kind, with its receiver."""
        deletion = replace(self.plan(), action=Action.DELETE)
        return [
            ("pfi_mllp", self.letter()),
            ("pfi_mllp", self.written(self.plan(), "ORU")),
            ("pfi_mllp", self.written(deletion)),
            ("dpi_mllp", self.written_for_the_record()),
            ("dpi_mllp", self.zam()),
            *(
                (listener, self.admission(name))
                for listener in RECEIVERS
                for name in ("A01", "A03", "A40", "A47", "Z99")
            ),
        ]

    # -- the proofs ---------------------------------------------------------------------------------------------------

    def still_serves(self) -> None:
        """An admission at each receiver, on new connections."""
        for listener in RECEIVERS:
            answer = self.say(self.admission(), listener)
            assert field(answer, "MSA", 1) == "AA", answer

    def denied(self, message: bytes, rule: str, listener: str = "pfi_mllp", *, world: str = "") -> bytes:
        """AE with ``rule`` in an ERR, one row with it in the right world, nothing stored, everybody still up."""
        chosen = world or self.world
        since, elsewhere, before = self.cursor(chosen), self.cursor(PSEUDO), self.state()
        answer = self.say(message, listener)
        assert field(answer, "MSA", 1) == "AE", answer
        assert rule.encode() in answer
        (row,) = self.rows(chosen, since)
        assert (row["outcome"], refusing(row)[:1]) == ("refused", [rule])
        assert self.rows(PSEUDO, elsewhere) == []
        assert self.state() == before
        self.still_serves()
        return answer

    def awaited_status(self, since: int, status: str) -> dict[str, Any]:
        """The first incident of that cause after ``since``."""
        body = {"since": since, "timeout": 20, "expect": {"status": status}}
        waited = self.control.call("POST", f"/worlds/{PSEUDO}/exchanges/wait", body)
        assert waited["exchange"] is not None, waited["near"]
        row: dict[str, Any] = waited["exchange"]
        return row

    def unforeseen(self, since: int, elsewhere: int) -> list[dict[str, Any]]:
        """The rows since then that blame the sandbox itself."""
        rows = [*self.every_row(self.world, since), *self.every_row(PSEUDO, elsewhere)]
        bad = [row for row in rows if BUGS & {finding["rule"] for finding in row["verdict"]["findings"]}]
        return bad + [row for row in rows if "traceback" in row["marks"]]

    def failures(self) -> list[str]:
        """What a handler or a sender of the world raised, and work that waits for a bug of ours."""
        found = []
        with self.sandbox.store.read(self.world) as tx:
            for table in (schema.due, schema.outbox):
                found += [f"{row.kind} {row.id}: {row.result}" for row in tx.find(table, state="failed")]
            found += [f"{work.name}: {work.reason}" for work in queue.every(tx) if "SIM-BUG" in work.reason]
        return found

    def every_row(self, world: str, since: int) -> Iterator[dict[str, Any]]:
        """Page after page."""
        while found := self.rows(world, since):
            yield from found
            since = found[-1]["number"]


def heard(line: Line, control_id: str, most: int) -> bool:
    """Whether an acknowledgement of ``control_id`` comes among the next ``most``."""
    return any(field(line.answer(), "MSA", 2) == control_id for _ in range(most))
