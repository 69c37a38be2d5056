"""Rights: the functional matrix, the patient's blocks and oppositions, the authorisation.

In this order: what the matrix refuses is not looked at further; then the state of the DMP, the block, the
authorisation, the oppositions to emergency access (order inferred, facts dmp §4.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from simulators.core.rules import Example, Finding
from simulators.dmp import authorisations
from simulators.dmp import vihf as names
from simulators.dmp.model import Parties
from simulators.dmp.rights import cell, column_of
from simulators.dmp.rules.making import ASSERTION, DENIED, INFERRED, OURS, SOURCED, STATEMENT, rule, simple
from simulators.dmp.vihf import Vihf

MATRICES: Final = "PDT-INF-526 v1.8, PDT-INF-606 v1.3"
CONSULTATION: Final = ("TD3.1", "TD3.2", "TD3.3a mask", "TD3.3a unmask", "TD3.3b", "TD3.3d")
"""Rows that want an active DMP, no block and, in normal mode, an authorisation."""
REFERENCE: Final = ("TD3.1b", "TD3.3c")
"""Rows that only want an active DMP: the look-up of a reference, and the deletion of one's own document."""
_PURPOSE_CODE = f"{STATEMENT}/saml2:Attribute[@Name='{names.PURPOSE}']/saml2:AttributeValue/hl7:PurposeOfUse/@code"
_NAME = f"{ASSERTION}/saml2:Subject/saml2:NameID"

MATRIX = rule(
    "RIGHT-MATRIX",
    "functional rights of the caller",
    "la matrice des droits fonctionnels n'autorise pas cette opération à ce profil",
    "the functional rights matrix does not allow this operation to this profile",
    "changez ce que la règle désigne : mode d'authentification (INDIRECTE pour alimenter, INDIRECTE_RENFORCEE pour "
    "consulter), mode d'accès, ou profil",
    "change what the rule points at: authentication mode (INDIRECTE to feed, INDIRECTE_RENFORCEE to consult), access "
    "mode, or profile",
    source=MATRICES,
    grade=SOURCED,
    code=DENIED,
    example=Example(_PURPOSE_CODE, "bris_de_glace", "normal"),
)
NO_DMP = rule(
    "RIGHT-NO-DMP",
    "state of the patient's DMP",
    "le patient n'a pas de DMP actif",
    "the patient has no active DMP",
    "testez l'existence du DMP (TD0.2) avant de consulter",
    "test the existence of the DMP (TD0.2) before consulting",
    source="ANS, PDSm pour le DMP (DMP active as prerequisite)",
    grade=INFERRED,
    code="XDSUnknownPatientId",
    form="registry",
    kind="state",
    needs=("RIGHT-MATRIX",),
    example=Example(simple(names.RESOURCE_ID), "closed", "active"),
)
BLOCKED = rule(
    "RIGHT-BLOCKED",
    "professionals blocked by the patient",
    "le patient a bloqué ce professionnel",
    "the patient blocked this professional",
    "l'accès est impossible, même avec l'accord oral du patient : lui seul peut lever le blocage",
    "access is impossible, even with the patient's oral consent: only the patient can lift the block",
    source="ANS, PDSm pour le DMP, transaction TD0.2",
    grade=SOURCED,
    code=DENIED,
    kind="state",
    needs=("RIGHT-MATRIX", "RIGHT-NO-DMP"),
    example=Example(_NAME, "INTERDIT", "VALIDE"),
)
AUTHORISATION = rule(
    "RIGHT-AUTHORISATION",
    "the professional's authorisation on the DMP",
    "le professionnel n'a pas d'autorisation valide sur ce DMP",
    "the professional has no valid authorisation on this DMP",
    "après information du patient, posez l'autorisation (TD0.3 AJOUT) puis recommencez",
    "once the patient is informed, set the authorisation (TD0.3 AJOUT), then try again",
    source="ANS, PDSm pour le DMP; Ségur DSR-HOP-DPI-Va2 v1.2",
    grade=SOURCED,
    code=DENIED,
    kind="state",
    needs=("RIGHT-MATRIX", "RIGHT-NO-DMP", "RIGHT-BLOCKED"),
    example=Example(_NAME, "NON_EXISTE", "VALIDE"),
)
OPPOSED = rule(
    "RIGHT-OPPOSED",
    "the patient's oppositions to emergency access",
    "le patient s'oppose à ce mode d'accès en urgence",
    "the patient opposes this emergency access mode",
    "n'accédez qu'en mode normal, avec une autorisation",
    "only access in normal mode, with an authorisation",
    source="GIE SESAM-Vitale samples (flags of TD1.3a); effect inferred",
    grade=INFERRED,
    code=DENIED,
    kind="state",
    needs=("RIGHT-MATRIX", "RIGHT-NO-DMP", "RIGHT-BLOCKED"),
    example=Example(_PURPOSE_CODE, "bris_de_glace", "normal"),
)
RESOURCE_BODY = rule(
    "VIHF-RESOURCE-BODY",
    "resource-id and the patient of the body",
    "le patient du VIHF n'est pas celui du corps du message",
    "the patient of the VIHF is not that of the message body",
    "émettez un VIHF par patient : resource-id doit porter l'INS sur lequel porte la requête",
    "issue a VIHF for each patient: resource-id must bear the INS the request is about",
    source=OURS,
    grade=INFERRED,
    code="soap:SIMPatientDifferent",
    example=Example(
        "/soap:Envelope/soap:Body/hl7:PRPA_IN201307UV02/hl7:controlActProcess/hl7:queryByParameter/hl7:parameterList"
        "/hl7:patientIdentifier/hl7:value/@extension",
        "290050099900233",
        "185010099900171",
    ),
)


@dataclass(frozen=True)
class Access:
    """One operation about to be done: ``row`` is its row in the matrix (``TD0.3 declare``, ``TD3.1``...)."""

    row: str
    vihf: Vihf
    parties: Parties


def matrix(access: Access) -> Iterator[Finding]:
    """The cell of the matrix; the finding points at the one value that would have to be another."""
    parties, vihf = access.parties, access.vihf
    if cell(access.row, parties.column).allowed:
        return
    facts = {"row": access.row, "column": str(parties.column)}
    if parties.column.emergency and vihf.purpose and _allowed(access, access="normal"):
        yield MATRIX.finding(f"{vihf.purpose.at}/@code", found=vihf.purpose.code, expected="normal", **facts)
        return
    for mode in (names.AIR, names.INDIRECT):
        if mode != vihf.mode and _allowed(access, mode=mode):
            yield MATRIX.finding(vihf.where(names.MODE), found=vihf.mode, expected=mode, **facts)
            return
    place = f"{vihf.roles[0].at}/@code" if vihf.roles else vihf.where(names.ROLE)
    yield MATRIX.finding(place, found=vihf.roles[0] if vihf.roles else "", expected="another profile", **facts)


def _allowed(wanted: Access, *, mode: str | None = None, access: str | None = None) -> bool:
    vihf = wanted.vihf
    if mode is not None:
        vihf = replace(vihf, values={**vihf.values, names.MODE: mode})
    if access is not None and vihf.purpose is not None:
        vihf = replace(vihf, purpose=replace(vihf.purpose, code=access))
    return cell(wanted.row, column_of(vihf, treating=wanted.parties.treating)).allowed


def state(access: Access) -> Iterator[Finding]:
    """Consultation needs an active DMP and no block; in normal mode an authorisation too (facts dmp §4.2, §4.7)."""
    parties, vihf, patient = access.parties, access.vihf, access.parties.patient
    if access.row not in (*CONSULTATION, *REFERENCE):
        return
    if patient is None or patient.dmp_state != "active":
        found = patient.dmp_state if patient else "none"
        yield NO_DMP.finding(vihf.where(names.RESOURCE_ID), found=found, expected="active")
        return
    if access.row not in CONSULTATION:
        return
    if parties.authorisation == authorisations.FORBIDDEN:
        yield BLOCKED.finding(vihf.where("NameID"), found=authorisations.FORBIDDEN, expected=authorisations.VALID)
    if not vihf.emergency and parties.authorisation != authorisations.VALID:
        place = vihf.where("NameID")
        yield AUTHORISATION.finding(place, found=parties.authorisation, expected=authorisations.VALID)
    if vihf.purpose is not None:
        opposed = {
            "bris_de_glace": patient.oppositions.bris_de_glace,
            "centre_15": patient.oppositions.acces_urgence,
        }
        if opposed.get(vihf.purpose.code):
            yield OPPOSED.finding(f"{vihf.purpose.at}/@code", found=vihf.purpose.code, expected="normal")


CHECKS: Final = (matrix, state)
RULES: Final = (MATRIX, NO_DMP, BLOCKED, AUTHORISATION, OPPOSED, RESOURCE_BODY)
