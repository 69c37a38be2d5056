"""An identity of the hospital, its stay and the movements of that stay, as values with a plain-JSON form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from simulators.population.model import Patient
from simulators.population.pam import names

_DMP: Final = {"active": "ACTIF", "closed": "FERME", "none": "INEXISTANT"}


@dataclass(frozen=True, slots=True)
class Move:
    """One movement: ``id`` is ZBE-1.1, ``event`` the one that made it, ``at`` a TS."""

    id: str
    event: str
    at: str
    unit: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """One stay or visit. ``number`` PV1-19, ``account`` PID-18, ``class_`` PV1-2; ``state`` as in ``pam.standing``."""

    number: str
    account: str
    class_: str
    state: str
    admitted: str = ""
    discharged: str = ""
    moves: tuple[Move, ...] = ()

    @property
    def open(self) -> bool:
        return self.state not in {"discharged", "cancelled"}

    @property
    def current(self) -> Move | None:
        """The last movement that was not cancelled."""
        return next((move for move in reversed(self.moves) if not move.cancelled), None)

    @property
    def unit(self) -> str:
        return self.current.unit if self.current is not None else ""

    def last(self, *events: str) -> Move | None:
        """The last movement, if one of these events made it."""
        return self.current if self.current is not None and self.current.event in events else None

    def changed(self, move: Move) -> Self:
        """With this movement in place of the one of the same identifier."""
        return replace(self, moves=tuple(move if one.id == move.id else one for one in self.moves))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "moves": tuple(Move(**move) for move in data["moves"])})


@dataclass(frozen=True, slots=True)
class Record:
    """One identity. ``slug`` is its reference name in the population; ``birth_date`` YYYYMMDD; ``birth_place`` an INSEE
    code; ``status`` PID-32; ``feed`` and ``consult`` as ZFA-9 and ZFA-11; ``merged_into`` an IPP."""

    ipp: str
    slug: str = ""
    family: str = ""
    used_name: str = ""
    given: str = ""
    given_list: str = ""
    birth_date: str = ""
    sex: str = ""
    birth_place: str = ""
    line: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    mail: str = ""
    ins: str = ""
    ins_oid: str = ""
    status: str = names.PROVISIONAL
    obtained_by: str = ""
    proof: str = ""
    qualified_at: str = ""
    dmp_status: str = ""
    dmp_closed: str = ""
    feed: str = names.NOT_ASKED
    feed_at: str = ""
    consult: str = names.NOT_ASKED
    consult_at: str = ""
    merged_into: str = ""
    stay: Episode | None = None

    @property
    def validated(self) -> bool:
        return self.status == names.VALIDATED

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``from_json`` is the inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "stay": Episode.from_json(data["stay"]) if data.get("stay") else None})

    @classmethod
    def of_population(cls, patient: Patient) -> Self:
        """A qualified identity, as the population says; what it opposes was told to the hospital."""
        address, opposed = patient.address, patient.oppositions
        closed = patient.dmp_closed_on
        return cls(
            ipp=number_of(patient.ins.matricule),
            slug=patient.slug,
            family=patient.birth_name,
            used_name=patient.used_name or "",
            given=patient.given_names[0],
            given_list=" ".join(patient.given_names),
            birth_date=patient.birth_date.strftime("%Y%m%d"),
            sex=patient.sex,
            birth_place=patient.birth_place,
            line=" ".join(address.lines) if address else "",
            postal_code=address.postal_code if address else "",
            city=address.city if address else "",
            phone=patient.phone or "",
            mail=patient.email or "",
            ins=patient.ins.matricule,
            ins_oid=patient.ins.oid,
            status=names.VALIDATED,
            obtained_by="INSI",
            proof="CN",
            dmp_status=_DMP[patient.dmp_state],
            dmp_closed=closed.strftime("%Y%m%d") if closed else "",
            feed=names.FEED_OPPOSED if opposed.alimentation else names.NOT_ASKED,
            consult=names.CONSULT_REFUSED if opposed.consultation else names.NOT_ASKED,
        )


def number_of(matricule: str) -> str:
    """The IPP of a patient of the population: always the same, so that it needs no row before it is used."""
    return f"P{int.from_bytes(hashlib.sha256(matricule.encode()).digest()[:4], 'big'):010d}"
