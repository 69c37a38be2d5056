"""Commands on an identity: creation, update, qualification, withdrawal of the INS, change of number, merge (ITI-30)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from simulators.identity_repository import records
from simulators.identity_repository.asked import CONTACTS, DMP, PROOF, TRAITS, Asked, answered, described
from simulators.identity_repository.errors import CommandRefused, NotNow
from simulators.identity_repository.model import Record
from simulators.identity_repository.scene import Scene
from simulators.identity_repository.telling import event, ins_of
from simulators.population import registry
from simulators.population.identifiers import INS_TEST_OID
from simulators.population.pam import PamEvent, names


@dataclass(frozen=True)
class Done:
    """What a command did: the identity it is about as it now stands, and what is told. ``also`` are other identities
    it changed, ``former`` the number the identity had."""

    record: Record
    event: PamEvent
    also: tuple[Record, ...] = ()
    former: str = ""


Command = Callable[[Scene, Record, Asked], Done]


def create(scene: Scene, record: Record, asked: Asked) -> Done:
    """A28. ``record`` is an empty one. Raises :class:`CommandRefused`: no name, or a number that is taken."""
    if not asked.get("family") or not asked.get("given"):
        raise CommandRefused("family and given are required")
    fresh = replace(record, ipp=asked.get("ipp") or f"P{scene.number('ipp')}", sex="U")
    if records.known(scene.tx, fresh.ipp) or records.known(scene.tx, asked.get("ins", "")):
        raise CommandRefused(f"another identity has the number {fresh.ipp} or the INS {asked.get('ins')}")
    fresh = described(fresh, asked, *TRAITS, *CONTACTS, *PROOF, *DMP)
    fresh = _with_oid(answered(fresh, asked, scene.now))
    return Done(fresh, event(scene, "A28", fresh))


def update(scene: Scene, record: Record, asked: Asked) -> Done:
    """A31: traits, contacts, state of the identity, DMP, and the passage from INS-NIA to INS-NIR."""
    after = _with_oid(described(record, asked, *TRAITS, *CONTACTS, *PROOF, *DMP))
    after = answered(after, asked, scene.now)
    told = event(scene, "A31", after)
    if record.used_name and not after.used_name:
        told = _without_used_name(told)
    return Done(after, told)


def qualify(scene: Scene, record: Record, asked: Asked) -> Done:
    """A31 with PID-32 VALI and the INS: the one given, that of the identity, or the one the population has for it.

    Raises :class:`CommandRefused`: there is none.
    """
    found = asked.get("ins") or record.ins or _ins_of_population(scene, record)
    if not found:
        raise CommandRefused("ins is required: this identity never had any")
    how, paper = asked.get("obtained_by") or "INSI", asked.get("proof") or "CN"
    oid = asked.get("ins_oid") or (record.ins_oid if found == record.ins else "")
    after = replace(record, status=names.VALIDATED, ins=found, ins_oid=oid, qualified_at=scene.now)
    after = _with_oid(replace(after, obtained_by=how, proof=paper))
    return Done(after, event(scene, "A31", after))


def demote(scene: Scene, record: Record, asked: Asked) -> Done:
    """A47 that takes the INS away and tells another PID-32 (PROV unless given). Raises :class:`NotNow`: no INS."""
    status = asked.get("status") or names.PROVISIONAL
    if status == names.VALIDATED:
        raise CommandRefused("status: anything but VALI; withdraw_ins keeps the identity validated")
    return _without_ins(scene, replace(record, status=status), record)


def withdraw_ins(scene: Scene, record: Record, asked: Asked) -> Done:
    """A47 that takes the INS away, the identity staying as it is. Raises :class:`NotNow`: no INS."""
    return _without_ins(scene, record, record)


def change_identifier(scene: Scene, record: Record, asked: Asked) -> Done:
    """A47: another INS when ``ins`` is given, else another IPP (``ipp``, or a new one)."""
    if asked.get("ins"):
        return _other_ins(scene, record, asked)
    ipp = asked.get("ipp") or f"P{scene.number('ipp')}"
    if records.known(scene.tx, ipp) is not None:
        raise CommandRefused(f"an identity has the number {ipp} already")
    after = replace(record, ipp=ipp)
    told = event(scene, "A47", after, merged=(scene.own(record.ipp, names.IPP),))
    return Done(after, told, former=record.ipp)


def merge(scene: Scene, record: Record, asked: Asked) -> Done:
    """A40: ``patient`` stays, ``other`` goes. Raises :class:`NotNow`, :class:`UnknownPatient`."""
    gone = records.find(scene.tx, asked.get("other", ""))
    if gone.ipp == record.ipp:
        raise CommandRefused("other: an identity cannot be merged into itself")
    if gone.merged_into:
        raise NotNow(f"{gone.ipp} was merged into {gone.merged_into} already")
    told = event(scene, "A40", record, merged=(scene.own(gone.ipp, names.IPP),))
    left = replace(gone, merged_into=record.ipp, status="DESA", ins="", ins_oid="", stay=None)
    return Done(record, told, also=(left,))


def consent(scene: Scene, record: Record, asked: Asked) -> Done:
    """A31 with what the patient answered. Raises :class:`CommandRefused`: nothing was answered."""
    after = described(answered(record, asked, scene.now), asked, *DMP)
    if not {"feed", "consult", "answers", *DMP} & set(asked):
        raise CommandRefused("feed, consult, answers or dmp_status is required")
    return Done(after, event(scene, "A31", after))


IDENTITY: Final[dict[str, Command]] = {
    "create": create,
    "update": update,
    "qualify": qualify,
    "demote": demote,
    "withdraw_ins": withdraw_ins,
    "change_identifier": change_identifier,
    "merge": merge,
}


def _ins_of_population(scene: Scene, record: Record) -> str:
    """What INSi would answer."""
    patients = registry.patients(scene.tx) if record.slug else ()
    return next((one.ins.matricule for one in patients if one.slug == record.slug), "")


def _with_oid(record: Record) -> Record:
    """An INS that came without its authority is of the test authority."""
    return replace(record, ins_oid=INS_TEST_OID) if record.ins and not record.ins_oid else record


def _without_used_name(told: PamEvent) -> PamEvent:
    """A name of type D emptied on purpose (PAM §6.6.2)."""
    birth = told.identity.names[0]
    gone = replace(birth, family=names.DELETED, kind="D")
    return replace(told, identity=replace(told.identity, names=(birth, gone)))


def _without_ins(scene: Scene, after: Record, before: Record) -> Done:
    former = ins_of(before)
    if former is None:
        raise NotNow(f"{before.ipp} has no INS to take away")
    left = replace(after, ins="", ins_oid="")
    return Done(left, event(scene, "A47", left, merged=(former,), ins_deleted=former))


def _other_ins(scene: Scene, record: Record, asked: Asked) -> Done:
    former = ins_of(record)
    if former is None:
        raise NotNow(f"{record.ipp} has no INS to change: qualify it")
    after = replace(record, ins=asked["ins"], ins_oid=asked.get("ins_oid") or record.ins_oid)
    return Done(after, event(scene, "A47", after, merged=(former,)))
