"""A world's own population: the reference one at birth, then what is imported or adopted.

Rows hold the JSON form of :mod:`simulators.population.model`; the key is the bare identifier, so that an
INS keeps its person whatever authority a message quotes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Column, Table, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.population.model import Patient, Population, Professional, Structure

_patients = world_table("patients", Column("matricule", Text), Column("data", Text, nullable=False), key=("matricule",))
_professionals = world_table(
    "professionals", Column("ps_idnat", Text), Column("data", Text, nullable=False), key=("ps_idnat",)
)
_structures = world_table(
    "structures", Column("struct_idnat", Text), Column("data", Text, nullable=False), key=("struct_idnat",)
)


def patient(tx: Tx, matricule: str) -> Patient | None:
    """The patient with this matricule (15 characters), or ``None``."""
    data = _data(tx, _patients, matricule=matricule)
    return Patient.from_json(json.loads(data)) if data else None


def save_patient(tx: Tx, value: Patient) -> None:
    tx.put(_patients, matricule=value.ins.matricule, data=_dump(value.to_json()))


def patients(tx: Tx) -> Iterator[Patient]:
    """Every patient of the world, by matricule."""
    for row in tx.find(_patients):
        yield Patient.from_json(json.loads(row.data))


def professional(tx: Tx, ps_idnat: str) -> Professional | None:
    """The professional with this PS_IdNat (``8`` + RPPS...), or ``None``."""
    data = _data(tx, _professionals, ps_idnat=ps_idnat)
    return Professional.from_json(json.loads(data)) if data else None


def save_professional(tx: Tx, value: Professional) -> None:
    tx.put(_professionals, ps_idnat=value.ps_idnat.value, data=_dump(value.to_json()))


def professionals(tx: Tx) -> Iterator[Professional]:
    for row in tx.find(_professionals):
        yield Professional.from_json(json.loads(row.data))


def structure(tx: Tx, struct_idnat: str) -> Structure | None:
    """The structure with this Struct_IdNat (``1`` + FINESS, ``3`` + SIRET...), or ``None``."""
    data = _data(tx, _structures, struct_idnat=struct_idnat)
    return Structure.from_json(json.loads(data)) if data else None


def save_structure(tx: Tx, value: Structure) -> None:
    tx.put(_structures, struct_idnat=value.struct_idnat.value, data=_dump(value.to_json()))


def structures(tx: Tx) -> Iterator[Structure]:
    for row in tx.find(_structures):
        yield Structure.from_json(json.loads(row.data))


def populate(tx: Tx, population: Population) -> None:
    """Writes a whole population into a world that has none yet."""
    tx.insert_many(_patients, [{"matricule": p.ins.matricule, "data": _dump(p.to_json())} for p in population.patients])
    tx.insert_many(
        _professionals,
        [{"ps_idnat": p.ps_idnat.value, "data": _dump(p.to_json())} for p in population.professionals],
    )
    tx.insert_many(
        _structures, [{"struct_idnat": s.struct_idnat.value, "data": _dump(s.to_json())} for s in population.structures]
    )


def merge(tx: Tx, population: Population) -> None:
    """Adds a population to a world; a member that exists is replaced."""
    for patient in population.patients:
        save_patient(tx, patient)
    for professional in population.professionals:
        save_professional(tx, professional)
    for structure in population.structures:
        save_structure(tx, structure)


def export(tx: Tx) -> Population:
    """The world's population as it stands now."""
    return Population(tuple(patients(tx)), tuple(professionals(tx)), tuple(structures(tx)))


def _data(tx: Tx, table: Table, **key: str) -> str | None:
    row = tx.get(table, **key)
    return row.data if row is not None else None


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
