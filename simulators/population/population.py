"""A whole population: patients, professionals, structures, their look-up and their JSON file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Self, TypeVar

from simulators.core.shipped import shipped
from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.ins import Ins
from simulators.population.json_form import Json
from simulators.population.patient import Patient
from simulators.population.professional import Professional
from simulators.population.structure import Structure

_Item = TypeVar("_Item", Patient, Professional, Structure)

_MOST_PROBLEMS = 50


class UnknownReferenceName(LookupError):
    """No patient, professional or structure bears that reference name; the message lists those that exist."""


class DuplicateInPopulation(ValueError):
    """Two members of one kind share a reference name or an identifier."""


class PopulationRefused(ValueError):
    """An imported file is not a population; ``problems`` holds (JSON pointer, message) pairs."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{pointer or '/'}: {message}" for pointer, message in problems))


@dataclass(frozen=True)
class Population:
    """Patients, professionals and structures; reference names and identifiers are unique within each kind.

    Raises ``DuplicateInPopulation``. References between members may dangle (an imported extract): see ``dangling``.
    """

    patients: tuple[Patient, ...] = ()
    professionals: tuple[Professional, ...] = ()
    structures: tuple[Structure, ...] = ()

    def __post_init__(self) -> None:
        for members in (self.patients, self.professionals, self.structures):
            _refuse_repeats("reference name", (member.slug for member in members))
        _refuse_repeats("INS", (patient.ins.cx() for patient in self.patients))
        _refuse_repeats("PS_IdNat", (professional.ps_idnat.value for professional in self.professionals))
        _refuse_repeats("Struct_IdNat", (structure.struct_idnat.value for structure in self.structures))

    def patient(self, slug: str) -> Patient:
        """The patient of that reference name, e.g. ``adult``. Raises ``UnknownReferenceName``."""
        return _named("patient", slug, self._patients_by_slug)

    def professional(self, slug: str) -> Professional:
        """The professional of that reference name. Raises ``UnknownReferenceName``."""
        return _named("professional", slug, self._professionals_by_slug)

    def structure(self, slug: str) -> Structure:
        """The structure of that reference name. Raises ``UnknownReferenceName``."""
        return _named("structure", slug, self._structures_by_slug)

    def find_patient(self, ins: Ins) -> Patient | None:
        """The patient with that matricule and authority, else None."""
        return self._patients_by_ins.get(ins)

    def find_professional(self, ps_idnat: PsIdNat) -> Professional | None:
        """The professional with that PS_IdNat, else None."""
        return self._professionals_by_id.get(ps_idnat)

    def find_structure(self, struct_idnat: StructIdNat) -> Structure | None:
        """The structure with that Struct_IdNat, else None."""
        return self._structures_by_id.get(struct_idnat)

    def dangling(self) -> Iterator[tuple[str, str]]:
        """(reference name of the holder, identifier) of each reference to someone who is not in this population."""
        for patient in self.patients:
            yield from ((patient.slug, ins.cx()) for ins in patient.guardians if self.find_patient(ins) is None)
            for ps_idnat in (*patient.blocked_professionals, *patient.treating_physicians):
                if self.find_professional(ps_idnat) is None:
                    yield patient.slug, ps_idnat.value
        for professional in self.professionals:
            for activity in professional.activities:
                if self.find_structure(activity.structure) is None:
                    yield professional.slug, activity.structure.value
        for structure in self.structures:
            if structure.legal_entity and self.find_structure(structure.legal_entity) is None:
                yield structure.slug, structure.legal_entity.value

    def to_json(self) -> Json:
        """``{"patients": [...], "professionals": [...], "structures": [...]}``."""
        return {
            "patients": [patient.to_json() for patient in self.patients],
            "professionals": [professional.to_json() for professional in self.professionals],
            "structures": [structure.to_json() for structure in self.structures],
        }

    def dumps(self) -> bytes:
        """The population file: UTF-8 JSON, one space of indent, final line feed. Same population, same bytes."""
        return (json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Inverse of ``to_json`` for data that already has the right shape.

        Raises ``InvalidIdentifier``, ``DuplicateInPopulation``, and ``KeyError`` or ``TypeError`` on another shape.
        """
        return cls(
            tuple(Patient.from_json(patient) for patient in data.get("patients", ())),
            tuple(Professional.from_json(professional) for professional in data.get("professionals", ())),
            tuple(Structure.from_json(structure) for structure in data.get("structures", ())),
        )

    @classmethod
    def loads(cls, content: bytes) -> Self:
        """Read a population file given by a user, against the schema.

        Raises ``PopulationRefused`` for what is no JSON or not of the schema, then as ``from_json``.
        """
        try:
            data = json.loads(content)
            # A lone surrogate passes as a JSON escape but can never be written back.
            json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise PopulationRefused([("", f"not JSON: {error}")]) from error
        problems = list(islice(_schema_problems(data), _MOST_PROBLEMS))
        if problems:
            raise PopulationRefused(problems)
        return cls.from_json(data)

    @cached_property
    def _patients_by_slug(self) -> Mapping[str, Patient]:
        return {patient.slug: patient for patient in self.patients}

    @cached_property
    def _professionals_by_slug(self) -> Mapping[str, Professional]:
        return {professional.slug: professional for professional in self.professionals}

    @cached_property
    def _structures_by_slug(self) -> Mapping[str, Structure]:
        return {structure.slug: structure for structure in self.structures}

    @cached_property
    def _patients_by_ins(self) -> Mapping[Ins, Patient]:
        return {patient.ins: patient for patient in self.patients}

    @cached_property
    def _professionals_by_id(self) -> Mapping[PsIdNat, Professional]:
        return {professional.ps_idnat: professional for professional in self.professionals}

    @cached_property
    def _structures_by_id(self) -> Mapping[StructIdNat, Structure]:
        return {structure.struct_idnat: structure for structure in self.structures}


def _named(kind: str, slug: str, members: Mapping[str, _Item]) -> _Item:
    if slug not in members:
        raise UnknownReferenceName(f"no {kind} is called {slug!r}; known: {', '.join(list(members)[:50])}")
    return members[slug]


def _refuse_repeats(what: str, values: Iterator[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise DuplicateInPopulation(f"{what} given twice: {', '.join(repeated[:5])}")


def _schema_problems(data: Any) -> Iterator[tuple[str, str]]:
    # Only an import needs it, and it takes longer to load than the rest of this room.
    from jsonschema import Draft202012Validator

    schema = json.loads(shipped("seed_data", "population", "schema.json").read_bytes())
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(data):
        yield "".join(f"/{part}" for part in error.absolute_path), error.message[:300]
