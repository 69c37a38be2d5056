"""The patients of the record: the population of the world, and what PAM tells of them.

A patient of the population is known with a qualified identity until PAM says otherwise; whoever was only adopted from
somebody's message is none of this hospital's patients.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Self

from sqlalchemy import Column, Integer, Row, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import index_key
from simulators.population import registry
from simulators.population.identifiers import Ins
from simulators.population.model import Patient
from simulators.population.pam import PamEvent, PatientStanding, apply
from simulators.population.pam.names import VALIDATED
from simulators.population.pam.standing import absorbed

_patients = world_table(
    "dpi_patients",
    Column("number", Integer),
    Column("matricule", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("number",),
)
_references = world_table(
    "dpi_patient_references", Column("reference", Text), Column("number", Integer, nullable=False), key=("reference",)
)
_WORDS: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as this record knows them. ``key`` names them here (the matricule where there is one); ``birth_date``
    is YYYYMMDD; ``status`` PID-32; ``opposed`` to the feeding of the DMP (ZFA-9 IO); ``source`` population or pam."""

    key: str
    slug: str
    matricule: str
    oid: str
    birth_name: str
    used_name: str
    given_names: tuple[str, ...]
    birth_date: str
    sex: str
    birth_place: str
    status: str = VALIDATED
    opposed: bool = False
    secret: bool = False
    ipp: str = ""
    account: str = ""
    visit: str = ""
    visit_class: str = ""
    source: str = "population"

    @property
    def qualified(self) -> bool:
        """Whether the INS may be used (IHE PAM FR 6.6.15)."""
        return bool(self.matricule) and self.status == VALIDATED

    @property
    def name(self) -> str:
        """As shown to people."""
        return " ".join(filter(None, (self.used_name or self.birth_name, next(iter(self.given_names), ""))))

    @property
    def local(self) -> str:
        """The number of the hospital; one made here when nobody told any."""
        return self.ipp or f"P{int.from_bytes(hashlib.sha256(self.key.encode()).digest()[:4], 'big'):010d}"

    def traits(self) -> dict[str, str]:
        """The five strict traits, as they are compared."""
        return {
            "birth name": folded(self.birth_name),
            "given names": folded(" ".join(self.given_names)),
            "birth date": self.birth_date,
            "sex": self.sex,
            "birth place": self.birth_place,
        }

    def as_patient(self) -> Patient:
        """For whoever builds a document. The INS is the one of the record, empty when there is none."""
        return Patient(
            slug=self.slug,
            ins=Ins.as_received(self.matricule, self.oid),
            given_names=self.given_names or ("INCONNU",),
            birth_name=self.birth_name,
            sex="F" if self.sex == "F" else "M",
            birth_date=_born(self.birth_date),
            birth_place=self.birth_place,
            used_name=self.used_name or None,
            adopted=True,
        )

    @classmethod
    def of_population(cls, patient: Patient) -> Self:
        return cls(
            key=patient.ins.matricule,
            slug=patient.slug,
            matricule=patient.ins.matricule,
            oid=patient.ins.oid,
            birth_name=patient.birth_name,
            used_name=patient.used_name or "",
            given_names=patient.given_names,
            birth_date=patient.birth_date.strftime("%Y%m%d"),
            sex=patient.sex,
            birth_place=patient.birth_place,
            opposed=patient.oppositions.alimentation,
        )

    @classmethod
    def of_standing(cls, standing: PatientStanding, matricule: str, slug: str) -> Self:
        """``matricule`` is the INS that the patient had, also when it may not be used any more."""
        own = next(iter(standing.references), "")
        ipp = next((one for one in standing.references if one.startswith("PI:")), "")
        stay = standing.stay
        return cls(
            key=matricule or own,
            slug=slug or matricule or own,
            matricule=standing.ins,
            oid=standing.ins_oid,
            birth_name=standing.family,
            used_name=standing.used_name,
            given_names=tuple(filter(None, _WORDS.split(standing.given_list or standing.given))),
            birth_date=standing.birth_date[:8],
            sex=standing.sex,
            birth_place=standing.birth_place,
            status=standing.status,
            opposed=not standing.may_feed,
            secret=standing.secret,
            ipp=ipp.partition("|")[2],
            account=stay.account if stay else "",
            visit=stay.number if stay else "",
            visit_class=stay.class_ if stay else "",
            source="pam",
        )


def _born(text: str) -> date:
    """The date of a PID-7; what it does not tell is the first of it, and a text that tells nothing is 1900."""
    for form in ("%Y%m%d", "%Y%m", "%Y"):
        with suppress(ValueError):
            return datetime.strptime(text[:8], form).date()
    return date(1900, 1, 1)


def folded(text: str) -> str:
    """Letters of one case, one blank between words: how strict traits are compared."""
    return " ".join(_WORDS.split(text.upper())).strip()


def everyone(tx: Tx) -> list[Person]:
    """Every patient of the record, by name."""
    told = [(_standing(row), row.matricule) for row in tx.find(_patients)]
    known = {matricule for _, matricule in told}
    slugs = {patient.ins.matricule: patient.slug for patient in registry.patients(tx)}
    found = [Person.of_standing(s, m, slugs.get(m, "")) for s, m in told if not s.merged_into]
    found += [Person.of_population(p) for p in _own(tx) if p.ins.matricule not in known]
    return sorted(found, key=lambda person: (person.name, person.key))


def find(tx: Tx, name: str) -> Person | None:
    """By matricule, reference name, number of the hospital, or key."""
    known = by_matricule(tx, name)
    return known or next((p for p in everyone(tx) if name and name in {p.key, p.slug, p.matricule, p.ipp}), None)


def by_matricule(tx: Tx, matricule: str) -> Person | None:
    """Whoever has, or had, this INS."""
    row = next(iter(tx.find(_patients, matricule=matricule)), None) if matricule else None
    if row is not None:
        standing = _standing(row)
        patient = registry.patient(tx, matricule)
        return (
            None if standing.merged_into else Person.of_standing(standing, matricule, patient.slug if patient else "")
        )
    patient = registry.patient(tx, matricule)
    return Person.of_population(patient) if patient is not None and not patient.adopted else None


def by_traits(tx: Tx, traits: dict[str, str]) -> Person | None:
    """The only patient with these five traits."""
    found = [person for person in everyone(tx) if person.traits() == traits]
    return found[0] if len(found) == 1 else None


def told(tx: Tx, event: PamEvent) -> Person | None:
    """Applies a PAM message; its patient afterwards, None when it changes nothing."""
    if not event.known:
        return None
    if event.event == "A40":
        _absorb(tx, event)
    row = _row(tx, event.references or event.merged_references)
    before = _standing(row) if row is not None else _of_population(tx, event)
    standing = apply(before, event)
    matricule = standing.ins or (row.matricule if row is not None else before.ins if before is not None else "")
    number = row.number if row is not None else tx.counter("dpi.patients")
    _save(tx, number, matricule or _same_traits(tx, standing), standing)
    return Person.of_standing(standing, matricule, "")


def _absorb(tx: Tx, event: PamEvent) -> None:
    row = _row(tx, event.merged_references)
    number = row.number if row is not None else tx.counter("dpi.patients")
    _save(tx, number, "", absorbed(_standing(row) if row is not None else None, event))


def _save(tx: Tx, number: int, matricule: str, standing: PatientStanding) -> None:
    data = json.dumps(standing.to_json(), ensure_ascii=False)
    tx.put(_patients, number=number, matricule=matricule, data=data)
    tx.delete(_references, number=number)
    for reference in standing.references:
        tx.put(_references, reference=index_key(reference), number=number)


def _row(tx: Tx, references: tuple[str, ...]) -> Row[Any] | None:
    for reference in references:
        found = tx.get(_references, reference=index_key(reference))
        if found is not None:
            return tx.get(_patients, number=found.number)
    return None


def _standing(row: Row[Any]) -> PatientStanding:
    return PatientStanding.from_json(json.loads(row.data))


def _of_population(tx: Tx, event: PamEvent) -> PatientStanding | None:
    """What is known of a patient of the population before the first message about them."""
    patient = registry.patient(tx, event.ins.value) if event.ins is not None else None
    if patient is None or patient.adopted:
        return None
    feed = "IO" if patient.oppositions.alimentation else "NA"
    return PatientStanding(status=VALIDATED, ins=patient.ins.matricule, ins_oid=patient.ins.oid, feed=feed)


def _same_traits(tx: Tx, standing: PatientStanding) -> str:
    """The matricule of the patient of the population that a message without a usable INS is about."""
    person = Person.of_standing(standing, "", "")
    same = [p for p in _own(tx) if Person.of_population(p).traits() == person.traits()]
    return same[0].ins.matricule if len(same) == 1 else ""


def _own(tx: Tx) -> Iterator[Patient]:
    return (patient for patient in registry.patients(tx) if not patient.adopted)
