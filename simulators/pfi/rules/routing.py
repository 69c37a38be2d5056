"""What the flags ask for against the recipients, the visibility of the document and the management matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from simulators.core.rules import Finding
from simulators.documents.hl7.model import Participant, Transmission
from simulators.documents.hl7.names import Flag
from simulators.pfi.rules.making import INFERRED, LPS, MATRIX_SOURCE, REFUSE, VOLET, WARN, rule
from simulators.pfi.rules.subject import Subject

_MAJORITY: Final = 18
_TOLD: Final = (
    *("PFI-PS-RECIPIENT", "PFI-PATIENT-RECIPIENT", "PFI-RCT-UNASKED"),
    *("PFI-PATIENT-INVISIBLE", "PFI-RELATIVES-INVISIBLE"),
)
"""What makes a combination wrong by itself is said by its own rule, not by the matrix."""

PS_RECIPIENT = rule(
    "PS-RECIPIENT",
    "101",
    "DESTMSSANTEPS, PRT RCT",
    (
        "l'envoi à un professionnel est demandé et aucun destinataire n'en est un",
        "sending to a professional is asked for and no recipient is one",
    ),
    ("ajoutez un PRT RCT avec son adresse MSSanté, ou DESTMSSANTEPS à N", "add a PRT RCT, or DESTMSSANTEPS N"),
    ("OBX[8]-5.1", "Y", "N, or a RCT of a professional"),
    needs=("PFI-SEGMENT-MISSING", "PFI-PRT-PLACE", "PFI-PRT-ROLE", "PFI-RCT-ADDRESS", *LPS),
)
PATIENT_RECIPIENT = rule(
    "PATIENT-RECIPIENT",
    "101",
    "DESTMSSANTEPAT, PRT RCT",
    (
        "l'envoi au patient est demandé et aucun destinataire n'est une adresse de patient",
        "sending to the patient is asked for and no recipient is an address of a patient",
    ),
    ("ajoutez un PRT RCT à matricule@patient.mssante.fr, ou DESTMSSANTEPAT à N", "add a PRT RCT of the patient"),
    ("OBX[9]-5.1", "Y", "N, or a RCT of the patient"),
    needs=("PFI-SEGMENT-MISSING", "PFI-PRT-PLACE", "PFI-PRT-ROLE", "PFI-RCT-ADDRESS", *LPS),
)
UNASKED = rule(
    "RCT-UNASKED",
    "207",
    "PRT RCT, DESTMSSANTEPS, DESTMSSANTEPAT",
    (
        "un destinataire est nommé et aucun indicateur ne demande de lui écrire : il ne recevra rien",
        "a recipient is named and no flag asks to write to him: he will receive nothing",
    ),
    ("DESTMSSANTEPS ou DESTMSSANTEPAT à Y, ou retirez ce PRT", "DESTMSSANTEPS or DESTMSSANTEPAT Y, or drop this PRT"),
    ("OBX[9]-5.1", "N", "Y"),
    level=WARN,
    grade=INFERRED,
    needs=("PFI-FLAG-MISSING", "PFI-FLAG-VALUE", *LPS),
)
INVISIBLE = rule(
    "PATIENT-INVISIBLE",
    "207",
    "INVISIBLE_PATIENT, DESTMSSANTEPAT",
    ("un document invisible au patient ne peut lui être envoyé", "a document hidden from the patient cannot go to him"),
    ("DESTMSSANTEPAT à N, ou levez INVISIBLE_PATIENT", "DESTMSSANTEPAT N, or lift INVISIBLE_PATIENT"),
    ("OBX[3]-5.1", "Y", "N"),
    source=MATRIX_SOURCE,
    needs=LPS,
)
RELATIVES = rule(
    "RELATIVES-INVISIBLE",
    "207",
    "INVISIBLE_REP_LEGAUX, PRT RCT",
    (
        "un document invisible aux représentants légaux part vers la boîte d'un autre que le patient",
        "a document hidden from legal representatives goes to the mailbox of another than the patient",
    ),
    ("écrivez à la seule adresse du patient, ou levez INVISIBLE_REP_LEGAUX", "write to the patient's own address only"),
    ("OBX[4]-5.1", "Y", "N"),
    source=MATRIX_SOURCE,
    needs=LPS,
)
OTHER_PATIENT = rule(
    "RCT-PATIENT",
    "207",
    "PRT-15.4 of a patient, PID-3",
    (
        "l'adresse de patient n'est pas faite du matricule du patient du document",
        "the patient's address is not made of the matricule of the patient of the document",
    ),
    ("<matricule INS>@patient.mssante.fr, celui de PID-3", "<INS matricule>@patient.mssante.fr, that of PID-3"),
    ("PRT[3]-15.4", "290050099900233@patient.mssante.test", "185010099900171"),
    level=WARN,
    strict=REFUSE,
    source=f"{VOLET}; exemples",
    needs=("PFI-RELATIVES-INVISIBLE", "PFI-CDA-PATIENT", "PFI-INS-KEY", *LPS),
)
NOTHING = rule(
    "NOTHING-ASKED",
    "207",
    "DESTDMP, DESTMSSANTEPS, DESTMSSANTEPAT",
    ("aucune destination n'est demandée : rien ne sera fait", "no destination is asked for: nothing will be done"),
    ("au moins un DEST... à Y", "at least one DEST... Y"),
    ("OBX[7]-5.1", "N", "Y"),
    level=WARN,
    grade=INFERRED,
    needs=("PFI-FLAG-MISSING", "PFI-FLAG-VALUE", *LPS),
)
MATRIX = rule(
    "MATRIX",
    "207",
    "MASQUE_PS to DESTMSSANTEPAT",
    (
        "cette combinaison d'indicateurs n'est pas dans la matrice de gestion MSSanté du volet",
        "this combination of flags is not in the MSSanté management matrix of the volet",
    ),
    (
        "PS et patient : aucun masquage ; PS seul : invisible au patient ; patient seul : visible, ni DMP ni connexion "
        "secrète",
        "PS and patient: nothing hidden; PS alone: hidden from the patient; patient alone: visible to him, neither DMP "
        "nor secret connection",
    ),
    ("OBX[2]-5.1", "Y", "N"),
    level=WARN,
    source=f"{MATRIX_SOURCE} (edited after 2.1.2; the published samples break it)",
    needs=(*_TOLD, "PFI-FLAG-MISSING", "PFI-FLAG-VALUE", *LPS),
)
SECRET = rule(
    "SECRET-ADULT",
    "207",
    "CONNEXION_SECRETE, PID-7",
    (
        "la connexion secrète est demandée pour un adulte : elle est faite pour les soins secrets d'un mineur",
        "the secret connection is asked for an adult: it is meant for the secret care of a minor",
    ),
    ("CONNEXION_SECRETE à N pour un majeur", "CONNEXION_SECRETE N for an adult"),
    ("OBX[5]-5.1", "Y", "N"),
    level=WARN,
    grade=INFERRED,
    source="Ségur AMA 8 Oct 2025 (DMP/CONF.16, minors)",
    needs=LPS,
)
RULES = (PS_RECIPIENT, PATIENT_RECIPIENT, UNASKED, INVISIBLE, RELATIVES, OTHER_PATIENT, NOTHING, MATRIX, SECRET)


@dataclass(frozen=True)
class Row:
    """One row of the matrix: whom it writes to, and the flags it fixes."""

    ps: bool
    patient: bool
    fixed: Mapping[Flag, bool]


ROWS: Final = (
    Row(True, True, {Flag.MASQUE_PS: False, Flag.INVISIBLE_PATIENT: False, Flag.INVISIBLE_REP_LEGAUX: False}),
    Row(True, False, {Flag.MASQUE_PS: False, Flag.INVISIBLE_PATIENT: True, Flag.INVISIBLE_REP_LEGAUX: False}),
    Row(False, True, {Flag.INVISIBLE_PATIENT: False, Flag.CONNEXION_SECRETE: False, Flag.DESTDMP: False}),
)
"""The three rows of regles-gestion-mssante, as they stand since 21 April 2026."""


def recipients(subject: Subject) -> Iterator[Finding]:
    said = subject.transmission
    reached = [one.is_patient for one in said.recipients if one.address]
    if said.flags.destmssanteps and False not in reached:
        where = subject.flag(Flag.DESTMSSANTEPS)
        yield PS_RECIPIENT.finding(where, found="Y", expected="N, or a RCT of a professional")
    if said.flags.destmssantepat and True not in reached:
        where = subject.flag(Flag.DESTMSSANTEPAT)
        yield PATIENT_RECIPIENT.finding(where, found="Y", expected="N, or a RCT of the patient")
    if True in reached and not said.flags.destmssantepat:
        yield UNASKED.finding(subject.flag(Flag.DESTMSSANTEPAT), found="N", expected="Y")
    if False in reached and not said.flags.destmssanteps:
        yield UNASKED.finding(subject.flag(Flag.DESTMSSANTEPS), found="N", expected="Y")


def hidden(subject: Subject) -> Iterator[Finding]:
    said = subject.transmission
    if not said.flags.destmssantepat:
        return
    if said.flags.invisible_patient:
        yield INVISIBLE.finding(subject.flag(Flag.INVISIBLE_PATIENT), found="Y", expected="N")
    others = list(_others(said))
    if others and said.flags.invisible_rep_legaux:
        yield RELATIVES.finding(subject.flag(Flag.INVISIBLE_REP_LEGAUX), found="Y", expected="N")
    for one in others:
        where = one.place.where(15, 4) if one.place is not None else "PRT"
        yield OTHER_PATIENT.finding(where, found=one.address, expected=said.patient.ins)


def asked(subject: Subject) -> Iterator[Finding]:
    flags = subject.transmission.flags
    if not (flags.destdmp or flags.destmssanteps or flags.destmssantepat):
        yield NOTHING.finding(subject.flag(Flag.DESTDMP), found="N", expected="Y")


def matrix(subject: Subject) -> Iterator[Finding]:
    """The first flag that the row of these recipients fixes otherwise."""
    flags = subject.transmission.flags
    row = next((row for row in ROWS if (row.ps, row.patient) == (flags.destmssanteps, flags.destmssantepat)), None)
    for flag, expected in row.fixed.items() if row is not None else ():
        found = getattr(flags, flag.name.lower())
        if found != expected:
            yield MATRIX.finding(subject.flag(flag), found=_letter(found), expected=_letter(expected))
            return


def secret(subject: Subject) -> Iterator[Finding]:
    said = subject.transmission
    born = _day(said.patient.birth_date)
    if said.flags.connexion_secrete and born is not None and _age(born, subject.today) >= _MAJORITY:
        yield SECRET.finding(subject.flag(Flag.CONNEXION_SECRETE), found="Y", expected="N")


def _others(said: Transmission) -> Iterator[Participant]:
    """Addresses of patients that are not the one of this patient."""
    for one in said.recipients:
        owner = one.address.partition("@")[0].upper()
        if one.address and one.is_patient and said.patient.ins and owner != said.patient.ins:
            yield one


def _letter(value: bool) -> str:
    return "Y" if value else "N"


def _day(written: str) -> date | None:
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:8]))
    except ValueError:
        return None


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


CHECKS = (recipients, hidden, asked, matrix, secret)
