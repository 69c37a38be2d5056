"""From an identity to what PAM France says of it: PID, PV1, ZBE, ZFA, ZFD."""

from __future__ import annotations

from dataclasses import replace

from simulators.identity_repository.model import Move, Record
from simulators.identity_repository.scene import Scene
from simulators.population.pam import (
    Consent,
    Details,
    Identifier,
    Identity,
    Movement,
    Name,
    PamEvent,
    Place,
    Visit,
    names,
)


def event(
    scene: Scene,
    name: str,
    record: Record,
    *,
    move: Move | None = None,
    action: str = names.INSERT,
    unit: str = "",
    merged: tuple[Identifier, ...] = (),
    ins_deleted: Identifier | None = None,
) -> PamEvent:
    """The event ``name`` about ``record`` as it stands after the command. ``move`` is its movement, with ``unit`` the
    place it leads to; ``merged`` is MRG-1; ``ins_deleted`` the INS that is taken away."""
    told = name in names.CONSENT_EVENTS
    return PamEvent(
        name,
        identity=identity_of(scene, record, ins_deleted),
        visit=_visit(scene, record, unit) if name not in names.IDENTITY_EVENTS else Visit("N"),
        movement=_movement(scene, move, action) if move is not None else None,
        consent=_consent(record) if told else None,
        details=_details(record) if told else None,
        merged=merged,
        recorded=scene.now,
        occurred=move.at if move is not None else scene.now,
    )


def ins_of(record: Record) -> Identifier | None:
    """The INS as a CX, whatever the state of the identity."""
    if not record.ins:
        return None
    authority = names.INS_AUTHORITIES.get(record.ins_oid, "ASIP-SANTE-INS-NIR")
    return Identifier(record.ins, names.INS, authority, record.ins_oid, "ISO")


def identity_of(scene: Scene, record: Record, ins_deleted: Identifier | None = None) -> Identity:
    """PID. The INS only goes out with a validated identity (PAM §6.6.15)."""
    ins = ins_of(record) if record.validated else None
    if ins_deleted is not None:
        ins = replace(ins_deleted, value=names.DELETED)
    stay = record.stay
    return Identity(
        identifiers=(scene.own(record.ipp, names.IPP), *((ins,) if ins is not None else ())),
        names=_names(record),
        birth_date=record.birth_date,
        sex=record.sex,
        places=_places(record),
        phones=(record.phone,) if record.phone else (),
        mails=(record.mail,) if record.mail else (),
        account=scene.own(stay.account, names.ACCOUNT) if stay is not None else None,
        statuses=(record.status,),
    )


def _names(record: Record) -> tuple[Name, ...]:
    birth = Name(record.family, record.given, record.given_list or record.given)
    used = Name(record.used_name, record.given, record.given_list or record.given, "D")
    return (birth, used) if record.used_name else (birth,)


def _places(record: Record) -> tuple[Place, ...]:
    home = Place(record.line, "", record.city, record.postal_code, "FRA") if record.city else None
    birth = Place(kind="BDL", county=record.birth_place) if record.birth_place else None
    return tuple(place for place in (home, birth) if place is not None)


def _visit(scene: Scene, record: Record, unit: str) -> Visit:
    stay = record.stay
    if stay is None:
        return Visit("N")
    number = scene.own(stay.number, names.VISIT)
    return Visit(stay.class_, unit or stay.unit, number, stay.admitted, stay.discharged)


def _movement(scene: Scene, move: Move, action: str) -> Movement:
    unit = scene.unit_of(move.unit)
    return Movement(
        id=(move.id, scene.hospital.name, scene.facility),
        at=move.at,
        action=action,
        historic="N",
        original=move.event if action != names.INSERT else "",
        responsible=unit,
        care=unit,
        nature="HMS",
    )


def _consent(record: Record) -> Consent:
    return Consent(
        dmp_status=record.dmp_status,
        dmp_closed=record.dmp_closed,
        feed=record.feed,
        feed_at=record.feed_at,
        consult=record.consult,
        consult_at=record.consult_at,
    )


def _details(record: Record) -> Details:
    return Details("N", "N", record.obtained_by, record.qualified_at if record.ins else "", record.proof)
