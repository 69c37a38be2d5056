"""ZFA and ZFD: DMP, consents, how the identity was proved (PAM §6.14 to §6.19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Message
from simulators.core.rules import Example, Finding, Grade, Level
from simulators.population.pam import names
from simulators.population.pam.rules.writing import dated, event_of, known, listed, rule

_SECTION: Final = "§6.14"
EVENT: Final = rule(
    "ZFA-EVENT",
    "ZFA",
    "ZFA n'est pas prévu dans cet événement",
    "ZFA is not foreseen in this event",
    "ZFA va dans A01, A04, A05, A14, A28, A31 et Z99",
    "ZFA goes into A01, A04, A05, A14, A28, A31 and Z99",
    code="100",
    section=_SECTION,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("ZFA", "A02", "A01, A04, A05, A14, A28, A31, Z99"),
)
DMP: Final = rule(
    "ZFA-1",
    "ZFA-1",
    "l'état du DMP n'est ni ACTIF, ni FERME, ni INEXISTANT",
    "the state of the DMP is neither ACTIF, FERME nor INEXISTANT",
    "ACTIF, FERME ou INEXISTANT, ou rien",
    "ACTIF, FERME or INEXISTANT, or nothing",
    code="103",
    section=_SECTION,
    example=Example("ZFA-1", "OUVERT", "ACTIF, FERME, INEXISTANT"),
)
OBSOLETE: Final = rule(
    "ZFA-OBSOLETE",
    "ZFA-4 to ZFA-8",
    "champ retiré : il n'est lu ni comme une opposition, ni comme un consentement",
    "field removed: it is read neither as an opposition nor as a consent",
    "ZFA-9 (alimentation : NA, IO, INO) et ZFA-11 (consultation : NA, INC, IC)",
    "ZFA-9 (feeding: NA, IO, INO) and ZFA-11 (consulting: NA, INC, IC)",
    code="198",
    section=f"{_SECTION}, §8.5",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("ZFA-4", "N", ""),
)
FEED: Final = rule(
    "ZFA-9",
    "ZFA-9",
    "l'information et l'opposition à l'alimentation : NA, IO ou INO",
    "information and opposition to feeding: NA, IO or INO",
    "NA non recueilli, IO informé et opposé, INO informé et non opposé",
    "NA not collected, IO informed and opposed, INO informed and not opposed",
    code="103",
    section=_SECTION,
    example=Example("ZFA-9", "Y", "NA, IO, INO"),
)
CONSULT: Final = rule(
    "ZFA-11",
    "ZFA-11",
    "l'information et le consentement à la consultation : NA, INC ou IC",
    "information and consent to consulting: NA, INC or IC",
    "NA non recueilli, INC informé et ne consent pas, IC informé et consent",
    "NA not collected, INC informed and does not consent, IC informed and consents",
    code="103",
    section=_SECTION,
    example=Example("ZFA-11", "IO", "NA, INC, IC"),
)
DATES: Final = rule(
    "ZFA-DATES",
    "ZFA-2, ZFA-3, ZFA-10, ZFA-12",
    "ce n'est pas une date HL7",
    "this is no HL7 date",
    "AAAAMMJJHHMMSS",
    "YYYYMMDDHHMMSS",
    code="102",
    section=_SECTION,
    grade=Grade.STANDARD,
    example=Example("ZFA-10", "06/03/2026", "YYYYMMDDHHMMSS"),
)
DETAILS: Final = rule(
    "ZFD",
    "ZFD-3, ZFD-4, ZFD-5, ZFD-7",
    "valeur inconnue dans ZFD",
    "unknown value in ZFD",
    "ZFD-3 et ZFD-4 : Y ou N ; ZFD-5 : SM, CV, INSI, CB ou RFID ; ZFD-7 : code de la pièce d'identité",
    "ZFD-3 and ZFD-4: Y or N; ZFD-5: SM, CV, INSI, CB or RFID; ZFD-7: code of the identity paper",
    code="103",
    section="§6.18",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("ZFD-5", "CPS", ", ".join(names.OBTAINED_BY)),
)
EMPTY: Final = rule(
    "Z-EMPTY",
    "ZBE, ZFA, ZFP, ZFV, ZFM, ZFD, ZFS",
    "un segment Z sans aucune valeur n'a pas à être envoyé",
    "a Z segment without any value is not to be sent",
    "retirez le segment",
    "remove the segment",
    code="198",
    section="§5.2",
    level=Level.WARN,
    example=Example("ZFM", "ZFM|||", ""),
)
RULES: Final = (EVENT, DMP, OBSOLETE, FEED, CONSULT, DATES, DETAILS, EMPTY)


@known
def consent(message: Message) -> Iterator[Finding]:
    zfa = message.first("ZFA")
    if zfa is None:
        return
    if event_of(message) not in names.CONSENT_EVENTS:
        yield EVENT.finding("ZFA", found=event_of(message), expected=", ".join(sorted(names.CONSENT_EVENTS)))
    yield from listed(DMP, zfa, 1, names.DMP_STATES)
    for field in range(4, 9):
        if zfa.filled(field):
            yield OBSOLETE.finding(zfa.where(field), found=zfa.raw(field), expected="")
    yield from listed(FEED, zfa, 9, names.FEED)
    yield from listed(CONSULT, zfa, 11, names.CONSULT)
    yield from dated(DATES, zfa, 2, 3, 10, 12)


@known
def details(message: Message) -> Iterator[Finding]:
    zfd = message.first("ZFD")
    for field, allowed in ((3, ("Y", "N")), (4, ("Y", "N")), (5, names.OBTAINED_BY), (7, names.PROOFS)):
        yield from listed(DETAILS, zfd, field, allowed)


@known
def empty(message: Message) -> Iterator[Finding]:
    for name in names.Z_SEGMENTS:
        for segment in message.all(name):
            if not any(segment.filled(field) for field in range(1, segment.width() + 1)):
                yield EMPTY.finding(segment.where(), found=name, expected="")


CHECKS: Final = (consent, details, empty)
