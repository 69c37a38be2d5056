"""PID and MRG: identifiers, traits, state of the identity, changes and merges (PAM §4.4, §6.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Message, Segment
from simulators.core.rules import Example, Finding, Grade, Level
from simulators.population.identifiers import is_valid_ins, known_sample
from simulators.population.pam import names
from simulators.population.pam.read import identifiers
from simulators.population.pam.rules.writing import dated, event_of, filled, known, listed, on, rule

PID: Final = rule(
    "PID",
    "PID",
    "le message n'a pas un segment PID, et un seul",
    "the message has not one PID segment, and only one",
    "un PID par message",
    "one PID a message",
    code="100",
    section="§5.2",
    grade=Grade.STANDARD,
    example=Example("PID", "0", "1"),
)
IDENTIFIER: Final = rule(
    "PID-3",
    "PID-3",
    "aucun identifiant de patient",
    "no patient identifier",
    "donnez l'IPP : 123456^^^NOM&FINESS&M^PI",
    "give the hospital's own number: 123456^^^NAME&FINESS&M^PI",
    code="101",
    section="§6.6.1",
    needs=("PID",),
    example=Example("PID-3", "", "123456^^^NAME&FINESS&M^PI"),
)
NAME: Final = rule(
    "PID-5",
    "PID-5",
    "le nom de naissance (type L) manque",
    "the birth name (type L) is missing",
    "NOM^PRENOM^LISTE DES PRENOMS^^^^L",
    "NAME^GIVEN^LIST OF GIVEN NAMES^^^^L",
    code="101",
    section="§6.6.2",
    needs=("PID",),
    example=Example("PID-5", "", "NAME^GIVEN^LIST^^^^L"),
)
BIRTH: Final = rule(
    "PID-7",
    "PID-7",
    "la date de naissance n'est pas une date HL7",
    "the birth date is no HL7 date",
    "AAAAMMJJ",
    "YYYYMMDD",
    code="102",
    section="§6.6",
    grade=Grade.STANDARD,
    example=Example("PID-7", "28/03/1979", "YYYYMMDD"),
)
SEX: Final = rule(
    "PID-8",
    "PID-8",
    "le sexe n'est ni F, ni M, ni U",
    "the sex is neither F, M nor U",
    "F, M ou U (O a été retiré en 2.11)",
    "F, M or U (O was removed in 2.11)",
    code="103",
    section="§6.6.5",
    example=Example("PID-8", "O", "F, M, U"),
)
FORBIDDEN: Final = rule(
    "PID-FORBIDDEN",
    "PID-10, PID-17, PID-22",
    "race, religion et groupe ethnique sont interdits en France",
    "race, religion and ethnic group are forbidden in France",
    "laissez PID-10, PID-17 et PID-22 vides",
    "leave PID-10, PID-17 and PID-22 empty",
    code="198",
    section="§6.6",
    example=Example("PID-17", "CAT", ""),
)
STATUS: Final = rule(
    "PID-32",
    "PID-32",
    "l'état de l'identité n'est pas dans la table 0445 française",
    "the state of the identity is not in the French table 0445",
    "VALI pour une identité qualifiée, PROV pour une provisoire (QUAL n'existe pas)",
    "VALI for a qualified identity, PROV for a provisional one (there is no QUAL)",
    code="103",
    section="§6.6.15",
    example=Example("PID-32", "QUAL", "VALI, PROV…"),
)
INS_OID: Final = rule(
    "INS-OID",
    "PID-3.4 of type INS",
    "l'autorité d'affectation n'est pas celle d'un INS",
    "the assigning authority is not one of the INS",
    "INS-NIR 1.2.250.1.213.1.4.8, INS-NIA .9, test .10",
    "INS-NIR 1.2.250.1.213.1.4.8, INS-NIA .9, test .10",
    code="103",
    section="§6.6.1",
    example=Example("PID-3.4.2", "1.2.250.1.213.1.4.2", "1.2.250.1.213.1.4.8"),
)
INS_KEY: Final = rule(
    "INS-KEY",
    "PID-3.1 of type INS",
    "ce n'est pas un matricule INS : 15 caractères et leur clé",
    "this is no INS matricule: 15 characters with their key",
    "recopiez le matricule rendu par INSi, clé comprise",
    "copy the matricule that INSi returned, with its key",
    code="102",
    section="§6.6.1",
    grade=Grade.INFERRED,
    example=Example("PID-3.1", "185010099900172", "185010099900171"),
)
INS_SAMPLE: Final = rule(
    "INS-SAMPLE",
    "PID-3.1 of type INS",
    "ce matricule d'un exemple publié a une mauvaise clé",
    "this matricule of a published sample has a wrong key",
    "prenez une identité de test dont la clé est juste",
    "take a test identity whose key is right",
    code="102",
    section="§6.6.1",
    grade=Grade.INFERRED,
    level=Level.WARN,
    example=Example("PID-3.1", "223042545611404", "223042545611455"),
)
INS_STATUS: Final = rule(
    "INS-STATUS",
    "PID-3 of type INS, PID-32",
    "un INS est transmis sans PID-32 VALI : le message est intégré sans l'INS",
    "an INS comes without PID-32 VALI: the message is integrated without the INS",
    "qualifiez l'identité (PID-32 VALI), ou n'envoyez pas l'INS",
    "qualify the identity (PID-32 VALI), or do not send the INS",
    code="207",
    section="§6.6.1, §6.6.15",
    level=Level.WARN,
    needs=("PID-32",),
    example=Example("PID-32", "PROV", "VALI"),
)
INS_DATES: Final = rule(
    "INS-DATES",
    "PID-3.7, PID-3.8 of type INS",
    "un INS n'a pas de dates de validité : INSi n'en rend jamais",
    "an INS has no validity dates: INSi never returns any",
    "laissez CX-7 et CX-8 vides",
    "leave CX-7 and CX-8 empty",
    code="198",
    section="§6.6.1",
    level=Level.WARN,
    example=Example("PID-3.7", "20101207", ""),
)
INS_DELETED: Final = rule(
    "INS-DELETED",
    "PID-3 of type INS",
    "un INS ne se retire que par A47",
    "an INS is only taken away by A47",
    'A47, PID-3 ""^^^…^INS et MRG-1 avec l\'ancien INS',
    'A47, PID-3 ""^^^…^INS and MRG-1 with the former INS',
    code="207",
    section="§4.4",
    grade=Grade.INFERRED,
    level=Level.WARN,
    example=Example("MSH-9.2", "A31", "A47"),
)
MERGE: Final = rule(
    "MRG",
    "MRG-1",
    "l'identifiant remplacé ou fusionné n'est pas dit",
    "the identifier that is replaced or merged is not told",
    "MRG-1 : l'ancien identifiant, avec son autorité et son type",
    "MRG-1: the former identifier, with its authority and type",
    code="101",
    section="§2.1, §4.4",
    example=Example("MRG-1", "", "the former identifier"),
)
MERGE_SELF: Final = rule(
    "MRG-SELF",
    "MRG-1 against PID-3",
    "MRG-1 nomme l'identifiant qui reste",
    "MRG-1 names the identifier that stays",
    "PID-3 : l'identité qui reste ; MRG-1 : celle qui disparaît",
    "PID-3: the identity that stays; MRG-1: the one that goes",
    code="207",
    section="§2.1",
    grade=Grade.INFERRED,
    needs=("MRG",),
    example=Example("MRG-1.1", "123456", "another identifier"),
)
A47_INS: Final = rule(
    "A47-INS",
    "MRG-1, when PID-3 takes an INS away",
    "l'INS retiré n'est pas dans MRG-1",
    "the INS that is taken away is not in MRG-1",
    "MRG-1 : l'ancien INS, avec son OID et le type INS",
    "MRG-1: the former INS, with its OID and the type INS",
    code="101",
    section="§4.4",
    needs=("MRG",),
    example=Example("MRG-1.5", "PI", "INS"),
)
RULES: Final = (
    *(PID, IDENTIFIER, NAME, BIRTH, SEX, FORBIDDEN, STATUS, INS_OID, INS_KEY, INS_SAMPLE, INS_STATUS, INS_DATES),
    *(INS_DELETED,),
    *(MERGE, MERGE_SELF, A47_INS),
)


@known
def presence(message: Message) -> Iterator[Finding]:
    count = len(message.all("PID"))
    if count != 1:
        yield PID.finding("PID", found=count, expected="1")


@known
def traits(message: Message) -> Iterator[Finding]:
    pid = message.first("PID")
    if pid is None:
        return
    if not any(one.value for one in identifiers(pid, 3)):
        yield IDENTIFIER.finding("PID-3", expected="123456^^^NAME&FINESS&M^PI")
    yield from _birth_name(pid)
    yield from dated(BIRTH, pid, 7)
    yield from listed(SEX, pid, 8, names.SEXES)
    for field in (10, 17, 22):
        if pid.filled(field):
            yield FORBIDDEN.finding(pid.where(field), found=pid.raw(field), expected="")
    yield from listed(STATUS, pid, 32, names.STATUSES)


def _birth_name(pid: Segment) -> Iterator[Finding]:
    told = [(pid.get(5, 1, repetition=n), pid.get(5, 7, repetition=n)) for n in range(1, pid.count(5) + 1)]
    if not any(family and kind == "L" for family, kind in told):
        yield NAME.finding("PID-5", found=pid.raw(5), expected="NAME^GIVEN^LIST^^^^L")


@known
def ins(message: Message) -> Iterator[Finding]:
    pid = message.first("PID")
    statuses = {message.value(f"PID-32[{n}]") for n in range(1, (pid.count(32) if pid else 0) + 1)}
    for segment, field in ((pid, 3), (message.first("MRG"), 1)):
        for repetition in range(1, (segment.count(field) if segment else 0) + 1):
            if segment is not None and segment.get(field, 5, repetition=repetition) == names.INS:
                yield from _one_ins(segment, field, repetition)
    if pid is not None and "VALI" not in statuses and _carried(pid):
        yield INS_STATUS.finding("PID-32", found=pid.raw(32), expected="VALI")


def _one_ins(segment: Segment, field: int, repetition: int) -> Iterator[Finding]:
    value, oid = segment.get(field, 1, repetition=repetition), segment.get(field, 4, 2, repetition)
    if oid not in names.INS_AUTHORITIES:
        where = segment.where(field, 4, 2, repetition)
        yield INS_OID.finding(where, found=oid, expected=", ".join(names.INS_AUTHORITIES))
    if value != names.DELETED and not is_valid_ins(value):
        where = segment.where(field, 1, repetition=repetition)
        broken = INS_KEY if known_sample("ins", value) is None else INS_SAMPLE
        yield broken.finding(where, found=value, expected=is_valid_ins(value).expected)
    for component in (7, 8):
        if found := segment.get(field, component, repetition=repetition):
            yield INS_DATES.finding(segment.where(field, component, repetition=repetition), found=found, expected="")


def _carried(pid: Segment) -> bool:
    return any(one.kind == names.INS and not one.deleted for one in identifiers(pid, 3))


@known
def deleted(message: Message) -> Iterator[Finding]:
    pid = message.first("PID")
    gone = pid is not None and any(one.kind == names.INS and one.deleted for one in identifiers(pid, 3))
    if gone and event_of(message) != "A47":
        yield INS_DELETED.finding("MSH-9.2", found=event_of(message), expected="A47")


@on({"A40", "A47"})
def merge(message: Message) -> Iterator[Finding]:
    pid, mrg = message.first("PID"), message.first("MRG")
    if mrg is None:
        yield MERGE.finding("MRG", expected="MRG|former identifier")
        return
    yield from filled(MERGE, mrg, 1, "the former identifier")
    staying = {(one.value, one.oid, one.kind) for one in identifiers(pid, 3)} if pid is not None else set()
    for repetition, one in enumerate(identifiers(mrg, 1), 1):
        if (one.value, one.oid, one.kind) in staying and event_of(message) == "A40":
            where = mrg.where(1, 1, repetition=repetition)
            yield MERGE_SELF.finding(where, found=one.value, expected="another identifier")


@on({"A47"})
def withdrawal(message: Message) -> Iterator[Finding]:
    pid, mrg = message.first("PID"), message.first("MRG")
    gone = pid is not None and any(one.kind == names.INS and one.deleted for one in identifiers(pid, 3))
    if gone and mrg is not None and not any(one.kind == names.INS for one in identifiers(mrg, 1)):
        yield A47_INS.finding("MRG-1.5", found=mrg.get(1, 5), expected="INS")


CHECKS: Final = (presence, traits, ins, deleted, merge, withdrawal)
