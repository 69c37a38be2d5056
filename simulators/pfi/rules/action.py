"""ORC, OBR and TXA: what is asked for, for which type of document, and which document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.hl7 import Segment
from simulators.core.rules import Finding
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.read import document_id, written
from simulators.pfi.rules.making import CROSS, INFERRED, OLD, REFUSE, WARN, rule
from simulators.pfi.rules.subject import Subject
from simulators.population.codes import code_list

_SYSTEMS: Final = ("LN", "TRE_A05")
_CONSTANTS: Final = {1: "1", 3: "TEXT", 17: "AU"}
_BY_ORC: Final = {action.orc: action for action in Action}
_BY_STATUS: Final = {action.status: action for action in Action}
_BY_EVENT: Final = {action.event: action for action in Action}

ORC = rule(
    "ORC",
    "103",
    "ORC-1",
    ("ORC-1 ne dit aucune des trois actions", "ORC-1 tells none of the three actions"),
    ("NW envoi initial, RO remplacement, CA suppression", "NW initial, RO replacement, CA deletion"),
    ("ORC-1", "SC", "NW, RO or CA"),
    needs=OLD,
)
STATUS = rule(
    "STATUS",
    "103",
    "OBX-11 of the document",
    ("OBX-11 du document ne dit aucune des trois actions", "OBX-11 of the document tells none of the three actions"),
    ("F envoi initial, C remplacement, D suppression", "F initial, C replacement, D deletion"),
    ("OBX[1]-11", "P", "F, C or D"),
)
ACTION = rule(
    "ACTION",
    "207",
    "ORC-1, OBX-11, MSH-9.2",
    (
        "ORC-1, OBX-11 du document et l'événement ne disent pas la même action",
        "ORC-1, OBX-11 of the document and the event do not tell the same action",
    ),
    (
        "initial : T02, NW, F ; remplacement : T10, RO, C ; suppression : T04, CA, D",
        "initial: T02, NW, F; replacement: T10, RO, C; deletion: T04, CA, D",
    ),
    ("ORC-1", "RO", "NW"),
    needs=("PFI-ORC", "PFI-STATUS"),
)
TYPE_MISSING = rule(
    "TYPE-MISSING",
    "101",
    "OBR-4",
    ("le type du document manque", "the type of the document is missing"),
    ("OBR-4 et OBX-3 : code de JDV_J07, libellé, LN ou TRE_A05", "OBR-4 and OBX-3: code of JDV_J07, label, LN"),
    ("OBR-4", "", "a code of JDV_J07"),
)
TYPE_SAME = rule(
    "TYPE-SAME",
    "207",
    "OBX-3, OBR-4",
    ("OBX-3 du document et OBR-4 ne donnent pas le même type", "OBX-3 of the document and OBR-4 differ"),
    ("écrivez le même code dans les deux", "write the same code in both"),
    ("OBX[1]-3.1", "34874-8", "11490-0"),
    needs=("PFI-TYPE-MISSING",),
)
TYPE_SYSTEM = rule(
    "TYPE-SYSTEM",
    "103",
    "OBR-4.3, OBX-3.3",
    ("le code de type n'a pas son système", "the type code lacks its coding system"),
    ("LN (LOINC) ou TRE_A05 en composante 3", "LN (LOINC) or TRE_A05 in component 3"),
    ("OBR-4.3", "", "LN or TRE_A05"),
    level=WARN,
    strict=REFUSE,
    needs=("PFI-TYPE-MISSING",),
)
TYPE_LIST = rule(
    "TYPE-LIST",
    "103",
    "OBR-4.1",
    ("le type du document n'est pas dans JDV_J07", "the type of the document is not in JDV_J07"),
    ("prenez un code de JDV_J07-XdsTypeCode-CISIS", "take a code of JDV_J07-XdsTypeCode-CISIS"),
    ("OBR-4.1", "00000-0", "a code of JDV_J07"),
    level=WARN,
    strict=REFUSE,
    needs=("PFI-TYPE-MISSING", "PFI-TYPE-SAME"),
)
TYPE_DMP = rule(
    "TYPE-DMP",
    "103",
    "DESTDMP, OBR-4.1",
    ("ce type de document n'alimente pas le DMP", "documents of this type do not feed the DMP"),
    ("prenez un code de JDV_J66-TypeCode-DMP, ou DESTDMP à N", "take a code of JDV_J66-TypeCode-DMP, or DESTDMP N"),
    ("OBR-4.1", "34876-3", "a code of JDV_J66"),
    needs=("PFI-TYPE-MISSING", "PFI-TYPE-SAME", "PFI-TYPE-LIST"),
)
TXA_TYPE = rule(
    "TXA-TYPE",
    "207",
    "TXA-2",
    ("TXA-2 n'est pas le type du document", "TXA-2 is not the type of the document"),
    ("recopiez le code d'OBR-4", "copy the code of OBR-4"),
    ("TXA-2", "34874-8", "11490-0"),
    level=WARN,
    grade=INFERRED,
    source=CROSS,
    needs=("PFI-TYPE-MISSING", "PFI-TYPE-SAME"),
)
TXA_CONSTANT = rule(
    "TXA-CONSTANT",
    "103",
    "TXA-1, TXA-3, TXA-17",
    ("un champ de TXA n'a pas sa valeur fixe", "a field of TXA has not its fixed value"),
    ("TXA-1 = 1, TXA-3 = TEXT, TXA-17 = AU", "TXA-1 = 1, TXA-3 = TEXT, TXA-17 = AU"),
    ("TXA-17", "LA", "AU"),
    level=WARN,
    strict=REFUSE,
    needs=OLD,
)
ID_MISSING = rule(
    "ID-MISSING",
    "101",
    "TXA-12",
    ("l'identifiant du document manque", "the identifier of the document is missing"),
    ("TXA-12 porte l'id du CDA", "TXA-12 holds the id of the CDA"),
    ("TXA-12", "", "id of the CDA"),
)
ID_FORM = rule(
    "ID-FORM",
    "102",
    "TXA-12, TXA-13",
    (
        "l'identifiant du document n'a pas la forme du volet",
        "the identifier of the document has not the form of the volet",
    ),
    (
        "OID seul en composante 1 ; avec une extension : extension, vide, root, ISO",
        "the OID alone in component 1; with an extension: extension, nothing, root, ISO",
    ),
    ("TXA-12.2", "Organisation-Y", ""),
    level=WARN,
    strict=REFUSE,
)
ID_EXTENSION = rule(
    "ID-EXTENSION",
    "207",
    "TXA-12, DESTDMP",
    ("le DMP n'accepte pas aujourd'hui un id à extension", "the DMP does not accept an id with an extension today"),
    ("donnez au CDA un id fait d'un OID seul", "give the CDA an id made of an OID alone"),
    ("TXA-12.3", "1.2.250.1.999.9.1", ""),
    level=WARN,
    needs=("PFI-ID-FORM",),
)
PARENT_MISSING = rule(
    "PARENT-MISSING",
    "101",
    "TXA-13, relatedDocument",
    ("le remplacement ne dit pas quel document il remplace", "the replacement does not tell what it replaces"),
    (
        "TXA-13 (MDM) et relatedDocument RPLC du CDA nomment la version remplacée",
        "TXA-13 (MDM) and relatedDocument RPLC of the CDA name the replaced version",
    ),
    ("TXA-13", "", "id of the replaced document"),
    needs=("PFI-ACTION",),
)
PARENT_INITIAL = rule(
    "PARENT-INITIAL",
    "199",
    "TXA-13, relatedDocument",
    ("un envoi initial nomme un document qu'il remplacerait", "an initial sending names a document that it replaces"),
    (
        "videz TXA-13 et relatedDocument, ou faites-en un remplacement (T10, RO, C)",
        "empty TXA-13 and relatedDocument, or make it a replacement (T10, RO, C)",
    ),
    ("TXA-13", "1.2.250.1.999.9.1.70", ""),
    level=WARN,
    strict=REFUSE,
    needs=("PFI-ACTION",),
)
RULES = (
    *(ORC, STATUS, ACTION, TYPE_MISSING, TYPE_SAME, TYPE_SYSTEM, TYPE_LIST, TYPE_DMP),
    *(TXA_TYPE, TXA_CONSTANT, ID_MISSING, ID_FORM, ID_EXTENSION, PARENT_MISSING, PARENT_INITIAL),
)


def action(subject: Subject) -> Iterator[Finding]:
    orc = subject.message.first("ORC")
    if orc is not None and orc.get(1).strip() not in _BY_ORC:
        yield ORC.finding(orc.where(1), found=orc.get(1), expected="NW, RO or CA")
    obx = subject.obx
    if obx is not None and obx.get(11).strip() not in _BY_STATUS:
        yield STATUS.finding(obx.where(11), found=obx.get(11), expected="F, C or D")
    yield from _agreement(subject, orc)


def _agreement(subject: Subject, orc: Segment | None) -> Iterator[Finding]:
    """The place that says otherwise than most; ORC-1 when no two agree, OBX-11 when there are but two."""
    told: list[tuple[str, str, Action | None, str]] = []
    if subject.mdm:
        event = subject.message.header.get(9, 2)
        told.append((subject.message.header.where(9, 2), event, _BY_EVENT.get(event), "event"))
    if orc is not None:
        told.append((orc.where(1), orc.get(1), _BY_ORC.get(orc.get(1).strip()), "orc"))
    if subject.obx is not None:
        status = subject.obx.get(11)
        told.append((subject.obx.where(11), status, _BY_STATUS.get(status.strip()), "status"))
    known = [found for _, _, found, _ in told if found is not None]
    if len(known) < 2 or len(set(known)) == 1:
        return
    most = max(known, key=known.count)
    where, found, _, name = next(one for one in told if one[2] is not None and one[2] is not most)
    yield ACTION.finding(where, found=found, expected=getattr(most, name))


def types(subject: Subject) -> Iterator[Finding]:
    obr, obx = subject.message.first("OBR"), subject.obx
    if obr is None:
        return
    code = obr.get(4).strip()
    if not code:
        yield TYPE_MISSING.finding(obr.where(4), found="", expected="a code of JDV_J07")
    if obx is not None and obx.get(3).strip() != code:
        yield TYPE_SAME.finding(obx.where(3, 1), found=obx.get(3), expected=code)
    for segment, field in ((obr, 4), (obx, 3)):
        if segment is not None and segment.get(field) and segment.get(field, 3).strip() not in _SYSTEMS:
            found = segment.get(field, 3)
            yield TYPE_SYSTEM.finding(segment.where(field, 3), found=found, expected=" or ".join(_SYSTEMS))
    if not code_list("JDV_J07_XdsTypeCode_CISIS").contains(code):
        yield TYPE_LIST.finding(obr.where(4, 1), found=code, expected="a code of JDV_J07")
    if subject.transmission.flags.destdmp and not code_list("JDV_J66_TypeCode_DMP").contains(code):
        yield TYPE_DMP.finding(obr.where(4, 1), found=code, expected="a code of JDV_J66")


def txa(subject: Subject) -> Iterator[Finding]:
    segment, obr = subject.message.first("TXA"), subject.message.first("OBR")
    if segment is None or not subject.mdm:
        return
    code = obr.get(4).strip() if obr is not None else ""
    if obr is not None and segment.get(2).strip() != code:
        yield TXA_TYPE.finding(segment.where(2), found=segment.get(2), expected=code)
    for field, value in _CONSTANTS.items():
        if segment.get(field).strip() != value:
            yield TXA_CONSTANT.finding(segment.where(field), found=segment.get(field), expected=value)
    if not document_id(segment, 12):
        yield ID_MISSING.finding(segment.where(12), found="", expected="id of the CDA")
    for field in (12, 13):
        yield from _form(segment, field)
    if subject.transmission.flags.destdmp and segment.get(12, 3):
        yield ID_EXTENSION.finding(segment.where(12, 3), found=segment.get(12, 3), expected="")


def _form(segment: Segment, field: int) -> Iterator[Finding]:
    second, fourth = segment.get(field, 2), segment.get(field, 4)
    if second:
        yield ID_FORM.finding(segment.where(field, 2), found=second, expected="")
    expected = "ISO" if segment.get(field, 3) else ""
    if fourth != expected:
        yield ID_FORM.finding(segment.where(field, 4), found=fourth, expected=expected)


def parents(subject: Subject) -> Iterator[Finding]:
    segment, document = subject.message.first("TXA"), subject.document
    named = document_id(segment, 13)
    in_cda = document.replaces if document is not None else ()
    if subject.transmission.action is Action.REPLACE:
        expected = "id of the replaced document"
        if segment is not None and subject.mdm and not named:
            yield PARENT_MISSING.finding(segment.where(13), found="", expected=expected)
        elif document is not None and not in_cda:
            yield PARENT_MISSING.finding(subject.inside(document.where()), found="", expected=expected)
    if subject.transmission.action is Action.INITIAL:
        if segment is not None and named:
            yield PARENT_INITIAL.finding(segment.where(13), found=named, expected="")
        elif document is not None and in_cda:
            where = subject.inside(document.where("relatedDocument"))
            yield PARENT_INITIAL.finding(where, found=written(in_cda[0]), expected="")


CHECKS = (action, types, txa, parents)
