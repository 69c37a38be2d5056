"""The life of documents against a simple model: feed, replace, delete, search, in any order, for two patients."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from simulators.dmp import registry_store as store
from simulators.dmp.registry_store import documents
from simulators.documents.xds import schemes
from simulators.population.reference import reference_population
from tests.support.dmp_lots import LotPlan, described, letter, td21
from tests.support.dmp_messages import AIR, INDIRECT, envelope, for_patient, td03
from tests.support.dmp_room import Room, Seen
from tests.support.dmp_updates import status

PATIENTS = ("adult", "adult-woman")
FIND = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"


class Lives(RuleBasedStateMachine):
    """``model``: (patient, status, uniqueId of what it replaces) by uniqueId, in order of registration."""

    room: Room

    @initialize()
    def begin(self) -> None:
        self.world = self.room.world()
        self.model: dict[str, list[Any]] = {}
        self.lots = 0
        for slug in PATIENTS:
            matricule = reference_population().patient(slug).ins.matricule
            message = td03(plan=for_patient(matricule))
            assert self.room.send(message, self.world, operation="TD0.3").row.outcome == "accepted"

    @rule(slug=st.sampled_from(PATIENTS))
    def feed(self, slug: str) -> None:
        unique_id = self._fresh()
        self._accepted(self._send(slug, unique_id))
        self.model[unique_id] = [slug, schemes.APPROVED, None]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def feed_again(self, data: st.DataObject) -> None:
        unique_id = data.draw(st.sampled_from(sorted(self.model)))
        slug, _, replaced = self.model[unique_id]
        same = data.draw(st.booleans())
        seen = self._send(slug, unique_id, text="" if same else "autre")
        code = "XDSDuplicateUniqueIdInRegistry" if same and not replaced else "XDSNonIdenticalHash"
        self._refused(seen, code)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), slug=st.sampled_from(PATIENTS))
    def replace(self, data: st.DataObject, slug: str) -> None:
        old = data.draw(st.sampled_from(sorted(self.model)))
        owner, status, _ = self.model[old]
        unique_id = self._fresh()
        seen = self._send(slug, unique_id, replaces=old)
        wrong = ["XDSRegistryDeprecatedDocumentError"] if status != schemes.APPROVED else []
        wrong += ["XDSPatientIdDoesNotMatch"] if owner != slug else []
        if wrong:
            self._refused(seen, *wrong)
        else:
            self._accepted(seen)
            self.model[old][1] = schemes.DEPRECATED
            self.model[unique_id] = [slug, schemes.APPROVED, old]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        unique_id = data.draw(st.sampled_from(sorted(self.model)))
        slug, held, _ = self.model[unique_id]
        self.lots += 1
        patient = reference_population().patient(slug)
        vihf = for_patient(patient.ins.matricule, INDIRECT)
        target = self._entry_uuid(unique_id) or ""
        message = status(target, vihf=vihf, number=self.lots, patient_cx=patient.ins.cx())
        seen = self.room.send(message, self.world, operation="TD3.3c")
        if held == schemes.APPROVED:
            self._accepted(seen)
            self.model[unique_id][1] = schemes.DELETED
        else:
            self._refused(seen, "XDSMetadataUpdateError")

    @rule(slug=st.sampled_from(PATIENTS), status=st.sampled_from((schemes.APPROVED, schemes.DEPRECATED)))
    def search(self, slug: str, status: str) -> None:
        expected = [one for one, (owner, held, _) in self.model.items() if (owner, held) == (slug, status)]
        seen = self.room.send(self._query(slug, status), self.world, operation="TD3.1")
        scheme = f"[@identificationScheme='{schemes.ENTRY_UNIQUE_ID}']"
        found = seen.body.findall(f".//{{{schemes.RIM}}}ExternalIdentifier{scheme}")
        assert [one.get("value") for one in found] == expected
        assert seen.body.get("totalResultCount") == str(len(expected))

    def teardown(self) -> None:
        """The registry holds the model's documents in order; each has an entryUUID and a logicalId of its own."""
        if not hasattr(self, "model"):
            return
        with self.room.store.read(self.world) as tx:
            kept = store.documents_where(tx, documents.c.signature == 0)
        assert [one.unique_id for one in kept] == list(self.model)
        assert len({one.entry_uuid for one in kept}) == len({one.entry.logical_id for one in kept}) == len(kept)

    def _fresh(self) -> str:
        return f"1.2.250.1.999.9.1.2.{len(self.model) + 1}"

    def _send(self, slug: str, unique_id: str, *, replaces: str = "", text: str = "") -> Seen:
        self.lots += 1
        patient = reference_population().patient(slug)
        data = letter(unique_id, patient=patient, replaces=replaces, text=text)
        plan = LotPlan(
            (described(data),),
            patient.ins.cx(),
            f"1.2.250.1.999.9.1.1.{self.lots}",
            f"1.2.250.1.999.9.1.3.{self.lots}",
            replaces=self._entry_uuid(replaces),
        )
        message = td21(self.room.certificates.signer(), plan, for_patient(patient.ins.matricule, INDIRECT))
        return self.room.send(message, self.world, operation="TD2.1")

    def _entry_uuid(self, unique_id: str) -> str | None:
        with self.room.store.read(self.world) as tx:
            held = store.current(tx, unique_id) if unique_id else None
        return held.entry_uuid if held is not None else None

    def _query(self, slug: str, status: str) -> bytes:
        body = (
            '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">'
            '<ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
            f'<AdhocQuery xmlns="{schemes.RIM}" id="{FIND}"><Slot name="$XDSDocumentEntryStatus"><ValueList>'
            f"<Value>('{status}')</Value></ValueList></Slot></AdhocQuery></AdhocQueryRequest>"
        )
        return envelope("TD3.1", body, for_patient(reference_population().patient(slug).ins.matricule, AIR))

    def _accepted(self, seen: Seen) -> None:
        assert seen.row.outcome == "accepted", seen.row.verdict

    def _refused(self, seen: Seen, *codes: str) -> None:
        errors = seen.body.iter("{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}RegistryError")
        assert [error.get("errorCode") for error in errors] == list(codes)


def test_lives_of_documents(room: Room) -> None:
    machine = type("Lives", (Lives,), {"room": room})
    chosen = settings(
        max_examples=6,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        # Each step is a whole exchange: shrinking a failure would take minutes.
        phases=[Phase.generate],
    )
    run_state_machine_as_test(machine, settings=chosen)
