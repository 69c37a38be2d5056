"""Who a verified VIHF speaks for, as the world knows them: known, or adopted as the world's policy says."""

from __future__ import annotations

from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.dmp import authorisations
from simulators.dmp import vihf as names
from simulators.dmp.model import Parties
from simulators.dmp.rights import column_of
from simulators.dmp.rules import identity as rules
from simulators.dmp.vihf import Vihf
from simulators.population import registry
from simulators.population.adoption import known_patient, known_professional, known_structure
from simulators.population.identifiers import Ins, StructIdNat
from simulators.population.model import Activity, Coded, Patient, Professional, Structure


def gather(call: Call, vihf: Vihf) -> Parties:
    """Structure, professional, patient, the caller's column and authorisation. Raises ``Refused``.

    An unknown patient in a world that refuses unknown ones is nobody: each operation says what that means.
    """
    structure = known_structure(
        call, vihf.structure, vihf.where(names.STRUCTURE), rules.UNKNOWN_STRUCTURE, sector=vihf.sector[0]
    )
    professional = known_professional(
        call,
        vihf.professional,
        vihf.where("NameID"),
        rules.UNKNOWN_PROFESSIONAL,
        family=vihf.get(names.SUBJECT_ID),
        activities=_activities(vihf),
    )
    call.find(*_unlinked(vihf, structure, professional))
    patient = _patient(call, vihf)
    treating = patient is not None and authorisations.is_treating(patient, vihf.professional)
    return Parties(
        structure=structure,
        professional=professional,
        patient=patient,
        column=column_of(vihf, treating=treating),
        authorisation=_authorisation(call, vihf, patient),
        treating=treating,
    )


def _activities(vihf: Vihf) -> tuple[Activity, ...]:
    if not vihf.roles:
        return ()
    profession, *others = (Coded(role.code, role.system) for role in vihf.roles)
    place = StructIdNat.as_received(vihf.structure)
    return (Activity(profession, next(iter(others), None), place, vihf.sector[0]),)


def _unlinked(vihf: Vihf, structure: Structure, professional: Professional) -> list[Finding]:
    """Only where the world knows both: of those it adopted it knows nothing else."""
    if structure.adopted or professional.adopted:
        return []
    if any(activity.structure == structure.struct_idnat for activity in professional.activities):
        return []
    expected = f"an activity in {structure.struct_idnat.value}"
    return [rules.NOT_LINKED.finding(vihf.where("NameID"), found=professional.ps_idnat.value, expected=expected)]


def _patient(call: Call, vihf: Vihf) -> Patient | None:
    if vihf.patient is None:
        return None
    known = registry.patient(call.tx, vihf.patient[0])
    if known is not None or call.world.policy.on_unknown("patients") == "refuse":
        return known
    return known_patient(call, Ins.as_received(*vihf.patient), vihf.where(names.RESOURCE_ID), rules.UNKNOWN_PATIENT)


def _authorisation(call: Call, vihf: Vihf, patient: Patient | None) -> str:
    if patient is None:
        return authorisations.ABSENT
    return authorisations.status(call.tx, patient, vihf.professional, vihf.structure, call.business_now)
