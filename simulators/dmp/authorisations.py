"""Authorisations of professionals on a patient's DMP: individual, six months, renewable (facts dmp §4.2).

A row says when access was granted; whether it has lapsed is compared at each read, so no due row exists. What the
patient decides (blocked professionals, treating physicians) stays with the patient, in the population.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import BigInteger, Column, Text

from simulators.core.clock import add_period, from_us, to_us
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.population import registry
from simulators.population.identifiers import PsIdNat
from simulators.population.model import Patient

Status = Literal["VALIDE", "EXPIRE", "INTERDIT", "NON_EXISTE"]
VALID: Final = "VALIDE"
EXPIRED: Final = "EXPIRE"
FORBIDDEN: Final = "INTERDIT"
ABSENT: Final = "NON_EXISTE"
LIFE: Final = "P6M"

_authorisations = world_table(
    "dmp_authorisations",
    Column("matricule", Text),
    Column("holder", Text),
    Column("granted_us", BigInteger, nullable=False),
    Column("structure", Text, nullable=False),
    key=("matricule", "holder"),
)


def status(tx: Tx, patient: Patient, ps_idnat: str, structure: str, now: datetime) -> Status:
    """The status of a professional at ``now`` (business time): a block wins, then the best of the professional's own
    authorisation and of the one that staff recorded for the structure (PDT-INF-526 note 1)."""
    if is_blocked(patient, ps_idnat):
        return FORBIDDEN
    granted = [when for when in (granted_at(tx, patient, h) for h in (ps_idnat, structure)) if when is not None]
    if not granted:
        return ABSENT
    return VALID if any(now < lapses_at(when) for when in granted) else EXPIRED


def grant(tx: Tx, patient: Patient, holder: str, structure: str, now: datetime) -> bool:
    """Records access for ``holder`` (PS_IdNat, or Struct_IdNat for staff); false when a valid one stood already,
    which is left as it is."""
    when = granted_at(tx, patient, holder)
    if when is not None and now < lapses_at(when):
        return False
    tx.put(_authorisations, matricule=patient.ins.matricule, holder=holder, granted_us=to_us(now), structure=structure)
    return True


def withdraw(tx: Tx, patient: Patient, holder: str) -> bool:
    """Removes the access of ``holder``; false when there was none."""
    return tx.delete(_authorisations, matricule=patient.ins.matricule, holder=holder) > 0


def granted_at(tx: Tx, patient: Patient, holder: str) -> datetime | None:
    """The business instant of the last grant, lapsed or not."""
    row = tx.get(_authorisations, matricule=patient.ins.matricule, holder=holder)
    return from_us(row.granted_us) if row is not None else None


def lapses_at(granted: datetime) -> datetime:
    """Six calendar months later in Europe/Paris, the day clipped to the end of the month; at that instant it has
    lapsed."""
    return add_period(granted, LIFE)


def holders(tx: Tx, patient: Patient) -> dict[str, datetime]:
    """Everyone with an authorisation on that DMP, lapsed ones included, and when it was granted."""
    return {row.holder: from_us(row.granted_us) for row in tx.find(_authorisations, matricule=patient.ins.matricule)}


def is_blocked(patient: Patient, ps_idnat: str) -> bool:
    """Whether the patient blocked that professional."""
    return any(blocked.value == ps_idnat for blocked in patient.blocked_professionals)


def is_treating(patient: Patient, ps_idnat: str) -> bool:
    """Whether the professional is a treating physician of the patient; there may be several."""
    return any(physician.value == ps_idnat for physician in patient.treating_physicians)


def set_treating(tx: Tx, patient: Patient, ps_idnat: str, treating: bool) -> bool:
    """Adds or removes a treating physician; false when nothing changes."""
    if is_treating(patient, ps_idnat) == treating:
        return False
    changed = PsIdNat.as_received(ps_idnat)
    others = tuple(physician for physician in patient.treating_physicians if physician.value != ps_idnat)
    # A physician adopted with a wrong key may come to treat a patient of the reference population.
    adopted = patient.adopted or not changed.validity
    physicians = (*others, changed) if treating else others
    registry.save_patient(tx, replace(patient, treating_physicians=physicians, adopted=adopted))
    return True
