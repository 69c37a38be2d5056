"""The header of a message that a PFI sends to the record (facts pfi §1.4, §9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.documents.hl7.names import CHARSETS, COUNTRY, LPS_NAME, LPS_PROFILE, OLD_PROFILES
from simulators.documents.hl7.read import read_profile
from simulators.dpi.reading import Received
from simulators.dpi.rules.wire import ReceivedCheck, rule

_PROOF: Final = "Ségur, preuve MSS/UX.37.01.01 (webinaire AMA du 6 juin 2025)"
_RECORDS: Final = ("DPI", "RIS", "LPS", "SGL")

PARTIES = rule(
    "PARTIES",
    "MSH-3 to MSH-6",
    "un des quatre champs qui nomment les applications et les organisations est vide",
    "one of the four fields that name the applications and the organisations is empty",
    "valorisez MSH-3 à MSH-6, par exemple PFI-Y|Organisation-Y|DPI-Y|Organisation-Y",
    "fill MSH-3 to MSH-6, for example PFI-Y|Organisation-Y|DPI-Y|Organisation-Y",
    code="101",
    source=f"{_PROOF}; volet, MSH",
    example=Example("MSH-3", "", "a name"),
)
ROLES = rule(
    "ROLES",
    "MSH-3, MSH-5",
    "le nom de l'application ne dit pas son rôle",
    "the name of the application does not tell its role",
    "nommez l'émetteur avec PFI et le récepteur avec DPI ou RIS : PFI-Y, DPI-Y",
    "name the sender with PFI and the receiver with DPI or RIS: PFI-Y, DPI-Y",
    code="103",
    source=_PROOF,
    level=Level.WARN,
    needs=("PARTIES",),
    example=Example("MSH-3", "Plume", "a name that holds PFI"),
)
PROFILE = rule(
    "PROFILE",
    "MSH-21",
    "ce n'est pas un document provenant de MSSanté (profil LPS)",
    "this is no document from MSSanté (LPS profile)",
    f"écrivez {LPS_PROFILE} dans MSH-21 ; une demande d'alimentation ou d'envoi va au PFI, pas au DPI",
    f"write {LPS_PROFILE} in MSH-21; a request to feed or to send goes to the PFI, not to the record",
    code="103",
    example=Example("MSH-21", "2.1^CISIS_CDA_HL7_V2", LPS_PROFILE),
)
OLD_PROFILE = rule(
    "PROFILE-OLD",
    "MSH-21",
    "version ancienne du profil LPS",
    "older version of the LPS profile",
    f"passez au profil courant : {LPS_PROFILE}",
    f"move to the current profile: {LPS_PROFILE}",
    code="103",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("PROFILE",),
    example=Example("MSH-21", "1.0^CISIS_CDA_HL7_LPS", LPS_PROFILE),
)
STRUCTURE = rule(
    "STRUCTURE",
    "MSH-9.3",
    "la troisième composante de MSH-9 n'est pas MDM_T02",
    "the third component of MSH-9 is not MDM_T02",
    "écrivez MDM_T02, aussi pour T04 et T10",
    "write MDM_T02, for T04 and T10 too",
    code="200",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-9.3", "MDM_T10", "MDM_T02"),
)
VERSION = rule(
    "VERSION",
    "MSH-12",
    "la version HL7 n'est pas 2.6",
    "the HL7 version is not 2.6",
    "écrivez 2.6 dans MSH-12",
    "write 2.6 in MSH-12",
    code="203",
    example=Example("MSH-12", "2.5", "2.6"),
)
PROCESSING = rule(
    "PROCESSING",
    "MSH-11",
    "MSH-11 n'est ni P, ni T, ni D",
    "MSH-11 is none of P, T, D",
    "écrivez P (production), T (essai) ou D (mise au point)",
    "write P (production), T (test) or D (debugging)",
    code="202",
    example=Example("MSH-11", "X", "P, T or D"),
)
COUNTRY_CODE = rule(
    "COUNTRY",
    "MSH-17",
    "MSH-17 n'est pas FRA",
    "MSH-17 is not FRA",
    "écrivez FRA dans MSH-17",
    "write FRA in MSH-17",
    code="103",
    example=Example("MSH-17", "", COUNTRY),
)
CHARSET = rule(
    "CHARSET",
    "MSH-18",
    "MSH-18 n'est pas un des deux jeux de caractères du volet",
    "MSH-18 is neither of the two character sets of the volet",
    "écrivez UNICODE UTF-8 ou 8859/15",
    "write UNICODE UTF-8 or 8859/15",
    code="103",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-18", "8859/1", "UNICODE UTF-8 or 8859/15"),
)
RULES: Final = (PARTIES, ROLES, PROFILE, OLD_PROFILE, STRUCTURE, VERSION, PROCESSING, COUNTRY_CODE, CHARSET)


def parties(one: Received) -> Iterator[Finding]:
    header = one.message.header
    for number in (3, 4, 5, 6):
        if not header.get(number).strip():
            yield PARTIES.finding(f"MSH-{number}", found="", expected="a name")


def roles(one: Received) -> Iterator[Finding]:
    header = one.message.header
    if "PFI" not in header.get(3).upper():
        yield ROLES.finding("MSH-3", found=header.get(3), expected="a name that holds PFI")
    if not any(word in header.get(5).upper() for word in _RECORDS):
        yield ROLES.finding("MSH-5", found=header.get(5), expected="a name that holds DPI or RIS")


def profile(one: Received) -> Iterator[Finding]:
    written = read_profile(one.message)
    if not written.endswith(f"^{LPS_NAME}"):
        yield PROFILE.finding("MSH-21", found=written, expected=LPS_PROFILE)
    elif written in OLD_PROFILES:
        yield OLD_PROFILE.finding("MSH-21", found=written, expected=LPS_PROFILE)
    elif written != LPS_PROFILE:
        yield PROFILE.finding("MSH-21", found=written, expected=LPS_PROFILE)


def codes(one: Received) -> Iterator[Finding]:
    """The fields whose values the volet fixes."""
    header, charset = one.message.header, one.message.header.get(18).strip()
    if one.message.structure.strip() != "MDM_T02":
        yield STRUCTURE.finding("MSH-9.3", found=one.message.structure, expected="MDM_T02")
    if one.message.version.strip() != "2.6":
        yield VERSION.finding("MSH-12", found=one.message.version, expected="2.6")
    if one.message.processing not in {"P", "T", "D"}:
        yield PROCESSING.finding("MSH-11", found=one.message.processing, expected="P, T or D")
    if header.get(17).strip() != COUNTRY:
        yield COUNTRY_CODE.finding("MSH-17", found=header.get(17), expected=COUNTRY)
    if charset not in CHARSETS:
        yield CHARSET.finding("MSH-18", found=charset, expected="UNICODE UTF-8 or 8859/15")


CHECKS: Final[tuple[ReceivedCheck, ...]] = (parties, roles, profile, codes)
