"""A PAM message read as a value: whatever it holds, in whatever order its segments stand."""

from __future__ import annotations

from simulators.core.hl7 import Message, Segment
from simulators.population.pam.model import (
    Consent,
    Details,
    Identifier,
    Identity,
    Movement,
    Name,
    PamEvent,
    Place,
    Unit,
    Visit,
)


def read_pam(message: Message) -> PamEvent:
    """Never raises: what is absent is empty, what is wrong is kept as it is."""
    header, recorded, merge = message.first("MSH"), message.first("EVN"), message.first("MRG")
    identity, visit, movement = message.first("PID"), message.first("PV1"), message.first("ZBE")
    consent, details = message.first("ZFA"), message.first("ZFD")
    return PamEvent(
        event=message.value("MSH-9.2") or message.value("EVN-1"),
        identity=_identity(identity) if identity else Identity(),
        visit=_visit(visit) if visit else None,
        movement=_movement(movement) if movement else None,
        consent=_consent(consent) if consent else None,
        details=_details(details) if details else None,
        merged=identifiers(merge, 1) if merge else (),
        recorded=recorded.get(2) if recorded else "",
        occurred=recorded.get(6) if recorded else "",
        control_id=message.control_id,
        sending_app=header.get(3) if header else "",
        sending_facility=header.get(4) if header else "",
        structure=message.structure,
        version=header.get(12) if header else "",
    )


def identifiers(segment: Segment, field: int) -> tuple[Identifier, ...]:
    """The repetitions of a CX field that hold something."""
    found = (identifier(segment, field, repetition) for repetition in range(1, segment.count(field) + 1))
    return tuple(one for one in found if one.value or one.kind)


def identifier(segment: Segment, field: int, repetition: int = 1) -> Identifier:
    """One CX."""
    return Identifier(
        value=segment.get(field, repetition=repetition),
        kind=segment.get(field, 5, repetition=repetition),
        authority=segment.get(field, 4, 1, repetition=repetition),
        oid=segment.get(field, 4, 2, repetition=repetition),
        scheme=segment.get(field, 4, 3, repetition=repetition),
    )


def _identity(pid: Segment) -> Identity:
    phones = [
        pid.get(13, 12, repetition=n) or pid.get(13, 1, repetition=n)
        for n in _every(pid, 13)
        if not pid.get(13, 4, repetition=n)
    ]
    return Identity(
        identifiers=identifiers(pid, 3),
        names=tuple(_name(pid, n) for n in _every(pid, 5)),
        birth_date=pid.get(7),
        sex=pid.get(8),
        places=tuple(_place(pid, n) for n in _every(pid, 11)),
        phones=tuple(phone for phone in phones if phone),
        mails=tuple(mail for n in _every(pid, 13) if (mail := pid.get(13, 4, repetition=n))),
        account=identifier(pid, 18) if pid.get(18) else None,
        statuses=tuple(status for n in _every(pid, 32) if (status := pid.get(32, repetition=n))),
    )


def _every(segment: Segment, field: int) -> range:
    return range(1, segment.count(field) + 1)


def _name(pid: Segment, n: int) -> Name:
    part = {component: pid.get(5, component, repetition=n) for component in (1, 2, 3, 5, 7)}
    return Name(part[1], part[2], part[3], part[7], part[5])


def _place(pid: Segment, n: int) -> Place:
    part = {component: pid.get(11, component, repetition=n) for component in (2, 3, 5, 6, 7, 9)}
    return Place(
        line=pid.get(11, 1, 1, repetition=n),
        other=part[2],
        city=part[3],
        postal_code=part[5],
        country=part[6],
        kind=part[7],
        county=part[9],
    )


def _visit(pv1: Segment) -> Visit:
    return Visit(
        class_=pv1.get(2),
        unit=pv1.get(3),
        number=identifier(pv1, 19) if pv1.get(19) else None,
        admitted=pv1.get(44),
        discharged=pv1.get(45),
        status=pv1.get(51),
    )


def _movement(zbe: Segment) -> Movement:
    parts = [zbe.get(1, component) for component in (1, 2, 3, 4)]
    while parts and not parts[-1]:
        parts.pop()
    return Movement(
        id=tuple(parts),
        at=zbe.get(2),
        action=zbe.get(4),
        historic=zbe.get(5),
        original=zbe.get(6),
        responsible=_unit(zbe, 7),
        care=_unit(zbe, 8),
        nature=zbe.get(9),
        forbidden=zbe.get(3),
    )


def _unit(zbe: Segment, field: int) -> Unit | None:
    return Unit(zbe.get(field, 10), zbe.get(field, 1), zbe.get(field, 6)) if zbe.filled(field) else None


def _consent(zfa: Segment) -> Consent:
    return Consent(
        dmp_status=zfa.get(1),
        dmp_at=zfa.get(2),
        dmp_closed=zfa.get(3),
        feed=zfa.get(9),
        feed_at=zfa.get(10),
        consult=zfa.get(11),
        consult_at=zfa.get(12),
        obsolete=tuple((number, zfa.get(number)) for number in range(4, 9) if zfa.get(number)),
    )


def _details(zfd: Segment) -> Details:
    return Details(*(zfd.get(number) for number in range(3, 9)))
