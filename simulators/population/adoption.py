"""The product's own data are welcome: policy ``unknown: adopt | warn | refuse``, per family.

An unknown structure, professional or patient is registered as received, journalled as adopted and
served; under ``warn`` the rule's finding is a warning besides; under ``refuse`` it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from simulators.core.errors import Refused
from simulators.core.exchange import Call
from simulators.core.rules import Level, Rule, Verdict
from simulators.core.store.api import Tx
from simulators.population import registry
from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.ins import Ins
from simulators.population.model import Activity, Patient, Professional, Sex, Structure

Item = TypeVar("Item")


@dataclass(frozen=True)
class Traits:
    """What a message says of a person nobody knew; absent values are made up visibly."""

    birth_name: str = "INCONNU"
    given_names: tuple[str, ...] = ("INCONNU",)
    used_name: str | None = None
    sex: Sex | None = None
    birth_date: date | None = None
    birth_place: str = ""


def known_structure(
    call: Call, struct_idnat: str, where: str, rule: Rule, *, name: str = "", sector: str = ""
) -> Structure:
    """The structure, adopted when the world allows it. Raises ``Refused``."""

    def make() -> Structure:
        identifier = StructIdNat.as_received(struct_idnat)
        label = name or f"Structure {struct_idnat}"
        return Structure(struct_idnat, identifier, label, "other", sector, finess=identifier.finess, adopted=True)

    return _known(call, "structures", struct_idnat, where, rule, registry.structure, make, registry.save_structure)


def known_professional(
    call: Call,
    ps_idnat: str,
    where: str,
    rule: Rule,
    *,
    family: str = "",
    given: str = "",
    activities: tuple[Activity, ...] = (),
) -> Professional:
    """The professional, adopted when the world allows it. Raises ``Refused``."""

    def make() -> Professional:
        identifier = PsIdNat.as_received(ps_idnat)
        return Professional(ps_idnat, identifier, family or "INCONNU", given, "", activities, adopted=True)

    return _known(call, "professionals", ps_idnat, where, rule, registry.professional, make, registry.save_professional)


def known_patient(call: Call, ins: Ins, where: str, rule: Rule, traits: Traits | None = None) -> Patient:
    """The patient, adopted with an active DMP when the world allows it. Raises ``Refused``."""

    def make() -> Patient:
        known = traits or Traits()
        return Patient(
            slug=ins.matricule,
            ins=ins,
            given_names=known.given_names,
            birth_name=known.birth_name,
            used_name=known.used_name,
            sex=known.sex or ("F" if ins.matricule[:1] in {"2", "4", "8"} else "M"),
            birth_date=known.birth_date or birth_of(ins.matricule, call.business_now.year),
            birth_place=known.birth_place or ins.matricule[5:10],
            dmp_state="active",
            internet_account=True,
            attached_to_mes=True,
            adopted=True,
        )

    return _known(call, "patients", ins.matricule, where, rule, registry.patient, make, registry.save_patient)


def better_known(tx: Tx, patient: Patient, traits: Traits) -> None:
    """Fills in the made-up traits of an adopted patient once a document tells them."""
    if patient.adopted and patient.birth_name == Traits.birth_name and traits.birth_name != Traits.birth_name:
        better = replace(
            patient,
            birth_name=traits.birth_name,
            given_names=traits.given_names,
            used_name=traits.used_name,
            sex=traits.sex or patient.sex,
            birth_date=traits.birth_date or patient.birth_date,
        )
        registry.save_patient(tx, better)


def birth_of(matricule: str, this_year: int) -> date:
    """Year and month of a matricule, in the latest century that is not to come; the first of the month.

    Digits that tell neither (fictitious months 20 and above, a damaged number) give January, year 00.
    """
    year, month = _number(matricule[1:3]), _number(matricule[3:5])
    century = this_year - this_year % 100
    whole = century + year if century + year <= this_year else century - 100 + year
    return date(max(whole, 1), month if 1 <= month <= 12 else 1, 1)


def _number(digits: str) -> int:
    """``isdigit`` alone also holds for characters that are no number to ``int``."""
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _known(
    call: Call,
    family: str,
    identifier: str,
    where: str,
    rule: Rule,
    find: Callable[[Tx, str], Item | None],
    make: Callable[[], Item],
    save: Callable[[Tx, Item], None],
) -> Item:
    found = find(call.tx, identifier)
    if found is not None:
        return found
    choice = call.world.policy.on_unknown(family)
    if choice != "adopt":
        level = Level.REFUSE if choice == "refuse" else Level.WARN
        finding = replace(
            rule.finding(where, found=identifier, expected=f"known to world {call.world.name}"), level=level
        )
        call.verdict = call.verdict + Verdict((finding,))
        if choice == "refuse":
            raise Refused(call.verdict)
    made = make()
    save(call.tx, made)
    call.adopted(family, identifier)
    return made
