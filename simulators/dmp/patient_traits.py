"""What a CDA header tells of its patient, in the terms of adoption."""

from __future__ import annotations

from datetime import date
from typing import Final

from simulators.documents.cda.model import Patient as CdaPatient
from simulators.population.adoption import Traits
from simulators.population.model import Sex

_SEXES: Final[dict[str, Sex]] = {"M": "M", "F": "F"}


def traits_of(patient: CdaPatient) -> Traits:
    """Birth name and given names, usage name, sex, birth date and place; absent ones keep the made-up values."""
    given = patient.birth_given or patient.given_names
    names = tuple((patient.given_names or given).text.split()) if given else ()
    return Traits(
        birth_name=patient.birth_family.text if patient.birth_family and patient.birth_family.text else "INCONNU",
        given_names=names or ("INCONNU",),
        used_name=patient.used_family.text or None if patient.used_family else None,
        sex=_SEXES.get(patient.sex.code) if patient.sex else None,
        birth_date=_date(patient.birth_time.value if patient.birth_time else ""),
        birth_place=patient.birth_place.text if patient.birth_place else "",
    )


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
