"""PID and PV1: the patient as identity vigilance wants him, and what may be done with his INS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Segment
from simulators.core.rules import Finding
from simulators.documents.hl7.identity import birth_name_repetition, birth_place_repetition, ins_repetition
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.names import INS_OIDS, QUALIFIED
from simulators.pfi.rules.making import INFERRED, PAM, REFUSE, TYPES, VOLET, WARN, rule
from simulators.pfi.rules.subject import Subject
from simulators.population.identifiers import is_valid_ins

_FINESS: Final = re.compile(r"[0-9][0-9AB][0-9A-Z]{7}")
_DAY: Final = re.compile(r"[0-9]{8}")
_CLASSES: Final = ("E", "I", "O", "R", "N")
_INS_AUTHORITIES: Final = ", ".join(sorted(INS_OIDS))

PATIENT = rule(
    "PID-ID",
    "101",
    "PID-3",
    ("le patient n'a pas d'identifiant", "the patient has no identifier"),
    ("donnez au moins l'IPP (type PI), et l'INS si l'identité est qualifiée", "give at least the IPP (type PI)"),
    ("PID-3", "", "an identifier"),
)
DMP_INS = rule(
    "DMP-INS",
    "207",
    "DESTDMP, PID-3, PID-32",
    (
        "l'alimentation du DMP est demandée sans INS qualifiée : la demande est acceptée, l'ordre vers le DMP échoue "
        "aussitôt (ZAM^Z01 négatif)",
        "feeding the DMP is asked for without a qualified INS: the request is accepted, the order to the DMP fails at "
        "once (negative ZAM^Z01)",
    ),
    ("qualifiez l'identité (PID-32 VALI et INS dans PID-3), ou DESTDMP à N", "qualify the identity, or DESTDMP N"),
    ("PID-32", "PROV", QUALIFIED),
    level=WARN,
    source=f"{VOLET}; def-proc-collab",
    needs=("PFI-PID-ID",),
)
INS_STATUS = rule(
    "INS-STATUS",
    "207",
    "PID-3, PID-32",
    (
        "un INS est transmis alors que l'identité n'est pas qualifiée : le message est intégré sans l'INS",
        "an INS is sent although the identity is not qualified: the message is integrated without the INS",
    ),
    ("n'envoyez l'INS que si PID-32 vaut VALI", "send the INS only when PID-32 is VALI"),
    ("PID-32", "PROV", QUALIFIED),
    level=WARN,
    strict=REFUSE,
    source=f"{PAM} §6.6.1, §6.6.15",
    needs=("PFI-DMP-INS",),
)
INS_AUTHORITY = rule(
    "INS-AUTHORITY",
    "103",
    "PID-3",
    ("l'autorité de l'INS n'est pas un OID d'INS", "the authority of the INS is no OID of an INS"),
    (
        "NIR .8, NIA .9, en test .10 ; CX-4.2 porte l'OID, CX-5 vaut INS",
        "NIR .8, NIA .9, in test .10; CX-4.2 holds the OID, CX-5 is INS",
    ),
    ("PID-3.4.2", "1.2.250.1.213.1.4.2", _INS_AUTHORITIES),
    source=f"{TYPES} N.1",
)
INS_FORM = rule(
    "INS-KEY",
    "102",
    "PID-3",
    ("le matricule INS est mal formé ou sa clé est fausse", "the INS matricule is malformed or its key is wrong"),
    ("15 caractères, les deux derniers sont la clé", "15 characters, the last two are the key"),
    ("PID-3.1", "185010099900199", "71"),
    level=WARN,
    source="control key of the NIR; published identities break it",
    grade=INFERRED,
)
INS_DATES = rule(
    "INS-DATES",
    "199",
    "PID-3 (CX-7, CX-8)",
    ("l'INS porte une date de validité : INSi n'en rend jamais", "the INS has a validity date: INSi never gives one"),
    ("laissez CX-7 et CX-8 vides pour l'INS", "leave CX-7 and CX-8 empty for the INS"),
    ("PID-3.7", "20101207", ""),
    level=WARN,
    source=f"{PAM} §6.6.1",
)
NAME = rule(
    "PID-NAME",
    "101",
    "PID-5",
    ("le nom de naissance (type L) manque", "the birth name (type L) is missing"),
    (
        "une répétition de PID-5 de type L, avec XPN-1 et XPN-2",
        "one repetition of PID-5 of type L, with XPN-1 and XPN-2",
    ),
    ("PID-5.7", "D", "L"),
    source=f"{PAM} §6.6.2",
)
SEX = rule(
    "PID-SEX",
    "103",
    "PID-8",
    ("PID-8 n'est pas un sexe connu", "PID-8 is no known sex"),
    ("F, M ou U", "F, M or U"),
    ("PID-8", "O", "F, M or U"),
    level=WARN,
    strict=REFUSE,
    source=f"{PAM} §6.6.5",
)
TRAITS = rule(
    "INS-TRAITS",
    "101",
    "PID-5, PID-7, PID-8, PID-11",
    (
        "l'INS voyage sans l'un des cinq traits qui l'accompagnent (erreur 905 chez un récepteur)",
        "the INS travels without one of the five traits that go with it (error 905 at a receiver)",
    ),
    (
        "liste des prénoms (XPN-3), date de naissance, sexe, lieu de naissance (PID-11 type BDL, XAD-9 code INSEE)",
        "given names (XPN-3), birth date, sex, birth place (PID-11 of type BDL, XAD-9 INSEE code)",
    ),
    ("PID-7", "", "birth date"),
    level=WARN,
    strict=REFUSE,
    source=f"{PAM} §6.6.2, §4.4; {TYPES} N.10",
    needs=("PFI-PID-NAME",),
)
FORBIDDEN = rule(
    "PID-FORBIDDEN",
    "199",
    "PID-10, PID-17, PID-22",
    ("un champ interdit en France est rempli", "a field forbidden in France is filled"),
    ("videz PID-10, PID-17 et PID-22", "empty PID-10, PID-17 and PID-22"),
    ("PID-17", "CAT", ""),
    level=WARN,
    strict=REFUSE,
    source=f"{PAM} §6.3",
)
FACILITY = rule(
    "ID-FINESS",
    "102",
    "PID-3, PID-18, PV1-19 (CX-4)",
    (
        "l'autorité d'un numéro local se dit FINESS (M ou N) et n'en a pas la forme",
        "the authority of a local number says FINESS (M or N) and has not its form",
    ),
    ("9 caractères ; M pour l'entité juridique, N pour le site, L sinon", "9 characters; M entity, N site, else L"),
    ("PID-18.4.2", "1204567809", "9 characters"),
    level=WARN,
    strict=REFUSE,
    source=f"{TYPES} N.3",
)
CLASS = rule(
    "PV1-CLASS",
    "103",
    "PV1-2",
    ("PV1-2 n'est pas une classe de venue connue", "PV1-2 is no known class of visit"),
    ("I hospitalisé, O externe, E urgences, R récurrent, N sans objet", "I, O, E, R, or N when it does not apply"),
    ("PV1-2", "P", ", ".join(_CLASSES)),
)
VISIT = rule(
    "PV1-VISIT",
    "101",
    "PV1-19",
    ("le numéro de venue manque", "the number of the visit is missing"),
    ("remplissez PV1-19, ou PV1-2 vaut N", "fill PV1-19, or PV1-2 is N"),
    ("PV1-19", "", "number of the visit"),
    needs=("PFI-PV1-CLASS",),
)
RULES = (
    *(PATIENT, DMP_INS, INS_STATUS, INS_AUTHORITY, INS_FORM, INS_DATES, NAME, SEX, TRAITS, FORBIDDEN, FACILITY),
    *(CLASS, VISIT),
)


def patient(subject: Subject) -> Iterator[Finding]:
    pid = subject.message.first("PID")
    if pid is not None and not pid.filled(3):
        yield PATIENT.finding(pid.where(3), found="", expected="an identifier")


def qualified(subject: Subject) -> Iterator[Finding]:
    said, pid = subject.transmission, subject.message.first("PID")
    if pid is None or said.patient.qualified:
        return
    if said.flags.destdmp and said.action is not Action.DELETE:
        if said.patient.ins or said.patient.status != QUALIFIED:
            yield DMP_INS.finding(pid.where(32), found=said.patient.status, expected=QUALIFIED)
        else:
            yield DMP_INS.finding(pid.where(3), found="", expected="an INS")
    elif said.patient.ins:
        yield INS_STATUS.finding(pid.where(32), found=said.patient.status, expected=QUALIFIED)


def ins(subject: Subject) -> Iterator[Finding]:
    pid = subject.message.first("PID")
    number = ins_repetition(pid) if pid is not None else 0
    if pid is None or not number:
        return
    oid, matricule = pid.get(3, 4, 2, number).strip(), pid.get(3, repetition=number)
    if oid not in INS_OIDS:
        yield INS_AUTHORITY.finding(pid.where(3, 4, 2, number), found=oid, expected=_INS_AUTHORITIES)
    validity = is_valid_ins(matricule)
    if not validity:
        yield INS_FORM.finding(pid.where(3, 1, repetition=number), found=matricule, expected=validity.expected)
    for component in (7, 8):
        if dated := pid.get(3, component, repetition=number):
            yield INS_DATES.finding(pid.where(3, component, repetition=number), found=dated, expected="")


def traits(subject: Subject) -> Iterator[Finding]:
    pid = subject.message.first("PID")
    if pid is None:
        return
    number = birth_name_repetition(pid)
    kind = pid.get(5, 7, repetition=number or 1)
    if not number or kind != "L":
        yield NAME.finding(pid.where(5, 7), found=kind, expected="L")
    elif not pid.get(5, repetition=number).strip():
        yield NAME.finding(pid.where(5, 1, repetition=number), found="", expected="birth name")
    sex = pid.get(8).strip()
    if sex and sex not in {"F", "M", "U"}:
        yield SEX.finding(pid.where(8), found=sex, expected="F, M or U")
    if subject.transmission.patient.ins:
        yield from _with_ins(pid, number or 1)


def _with_ins(pid: Segment, number: int) -> Iterator[Finding]:
    if not pid.get(5, 3, repetition=number).strip():
        yield TRAITS.finding(pid.where(5, 3, repetition=number), found="", expected="list of given names")
    if not _DAY.fullmatch(pid.get(7).strip()[:8]):
        yield TRAITS.finding(pid.where(7), found=pid.get(7), expected="birth date")
    if not pid.get(8).strip():
        yield TRAITS.finding(pid.where(8), found="", expected="sex")
    place = birth_place_repetition(pid)
    if not place or not pid.get(11, 9, repetition=place).strip():
        yield TRAITS.finding(
            pid.where(11, 9 if place else None, repetition=place or 1), found="", expected="BDL, XAD-9"
        )


def forbidden(subject: Subject) -> Iterator[Finding]:
    pid = subject.message.first("PID")
    for field in (10, 17, 22):
        if pid is not None and pid.filled(field):
            yield FORBIDDEN.finding(pid.where(field), found=pid.get(field), expected="")


def facilities(subject: Subject) -> Iterator[Finding]:
    for name, field in (("PID", 3), ("PID", 18), ("PV1", 19)):
        segment = subject.message.first(name)
        for number in range(1, segment.count(field) + 1) if segment is not None else ():
            assert segment is not None
            finess = segment.get(field, 4, 2, number)
            if segment.get(field, 4, 3, number) in {"M", "N"} and not _FINESS.fullmatch(finess):
                yield FACILITY.finding(segment.where(field, 4, 2, number), found=finess, expected="9 characters")


def visit(subject: Subject) -> Iterator[Finding]:
    pv1 = subject.message.first("PV1")
    if pv1 is None:
        return
    if pv1.get(2) not in _CLASSES:
        yield CLASS.finding(pv1.where(2), found=pv1.get(2), expected=", ".join(_CLASSES))
    elif pv1.get(2) != "N" and not pv1.get(19).strip():
        yield VISIT.finding(pv1.where(19), found="", expected="number of the visit")


CHECKS = (patient, qualified, ins, traits, forbidden, facilities, visit)
