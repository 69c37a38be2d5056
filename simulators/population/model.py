"""Patients, professionals and structures as values; each kind lives in a module of its own.

Three ways in: built here or imported, every identifier is checked; ``adopted=True`` marks what the wire brought, whose
identifiers are kept as received whatever their key; ``as_received=True`` says the same of an ordinary member (a
published sample, an RPPS or FINESS with another key, someone adopted and then promoted).
``from_json(to_json(x)) == x`` for all. The JSON form is described by ``seed_data/population/schema.json``;
``from_json`` expects data of that shape.
"""

from __future__ import annotations

from simulators.population.patient import Address, DmpState, Oppositions, Patient, Sex
from simulators.population.population import DuplicateInPopulation, Population, PopulationRefused, UnknownReferenceName
from simulators.population.professional import Activity, Coded, Professional
from simulators.population.structure import Service, Structure, StructureKind

__all__ = [
    "Activity",
    "Address",
    "Coded",
    "DmpState",
    "DuplicateInPopulation",
    "Oppositions",
    "Patient",
    "Population",
    "PopulationRefused",
    "Professional",
    "Service",
    "Sex",
    "Structure",
    "StructureKind",
    "UnknownReferenceName",
]
