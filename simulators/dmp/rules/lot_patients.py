"""The patient of a lot: form and key of each INS, agreement of VIHF, set, entries and documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.dmp.rules.lot_making import (
    DOCUMENT,
    IPF,
    MAPPING,
    SET,
    identified,
    lot_rule,
)
from simulators.dmp.rules.lot_structure import described
from simulators.dmp.rules.making import INFERRED, SOURCED
from simulators.dmp.submission import Deposit, Submission
from simulators.documents.xds import schemes
from simulators.population.identifiers import (
    INS_OIDS,
    InvalidIdentifier,
    Validity,
    is_valid_ins,
    known_sample,
    split_ins_cx,
)

_CX = "<INS>^^^&<OID>&ISO^NH"
_SET_PATIENT = identified(schemes.SET_PATIENT_ID, SET)
_ENTRY_PATIENT = identified(schemes.ENTRY_PATIENT_ID)

PATIENT_FORM = lot_rule(
    "PATIENT-FORM",
    "patientId",
    f"l'identifiant du patient n'a pas la forme {_CX} d'un INS",
    f"the patient identifier does not have the form {_CX} of an INS",
    "matricule de 15 caractères, OID d'affectation 1.2.250.1.213.1.4.10 (test), .8 (NIR) ou .9 (NIA)",
    "15-character matricule, authority 1.2.250.1.213.1.4.10 (test), .8 (NIR) or .9 (NIA)",
    source=MAPPING,
    grade=SOURCED,
    example=Example(_ENTRY_PATIENT, "185010099900171", _CX),
)
INS_OID = lot_rule(
    "INS-OID",
    "authority of patientId",
    "l'autorité d'affectation n'est pas celle d'un INS",
    "the assigning authority is not that of an INS",
    "1.2.250.1.213.1.4.10 (test), .8 (NIR) ou .9 (NIA)",
    "1.2.250.1.213.1.4.10 (test), .8 (NIR) or .9 (NIA)",
    source=MAPPING,
    grade=INFERRED,
    example=Example(_ENTRY_PATIENT, "185010099900171^^^&1.2.250.1.213.1.4.2&ISO^NH", " or ".join(INS_OIDS)),
)
INS_KEY = lot_rule(
    "INS-KEY",
    "key of the INS in metadata and documents",
    "la clé de l'INS est fausse",
    "the INS key is wrong",
    "les deux derniers chiffres sont 97 moins le reste des 13 premiers par 97",
    "the last two digits are 97 minus the remainder of the first 13 by 97",
    source="INS key; every operator sample passes",
    grade=INFERRED,
    example=Example(_ENTRY_PATIENT, "185010099900172", "71"),
)
INS_SAMPLE = lot_rule(
    "INS-SAMPLE",
    "key of the INS in metadata and documents",
    "la clé de l'INS est fausse, mais c'est un exemple national publié",
    "the INS key is wrong, but it is a published national sample",
    "rien à corriger pour un essai ; en production cet INS serait refusé",
    "nothing to mend in a trial; in production this INS would be refused",
    source="INS key; published ANS samples",
    grade=INFERRED,
    level=Level.WARN,
    example=Example(_ENTRY_PATIENT, "221042545611404", "83"),
)
PATIENT_VIHF = lot_rule(
    "PATIENT-VIHF",
    "patientId of the SubmissionSet and resource-id of the VIHF",
    "le patient du lot n'est pas celui du VIHF",
    "the patient of the lot is not that of the VIHF",
    "émettez un VIHF par patient : resource-id doit porter l'INS du lot",
    "issue a VIHF for each patient: resource-id must bear the INS of the lot",
    source="facts of the field; code inferred",
    grade=INFERRED,
    code="XDSPatientIdDoesNotMatch",
    example=Example(
        _SET_PATIENT,
        "290050099900233^^^&1.2.250.1.213.1.4.10&ISO^NH",
        "185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH",
    ),
)
PATIENT_SET = lot_rule(
    "PATIENT-SET",
    "patientId of the entries",
    "le patient de la fiche n'est pas celui du SubmissionSet",
    "the patient of the entry is not that of the SubmissionSet",
    "reprenez le même INS (et le même OID) dans toutes les fiches et dans le SubmissionSet",
    "repeat the same INS (and OID) in every entry and in the SubmissionSet",
    source=IPF,
    grade=SOURCED,
    code="XDSPatientIdDoesNotMatch",
    example=Example(
        _ENTRY_PATIENT,
        "290050099900233^^^&1.2.250.1.213.1.4.10&ISO^NH",
        "185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH",
    ),
)
PATIENT_CDA = lot_rule(
    "PATIENT-CDA",
    "recordTarget/patientRole/id of the document",
    "le patient du document n'est pas celui de sa fiche",
    "the patient of the document is not that of its entry",
    "le CDA porte l'INS (id de patientRole) repris dans patientId",
    "the CDA bears the INS (id of patientRole) repeated in patientId",
    source=MAPPING,
    grade=INFERRED,
    code="XDSPatientIdDoesNotMatch",
    example=Example(
        f"{DOCUMENT}#/hl7:ClinicalDocument/hl7:recordTarget/hl7:patientRole/hl7:id[1]",
        "290050099900233^^^&1.2.250.1.213.1.4.10&ISO^NH",
        "185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH",
    ),
)


def patient_form(case: Submission) -> Iterator[Finding]:
    """Form, authority and key of each INS of the lot; one finding for one wrong matricule."""
    seen: set[str] = set()
    for written, place in _patients(case):
        try:
            matricule, oid = split_ins_cx(written)
        except InvalidIdentifier as invalid:
            yield PATIENT_FORM.finding(place, found=written, expected=invalid.expected)
            continue
        valid = is_valid_ins(matricule, oid)
        if valid or matricule in seen:
            continue
        seen.add(matricule)
        yield _wrong_ins(written, matricule, place, valid)


def _wrong_ins(written: str, matricule: str, place: str, valid: Validity) -> Finding:
    if valid.only_key_wrong:
        chosen = INS_SAMPLE if known_sample("ins", matricule) else INS_KEY
        return chosen.finding(place, found=matricule, expected=valid.expected)
    chosen = INS_OID if valid.reason == "oid" else PATIENT_FORM
    return chosen.finding(place, found=written, expected=valid.expected)


def _patients(case: Submission) -> Iterator[tuple[str, str]]:
    """(CX, place) of the patients of the lot: metadata, then documents."""
    for item in described(case):
        if item.patient_id:
            yield item.patient_id, item.where("patientId")
    for deposit in case.documents:
        for found in deposit.cda.patient.ids if deposit.cda and deposit.cda.patient else ():
            if found.root in INS_OIDS:
                yield _cx((found.extension, found.root)), deposit.inside(found.where)


def patient_agreement(case: Submission) -> Iterator[Finding]:
    """VIHF, set, entries, documents: whichever disagrees with the others is found once."""
    token, lot = case.vihf.patient, _identity(case.set.patient_id)
    if lot and token and not same_patient(lot, token):
        yield PATIENT_VIHF.finding(case.set.where("patientId"), found=case.set.patient_id, expected=_cx(token))
    for deposit in case.deposits:
        entry = deposit.entry
        mine = _identity(entry.patient_id)
        others = [other for other in (lot, token) if other]
        if mine is None:
            continue
        if others and not any(same_patient(mine, other) for other in others):
            place = entry.where("patientId")
            yield PATIENT_SET.finding(place, found=entry.patient_id, expected=case.set.patient_id)
        yield from _patient_of_document(deposit, [mine, *others])


def _patient_of_document(deposit: Deposit, admitted: list[tuple[str, str]]) -> Iterator[Finding]:
    if deposit.cda is None:
        return
    ids = deposit.cda.patient.ids if deposit.cda.patient else ()
    told = [found for found in ids if found.root in INS_OIDS]
    for found in told:
        if any(same_patient((found.extension, found.root), other) for other in admitted):
            return
    place = told[0].where if told else deposit.cda.where("patientId")
    written = _cx((told[0].extension, told[0].root)) if told else ""
    yield PATIENT_CDA.finding(deposit.inside(place), found=written, expected=_cx(admitted[0]))


def same_patient(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two (matricule, authority) mean one patient.

    A wrong key or a wrong authority is the finding of another rule: it does not make another patient.
    """
    keys = one[0] == other[0] or not (is_valid_ins(one[0]) and is_valid_ins(other[0]))
    authorities = one[1] == other[1] or not {one[1], other[1]} <= set(INS_OIDS)
    return one[0][:13] == other[0][:13] and keys and authorities


def _identity(cx: str | None) -> tuple[str, str] | None:
    try:
        return split_ins_cx(cx) if cx else None
    except InvalidIdentifier:
        return None


def _cx(identity: tuple[str, str]) -> str:
    return f"{identity[0]}^^^&{identity[1]}&ISO^NH"


CHECKS: Final = (patient_form, patient_agreement)
RULES: Final = (PATIENT_FORM, INS_OID, INS_KEY, INS_SAMPLE, PATIENT_VIHF, PATIENT_SET, PATIENT_CDA)
