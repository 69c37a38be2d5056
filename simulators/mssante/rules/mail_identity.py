"""Who the mail is about and, when it goes to a patient, whether it goes to that one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.clients.mail.terms import Traits, ins_of, qualified, traits_of
from simulators.core.rules import Check, Example, Finding, Rule
from simulators.documents.cda.model import CdaDocument, Ii
from simulators.mssante.rules.mail_making import CDA, INFERRED, MATRICULE, OTHER_MATRICULE, SOURCED, eco, mail_rule
from simulators.mssante.verdict.reading import Letter
from simulators.population.identifiers import is_valid_ins

_ROLE: Final = f"{CDA}#/hl7:ClinicalDocument/hl7:recordTarget/hl7:patientRole"
_MEN, _WOMEN = "137", "248"  # first character of a matricule: NIR 1 and 2, temporary and waiting numbers 3, 4, 7, 8
_TRAITS: Final = "birth name, given name, birth date, sex"
_INS_FORM: Final = is_valid_ins("").expected
_LAST_MONTH = 12  # 20 and more stand for an unknown month

INS_INCOMPLETE = mail_rule(
    "INS-INCOMPLETE",
    "traits beside the INS",
    "le CDA porte un matricule INS sans tous les traits qui la qualifient (erreur 905 chez le récepteur)",
    "the CDA holds an INS matricule without all the traits that qualify it (error 905 at the receiver)",
    "nom de naissance, premier prénom, date de naissance et sexe accompagnent le matricule",
    "birth name, first given name, birth date and sex go with the matricule",
    source=eco("2.4.2"),
    grade=INFERRED,
    needs=("CITIZEN-INS",),
    example=Example(f"{_ROLE}/hl7:patient/hl7:birthTime", "family=SIMULE given=ALIX birth= sex=M", _TRAITS),
)
INS_KEY = mail_rule(
    "INS-KEY",
    "matricule of the CDA",
    "le matricule INS est mal formé ou sa clé est fausse",
    "the INS matricule is malformed or its key is wrong",
    "15 caractères, les deux derniers sont la clé : 97 moins le reste de la division par 97",
    "15 characters, the last two are the key: 97 minus the remainder of the division by 97",
    source="control key of the NIR; published identities break it",
    grade=INFERRED,
    example=Example(f"{_ROLE}/hl7:id/@extension", "185010099900199", "71"),
)
INS_TRAITS = mail_rule(
    "INS-TRAITS",
    "matricule and traits",
    "le sexe ou la date de naissance du CDA contredit le matricule INS (erreur 904 chez le récepteur)",
    "the sex or birth date of the CDA contradicts the INS matricule (error 904 at the receiver)",
    "vérifiez l'identité : premier chiffre pour le sexe, puis année et mois de naissance",
    "check the identity: first digit for the sex, then year and month of birth",
    source=f"{eco('3.1.5')}; structure of the NIR",
    grade=INFERRED,
    needs=("INS-KEY",),
    example=Example(f"{_ROLE}/hl7:patient/hl7:birthTime/@value", "19860115", "year 85 month 01"),
)
CITIZEN_ADDRESS = mail_rule(
    "CITIZEN-ADDRESS",
    "address of a patient",
    "l'adresse du patient n'est pas faite d'un matricule INS : 15 caractères dont une clé juste",
    "the address of the patient is not made of an INS matricule: 15 characters with a right key",
    "<matricule INS>@patient.mssante.fr, depuis une INS qualifiée",
    "<INS matricule>@patient.mssante.fr, from a qualified INS",
    source=eco("2.2.6"),
    grade=SOURCED,
    strict=None,
    example=Example("header.To", "123@patient.mssante.test", _INS_FORM),
)
CITIZEN_PATIENT = mail_rule(
    "CITIZEN-PATIENT",
    "patient written to and patient of the documents",
    "le document d'un patient part vers l'adresse d'un autre",
    "the document of one patient goes to the address of another",
    "l'adresse porte le matricule du CDA ; celle d'un mineur est la sienne, pas celle d'un parent",
    "the address holds the matricule of the CDA; that of a minor is his own, not that of a parent",
    source=f"{eco('2.2.6')}; {eco('3.1.5')}",
    grade=INFERRED,
    needs=("CITIZEN-ADDRESS",),
    example=Example("header.To", OTHER_MATRICULE, MATRICULE),
)
CITIZEN_INS = mail_rule(
    "CITIZEN-INS",
    "INS of a document sent to a patient",
    "un document sans INS qualifiée part vers un patient (dérogation encore admise)",
    "a document without a qualified INS goes to a patient (derogation still allowed)",
    "qualifiez l'INS avant d'écrire au patient",
    "qualify the INS before writing to the patient",
    source=eco("2.2.6"),
    grade=SOURCED,
    strict=None,
    example=Example(f"{_ROLE}/hl7:id", "", "an INS with its traits"),
)


def identity(letter: Letter) -> Iterator[Finding]:
    for document, cda in letter.read():
        ins = ins_of(cda)
        if ins is None:
            continue
        traits = traits_of(cda)
        if not traits.complete:
            found = f"family={traits.family} given={traits.given} birth={traits.birth_date} sex={traits.sex}"
            where = document.written_at(f"{cda.where('patient')}/{_missing(traits)}")
            yield INS_INCOMPLETE.finding(where, found=found, expected=_TRAITS)
        validity = is_valid_ins(ins.extension)
        if not validity:
            where = document.written_at(f"{ins.where}/@extension")
            yield INS_KEY.finding(where, found=ins.extension, expected=validity.expected)
        for where, found, expected in _contradictions(cda, ins):
            yield INS_TRAITS.finding(document.written_at(where), found=found, expected=expected)


def _contradictions(cda: CdaDocument, ins: Ii) -> Iterator[tuple[str, str, str]]:
    held, matricule = cda.patient, ins.extension
    if held is None:
        return
    sex = "M" if matricule[:1] in _MEN else "F" if matricule[:1] in _WOMEN else ""
    if held.sex is not None and sex and held.sex.code in {"M", "F"} and held.sex.code != sex:
        yield f"{held.sex.where}/@code", held.sex.code, sex
    born = held.birth_time
    if born is None or len(born.value) < 6 or not matricule[1:5].isdigit():
        return
    year, month = matricule[1:3], matricule[3:5]
    same_month = not 1 <= int(month) <= _LAST_MONTH or born.value[4:6] == month
    if born.value[2:4] != year or not same_month:
        yield f"{born.where}/@value", born.value, f"year {year} month {month}"


def _missing(traits: Traits) -> str:
    """The element that should hold the first trait that is not there."""
    if not (traits.family and traits.given):
        return "hl7:name"
    return "hl7:administrativeGenderCode" if not traits.sex else "hl7:birthTime"


def citizens(letter: Letter) -> Iterator[Finding]:
    held = {ins.extension for cda in letter.cdas if (ins := ins_of(cda)) is not None}
    for address, where in letter.citizens:
        validity = address.matricule_validity
        if not validity:
            yield CITIZEN_ADDRESS.finding(where, found=address, expected=validity.expected)
        elif held and address.matricule not in held:
            yield CITIZEN_PATIENT.finding(where, found=address.matricule, expected=" ".join(sorted(held)))
    for document, cda in letter.read() if letter.citizens else ():
        if not qualified(cda):
            role = cda.where("patient").removesuffix("/hl7:patient")
            yield CITIZEN_INS.finding(document.written_at(f"{role}/hl7:id"), expected="an INS with its traits")


CHECKS: Final[tuple[Check[Letter], ...]] = (citizens, identity)
RULES: Final[tuple[Rule, ...]] = (
    *(INS_INCOMPLETE, INS_KEY, INS_TRAITS, CITIZEN_ADDRESS, CITIZEN_PATIENT, CITIZEN_INS),
)
