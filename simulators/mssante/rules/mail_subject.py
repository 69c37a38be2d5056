"""The subject of a mail that carries documents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from simulators.clients.mail.terms import SUBJECT_PREFIX, traits_of
from simulators.core.rules import Check, Example, Finding, Rule
from simulators.documents.cda.model import CdaDocument
from simulators.mssante.rules.mail_making import INFERRED, PATIENT, SOURCED, eco, mail_rule
from simulators.mssante.verdict.reading import Letter

_FORM: Final = f"{SUBJECT_PREFIX}+<label> <NAME> <given name> <birth date DD/MM/YYYY>"
_DATE = re.compile(r"\d\d/\d\d/\d{4}")
_FEWEST_WORDS = 3
_NOT_A_LETTER = re.compile(r"[^A-Z0-9]+")

SUBJECT = mail_rule(
    "SUBJECT",
    "Subject of a mail with an XDM archive",
    "le sujet d'un courriel qui porte une archive IHE_XDM n'a pas la forme attendue",
    "the subject of a mail that carries an IHE_XDM archive has not the expected form",
    "XDM/1.0/DDM+<libellé> <NOM> <prénom> <date de naissance JJ/MM/AAAA>, la date seule est facultative",
    "XDM/1.0/DDM+<label> <NAME> <given name> <birth date DD/MM/YYYY>, only the date is optional",
    source=eco("2.1.3"),
    grade=SOURCED,
    example=Example("header.Subject", "Lettre de liaison", _FORM),
)
SUBJECT_PATIENT = mail_rule(
    "SUBJECT-PATIENT",
    "patient named by the Subject",
    "le sujet ne nomme pas le patient du document, ou donne une autre date de naissance",
    "the subject does not name the patient of the document, or gives another birth date",
    "reprenez nom, premier prénom et date de naissance de l'en-tête du CDA",
    "repeat the name, first given name and birth date of the CDA header",
    source=eco("2.1.3"),
    grade=INFERRED,
    needs=("SUBJECT",),
    example=Example("header.Subject", f"{SUBJECT_PREFIX}+Lettre AUTRE Personne 01/01/1970", PATIENT),
)
SUBJECT_ALONE = mail_rule(
    "SUBJECT-ALONE",
    "Subject of a mail without an archive",
    "le sujet annonce une archive IHE_XDM, le courriel n'en porte pas",
    "the subject announces an IHE_XDM archive, the mail carries none",
    "joignez IHE_XDM.ZIP, ou retirez le préfixe XDM/1.0/DDM",
    "attach IHE_XDM.ZIP, or take the prefix XDM/1.0/DDM away",
    source=eco("2.1.3"),
    grade=INFERRED,
    needs=("MIME",),
    example=Example("header.Subject", f"{SUBJECT_PREFIX}+Lettre NOM Prenom", "no prefix without an archive"),
)


def subject(letter: Letter) -> Iterator[Finding]:
    where, told = letter.mail.where("Subject"), letter.subject
    if not letter.archives:
        alone = not letter.answering and not letter.nested and told.startswith(SUBJECT_PREFIX)
        if alone:
            yield SUBJECT_ALONE.finding(where, found=told, expected="no prefix without an archive")
        return
    words = told.removeprefix(f"{SUBJECT_PREFIX}+").split() if told.startswith(f"{SUBJECT_PREFIX}+") else []
    date = words.pop() if words and _DATE.fullmatch(words[-1]) else ""
    if len(words) < _FEWEST_WORDS:
        yield SUBJECT.finding(where, found=told, expected=_FORM)
        return
    cda = next(iter(letter.cdas), None)
    if cda is not None and not _names(" ".join(words), date, cda):
        traits = traits_of(cda)
        expected = f"{traits.family} {traits.given} {traits.french_date}".strip()
        yield SUBJECT_PATIENT.finding(where, found=told, expected=expected)


def _names(told: str, date: str, cda: CdaDocument) -> bool:
    traits, patient = traits_of(cda), cda.patient
    used = patient.used_family.text if patient and patient.used_family else ""
    words = f" {_plain(told)} "
    families = [name for name in (traits.family, used) if name]
    named = not families or any(f" {_plain(name)} " in words for name in families)
    given = not traits.given or f" {_plain(traits.given)} " in words
    return named and given and (not date or not traits.french_date or date == traits.french_date)


def _plain(text: str) -> str:
    """Capitals without accents, words by single blanks: both sides are written in more than one way."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    return " ".join(_NOT_A_LETTER.sub(" ", letters).split())


CHECKS: Final[tuple[Check[Letter], ...]] = (subject,)
RULES: Final[tuple[Rule, ...]] = (SUBJECT, SUBJECT_PATIENT, SUBJECT_ALONE)
