"""The segments of the flow 6 and what they say of the document (facts pfi §1.1, §1.7 to §1.11, §9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.documents.hl7.base64 import State
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.names import LPS_FLAGS
from simulators.documents.hl7.places import flag_segments, mail_obx
from simulators.documents.hl7.read import document_id, written
from simulators.dpi.reading import Received
from simulators.dpi.rules.wire import INFERRED, ReceivedCheck, rule

_NEEDED: Final = ("EVN", "PID", "PV1", "ORC", "OBR", "TXA", "OBX", "PRT")
_BY_EVENT: Final = {f"MDM^{action.event}": action for action in Action}

SEGMENT = rule(
    "SEGMENT",
    "segments of the message",
    "un segment obligatoire manque",
    "a required segment is missing",
    "ajoutez le segment : MSH EVN PID PV1 ORC OBR TXA OBX PRT… OBX…",
    "add the segment: MSH EVN PID PV1 ORC OBR TXA OBX PRT… OBX…",
    code="100",
    example=Example("TXA", "", "TXA"),
)
ACTION = rule(
    "ACTION",
    "ORC-1, OBX-11, event of MSH-9",
    "l'événement, ORC-1 et OBX-11 ne disent pas la même action",
    "the event, ORC-1 and OBX-11 do not tell the same action",
    "initial : T02 NW F ; remplacement : T10 RO C ; suppression : T04 CA D",
    "initial: T02 NW F; replacement: T10 RO C; deletion: T04 CA D",
    code="199",
    needs=("SEGMENT",),
    example=Example("ORC-1", "CA", "NW"),
)
TYPE = rule(
    "TYPE",
    "OBR-4, OBX-3, TXA-2",
    "le type du document n'est pas le même partout",
    "the type of the document is not the same everywhere",
    "reportez le code de OBR-4 dans OBX-3 du document et dans TXA-2",
    "write the code of OBR-4 in the OBX-3 of the document and in TXA-2",
    code="199",
    needs=("SEGMENT",),
    grade=INFERRED,
    example=Example("TXA-2", "11502-2", "11490-0"),
)
FORM = rule(
    "OBX-FORM",
    "OBX-2, OBX-5 of the document",
    "le document n'est pas annoncé comme ED, text, XML, Base64",
    "the document is not announced as ED, text, XML, Base64",
    "écrivez OBX-2 = ED et OBX-5 = ^text^XML^Base64^…",
    "write OBX-2 = ED and OBX-5 = ^text^XML^Base64^…",
    code="103",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("SEGMENT",),
    example=Example("OBX[1]-5.4", "A", "Base64"),
)
BASE64 = rule(
    "BASE64",
    "OBX-5.5 of the document",
    "le base64 du document est abîmé",
    "the base64 of the document is damaged",
    "encodez tout le document d'un seul tenant, avec ses = finaux",
    "encode the whole document in one piece, with its final =",
    code="102",
    needs=("SEGMENT",),
    example=Example("OBX[1]-5.5", "PD94bWwg*", "base64"),
)
PADDING = rule(
    "BASE64-PADDING",
    "OBX-5.5 of the document",
    "le base64 du document a perdu ses = finaux ou contient des blancs",
    "the base64 of the document has lost its final = or holds blanks",
    "gardez les = qui complètent le base64 à un multiple de 4 caractères",
    "keep the = that complete base64 to a multiple of 4 characters",
    code="102",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("OBX[1]-5.5", "padding_repaired", "ok"),
)
CDA = rule(
    "CDA",
    "OBX-5.5 of the document",
    "ce qui est transmis n'est pas un document CDA lisible",
    "what is transmitted is no readable CDA document",
    "mettez dans OBX-5.5 le fichier CDA de l'archive IHE_XDM.ZIP, tel quel, en base64",
    "put the CDA file of the IHE_XDM.ZIP archive, as it is, in base64 into OBX-5.5",
    code="207",
    application="906",
    needs=("SEGMENT", "BASE64"),
    switchable=False,
    example=Example("OBX[1]-5.5", "Bonjour", "a ClinicalDocument"),
)
TXA_ID = rule(
    "TXA-12",
    "TXA-12",
    "TXA-12 ne donne pas l'identifiant du document CDA",
    "TXA-12 does not give the identifier of the CDA document",
    "TXA-12 = ClinicalDocument/id : root seul, ou extension^^root^ISO",
    "TXA-12 = ClinicalDocument/id: root alone, or extension^^root^ISO",
    code="207",
    application="906",
    needs=("SEGMENT", "BASE64", "CDA"),
    example=Example("TXA-12", "1.2.3", "1.2.250.1.999.9.1.71"),
)
NAMESPACE = rule(
    "TXA-NAMESPACE",
    "TXA-12.2, TXA-13.2",
    "la deuxième composante d'un identifiant de document doit être vide",
    "the second component of the identifier of a document must be empty",
    "retirez le nom d'organisation de TXA-12.2 et TXA-13.2",
    "remove the name of an organisation from TXA-12.2 and TXA-13.2",
    code="102",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("TXA-12.2", "Organisation-Y", ""),
)
TXA_PARENT = rule(
    "TXA-13",
    "TXA-13",
    "un remplacement ne nomme pas, dans TXA-13, le document que le CDA dit remplacer",
    "a replacement does not name, in TXA-13, the document that the CDA says it replaces",
    "TXA-13 = relatedDocument[@typeCode='RPLC']/parentDocument/id du CDA",
    "TXA-13 = relatedDocument[@typeCode='RPLC']/parentDocument/id of the CDA",
    code="207",
    application="906",
    needs=("SEGMENT", "BASE64", "CDA"),
    example=Example("TXA-13", "1.2.3", "1.2.250.1.999.9.1.70"),
)
TXA_STATUS = rule(
    "TXA-17",
    "TXA-17",
    "TXA-17 n'est pas AU",
    "TXA-17 is not AU",
    "écrivez AU (authentifié)",
    "write AU (authenticated)",
    code="103",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("TXA-17", "LA", "AU"),
)
MAIL = rule(
    "MAIL",
    "second OBX",
    "le message ne transmet pas le courriel qui apportait le document",
    "the message does not transmit the mail that brought the document",
    "ajoutez l'OBX du courriel après les PRT : OBX|2|ED|<Message-ID>^<objet>||^text^^Base64^…",
    "add the OBX of the mail after the PRT segments: OBX|2|ED|<Message-ID>^<subject>||^text^^Base64^…",
    code="101",
    needs=("SEGMENT",),
    example=Example("OBX[2]", "MASQUE_PS", "the OBX of the mail"),
)
MESSAGE_ID = rule(
    "MESSAGE-ID",
    "OBX-3.1 of the mail",
    "OBX-3.1 du courriel n'est pas un Message-ID : la transmission n'est plus traçable",
    "OBX-3.1 of the mail is no Message-ID: the transmission can no longer be traced",
    "recopiez l'en-tête Message-ID du courriel",
    "copy the Message-ID header of the mail",
    code="102",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("SEGMENT",),
    example=Example("OBX[2]-3.1", "1", "left@right"),
)
FLAG = rule(
    "FLAG",
    "OBX of the metadata",
    "une des quatre métadonnées manque ou n'est ni Y ni N",
    "one of the four metadata is missing, or neither Y nor N",
    "après le courriel : MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX, MODIF_CONF_CODE, chacune Y ou N",
    "after the mail: MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX, MODIF_CONF_CODE, each Y or N",
    code="101",
    needs=("SEGMENT",),
    example=Example("OBX[3]-5.1", "X", "Y or N"),
)
FLAG_ORDER = rule(
    "FLAG-ORDER",
    "OBX of the metadata",
    "les métadonnées ne sont pas dans l'ordre du volet",
    "the metadata are not in the order of the volet",
    "MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX, MODIF_CONF_CODE",
    "MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX, MODIF_CONF_CODE",
    code="100",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("FLAG",),
    example=Example(
        "OBX[3]-3.1",
        "INVISIBLE_PATIENT, MASQUE_PS, INVISIBLE_REP_LEGAUX, MODIF_CONF_CODE",
        "MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX, MODIF_CONF_CODE",
    ),
)
MASKED = rule(
    "MASKED",
    "MASQUE_PS",
    "un document masqué aux professionnels ne doit pas leur être transmis",
    "a document masked to professionals must not be transmitted to them",
    "le PFI n'envoie pas ce message au DPI",
    "the PFI does not send this message to the record",
    code="207",
    level=Level.WARN,
    grade=INFERRED,
    needs=("FLAG",),
    example=Example("OBX[3]-5.1", "Y", "N"),
)
SENDER = rule(
    "SB",
    "PRT with PRT-4 = SB",
    "l'expéditeur du courriel n'est pas donné",
    "the sender of the mail is not given",
    "ajoutez PRT||UC||SB^Send by^participation avec l'adresse MSSanté dans PRT-15.4",
    "add PRT||UC||SB^Send by^participation with the MSSanté address in PRT-15.4",
    code="101",
    needs=("SEGMENT",),
    example=Example("PRT[1]-15.4", "", "the MSSanté address of the sender"),
)
RECIPIENT = rule(
    "RCT",
    "PRT-15.4 of the recipients",
    "un destinataire est donné sans son adresse MSSanté",
    "a recipient is given without their MSSanté address",
    "écrivez l'adresse dans PRT-15.4 et X.400 dans PRT-15.3",
    "write the address in PRT-15.4 and X.400 in PRT-15.3",
    code="101",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("PRT[2]-15.4", "", "a MSSanté address"),
)
VISIT = rule(
    "PV1",
    "PV1-2",
    "PV1-2 n'est pas N",
    "PV1-2 is not N",
    "écrivez N : le document ne vient pas d'un séjour du destinataire",
    "write N: the document comes from no stay at the receiver",
    code="103",
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("SEGMENT",),
    example=Example("PV1-2", "I", "N"),
)
PATIENT = rule(
    "PID",
    "PID-3 against the document",
    "l'INS de PID-3 n'est pas celui du document",
    "the INS of PID-3 is not that of the document",
    "reportez dans PID-3 l'INS de recordTarget/patientRole/id",
    "write in PID-3 the INS of recordTarget/patientRole/id",
    code="207",
    level=Level.WARN,
    strict=Level.REFUSE,
    grade=INFERRED,
    needs=("SEGMENT", "BASE64", "CDA"),
    example=Example("PID-3", "1.2.250.1.213.1.4.10 284037510012340", "1.2.250.1.213.1.4.10 185010099900171"),
)
RULES: Final = (
    *(SEGMENT, ACTION, TYPE, FORM, BASE64, PADDING, CDA, TXA_ID, NAMESPACE, TXA_PARENT, TXA_STATUS, MAIL, MESSAGE_ID),
    *(FLAG, FLAG_ORDER, MASKED, SENDER, RECIPIENT, VISIT, PATIENT),
)


def segments(one: Received) -> Iterator[Finding]:
    for name in _NEEDED:
        if one.message.first(name) is None:
            yield SEGMENT.finding(name, found="", expected=name)
    if one.message.first("OBX") is not None and one.obx is None:
        yield SEGMENT.finding("OBX[1]", found=one.message.value("OBX-3.1"), expected="the OBX of the document first")


def action(one: Received) -> Iterator[Finding]:
    wanted = _BY_EVENT[one.message.kind]
    orc, status = one.message.value("ORC-1").strip(), one.message.value("OBX-11").strip()
    if orc != wanted.orc:
        yield ACTION.finding("ORC-1", found=orc, expected=wanted.orc)
    if status != wanted.status:
        yield ACTION.finding("OBX[1]-11", found=status, expected=wanted.status)


def types(one: Received) -> Iterator[Finding]:
    ordered = one.message.value("OBR-4.1").strip()
    for where in ("OBX[1]-3.1", "TXA-2"):
        found = one.message.value(where).strip()
        if found != ordered:
            yield TYPE.finding(where, found=found, expected=ordered)


def document(one: Received) -> Iterator[Finding]:
    wanted = {"OBX[1]-2": "ED", "OBX[1]-5.2": "text", "OBX[1]-5.3": "XML", "OBX[1]-5.4": "Base64"}
    for where, value in wanted.items():
        found = one.message.value(where).strip()
        if found.lower() != value.lower():
            yield FORM.finding(where, found=found, expected=value)
    if one.encoding is State.BROKEN:
        yield BASE64.finding("OBX[1]-5.5", found=one.message.value("OBX-5.5")[-40:], expected="base64")
    elif one.encoding is not State.OK:
        yield PADDING.finding("OBX[1]-5.5", found=one.encoding.value, expected="ok")


def readable(one: Received) -> Iterator[Finding]:
    if one.cda is None:
        begins = one.said.cda[:60].decode("utf-8", "replace")
        yield CDA.finding("OBX[1]-5.5", found=begins, expected="a ClinicalDocument", reason=one.unreadable)


def identifiers(one: Received) -> Iterator[Finding]:
    txa = one.message.first("TXA")
    if txa is None or one.cda is None:
        return
    given = document_id(txa, 12)
    if given != one.cda.unique_id:
        yield TXA_ID.finding("TXA-12", found=given, expected=one.cda.unique_id)
    parents = [written(parent) for parent in one.cda.replaces]
    parent = document_id(txa, 13)
    if one.said.action is Action.REPLACE and (not parent or (parents and parent not in parents)):
        yield TXA_PARENT.finding("TXA-13", found=parent, expected=", ".join(parents) or "the document replaced")


def txa(one: Received) -> Iterator[Finding]:
    found = one.message.first("TXA")
    if found is None:
        return
    for field in (12, 13):
        if found.get(field, 2).strip() and not found.get(field, 3).strip():
            yield NAMESPACE.finding(found.where(field, 2), found=found.get(field, 2), expected="")
    if found.get(17).strip() != "AU":
        yield TXA_STATUS.finding("TXA-17", found=found.get(17), expected="AU")


def mail(one: Received) -> Iterator[Finding]:
    obx = mail_obx(one.message)
    if obx is None:
        yield MAIL.finding("OBX[2]", found=one.message.value("OBX[2]-3.1"), expected="the OBX of the mail")
    elif "@" not in obx.get(3):
        yield MESSAGE_ID.finding(obx.where(3, 1), found=obx.get(3), expected="left@right")


def flags(one: Received) -> Iterator[Finding]:
    found = list(flag_segments(one.message))
    given = [flag for flag, _ in found]
    for place, flag in enumerate(LPS_FLAGS, start=3):
        if flag not in given:
            yield FLAG.finding(f"OBX[{place}]", found="", expected=flag.value)
    for flag, obx in found:
        if flag in LPS_FLAGS and obx.get(5).strip() not in {"Y", "N"}:
            yield FLAG.finding(obx.where(5, 1), found=obx.get(5), expected="Y or N")
    if [flag for flag in given if flag in LPS_FLAGS] != list(LPS_FLAGS):
        first = next((obx for (flag, obx), right in zip(found, LPS_FLAGS, strict=False) if flag is not right), None)
        where = first.where(3, 1) if first is not None else "OBX"
        yield FLAG_ORDER.finding(where, found=", ".join(given), expected=", ".join(LPS_FLAGS))
    if one.said.flags.masque_ps:
        masked = next(obx for flag, obx in found if flag is LPS_FLAGS[0])
        yield MASKED.finding(masked.where(5, 1), found="Y", expected="N")


def participants(one: Received) -> Iterator[Finding]:
    sender = one.said.sender
    if sender is None or not sender.address:
        where = sender.place.where(15, 4) if sender is not None and sender.place is not None else "PRT[1]"
        yield SENDER.finding(where, found="", expected="the MSSanté address of the sender")
    for recipient in one.said.recipients:
        if not recipient.address and recipient.place is not None:
            yield RECIPIENT.finding(recipient.place.where(15, 4), found="", expected="a MSSanté address")


def patient(one: Received) -> Iterator[Finding]:
    if one.message.value("PV1-2").strip() != "N":
        yield VISIT.finding("PV1-2", found=one.message.value("PV1-2"), expected="N")
    ins, told = one.ins, one.said.patient
    if ins is not None and (told.ins, told.oid) != (ins.extension, ins.root):
        yield PATIENT.finding("PID-3", found=f"{told.oid} {told.ins}".strip(), expected=f"{ins.root} {ins.extension}")


CHECKS: Final[tuple[ReceivedCheck, ...]] = (
    *(segments, action, types, document, readable, identifiers, txa, mail, flags, participants, patient),
)
