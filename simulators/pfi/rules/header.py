"""MSH: who speaks, what kind of message, which version and profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Finding
from simulators.documents.hl7.names import (
    CDA_NAMES,
    CDA_PROFILE,
    CHARSETS,
    COUNTRY,
    LPS_NAME,
    OLD_PROFILES,
    VERSIONS,
)
from simulators.pfi.rules.making import INFERRED, OLD, REFUSE, WARN, rule
from simulators.pfi.rules.subject import Subject

ROLES: Final = ("PFI", "DPI", "RIS", "SIL", "SGL", "LIS", "LGL", "PACS", "DRIM", "EAI")
_INSTANT: Final = re.compile(r"[0-9]{12}")
_NAMES: Final = {3: "sending application", 4: "sending facility", 5: "receiving application", 6: "receiving facility"}

NAMES = rule(
    "MSH-NAMES",
    "101",
    "MSH-3 to MSH-6",
    (
        "l'application ou l'établissement qui émet ou qui reçoit n'est pas nommé",
        "the application or facility that sends or receives is not named",
    ),
    ("remplissez MSH-3, MSH-4, MSH-5 et MSH-6", "fill MSH-3, MSH-4, MSH-5 and MSH-6"),
    ("MSH-3", "", "sending application"),
)
ROLE = rule(
    "MSH-ROLE",
    "199",
    "MSH-3, MSH-5",
    (
        "le nom de l'application ne dit pas son rôle : une preuve Ségur (MSS/UX.37) serait rejetée",
        "the name of the application does not tell its role: a Ségur proof (MSS/UX.37) would be rejected",
    ),
    ("mettez le rôle dans le nom : DPI-x, RIS-x, PFI-x", "put the role into the name: DPI-x, RIS-x, PFI-x"),
    ("MSH-3", "MARQUE", "a name with PFI, DPI, RIS..."),
    level=WARN,
    grade=INFERRED,
    source="Ségur AMA 6 June 2025, rejected proofs MSS/UX.37",
    needs=("PFI-MSH-NAMES",),
)
TIME = rule(
    "MSH-TIME",
    "101",
    "MSH-7",
    ("la date du message manque ou n'en est pas une", "the date of the message is missing or is none"),
    ("AAAAMMJJHHMM au moins", "at least YYYYMMDDHHMM"),
    ("MSH-7", "", "YYYYMMDDHHMM[SS]"),
    level=WARN,
    strict=REFUSE,
)
STRUCTURE = rule(
    "MSH-STRUCTURE",
    "200",
    "MSH-9.3",
    ("MSH-9.3 n'est pas la structure du volet", "MSH-9.3 is not the structure of the volet"),
    ("ORU_R01 pour ORU, MDM_T02 pour tout MDM (même T04 et T10)", "ORU_R01 for ORU, MDM_T02 for any MDM, T04 and T10"),
    ("MSH-9.3", "MDM_T10", "MDM_T02"),
)
PROCESSING = rule(
    "MSH-PROCESSING",
    "202",
    "MSH-11",
    ("MSH-11 n'est pas un mode de traitement connu", "MSH-11 is no known processing mode"),
    ("P (production), T (test) ou D (mise au point)", "P (production), T (test) or D (debugging)"),
    ("MSH-11", "X", "P, T or D"),
)
COUNTRY_CODE = rule(
    "MSH-COUNTRY",
    "103",
    "MSH-17",
    ("MSH-17 doit valoir FRA", "MSH-17 must be FRA"),
    ("écrivez FRA dans MSH-17", "write FRA in MSH-17"),
    ("MSH-17", "FR", "FRA"),
)
CHARSET = rule(
    "MSH-CHARSET",
    "103",
    "MSH-18",
    (
        "MSH-18 est vide, ou n'est pas un jeu du volet : le message est lu quand même",
        "MSH-18 is empty, or no set of the volet: the message is read all the same",
    ),
    ("UNICODE UTF-8 ou 8859/15", "UNICODE UTF-8 or 8859/15"),
    ("MSH-18", "8859/1", "UNICODE UTF-8 or 8859/15"),
    level=WARN,
    strict=REFUSE,
)
PROFILE = rule(
    "PROFILE",
    "103",
    "MSH-21",
    (
        "MSH-21 ne nomme pas un profil du volet",
        "MSH-21 names no profile of the volet",
    ),
    (f"écrivez {CDA_PROFILE} dans MSH-21", f"write {CDA_PROFILE} in MSH-21"),
    ("MSH-21", "3.0^AUTRE", CDA_PROFILE),
)
PROFILE_OLD = rule(
    "PROFILE-OLD",
    "103",
    "MSH-21",
    (
        "profil d'une version antérieure du volet : il est lu, mais n'est plus celui du Ségur vague 2",
        "profile of an earlier version of the volet: it is read, but is no longer that of Ségur wave 2",
    ),
    (f"passez à {CDA_PROFILE}", f"move on to {CDA_PROFILE}"),
    ("MSH-21", "2.0^CISIS_CDA_HL7_V2", CDA_PROFILE),
    level=WARN,
    strict=REFUSE,
)
PROFILE_BLANKS = rule(
    "PROFILE-BLANKS",
    "102",
    "MSH-21",
    ("une espace entoure le profil de MSH-21", "a blank stands around the profile of MSH-21"),
    ("retirez l'espace (les exemples du guide en ont une)", "remove the blank (the guide's own examples have one)"),
    ("MSH-21", "2.1^ CISIS_CDA_HL7_V2", CDA_PROFILE),
    level=WARN,
    grade=INFERRED,
)
PROFILE_LPS = rule(
    "PROFILE-LPS",
    "103",
    "MSH-21",
    (
        "ce profil est celui d'un document venu de MSSanté vers un LPS (flux 6) : une PFI l'émet, ne le reçoit pas",
        "this profile is that of a document from MSSanté to a record (flow 6): a PFI sends it and does not receive it",
    ),
    (
        f"envoyez-le au DPI ; vers la PFI, le profil est {CDA_PROFILE}",
        f"send it to the record; to the PFI the profile is {CDA_PROFILE}",
    ),
    ("MSH-21", "1.1^CISIS_CDA_HL7_LPS", CDA_PROFILE),
)
VERSION = rule(
    "MSH-VERSION",
    "203",
    "MSH-12",
    ("la version HL7 n'est pas celle de ce message", "the HL7 version is not the one of this message"),
    ("2.5 pour ORU, 2.6 pour MDM", "2.5 for ORU, 2.6 for MDM"),
    ("MSH-12", "2.4", "2.6"),
    needs=OLD,
)
RULES = (
    *(NAMES, ROLE, TIME, STRUCTURE, PROCESSING, COUNTRY_CODE, CHARSET),
    *(PROFILE, PROFILE_OLD, PROFILE_BLANKS, PROFILE_LPS, VERSION),
)


def names(subject: Subject) -> Iterator[Finding]:
    header = subject.message.header
    for field, expected in _NAMES.items():
        if not header.get(field).strip():
            yield NAMES.finding(header.where(field), found="", expected=expected)


def roles(subject: Subject) -> Iterator[Finding]:
    header = subject.message.header
    for field in (3, 5):
        name = header.get(field)
        if not any(role in name.upper() for role in ROLES):
            yield ROLE.finding(header.where(field), found=name, expected="a name with PFI, DPI, RIS...")


def codes(subject: Subject) -> Iterator[Finding]:
    header, message = subject.message.header, subject.message
    if not _INSTANT.match(header.get(7)):
        yield TIME.finding(header.where(7), found=header.get(7), expected="YYYYMMDDHHMM[SS]")
    structure = "MDM_T02" if subject.mdm else "ORU_R01"
    if message.structure != structure:
        yield STRUCTURE.finding(header.where(9, 3), found=message.structure, expected=structure)
    if message.processing not in {"P", "T", "D"}:
        yield PROCESSING.finding(header.where(11), found=message.processing, expected="P, T or D")
    if header.get(17) != COUNTRY:
        yield COUNTRY_CODE.finding(header.where(17), found=header.get(17), expected=COUNTRY)
    if header.get(18).strip().upper() not in CHARSETS:
        yield CHARSET.finding(header.where(18), found=header.get(18), expected=" or ".join(CHARSETS))


def profile(subject: Subject) -> Iterator[Finding]:
    header, found = subject.message.header, subject.transmission.profile
    written, where = header.raw(21), header.where(21)
    name = found.partition("^")[2]
    if found in OLD_PROFILES:
        yield PROFILE_OLD.finding(where, found=found, expected=CDA_PROFILE)
    elif name == LPS_NAME:
        yield PROFILE_LPS.finding(where, found=found, expected=CDA_PROFILE)
    elif name not in CDA_NAMES or found != CDA_PROFILE:
        yield PROFILE.finding(where, found=written, expected=CDA_PROFILE)
    elif "^".join(written.split("^")[:2]) != found:
        yield PROFILE_BLANKS.finding(where, found=written, expected=CDA_PROFILE)


def version(subject: Subject) -> Iterator[Finding]:
    expected = VERSIONS[subject.transmission.kind]
    if subject.message.version != expected:
        header = subject.message.header
        yield VERSION.finding(header.where(12), found=subject.message.version, expected=expected)


CHECKS = (names, roles, codes, profile, version)
