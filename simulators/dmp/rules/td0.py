"""TD0.2 (existence test) and TD0.3 (authorisation): the rules of their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.dmp import authorisations
from simulators.dmp import vihf as names
from simulators.dmp.hl7_query import ExistenceQuery, PatientId
from simulators.dmp.model import Parties
from simulators.dmp.rules.making import (
    ASSERTION,
    BODY,
    DENIED,
    INFERRED,
    OURS,
    SAMPLES,
    SOURCED,
    rule,
    simple,
)
from simulators.dmp.rules.rights import RESOURCE_BODY
from simulators.dmp.vihf import Vihf
from simulators.population.identifiers import INS_OIDS, is_valid_ins, known_sample

_QUERY = f"{BODY}/hl7:PRPA_IN201307UV02"
_BY = f"{_QUERY}/hl7:controlActProcess/hl7:queryByParameter"
_VALUE = f"{_BY}/hl7:parameterList/hl7:patientIdentifier/hl7:value"
_INTERACTION = "PRPA_IN201307UV02"
_NAME = f"{ASSERTION}/saml2:Subject/saml2:NameID"
_SET = f"{BODY}/hab:setAuthorization"

TD02_MISSING = rule(
    "TD02-MISSING",
    "mandatory elements of PRPA_IN201307UV02",
    "un élément obligatoire de la requête TD0.2 est absent",
    "a mandatory element of the TD0.2 request is missing",
    "ajoutez-le : id, interactionId, sender/device/id, reasonCode, queryId, patientIdentifier/value",
    "add it: id, interactionId, sender/device/id, reasonCode, queryId, patientIdentifier/value",
    source="HL7 V3 NE2009 schemas",
    grade=INFERRED,
    example=Example(f"{_BY}/hl7:queryId", "", "hl7:queryId"),
)
TD02_INTERACTION = rule(
    "TD02-INTERACTION",
    "interactionId",
    "interactionId ne nomme pas l'interaction du message",
    "interactionId does not name the interaction of the message",
    f'root="2.16.840.1.113883.1.6" extension="{_INTERACTION}"',
    f'root="2.16.840.1.113883.1.6" extension="{_INTERACTION}"',
    source=SAMPLES,
    grade=INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{_QUERY}/hl7:interactionId/@extension", "PRPA_IN201305UV02", _INTERACTION),
)
TD02_REASON = rule(
    "TD02-REASON",
    "controlActProcess/reasonCode",
    "ce motif de requête n'est pas offert ici",
    "this reason code is not offered here",
    "code TEST_EXST du système 1.2.250.1.213.1.1.4.11 pour le test d'existence",
    "code TEST_EXST of system 1.2.250.1.213.1.1.4.11 for the existence test",
    source=SAMPLES,
    grade=SOURCED,
    code="SIMMotifInconnu",
    form="ack",
    example=Example(f"{_QUERY}/hl7:controlActProcess/hl7:reasonCode/@code", "CREA_RD", "TEST_EXST"),
)
TD02_INS_FORM = rule(
    "TD02-INS-FORM",
    "matricule of patientIdentifier",
    "l'INS n'a pas la forme d'un matricule de 15 caractères",
    "the INS does not have the form of a 15-character matricule",
    "13 caractères puis la clé sur 2 chiffres, sans espace",
    "13 characters then the key of 2 digits, without spaces",
    source="INS referential",
    grade=INFERRED,
    code="SIMFormeIns",
    form="ack",
    example=Example(
        f"{_VALUE}/@extension",
        "1850100999001",
        "15 characters: 1, 2, 3, 4, 7 or 8, then digits (2A or 2B at positions 6-7 possible), then a key",
    ),
)
TD02_INS_OID = rule(
    "TD02-INS-OID",
    "authority of patientIdentifier",
    "l'autorité d'affectation n'est pas celle d'un INS",
    "the assigning authority is not that of an INS",
    "1.2.250.1.213.1.4.10 (test), .8 (NIR) ou .9 (NIA)",
    "1.2.250.1.213.1.4.10 (test), .8 (NIR) or .9 (NIA)",
    source=SAMPLES,
    grade=INFERRED,
    code="SIMAutoriteIns",
    form="ack",
    example=Example(f"{_VALUE}/@root", "1.2.250.1.213.1.4.2", " or ".join(INS_OIDS)),
)
TD02_INS_KEY = rule(
    "TD02-INS-KEY",
    "key of the INS of patientIdentifier",
    "la clé de l'INS est fausse",
    "the INS key is wrong",
    "les deux derniers chiffres sont 97 moins le reste des 13 premiers par 97",
    "the last two digits are 97 minus the remainder of the first 13 by 97",
    source="INS key; every operator sample passes",
    grade=INFERRED,
    code="SIMCleIns",
    form="ack",
    needs=("TD02-INS-FORM",),
    example=Example(f"{_VALUE}/@extension", "185010099900172", "71"),
)
TD02_INS_SAMPLE = rule(
    "TD02-INS-SAMPLE",
    "key of the INS of patientIdentifier",
    "la clé de l'INS est fausse, mais c'est un exemple national publié",
    "the INS key is wrong, but it is a published national sample",
    "rien à corriger pour un essai ; en production cet INS serait refusé",
    "nothing to mend in a trial; in production this INS would be refused",
    source="INS key; published ANS samples",
    grade=INFERRED,
    level=Level.WARN,
    example=Example(f"{_VALUE}/@extension", "221042545611404", "83"),
)
TD03_SHAPE = rule(
    "TD03-SHAPE",
    "children of setAuthorization",
    "le corps de setAuthorization ne suit pas le schéma du service",
    "the body of setAuthorization does not follow the schema of the service",
    "action puis role, chacun au plus une fois, dans l'espace de noms urn:si-dmp-habilitations",
    "action then role, each once at most, in namespace urn:si-dmp-habilitations",
    source="GIE SESAM-Vitale WSDL Habilitations v2.01.04",
    grade=SOURCED,
    example=Example(f"{_SET}/hab:motif", "urgence", "hab:action, hab:role"),
)
TD03_ACTION = rule(
    "TD03-ACTION",
    "setAuthorization/action",
    "l'action est absente ou inconnue",
    "the action is missing or unknown",
    "action = AJOUT ou SUPPRESSION",
    "action = AJOUT or SUPPRESSION",
    source="GIE SESAM-Vitale WSDL Habilitations v2.01.04",
    grade=SOURCED,
    code="SIMActionInconnue",
    form="status",
    needs=("TD03-SHAPE",),
    example=Example(f"{_SET}/hab:action", "RENOUVELLEMENT", "AJOUT or SUPPRESSION"),
)
TD03_ROLE = rule(
    "TD03-ROLE",
    "setAuthorization/role",
    "le rôle est inconnu",
    "the role is unknown",
    "role = MEDECIN_TRAITANT, ou pas de role",
    "role = MEDECIN_TRAITANT, or no role",
    source="GIE SESAM-Vitale WSDL Habilitations v2.01.04",
    grade=SOURCED,
    code="SIMRoleInconnu",
    form="status",
    needs=("TD03-SHAPE",),
    example=Example(f"{_SET}/hab:role", "MEDECIN", "MEDECIN_TRAITANT"),
)
TD03_PHYSICIAN = rule(
    "TD03-PHYSICIAN",
    "setAuthorization/role and the caller's profession",
    "seul un médecin peut se déclarer médecin traitant",
    "only a physician may declare to be the treating physician",
    "retirez role, ou appelez pour un médecin",
    "remove role, or call for a physician",
    source=OURS,
    grade=INFERRED,
    code="SIMRoleReserve",
    form="status",
    kind="state",
    needs=("TD03-ROLE",),
    example=Example(f"{_SET}/hab:role", "MEDECIN_TRAITANT", "a physician"),
)
TD03_NO_DMP = rule(
    "TD03-NO-DMP",
    "state of the patient's DMP",
    "le patient n'a pas de DMP actif",
    "the patient has no active DMP",
    "testez l'existence du DMP (TD0.2) avant de poser une autorisation",
    "test the existence of the DMP (TD0.2) before setting an authorisation",
    source="ANS, PDSm pour le DMP (DMP active as prerequisite)",
    grade=INFERRED,
    code="SIMDmpInactif",
    form="status",
    kind="state",
    example=Example(simple(names.RESOURCE_ID), "closed", "active"),
)
TD03_BLOCKED_FAULT = rule(
    "TD03-BLOCKED-FAULT",
    "professionals blocked by the patient (as a SOAP Fault)",
    "le patient a bloqué ce professionnel",
    "the patient blocked this professional",
    "aucun TD0.3 ne peut lever le blocage : lui seul le peut",
    "no TD0.3 can lift the block: only the patient can",
    source="ANS, PDSm pour le DMP, transaction TD0.2; wire form unknown",
    grade=INFERRED,
    code=DENIED,
    level=Level.OFF,
    kind="state",
    needs=("TD03-NO-DMP",),
    example=Example(_NAME, "INTERDIT", "not blocked"),
)
TD03_BLOCKED = rule(
    "TD03-BLOCKED",
    "professionals blocked by the patient",
    "le patient a bloqué ce professionnel",
    "the patient blocked this professional",
    "aucun TD0.3 ne peut lever le blocage, même avec l'accord oral du patient : lui seul le peut",
    "no TD0.3 can lift the block, even with the patient's oral consent: only the patient can",
    source="ANS, PDSm pour le DMP, transaction TD0.2; wire form unknown",
    grade=INFERRED,
    code="SIMProfessionnelBloque",
    form="status",
    kind="state",
    needs=("TD03-NO-DMP",),
    example=Example(_NAME, "INTERDIT", "not blocked"),
)
TD03_NOTHING = rule(
    "TD03-NOTHING",
    "setAuthorization SUPPRESSION and what stands",
    "il n'y a rien à supprimer : ni autorisation ni statut de médecin traitant",
    "there is nothing to remove: neither authorisation nor treating-physician status",
    "testez l'autorisation (TD0.2) avant de la supprimer",
    "test the authorisation (TD0.2) before removing it",
    source=OURS,
    grade=INFERRED,
    code="SIMAucuneAutorisation",
    form="status",
    kind="state",
    example=Example(f"{_SET}/hab:action", "SUPPRESSION", "an authorisation to remove"),
)


@dataclass(frozen=True)
class Setting:
    """A TD0.3 request with what stands before it.

    ``at`` is the XPath of setAuthorization; action and role are None when absent; ``defects`` are (XPath, text found)
    of what breaks the schema, wrong values apart.
    """

    action: str | None
    role: str | None
    at: str
    defects: tuple[tuple[str, str], ...]
    vihf: Vihf
    parties: Parties

    @property
    def row(self) -> str:
        """The row of the functional matrix."""
        if self.action != "SUPPRESSION":
            return "TD0.3 declare"
        return "TD0.3 drop MT" if self.role else "TD0.3 remove"


def existence(case: tuple[ExistenceQuery, Vihf]) -> Iterator[Finding]:
    """The shape of a TD0.2 request; a repeated id or an old creationTime is no defect (facts dmp-messages §3.1)."""
    query, _ = case
    for path in query.missing:
        yield TD02_MISSING.finding(f"{query.at}/{path}", found="", expected=path.rpartition("/")[2])
    if query.interaction and query.interaction != _INTERACTION:
        place = f"{query.at}/hl7:interactionId/@extension"
        yield TD02_INTERACTION.finding(place, found=query.interaction, expected=_INTERACTION)
    if query.reason and query.reason != "TEST_EXST":
        place = f"{query.at}/hl7:controlActProcess/hl7:reasonCode/@code"
        yield TD02_REASON.finding(place, found=query.reason, expected="TEST_EXST")


def patient_of(case: tuple[ExistenceQuery, Vihf]) -> Iterator[Finding]:
    """The INS asked about, then its agreement with the token."""
    query, vihf = case
    asked = query.patient
    if asked is None:
        return
    if asked.oid not in INS_OIDS:
        yield TD02_INS_OID.finding(f"{asked.at}/@root", found=asked.oid, expected=" or ".join(INS_OIDS))
        return
    broken = list(_matricule(asked))
    yield from broken
    if not any(finding.rule in (TD02_INS_FORM, TD02_INS_KEY) for finding in broken):
        yield from same_patient(vihf, asked.matricule, f"{asked.at}/@extension")


def _matricule(asked: PatientId) -> Iterator[Finding]:
    valid, place = is_valid_ins(asked.matricule), f"{asked.at}/@extension"
    if valid:
        return
    if not valid.only_key_wrong:
        yield TD02_INS_FORM.finding(place, found=asked.matricule, expected=valid.expected)
        return
    chosen = TD02_INS_SAMPLE if known_sample("ins", asked.matricule) else TD02_INS_KEY
    yield chosen.finding(place, found=asked.matricule, expected=valid.expected)


def same_patient(vihf: Vihf, matricule: str, place: str) -> Iterator[Finding]:
    """A body is about the patient of the VIHF; matricules alone are compared."""
    if vihf.patient is not None and vihf.patient[0] != matricule:
        yield RESOURCE_BODY.finding(place, found=matricule, expected=vihf.patient[0])


def vocabulary(case: Setting) -> Iterator[Finding]:
    """Schema, then action and role of TD0.3; both are optional in the schema."""
    for place, found in case.defects:
        yield TD03_SHAPE.finding(place, found=found, expected="hab:action, hab:role")
    if case.action not in ("AJOUT", "SUPPRESSION"):
        yield TD03_ACTION.finding(f"{case.at}/hab:action", found=case.action or "", expected="AJOUT or SUPPRESSION")
    if case.role not in (None, "MEDECIN_TRAITANT"):
        yield TD03_ROLE.finding(f"{case.at}/hab:role", found=case.role or "", expected="MEDECIN_TRAITANT")


def circumstances(case: Setting) -> Iterator[Finding]:
    """What the state of the DMP forbids."""
    patient, vihf = case.parties.patient, case.vihf
    if patient is None or patient.dmp_state != "active":
        found = patient.dmp_state if patient else "none"
        yield TD03_NO_DMP.finding(vihf.where(names.RESOURCE_ID), found=found, expected="active")
    if case.parties.authorisation == authorisations.FORBIDDEN:
        for chosen in (TD03_BLOCKED_FAULT, TD03_BLOCKED):
            yield chosen.finding(vihf.where("NameID"), found=authorisations.FORBIDDEN, expected="not blocked")
    if case.action == "AJOUT" and case.role and not case.parties.column.physician:
        yield TD03_PHYSICIAN.finding(f"{case.at}/hab:role", found=case.role, expected="a physician")


RULES: Final = (
    *(TD02_MISSING, TD02_INTERACTION, TD02_REASON, TD02_INS_FORM, TD02_INS_OID, TD02_INS_KEY, TD02_INS_SAMPLE),
    *(TD03_SHAPE, TD03_ACTION, TD03_ROLE, TD03_PHYSICIAN, TD03_NO_DMP, TD03_BLOCKED_FAULT, TD03_BLOCKED, TD03_NOTHING),
)
