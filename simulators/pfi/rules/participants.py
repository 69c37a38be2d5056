"""PRT: who sends, who receives, where to reply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Segment
from simulators.core.rules import Finding
from simulators.documents.hl7.names import INS_OIDS, PARTICIPATION, PS_OID, STRUCTURE_TYPES, UNIT_TYPES
from simulators.pfi.rules.making import LPS, OTHERS, REFUSE, TYPES, VOLET, WARN, rule
from simulators.pfi.rules.subject import Subject
from simulators.population.identifiers import is_valid_ins

_RANKS: Final = {"SB": 0, "RCT": 1, "REPLY": 2}
_PERSONS: Final = {
    "RPPS": (re.compile(r"[0-9]{11}"), "11 digits"),
    "IDNPS": (re.compile(r"[0-9][0-9A-Z/.-]{8,}"), "type digit then identifier (8 + RPPS)"),
    "ADELI": (re.compile(r"[0-9AB]{9}"), "9 characters"),
    "EI": (re.compile(r".+"), ""),
}
_STRUCTURES: Final = {
    "FINEG": (re.compile(r"[0-9A-Z]{9}"), "9 characters"),
    "FINEJ": (re.compile(r"[0-9A-Z]{9}"), "9 characters"),
    "FINESS": (re.compile(r"[0-9A-Z]{9}"), "9 characters"),
    "IDNST": (re.compile(r"1[0-9A-Z]{9}|[02-9][0-9A-Z/]{4,}"), "1 then the FINESS: 10 characters"),
}
_TYPES: Final = ", ".join(sorted(STRUCTURE_TYPES | UNIT_TYPES))
_MAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)
_INS_FORM: Final = is_valid_ins("").expected
_OIDS: Final = ", ".join(sorted(INS_OIDS))

ROLE = rule(
    "PRT-ROLE",
    "103",
    "PRT-4.1",
    ("le rôle du PRT est inconnu : il n'est pas lu", "the role of the PRT is unknown: it is not read"),
    ("SB expéditeur, RCT destinataire, REPLY réponse", "SB sender, RCT recipient, REPLY reply"),
    ("PRT[3]-4.1", "CC", "SB, RCT or REPLY"),
)
CONSTANT = rule(
    "PRT-CONSTANT",
    "103",
    "PRT-2, PRT-4.3",
    ("un champ du PRT n'a pas sa valeur fixe", "a field of the PRT has not its fixed value"),
    ("PRT-2 = UC, PRT-4.3 = participation", "PRT-2 = UC, PRT-4.3 = participation"),
    ("PRT[1]-2", "AD", "UC"),
    level=WARN,
    strict=REFUSE,
    needs=OTHERS,
)
ORDER = rule(
    "PRT-ORDER",
    "100",
    "PRT",
    ("les PRT ne sont pas dans l'ordre expéditeur, destinataires, réponse", "the PRT are not in order"),
    ("SB, puis les RCT, puis REPLY", "SB, then the RCT, then REPLY"),
    ("PRT[3]", "SB", "before RCT"),
    level=WARN,
    strict=REFUSE,
)
COUNT = rule(
    "PRT-COUNT",
    "198",
    "PRT",
    ("plus d'un expéditeur ou plus d'une adresse de réponse", "more than one sender or more than one reply address"),
    ("un SB, un REPLY au plus", "one SB, at most one REPLY"),
    ("PRT[5]", "REPLY", "1"),
    needs=("PFI-PRT-ORDER",),
)
SENDER = rule(
    "SENDER",
    "101",
    "PRT SB (5, 8, 10)",
    (
        "l'expéditeur n'est pas assez décrit pour alimenter le DMP (VIHF, auteur du lot)",
        "the sender is not described enough to feed the DMP (VIHF, author of the lot)",
    ),
    (
        "PRT SB : structure en PRT-8 (8.7 type, 8.10 FINESS) et professionnel (PRT-5.1) ou logiciel (PRT-10.1)",
        "PRT SB: structure in PRT-8 (8.7 type, 8.10 FINESS) and professional (PRT-5.1) or device (PRT-10.1)",
    ),
    ("PRT[1]-8.10", "", "FINESS of the structure"),
    source=f"{VOLET}; Ségur AMA 9 Sept 2025 (DMP/CONF.12)",
    needs=("PFI-SEGMENT-MISSING", "PFI-PRT-ROLE", "PFI-PRT-PLACE", "PFI-PRT-ORDER", *LPS),
)
PERSON_TYPE = rule(
    "PRT-PERSON-TYPE",
    "103",
    "PRT-5.13",
    ("le type d'identifiant de la personne est inconnu", "the type of identifier of the person is unknown"),
    ("RPPS, IDNPS, ADELI, INS ou EI", "RPPS, IDNPS, ADELI, INS or EI"),
    ("PRT[2]-5.13", "CPS", "RPPS, IDNPS, ADELI, INS or EI"),
    level=WARN,
    strict=REFUSE,
    source=f"{TYPES} N.6 to N.9",
)
PERSON_FORM = rule(
    "PRT-PERSON-ID",
    "102",
    "PRT-5.1",
    ("l'identifiant de la personne n'a pas la forme de son type", "the identifier of the person lacks the form"),
    (
        "IDNPS : 8 puis RPPS (12 chiffres) ; RPPS : 11 chiffres ; INS : 15 caractères avec clé",
        "IDNPS: 8 then RPPS (12 digits); RPPS: 11 digits; INS: 15 characters with key",
    ),
    ("PRT[3]-5.1", "27185010099900171", _INS_FORM),
    level=WARN,
    strict=REFUSE,
    source=f"{TYPES} N.6 to N.9",
    needs=("PFI-PRT-PERSON-TYPE",),
)
AUTHORITY = rule(
    "PRT-AUTHORITY",
    "103",
    "PRT-5.9",
    ("l'autorité de l'identifiant de la personne est fausse", "the authority of the person's identifier is wrong"),
    (
        f"professionnel : ASIP-SANTE-PS&{PS_OID}&ISO ; patient : ASIP-SANTE-INS-NIR& et son OID",
        f"professional: ASIP-SANTE-PS&{PS_OID}&ISO; patient: ASIP-SANTE-INS-NIR& and its OID",
    ),
    ("PRT[2]-5.9.1", "ASIP-SANTE- PS", "ASIP-SANTE-PS"),
    level=WARN,
    strict=REFUSE,
    source=f"{VOLET}; {TYPES}",
    needs=("PFI-PRT-PERSON-TYPE",),
)
STRUCTURE_TYPE = rule(
    "PRT-STRUCTURE-TYPE",
    "103",
    "PRT-8.7",
    ("le type d'identifiant de la structure est inconnu", "the type of identifier of the structure is unknown"),
    ("FINEG, FINEJ, FINESS ou IDNST ; UF ou SRV pour une unité, un service", "FINEG, FINEJ, FINESS, IDNST, UF, SRV"),
    ("PRT[1]-8.7", "SIRET", _TYPES),
    source=f"{VOLET}; {TYPES} N.6 to N.9",
)
STRUCTURE_FORM = rule(
    "PRT-STRUCTURE-ID",
    "102",
    "PRT-8.10",
    ("l'identifiant de la structure n'a pas la forme de son type", "the identifier of the structure lacks the form"),
    ("FINEG, FINEJ : 9 caractères ; IDNST : 1 puis le FINESS", "FINEG, FINEJ: 9 characters; IDNST: 1 then FINESS"),
    ("PRT[1]-8.10", "10B0999009", "9 characters"),
    level=WARN,
    strict=REFUSE,
    source=f"{TYPES} N.6 to N.9",
    needs=("PFI-PRT-STRUCTURE-TYPE",),
)
ADDRESS_MISSING = rule(
    "RCT-ADDRESS",
    "101",
    "PRT-15.4",
    ("un destinataire ou une réponse est sans adresse MSSanté", "a recipient or reply has no MSSanté address"),
    ("PRT-15 : ^^X.400^adresse", "PRT-15: ^^X.400^address"),
    ("PRT[2]-15.4", "", "a mail address"),
)
ADDRESS = rule(
    "PRT-ADDRESS",
    "102",
    "PRT-15.4",
    ("l'adresse n'a pas la syntaxe d'une adresse de courriel", "the address has not the syntax of a mail address"),
    ("nom@domaine, sans espace ni accent", "name@domain, without blank or accent"),
    ("PRT[2]-15.4", "dominique.simule", "name@domain"),
    source=f"{VOLET}; RFC 5321 §4.1.2",
)
ADDRESS_KIND = rule(
    "PRT-ADDRESS-KIND",
    "103",
    "PRT-15.3",
    ("PRT-15.3 doit valoir X.400", "PRT-15.3 must be X.400"),
    ("écrivez ^^X.400^adresse", "write ^^X.400^address"),
    ("PRT[2]-15.3", "Internet", "X.400"),
    level=WARN,
    strict=REFUSE,
)
RULES = (
    *(ROLE, CONSTANT, ORDER, COUNT, SENDER, PERSON_TYPE, PERSON_FORM, AUTHORITY),
    *(STRUCTURE_TYPE, STRUCTURE_FORM, ADDRESS_MISSING, ADDRESS, ADDRESS_KIND),
)


def roles(subject: Subject) -> Iterator[Finding]:
    for prt in subject.message.all("PRT"):
        if prt.get(4).strip() not in _RANKS:
            yield ROLE.finding(prt.where(4, 1), found=prt.get(4), expected="SB, RCT or REPLY")
        elif prt.get(4, 3).strip() != PARTICIPATION:
            yield CONSTANT.finding(prt.where(4, 3), found=prt.get(4, 3), expected=PARTICIPATION)
        if prt.get(2).strip() != "UC":
            yield CONSTANT.finding(prt.where(2), found=prt.get(2), expected="UC")


def order(subject: Subject) -> Iterator[Finding]:
    """The first PRT out of order, and every sender or reply beyond the first."""
    last, seen = "SB", set[str]()
    for prt in subject.message.all("PRT"):
        role = prt.get(4).strip()
        if role not in _RANKS:
            continue
        if role in seen and role != "RCT":
            yield COUNT.finding(prt.where(), found=role, expected="1")
        elif _RANKS[role] < _RANKS[last]:
            yield ORDER.finding(prt.where(), found=role, expected=f"before {last}")
            return
        seen.add(role)
        last = max(last, role, key=lambda one: _RANKS[one])


def sender(subject: Subject) -> Iterator[Finding]:
    if not subject.transmission.flags.destdmp:
        return
    one = subject.transmission.sender
    if one is None or one.place is None:
        yield SENDER.finding("PRT[1]", found="", expected="PRT SB")
        return
    if not one.org_id:
        yield SENDER.finding(one.place.where(8, 10), found="", expected="FINESS of the structure")
    if not one.person_id and not one.device_id:
        yield SENDER.finding(one.place.where(5, 1), found="", expected="a professional, or a device in PRT-10")


def persons(subject: Subject) -> Iterator[Finding]:
    for prt in subject.message.all("PRT"):
        if prt.get(5).strip():
            yield from _person(prt, prt.get(5), prt.get(5, 13).strip())


def _person(prt: Segment, identifier: str, kind: str) -> Iterator[Finding]:
    if kind not in {*_PERSONS, "INS"}:
        yield PERSON_TYPE.finding(prt.where(5, 13), found=kind, expected="RPPS, IDNPS, ADELI, INS or EI")
        return
    if kind == "INS":
        validity = is_valid_ins(identifier)
        right, expected = bool(validity), validity.expected
    else:
        form, expected = _PERSONS[kind]
        right = form.fullmatch(identifier) is not None
    if not right:
        yield PERSON_FORM.finding(prt.where(5, 1), found=identifier, expected=expected)
    yield from _authority(prt, kind)


def _authority(prt: Segment, kind: str) -> Iterator[Finding]:
    name, oid = prt.get(5, 9), prt.get(5, 9, 2)
    if kind == "INS":
        if oid not in INS_OIDS:
            yield AUTHORITY.finding(prt.where(5, 9, 2), found=oid or name, expected=_OIDS)
    elif kind in {"RPPS", "IDNPS", "ADELI"}:
        if oid != PS_OID:
            yield AUTHORITY.finding(prt.where(5, 9, 2), found=oid, expected=PS_OID)
        elif name not in {"", "ASIP-SANTE-PS"}:
            yield AUTHORITY.finding(prt.where(5, 9, 1), found=name, expected="ASIP-SANTE-PS")


def structures(subject: Subject) -> Iterator[Finding]:
    for prt in subject.message.all("PRT"):
        identifier, kind = prt.get(8, 10), prt.get(8, 7).strip()
        if not identifier.strip():
            continue
        if kind not in STRUCTURE_TYPES | UNIT_TYPES:
            yield STRUCTURE_TYPE.finding(prt.where(8, 7), found=kind, expected=_TYPES)
        form, expected = _STRUCTURES.get(kind, (_PERSONS["EI"][0], ""))
        if not form.fullmatch(identifier):
            yield STRUCTURE_FORM.finding(prt.where(8, 10), found=identifier, expected=expected)


def addresses(subject: Subject) -> Iterator[Finding]:
    for prt in subject.message.all("PRT"):
        role, address = prt.get(4).strip(), prt.get(15, 4).strip()
        if not address:
            if role in {"RCT", "REPLY"}:
                yield ADDRESS_MISSING.finding(prt.where(15, 4), found="", expected="a mail address")
            continue
        if not _MAIL.fullmatch(address) or len(address) > 254:
            yield ADDRESS.finding(prt.where(15, 4), found=address, expected="name@domain")
        if prt.get(15, 3).strip() != "X.400":
            yield ADDRESS_KIND.finding(prt.where(15, 3), found=prt.get(15, 3), expected="X.400")


CHECKS = (roles, order, sender, persons, structures, addresses)
