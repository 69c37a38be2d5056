"""The ten flags and the two mail bodies: there, once, in order, in form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Finding
from simulators.documents.hl7.base64 import State, decoded
from simulators.documents.hl7.names import BODIES, CDA_FLAGS, META, YES_NO, Flag, canonical
from simulators.documents.hl7.places import ended, fin_note, flag_segments
from simulators.pfi.rules.making import FLAGS_SOURCE, INFERRED, LPS, OTHERS, REFUSE, STANDARD, VOLET, WARN, rule
from simulators.pfi.rules.subject import Subject

_ORDER: Final = (*CDA_FLAGS, *BODIES.values())

MISSING = rule(
    "FLAG-MISSING",
    "101",
    "OBX MetaDMPMSS",
    ("un des dix indicateurs manque", "one of the ten flags is missing"),
    (
        "envoyez les dix OBX, Y ou N, de MASQUE_PS à ACK_LECTURE_MSS ; seuls les corps de mail sont facultatifs",
        "send the ten OBX, Y or N, from MASQUE_PS to ACK_LECTURE_MSS; only the mail bodies are optional",
    ),
    ("OBX[4]", "", "INVISIBLE_REP_LEGAUX"),
    source=FLAGS_SOURCE,
    needs=OTHERS,
)
REPEATED = rule(
    "FLAG-REPEATED",
    "198",
    "OBX MetaDMPMSS",
    ("un indicateur est répété", "a flag is repeated"),
    ("un OBX par indicateur ; le premier compte", "one OBX for each flag; the first one counts"),
    ("OBX[14]", "MASQUE_PS", "1"),
    source=FLAGS_SOURCE,
)
ORDER = rule(
    "FLAG-ORDER",
    "100",
    "OBX MetaDMPMSS",
    ("les indicateurs ne sont pas dans l'ordre du volet", "the flags are not in the order of the volet"),
    (f"l'ordre est : {', '.join(_ORDER)}", f"the order is: {', '.join(_ORDER)}"),
    ("OBX[3]", "MASQUE_PS", "before INVISIBLE_PATIENT"),
    source=FLAGS_SOURCE,
    needs=("PFI-FLAG-MISSING", "PFI-FLAG-REPEATED", *OTHERS),
)
NAME = rule(
    "FLAG-NAME",
    "103",
    "OBX-3.1",
    ("l'indicateur porte le nom d'une version antérieure", "the flag has the name of an earlier version"),
    ("prenez le nom du volet 2.1", "take the name of the volet 2.1"),
    ("OBX[4]-3.1", "INVISIBLE_REPRESENTANTS_LEGAUX", "INVISIBLE_REP_LEGAUX"),
    level=WARN,
    strict=REFUSE,
    source=f"{FLAGS_SOURCE}; change-log",
    needs=OTHERS,
)
VALUE = rule(
    "FLAG-VALUE",
    "103",
    "OBX-5.1 of the flags",
    ("un indicateur ne vaut ni Y ni N", "a flag is neither Y nor N"),
    ("Y^^expandedYes-NoIndicator ou N^^expandedYes-NoIndicator", "Y^^expandedYes-NoIndicator or N^^..."),
    ("OBX[2]-5.1", "O", "Y or N"),
    source=FLAGS_SOURCE,
)
FORM = rule(
    "FLAG-FORM",
    "103",
    "OBX-2, OBX-3.3, OBX-5.3, OBX-11 of the metadata",
    ("un champ fixe d'un OBX de métadonnée est faux", "a fixed field of a metadata OBX is wrong"),
    (
        "OBX-2 CE (ORU) ou CWE (MDM), OBX-3.3 MetaDMPMSS, OBX-5.3 expandedYes-NoIndicator, OBX-11 F",
        "OBX-2 CE (ORU) or CWE (MDM), OBX-3.3 MetaDMPMSS, OBX-5.3 expandedYes-NoIndicator, OBX-11 F",
    ),
    ("OBX[2]-2", "ST", "CWE"),
    level=WARN,
    strict=REFUSE,
    source=FLAGS_SOURCE,
    needs=OTHERS,
)
BODY = rule(
    "BODY",
    "102",
    "OBX-5 of CORPSMAIL_PS, CORPSMAIL_PATIENT",
    (
        "le corps du courriel n'est pas du base64 entier : il est lu jusqu'où c'est possible",
        "the mail body is no whole base64: it is read as far as possible",
    ),
    ("OBX-5 = ^text^^Base64^..., complété par =", "OBX-5 = ^text^^Base64^..., padded with ="),
    ("OBX[12]-5.5", "broken", "ok"),
    level=WARN,
    strict=REFUSE,
    source="RFC 4648 §4; the published ORU samples break it",
    grade=STANDARD,
)
FIN = rule(
    "NTE-FIN",
    "199",
    "NTE-4",
    (
        "NTE-4 FIN n'est pas sous DESTMSSANTEPAT : il est ignoré, le patient pourra répondre",
        "NTE-4 FIN does not stand under DESTMSSANTEPAT: it is ignored, the patient will be able to reply",
    ),
    ("placez ce NTE juste après l'OBX DESTMSSANTEPAT", "put this NTE right after the OBX DESTMSSANTEPAT"),
    ("NTE[2]-4", "FIN", "under DESTMSSANTEPAT only"),
    level=WARN,
    strict=REFUSE,
    needs=("PFI-FLAG-MISSING",),
)
MODIFIED = rule(
    "FLAG-MODIF",
    "207",
    "MODIF_CONF_CODE",
    (
        "MODIF_CONF_CODE vaut Y alors que le document n'en remplace aucun",
        "MODIF_CONF_CODE is Y although the document replaces none",
    ),
    ("Y seulement pour un remplacement qui change la visibilité", "Y only for a replacement that changes visibility"),
    ("OBX[6]-5.1", "Y", "N"),
    level=WARN,
    grade=INFERRED,
    source=f"{VOLET}: MODIF_CONF_CODE is told of a replacement",
    needs=LPS,
)
RULES = (MISSING, REPEATED, ORDER, NAME, VALUE, FORM, BODY, FIN, MODIFIED)


def present(subject: Subject) -> Iterator[Finding]:
    for place, flag in enumerate(CDA_FLAGS, start=2):
        if flag not in subject.flags:
            yield MISSING.finding(f"OBX[{place}]", found="", expected=flag)
    seen = set[Flag]()
    for flag, obx in flag_segments(subject.message):
        if flag in seen:
            yield REPEATED.finding(obx.where(), found=flag, expected="1")
        seen.add(flag)


def order(subject: Subject) -> Iterator[Finding]:
    """The first one that stands after what should follow it."""
    last = -1
    for obx in subject.message.all("OBX"):
        code = canonical(obx.get(3)) or obx.get(3).strip()
        if code not in _ORDER:
            continue
        if _ORDER.index(code) < last:
            yield ORDER.finding(obx.where(), found=code, expected=f"before {_ORDER[last]}")
            return
        last = _ORDER.index(code)


def forms(subject: Subject) -> Iterator[Finding]:
    data_type = "CWE" if subject.mdm else "CE"
    for flag, obx in flag_segments(subject.message):
        code, value = obx.get(3), obx.get(5).strip()
        if code != flag:
            yield NAME.finding(obx.where(3, 1), found=code, expected=flag)
        if value not in {"Y", "N"}:
            yield VALUE.finding(obx.where(5, 1), found=value, expected="Y or N")
        for field, component, expected in ((2, 1, data_type), (3, 3, META), (5, 3, YES_NO), (11, 1, "F")):
            found = obx.get(field, component)
            if found.strip() != expected and (value or field != 5):
                where = obx.where(field, component if component > 1 else None)
                yield FORM.finding(where, found=found, expected=expected)


def bodies(subject: Subject) -> Iterator[Finding]:
    for obx in subject.message.all("OBX"):
        if obx.get(3).strip() not in BODIES.values():
            continue
        state = decoded(obx.get(5, 5))[1]
        if state is not State.OK:
            yield BODY.finding(obx.where(5, 5), found=state, expected=State.OK)
        for field, expected in ((2, "ED"), (11, "F")):
            if obx.get(field).strip() != expected:
                yield FORM.finding(obx.where(field), found=obx.get(field), expected=expected)


def notes(subject: Subject) -> Iterator[Finding]:
    right = fin_note(subject.message)
    for note, _ in ended(subject.message):
        if note is not right:
            yield FIN.finding(note.where(4), found="FIN", expected="under DESTMSSANTEPAT only")


def modified(subject: Subject) -> Iterator[Finding]:
    said = subject.transmission
    if said.flags.modif_conf_code and said.action == "initial":
        yield MODIFIED.finding(subject.flag(Flag.MODIF_CONF_CODE), found="Y", expected="N")


CHECKS = (present, order, forms, bodies, notes, modified)
