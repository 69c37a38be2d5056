"""The reference population: a few people and places, one for each case a scenario needs, each with a reference name.

The file is generated data, written by ``python -m scripts.generate_population``; every identifier belongs to nobody.
"""

from __future__ import annotations

import json
from functools import cache

from simulators.core.shipped import shipped
from simulators.population.population import Population


@cache
def reference_population() -> Population:
    """The shipped reference population, read once.

    Patients: adult, adult-woman, minor (two guardians), newborn, no-dmp, closed-dmp, blocking (blocks
    general-practitioner), opposed (to feeding and consultation), emergency-opposed (to bris de glace and to access by
    the regulation), several-names, ins-nia.
    Professionals: general-practitioner, treating-physician, hospital-specialist, biologist, radiologist, pharmacist,
    midwife, nurse, dentist, physiotherapist, medical-secretary, several-activities.
    Structures: hospital-legal-entity, hospital, laboratory, imaging-centre, pharmacy, town-practice, group-practice.
    """
    return Population.from_json(json.loads(shipped("seed_data", "population", "reference.json").read_bytes()))
