"""The OBX that carries the document, and the CDA against what the message says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Finding
from simulators.documents.cda.model import CdaDocument, Ii, Patient, Text
from simulators.documents.hl7.base64 import State
from simulators.documents.hl7.identity import birth_name_repetition, birth_place_repetition, ins_repetition
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.names import INS_OIDS
from simulators.documents.hl7.read import cda_problem, document_id, written
from simulators.pfi.rules.making import CROSS, INFERRED, REFUSE, STANDARD, VOLET, WARN, rule
from simulators.pfi.rules.subject import Subject

_FORM: Final = {2: "TEXT", 3: "XML", 4: "BASE64"}
_UNREAD: Final = ("PFI-DOCUMENT", "PFI-BASE64")
_REINFORCED: Final = frozenset({"R", "V"})

DOCUMENT = rule(
    "DOCUMENT",
    "101",
    "OBX-5.5",
    ("le premier OBX ne porte pas de document", "the first OBX carries no document"),
    ("mettez le CDA en base64 dans OBX-5.5 du premier OBX", "put the CDA in base64 into OBX-5.5 of the first OBX"),
    ("OBX[1]-5.5", "", "a CDA in base64"),
    needs=("PFI-SEGMENT-MISSING",),
)
FORM = rule(
    "DOCUMENT-FORM",
    "102",
    "OBX-2, OBX-5",
    (
        "l'OBX du document n'annonce pas ce qu'il porte comme le veut le volet",
        "the OBX of the document does not announce what it carries as the volet wants it",
    ),
    ("OBX-2 = ED, OBX-5 = ^TEXT^XML^Base64^... (text pour MDM)", "OBX-2 = ED, OBX-5 = ^TEXT^XML^Base64^..."),
    ("OBX[1]-5.3", "PDF", "XML"),
    level=WARN,
    strict=REFUSE,
    needs=("PFI-DOCUMENT",),
)
BASE64 = rule(
    "BASE64",
    "102",
    "OBX-5.5",
    ("le document n'est pas du base64 lisible", "the document is no readable base64"),
    ("encodez les octets du CDA en base64 (RFC 4648), d'un seul tenant", "encode the octets of the CDA in base64"),
    ("OBX[1]-5.5", "broken", "base64 (RFC 4648)"),
    source="RFC 4648 §4",
    grade=STANDARD,
    needs=("PFI-DOCUMENT",),
)
PADDING = rule(
    "BASE64-PADDING",
    "102",
    "OBX-5.5",
    (
        "le base64 a perdu ses = de fin, ou contient des blancs : il est lu quand même",
        "the base64 lost its final =, or holds blanks: it is read all the same",
    ),
    ("complétez par = à un multiple de 4, sans espace ni saut de ligne", "pad with = to a multiple of 4, no blanks"),
    ("OBX[1]-5.5", "padding_repaired", "ok"),
    level=WARN,
    strict=REFUSE,
    source="RFC 4648 §4; five published samples lost their padding",
    grade=STANDARD,
)
CDA = rule(
    "CDA",
    "102",
    "OBX-5.5",
    ("le document n'est pas un CDA R2 lisible", "the document is no readable CDA R2"),
    (
        "le contenu décodé est un XML bien formé dont la racine est ClinicalDocument (urn:hl7-org:v3)",
        "the decoded content is well-formed XML whose root is ClinicalDocument (urn:hl7-org:v3)",
    ),
    ("OBX[1]-5.5", "<a/>: no ClinicalDocument of HL7 v3 in the document (at /a)", "ClinicalDocument"),
    needs=_UNREAD,
)
ID_CDA = rule(
    "ID-CDA",
    "207",
    "TXA-12, ClinicalDocument/id",
    ("TXA-12 n'est pas l'id du CDA", "TXA-12 is not the id of the CDA"),
    ("recopiez root (et extension) de ClinicalDocument/id", "copy root (and extension) of ClinicalDocument/id"),
    ("TXA-12", "1.2.250.1.999.9.1.72", "1.2.250.1.999.9.1.71"),
    needs=("PFI-ID-MISSING",),
)
PARENT_CDA = rule(
    "PARENT-CDA",
    "207",
    "TXA-13, relatedDocument",
    (
        "TXA-13 n'est pas le document que le CDA remplace",
        "TXA-13 is not the document that the CDA replaces",
    ),
    ("recopiez relatedDocument[@typeCode='RPLC']/parentDocument/id", "copy relatedDocument/parentDocument/id"),
    ("TXA-13", "1.2.250.1.999.9.1.69", "1.2.250.1.999.9.1.70"),
)
TYPE_CDA = rule(
    "TYPE-CDA",
    "207",
    "OBX-3, ClinicalDocument/code",
    ("le type du message n'est pas celui du CDA", "the type of the message is not that of the CDA"),
    ("écrivez le code de ClinicalDocument/code dans OBR-4, OBX-3 et TXA-2", "write the code of the CDA everywhere"),
    ("OBX[1]-3.1", "34874-8", "11490-0"),
    level=WARN,
    grade=INFERRED,
    source=CROSS,
    needs=("PFI-TYPE-MISSING", "PFI-TYPE-SAME"),
)
PATIENT = rule(
    "CDA-PATIENT",
    "207",
    "PID-3, recordTarget/patientRole/id",
    (
        "le patient du message n'est pas celui du CDA (matricule INS ou OID)",
        "the patient of the message is not that of the CDA (INS matricule or OID)",
    ),
    ("PID-3 et patientRole/id du CDA portent le même INS", "PID-3 and patientRole/id of the CDA hold the same INS"),
    ("PID-3.1", "290050099900233", "185010099900171"),
    needs=("PFI-PID-ID", "PFI-INS-AUTHORITY", "PFI-INS-KEY"),
)
TRAITS = rule(
    "CDA-TRAITS",
    "207",
    "PID-5, PID-7, PID-8, PID-11, recordTarget",
    ("un trait du patient diffère entre PID et le CDA", "a trait of the patient differs between PID and the CDA"),
    ("produisez les deux depuis la même identité", "make both from the same identity"),
    ("PID-7", "19850116", "19850115"),
    level=WARN,
    grade=INFERRED,
    source=CROSS,
    needs=("PFI-CDA-PATIENT", "PFI-INS-TRAITS", "PFI-PID-NAME", "PFI-PID-SEX"),
)
REINFORCED = rule(
    "CONFIDENTIALITY",
    "207",
    "DESTDMP, ClinicalDocument/confidentialityCode",
    (
        "un document de confidentialité renforcée (R, V) ne devrait pas être partagé au DMP",
        "a document of reinforced confidentiality (R, V) should not be shared in the DMP",
    ),
    ("DESTDMP à N, ou confidentialityCode N", "DESTDMP N, or confidentialityCode N"),
    ("OBX[1]-5.5 /hl7:ClinicalDocument/hl7:confidentialityCode/@code", "R", "N"),
    level=WARN,
    source=f"{VOLET}, note on confidentiality",
)
RULES = (
    *(DOCUMENT, FORM, BASE64, PADDING, CDA),
    *(ID_CDA, PARENT_CDA, TYPE_CDA, PATIENT, TRAITS, REINFORCED),
)


def carried(subject: Subject) -> Iterator[Finding]:
    obx = subject.obx
    if obx is None or not obx.get(5, 5).strip():
        yield DOCUMENT.finding(obx.where(5, 5) if obx else "OBX", found="", expected="a CDA in base64")
        return
    if obx.get(2) != "ED":
        yield FORM.finding(obx.where(2), found=obx.get(2), expected="ED")
    for component, expected in _FORM.items():
        if obx.get(5, component).strip().upper() != expected:
            shown = "Base64" if component == 4 else expected
            yield FORM.finding(obx.where(5, component), found=obx.get(5, component), expected=shown)
    yield from _readable(subject, obx.where(5, 5))


def _readable(subject: Subject, where: str) -> Iterator[Finding]:
    if subject.encoding is State.BROKEN:
        yield BASE64.finding(where, found=subject.encoding, expected="base64 (RFC 4648)")
    elif subject.encoding is not State.OK:
        yield PADDING.finding(where, found=subject.encoding, expected="ok")
    if subject.document is None:
        start = subject.transmission.cda[:40].decode("utf-8", "replace")
        found = f"{start}: {cda_problem(subject.transmission.cda)}"
        yield CDA.finding(where, found=found, expected="ClinicalDocument")


def named(subject: Subject) -> Iterator[Finding]:
    txa, document = subject.message.first("TXA"), subject.document
    if document is None:
        return
    held, parent = document_id(txa, 12), document_id(txa, 13)
    if txa is not None and subject.mdm and held != document.unique_id:
        yield ID_CDA.finding(txa.where(12), found=held, expected=document.unique_id)
    replaced = [written(one) for one in document.replaces]
    if txa is not None and parent and replaced and parent not in replaced:
        yield PARENT_CDA.finding(txa.where(13), found=parent, expected=", ".join(replaced))
    if subject.obx is not None and document.code is not None:
        code = subject.obx.get(3).strip()
        if code != document.code.code:
            yield TYPE_CDA.finding(subject.obx.where(3, 1), found=code, expected=document.code.code)


def patient(subject: Subject) -> Iterator[Finding]:
    pid, document = subject.message.first("PID"), subject.document
    if pid is None or document is None:
        return
    said, number = subject.transmission.patient, ins_repetition(pid)
    ins = _ins(document)
    in_cda = (ins.extension, ins.root) if ins is not None else ("", "")
    if said.ins != in_cda[0]:
        where = pid.where(3, 1, repetition=number) if number else pid.where(3)
        yield PATIENT.finding(where, found=said.ins, expected=in_cda[0])
    elif said.oid != in_cda[1]:
        yield PATIENT.finding(pid.where(3, 4, 2, number), found=said.oid, expected=in_cda[1])
    if document.patient is not None:
        yield from _traits(subject, document.patient)


def _traits(subject: Subject, held: Patient) -> Iterator[Finding]:
    pid, said = subject.message.first("PID"), subject.transmission.patient
    assert pid is not None
    name, place = birth_name_repetition(pid) or 1, birth_place_repetition(pid) or 1
    pairs = (
        (pid.where(5, 1, repetition=name), said.family, _text(held.birth_family)),
        (pid.where(7), said.birth_date[:8], held.birth_time.value[:8] if held.birth_time else ""),
        (pid.where(8), said.sex, held.sex.code if held.sex else ""),
        (pid.where(11, 9, repetition=place), said.birth_place, _text(held.birth_place)),
    )
    for where, found, expected in pairs:
        if found and expected and found.casefold() != expected.casefold():
            yield TRAITS.finding(where, found=found, expected=expected)


def confidentiality(subject: Subject) -> Iterator[Finding]:
    said, document = subject.transmission, subject.document
    level = document.confidentiality if document is not None else None
    if level is None or not said.flags.destdmp or said.action is Action.DELETE:
        return
    if level.code in _REINFORCED:
        yield REINFORCED.finding(subject.inside(f"{level.where}/@code"), found=level.code, expected="N")


def _ins(document: CdaDocument) -> Ii | None:
    ids = document.patient.ids if document.patient is not None else ()
    return next((one for one in ids if one.root in INS_OIDS), None)


def _text(held: Text | None) -> str:
    return held.text if held is not None else ""


CHECKS = (carried, named, patient, confidentiality)
