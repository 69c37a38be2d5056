"""A DMP client for any structure and author a file names, in the world of examinations."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulators.assembly.endpoints import describe_world
from simulators.assembly.holders import Pair
from simulators.clients.dmp.access import named
from simulators.clients.dmp.client import DmpClient
from simulators.clients.dmp.lot import Submitter
from simulators.clients.transport import Channel
from simulators.core.pki import Trust, client_context, dn_of, format_dn
from simulators.documents.cda.model import CdaDocument
from simulators.population.identifiers import INS_OIDS, PS_IDNAT_OID, STRUCT_IDNAT_OID
from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.ins import Ins
from simulators.population.model import Activity, Coded, Professional, Structure
from simulators.population.reference import reference_population

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

WORLD = "check"
PHYSICIAN = (Coded("10", "1.2.250.1.71.1.2.7"), Coded("SM26", "1.2.250.1.71.4.2.5"))


def speaker(sandbox: Sandbox, ids: Callable[[], uuid.UUID], structure: str = "", person: str = "") -> DmpClient:
    """Speaks with the certificates of ``structure`` as ``person``; our own when the file names none."""
    world = describe_world(sandbox, WORLD, certificates=False)
    ours = str(named(world, "structures", "hospital")["id"])
    person = person or str(named(world, "professionals", "hospital-specialist")["id"])
    structure, pair = _held(sandbox, structure or ours, ours)
    place = StructIdNat.as_received(structure)
    author = Professional(
        person, PsIdNat.as_received(person), "EXAMEN", "Fichier", "", (Activity(*PHYSICIAN, place, "SA01"),), True
    )
    held = Structure(structure, place, f"Structure {structure}", "hospital", "SA01", adopted=True)
    trust = Trust(sandbox.pki.roots)
    channel = Channel(
        f"{sandbox.url('dmp')}/w/{WORLD}", client_context(trust, pair.auth_cli), named=sandbox.settings.names
    )
    issuer = format_dn(dn_of(pair.sign.certificate.subject))
    return DmpClient(channel, Submitter(author, held, pair.sign), issuer, ids, sandbox.now)


def _held(sandbox: Sandbox, structure: str, ours: str) -> tuple[str, Pair]:
    """What no certificate can name (control characters...) is spoken for by us."""
    try:
        return structure, sandbox.holders.pair(WORLD, structure)
    except ValueError:
        return ours, sandbox.holders.pair(WORLD, ours)


def any_patient() -> Ins:
    """The patient of a file that names none: a test identifier of the reference population."""
    return reference_population().patient("adult").ins


def structure_of(cda: CdaDocument) -> str:
    """The Struct_IdNat of the first author that has one, else the empty string."""
    for author in cda.authors:
        for identifier in author.organization.ids if author.organization else ():
            if identifier.root == STRUCT_IDNAT_OID:
                return identifier.extension
    return ""


def person_of(cda: CdaDocument) -> str:
    """The PS_IdNat of the first author that has one, else the empty string."""
    found = (i.extension for author in cda.authors for i in author.ids if i.root == PS_IDNAT_OID)
    return next(found, "")


def patient_of(cda: CdaDocument) -> Ins | None:
    """The first INS of the patient, as written."""
    identifiers = cda.patient.ids if cda.patient else ()
    return next((Ins.as_received(i.extension, i.root) for i in identifiers if i.root in INS_OIDS), None)
