"""What admissions told this PFI of patients (ADT of IHE PAM France): feeding depends on it (facts pfi §3.1, §5).

Each standing has a number; every identifier that leads to it is a reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Column, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import index_key
from simulators.documents.hl7.model import PatientTraits
from simulators.population.pam import PamEvent, PatientStanding, apply
from simulators.population.pam.names import INS, IPP
from simulators.population.pam.standing import absorbed

_standings: Final = world_table(
    "pfi_patients", Column("number", BigInteger), Column("data", Text, nullable=False), key=("number",)
)
_references: Final = world_table(
    "pfi_patient_references",
    Column("reference", Text),
    Column("number", BigInteger, nullable=False),
    key=("reference",),
)


def learn(tx: Tx, event: PamEvent) -> PatientStanding:
    """The standing after an event that PAM has; after a merge the former identifiers lead to the patient that stays."""
    number = _number(tx, event.references) or _number(tx, event.merged_references)
    if event.event == "A40":
        number = _number(tx, event.references)
    taken = number or tx.counter("pfi_patients")
    after = apply(_standing(tx, taken), event)
    _save(tx, taken, after)
    gone = _number(tx, event.merged_references) if event.event == "A40" else 0
    if gone and gone != taken:
        tx.put(_standings, number=gone, data=_dump(absorbed(_standing(tx, gone), event)))
        tx.update(_references, {"number": taken}, number=gone)
    return after


def known(tx: Tx, patient: PatientTraits) -> PatientStanding | None:
    """That of the patient of a document: by the local number, else by the INS."""
    issuer = patient.issuer.id or patient.issuer.name
    own = [f"{IPP}:{issuer}|{patient.ipp}"] if patient.ipp else []
    return _standing(tx, _number(tx, [*own, *([f"{INS}:{patient.ins}"] if patient.ins else [])]))


def every(tx: Tx) -> list[PatientStanding]:
    """In the order in which they were first heard of."""
    return [PatientStanding.from_json(json.loads(row.data)) for row in tx.find(_standings)]


def _number(tx: Tx, references: Iterable[str]) -> int:
    """0 when none is known."""
    for reference in references:
        row = tx.get(_references, reference=index_key(reference))
        if row is not None:
            return int(row.number)
    return 0


def _standing(tx: Tx, number: int) -> PatientStanding | None:
    row = tx.get(_standings, number=number) if number else None
    return None if row is None else PatientStanding.from_json(json.loads(row.data))


def _save(tx: Tx, number: int, standing: PatientStanding) -> None:
    tx.put(_standings, number=number, data=_dump(standing))
    tx.delete(_references, number=number)
    for reference in standing.references:
        tx.put(_references, reference=index_key(reference), number=number)


def _dump(standing: PatientStanding) -> str:
    return json.dumps(standing.to_json(), ensure_ascii=False, separators=(",", ":"))
