"""MSH, EVN and the event itself (PAM §2, §6.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Message
from simulators.core.rules import Example, Finding, Grade, Level
from simulators.population.pam import names
from simulators.population.pam.rules.writing import dated, event_of, filled, known, rule

EXCLUDED: Final = rule(
    "A08",
    "MSH-9.2",
    "A08 est exclu en France : le message est ignoré, rien n'est mis à jour",
    "A08 is excluded in France: the message is ignored, nothing is updated",
    "A31 pour une identité, Z99 (ZBE-4 UPDATE, ZBE-6) pour un mouvement",
    "A31 for an identity, Z99 (ZBE-4 UPDATE, ZBE-6) for a movement",
    code="201",
    section="§2.2",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-9.2", "A08", "A31, Z99"),
)
EVENT: Final = rule(
    "EVENT",
    "MSH-9.2",
    "événement que PAM France ne connaît pas : le message est ignoré",
    "event that PAM France does not know: the message is ignored",
    "envoyez l'un des événements de PAM France",
    "send one of the events of PAM France",
    code="201",
    section="§5.3.2",
    level=Level.WARN,
    example=Example("MSH-9.2", "A60", "A01, A02, A03…"),
)
PARTIES: Final = rule(
    "PARTIES",
    "MSH-3 to MSH-6",
    "l'application ou la structure émettrice ou destinataire n'est pas dite",
    "the sending or receiving application or facility is not told",
    "remplissez MSH-3, MSH-4, MSH-5 et MSH-6",
    "fill in MSH-3, MSH-4, MSH-5 and MSH-6",
    code="101",
    section="§6.5",
    example=Example("MSH-3", "", "GAM"),
)
STRUCTURE: Final = rule(
    "STRUCTURE",
    "MSH-9.3",
    "MSH-9.3 n'est pas la structure de cet événement",
    "MSH-9.3 is not the structure of this event",
    "écrivez la structure attendue dans MSH-9.3",
    "write the expected structure in MSH-9.3",
    code="200",
    section="§2.1, §2.2",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-9.3", "ADT_A99", "ADT_A01"),
)
PROCESSING: Final = rule(
    "PROCESSING",
    "MSH-11",
    "MSH-11 n'est ni P, ni T, ni D",
    "MSH-11 is neither P, T nor D",
    "P production, T test, D mise au point",
    "P production, T test, D debugging",
    code="202",
    section="§6.5",
    example=Example("MSH-11.1", "X", "P, T, D"),
)
VERSION: Final = rule(
    "VERSION",
    "MSH-12.1",
    "PAM France s'écrit en HL7 2.5",
    "PAM France is written in HL7 2.5",
    "MSH-12 : 2.5^FRA^2.11",
    "MSH-12: 2.5^FRA^2.11",
    code="203",
    section="§6.5",
    example=Example("MSH-12.1", "2.3", "2.5"),
)
VERSION_FRANCE: Final = rule(
    "VERSION-FR",
    "MSH-12.2, MSH-12.3",
    "MSH-12 ne dit pas l'extension française 2.11",
    "MSH-12 does not tell the French extension 2.11",
    "MSH-12 : 2.5^FRA^2.11 (jamais 2.11.1 ni 2.11.2)",
    "MSH-12: 2.5^FRA^2.11 (never 2.11.1 nor 2.11.2)",
    code="203",
    section="§6.5",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("VERSION",),
    example=Example("MSH-12.3", "2.10", "2.11"),
)
COUNTRY: Final = rule(
    "COUNTRY",
    "MSH-17",
    "MSH-17 n'est pas FRA",
    "MSH-17 is not FRA",
    "MSH-17 : FRA",
    "MSH-17: FRA",
    code="103",
    section="§6.5",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-17", "", "FRA"),
)
CHARSET: Final = rule(
    "CHARSET",
    "MSH-18",
    "MSH-18 n'est ni UNICODE UTF-8 ni 8859/15",
    "MSH-18 is neither UNICODE UTF-8 nor 8859/15",
    "déclarez UNICODE UTF-8",
    "declare UNICODE UTF-8",
    code="103",
    section="§6.5",
    level=Level.WARN,
    example=Example("MSH-18", "8859/1", "UNICODE UTF-8, 8859/15"),
)
PROFILE: Final = rule(
    "PROFILE",
    "MSH-21",
    "MSH-21 ne nomme pas le profil PAM France 2.11",
    "MSH-21 does not name the profile PAM France 2.11",
    f"MSH-21 : {names.PROFILE}",
    f"MSH-21: {names.PROFILE}",
    code="103",
    section="§6.5",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-21", "", names.PROFILE),
)
RECORDED: Final = rule(
    "EVN",
    "EVN-2",
    "la date d'enregistrement de l'événement manque",
    "the date when the event was recorded is missing",
    "EVN-2 : AAAAMMJJHHMMSS",
    "EVN-2: YYYYMMDDHHMMSS",
    code="101",
    section="§5.2",
    grade=Grade.STANDARD,
    example=Example("EVN-2", "", "YYYYMMDDHHMMSS"),
)
DATES: Final = rule(
    "DATES",
    "EVN-2, EVN-6",
    "ce n'est pas une date HL7",
    "this is no HL7 date",
    "AAAAMMJJHHMMSS, sans séparateur",
    "YYYYMMDDHHMMSS, without separators",
    code="102",
    section="§5.2",
    grade=Grade.STANDARD,
    example=Example("EVN-6", "06/03/2026", "YYYYMMDDHHMMSS"),
)
RULES: Final = (
    *(EXCLUDED, EVENT, PARTIES, STRUCTURE, PROCESSING, VERSION, VERSION_FRANCE, COUNTRY, CHARSET, PROFILE),
    *(RECORDED, DATES),
)


def event(message: Message) -> Iterator[Finding]:
    """An event that is ignored; nothing else is then checked."""
    found = event_of(message)
    if found == names.EXCLUDED:
        yield EXCLUDED.finding("MSH-9.2", found=found, expected="A31, Z99")
    elif found not in names.PAM_EVENTS:
        yield EVENT.finding("MSH-9.2", found=found, expected=", ".join(sorted(names.PAM_EVENTS)))


@known
def parties(message: Message) -> Iterator[Finding]:
    for field in (3, 4, 5, 6):
        yield from filled(PARTIES, message.header, field, "the name of an application or of a facility")


@known
def structure(message: Message) -> Iterator[Finding]:
    expected = names.STRUCTURES[event_of(message)]
    if message.structure != expected:
        yield STRUCTURE.finding("MSH-9.3", found=message.structure, expected=expected)


@known
def header(message: Message) -> Iterator[Finding]:
    told = message.header
    if told.get(11) not in {"P", "T", "D"}:
        yield PROCESSING.finding("MSH-11.1", found=told.get(11), expected="P, T, D")
    if told.get(12) != "2.5":
        yield VERSION.finding("MSH-12.1", found=told.get(12), expected="2.5")
    for component, expected in ((2, "FRA"), (3, "2.11")):
        if told.get(12, component) != expected:
            where = f"MSH-12.{component}"
            yield VERSION_FRANCE.finding(where, found=told.get(12, component), expected=expected)
    if told.get(17) != "FRA":
        yield COUNTRY.finding("MSH-17", found=told.get(17), expected="FRA")
    if told.get(18).strip().upper() not in names.CHARSETS:
        yield CHARSET.finding("MSH-18", found=told.get(18), expected=", ".join(names.CHARSETS))
    if [told.get(21).strip(), told.get(21, 2).strip()] != names.PROFILE.split("^"):
        yield PROFILE.finding("MSH-21", found=told.raw(21), expected=names.PROFILE)


@known
def recorded(message: Message) -> Iterator[Finding]:
    evn = message.first("EVN")
    if evn is None:
        yield RECORDED.finding("EVN", expected="EVN||YYYYMMDDHHMMSS")
    yield from filled(RECORDED, evn, 2, "YYYYMMDDHHMMSS")
    yield from dated(DATES, evn, 2, 6)


CHECKS: Final = (event, parties, structure, header, recorded)
