"""A PAM message written from its value: structures of MSH-9.3, order of segments and of Z segments (PAM §5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from simulators.core.hl7 import Field, Head, Raw, Reps, compose, seg
from simulators.core.hl7.writing import Part
from simulators.population.pam import names
from simulators.population.pam.model import Consent, Identifier, Identity, Movement, Name, PamEvent, Place, Unit, Visit


def build_pam(event: PamEvent, head: Head) -> bytes:
    """The octets of ``event``. Of ``head`` the parties, the instant, the control id, MSH-11 and the charset count.

    Raises ``KeyError``: an event PAM France has not, a charset HL7 has not.
    """
    kind = f"ADT^{event.event}^{names.STRUCTURES[event.event]}"
    header = replace(head, kind=kind, version=names.VERSION, profile=names.PROFILE, language="FR")
    return compose(header.segment(), *_segments(event), charset=head.charset)


def _segments(event: PamEvent) -> Iterator[str]:
    yield _segment("EVN", {2: event.recorded, 6: event.occurred})
    yield _segment("PID", _pid(event.identity))
    if event.merged:
        yield _segment("MRG", {1: Reps([_cx(one) for one in event.merged])})
    if event.visit is not None and event.event not in {"A40", "A47"}:
        yield _segment("PV1", _pv1(event.visit))
    if event.movement is not None:
        yield _segment("ZBE", _zbe(event.movement))
    if event.consent is not None:
        yield _segment("ZFA", _zfa(event.consent))
    if event.details is not None:
        told = event.details
        fields = (told.sms_consent, told.birth_date_modified, told.obtained_by, told.insi_at, told.proof)
        yield _segment("ZFD", dict(enumerate((*fields, told.proof_until), 3)))


def _segment(name: str, fields: Mapping[int, Field]) -> str:
    return seg(name, {number: value for number, value in fields.items() if value not in ("", [], {})})


def _pid(identity: Identity) -> dict[int, Field]:
    return {
        1: "1",
        3: Reps([_cx(one) for one in identity.identifiers]),
        5: Reps([_xpn(one) for one in identity.names]),
        7: identity.birth_date,
        8: identity.sex,
        11: Reps([_xad(one) for one in identity.places]) if identity.places else "",
        13: Reps([*map(_phone, identity.phones), *map(_mail, identity.mails)]) if _reachable(identity) else "",
        18: _cx(identity.account) if identity.account else "",
        31: "N",
        32: Reps(identity.statuses) if identity.statuses else "",
    }


def _reachable(identity: Identity) -> bool:
    return bool(identity.phones or identity.mails)


def _cx(one: Identifier) -> Mapping[int, Part]:
    authority = [one.authority, one.oid, one.scheme] if one.oid else [one.authority]
    return {1: _deletable(one.value), 4: authority, 5: one.kind}


def _deletable(value: str) -> Part:
    return Raw(value) if value == names.DELETED else value


def _xpn(name: Name) -> Mapping[int, Part]:
    return {1: _deletable(name.family), 2: name.given, 3: name.given_list, 5: name.prefix, 7: name.kind}


def _xad(place: Place) -> Mapping[int, Part]:
    fields: dict[int, Part] = {1: place.line, 2: place.other, 3: place.city, 5: place.postal_code, 6: place.country}
    fields[7] = place.kind
    return {**fields, 9: place.county} if place.county else fields


def _phone(number: str) -> Mapping[int, Part]:
    return {2: "PRN", 3: "PH", 12: number}


def _mail(address: str) -> Mapping[int, Part]:
    return {2: "NET", 3: "Internet", 4: address}


def _pv1(visit: Visit) -> dict[int, Field]:
    return {
        1: "1",
        2: visit.class_,
        3: visit.unit,
        19: _cx(visit.number) if visit.number else "",
        44: visit.admitted,
        45: visit.discharged,
        51: visit.status,
    }


def _zbe(movement: Movement) -> dict[int, Field]:
    return {
        1: list(movement.id),
        2: movement.at,
        3: movement.forbidden,
        4: movement.action,
        5: movement.historic,
        6: movement.original,
        7: _xon(movement.responsible),
        8: _xon(movement.care),
        9: movement.nature,
    }


def _xon(unit: Unit | None) -> Field:
    return {1: unit.label, 6: unit.authority, 7: "UF", 10: unit.code} if unit is not None else ""


def _zfa(consent: Consent) -> dict[int, Field]:
    return {
        1: consent.dmp_status,
        2: consent.dmp_at,
        3: consent.dmp_closed,
        **dict(consent.obsolete),
        9: consent.feed,
        10: consent.feed_at,
        11: consent.consult,
        12: consent.consult_at,
    }
