"""The headers of MSSanté: X-MSS-NIL, X-MSS-MES, X-MSS-CODECDA, X-MSS-INS, and the two ways to end a conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulators.clients.mail.terms import END, END_SUBJECT, code_list_of, ins_flag
from simulators.core.rules import Check, Example, Finding, Rule
from simulators.mssante.addresses import Family
from simulators.mssante.rules.mail_making import INFERRED, SOURCED, UNREAD, eco, mail_rule
from simulators.mssante.verdict.reading import Letter

CODECDA_HEADER, INS_HEADER, NIL_HEADER, MES_HEADER = "X-MSS-CODECDA", "X-MSS-INS", "X-MSS-NIL", "X-MSS-MES"
_KNOWN = frozenset(name.lower() for name in (CODECDA_HEADER, INS_HEADER, NIL_HEADER, MES_HEADER))
_OURS = re.compile(r"x[-_]mss", re.IGNORECASE)
_NIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_NIL_FORM: Final = "the reference number of the product, as DEV935997 or 3734"

NIL = mail_rule(
    "NIL",
    NIL_HEADER,
    "le numéro de référencement du logiciel manque ou n'en est pas un",
    "the reference number of the software is missing or is none",
    "X-MSS-NIL sur chaque courriel : le numéro donné par convergence.esante.gouv.fr",
    "X-MSS-NIL on every mail: the number given by convergence.esante.gouv.fr",
    source=eco("2.4.3"),
    grade=SOURCED,
    strict=None,
    example=Example("header.X-MSS-NIL", "", _NIL_FORM),
)
MES = mail_rule(
    "MES",
    MES_HEADER,
    "X-MSS-MES n'a qu'une valeur : FIN, en trois capitales",
    "X-MSS-MES has one value: FIN, in three capitals",
    "X-MSS-MES: FIN",
    "X-MSS-MES: FIN",
    source=eco("2.2.8"),
    grade=SOURCED,
    strict=None,
    example=Example("header.X-MSS-MES", "fin", END),
)
MES_RECIPIENT = mail_rule(
    "MES-RECIPIENT",
    f"{MES_HEADER} and recipients",
    "la fin de conversation est demandée sur un courriel qui ne va à aucun patient : elle est sans effet",
    "the end of the conversation is asked on a mail that goes to no patient: it has no effect",
    "X-MSS-MES: FIN seulement vers <INS>@patient.mssante.fr",
    "X-MSS-MES: FIN only towards <INS>@patient.mssante.fr",
    source=f"{eco('2.2.8')}; SC.MSS/CONF.24",
    grade=SOURCED,
    strict=None,
    needs=("MES",),
    example=Example("header.X-MSS-MES", END, "a patient among the recipients"),
)
FIN_SUBJECT = mail_rule(
    "FIN-SUBJECT",
    "Subject [FIN]",
    "ce sujet ressemble à une fin de conversation mais n'est pas exactement [FIN] : il ne ferme rien",
    "this subject looks like the end of a conversation but is not exactly [FIN]: it closes nothing",
    "Subject: [FIN], en capitales et sans rien autour ; ou l'en-tête X-MSS-MES: FIN",
    "Subject: [FIN], in capitals with nothing around; or the header X-MSS-MES: FIN",
    source="CNAM, ENS Mon espace sante Messagerie V1.3 section 7, quoted second hand",
    grade=SOURCED,
    example=Example("header.Subject", "[Fin]", END_SUBJECT),
)
CODECDA = mail_rule(
    "CODECDA",
    CODECDA_HEADER,
    "X-MSS-CODECDA ne dit pas les codes des documents de l'archive",
    "X-MSS-CODECDA does not tell the codes of the documents of the archive",
    "le code de chaque CDA, séparés par des virgules ; rien sans CDA dans une archive IHE_XDM",
    "the code of each CDA, comma separated; absent without a CDA in an IHE_XDM archive",
    source=eco("2.4.1"),
    grade=SOURCED,
    strict=None,
    needs=UNREAD,
    example=Example("header.X-MSS-CODECDA", "34112-3", "11490-0"),
)
INS = mail_rule(
    "INS",
    INS_HEADER,
    "X-MSS-INS ne dit pas si l'archive porte une INS qualifiée",
    "X-MSS-INS does not tell whether the archive holds a qualified INS",
    "O si matricule, OID, nom de naissance, premier prénom, date de naissance et sexe y sont, N sinon, rien sans CDA",
    "O if matricule, OID, birth name, first given name, birth date and sex are there, N if not, absent without CDA",
    source=eco("2.4.2"),
    grade=SOURCED,
    strict=None,
    needs=UNREAD,
    example=Example("header.X-MSS-INS", "N", "O"),
)
UNKNOWN = mail_rule(
    "HEADER-UNKNOWN",
    "other X-MSS headers",
    "cet en-tête X-MSS n'est défini nulle part",
    "this X-MSS header is defined nowhere",
    "les noms sont X-MSS-NIL, X-MSS-MES, X-MSS-CODECDA et X-MSS-INS, avec des tirets",
    "the names are X-MSS-NIL, X-MSS-MES, X-MSS-CODECDA and X-MSS-INS, with hyphens",
    source="no other header in any public source",
    grade=INFERRED,
    example=Example("header.X_MSS_INS", "O", "X-MSS-NIL, X-MSS-MES, X-MSS-CODECDA, X-MSS-INS"),
)


def product(letter: Letter) -> Iterator[Finding]:
    """A citizen writes without a product; a delivery report is the operator's."""
    delivery = letter.mail.media.params.get("report-type", "").lower() == "delivery-status"
    if delivery or letter.sender.family is Family.CITIZEN:
        return
    found = letter.mail.text(NIL_HEADER)
    if not _NIL.fullmatch(found):
        yield NIL.finding(letter.mail.where(NIL_HEADER), found=found, expected=_NIL_FORM)


def ending(letter: Letter) -> Iterator[Finding]:
    mail, field = letter.mail, letter.mail.first(MES_HEADER)
    if field is not None and field.text != END:
        yield MES.finding(mail.where(MES_HEADER), found=field.text, expected=END)
    if field is not None and not letter.citizens:
        expected = "a patient among the recipients"
        yield MES_RECIPIENT.finding(mail.where(MES_HEADER), found=field.text, expected=expected)
    subject = letter.subject
    if subject != END_SUBJECT and "".join(subject.split()).upper() == END_SUBJECT:
        yield FIN_SUBJECT.finding(mail.where("Subject"), found=subject, expected=END_SUBJECT)


def documents(letter: Letter) -> Iterator[Finding]:
    """Judged after the archive. A report or an error mail may repeat the headers of what it answers."""
    if letter.answering or letter.nested:
        return
    codes = code_list_of(letter.cdas)
    found = letter.mail.text(CODECDA_HEADER)
    if _codes(found) != _codes(codes):
        yield CODECDA.finding(letter.mail.where(CODECDA_HEADER), found=found, expected=codes)
    flag, told = ins_flag(letter.cdas) if letter.cdas else "", letter.mail.text(INS_HEADER)
    if told != flag:
        yield INS.finding(letter.mail.where(INS_HEADER), found=told, expected=flag)


def names(letter: Letter) -> Iterator[Finding]:
    for field in letter.mail.fields:
        if _OURS.match(field.name) and field.name.lower() not in _KNOWN:
            expected = "X-MSS-NIL, X-MSS-MES, X-MSS-CODECDA, X-MSS-INS"
            yield UNKNOWN.finding(letter.mail.where(field.name), found=field.text, expected=expected)


def _codes(text: str) -> list[str]:
    return sorted(filter(None, (code.strip() for code in text.split(","))))


CHECKS: Final[tuple[Check[Letter], ...]] = (product, ending, documents, names)
RULES: Final[tuple[Rule, ...]] = (NIL, MES, MES_RECIPIENT, FIN_SUBJECT, CODECDA, INS, UNKNOWN)
