"""The documents of the archive: they can be read, and CDA and METADATA.XML say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Check, Example, Finding, Rule
from simulators.documents.xds import schemes
from simulators.documents.xds.schemes import ACTION
from simulators.mssante.rules.mail_making import (
    AUTHOR,
    CDA,
    DOCUMENT,
    ENTRY,
    INFERRED,
    LIST,
    MATRICULE,
    METADATA,
    OTHER_MATRICULE,
    SOURCED,
    STANDARD,
    cx,
    eco,
    mail_rule,
)
from simulators.mssante.verdict.reading import Letter
from simulators.population.identifiers import INS_OIDS, InvalidIdentifier, split_ins_cx

_XDS: Final = "IHE ITI TF-3 section 4.2.3, CI-SIS document sharing: metadata drawn from the CDA"
_CX: Final = "<matricule>^^^&<OID>&ISO^NH"


def _id(scheme: str, owner: str = ENTRY) -> str:
    return f"{owner}/rim:ExternalIdentifier[@identificationScheme='{scheme}']/@value"


UNREADABLE = mail_rule(
    "CDA-UNREADABLE",
    "document of the archive",
    "le document annoncé en text/xml n'est pas un CDA lisible",
    "the document announced as text/xml is no readable CDA",
    "un seul ClinicalDocument HL7 v3 par fichier",
    "one ClinicalDocument of HL7 v3 a file",
    source="HL7 CDA R2",
    grade=STANDARD,
    needs=("XDM-DOCUMENT",),
    example=Example(CDA, "no ClinicalDocument of HL7 v3 in the document", "a CDA document"),
)
WRONG_ACTION = mail_rule(
    "XDM-ACTION",
    "slot urn:action:extraMetadataSlot",
    "l'action demandée n'est ni C (remplacement) ni D (suppression)",
    "the action asked for is neither C (replacement) nor D (deletion)",
    "C, D, ou pas de slot pour un envoi initial",
    "C, D, or no slot for an initial sending",
    source="CI-SIS, courriel MSSante; 21 of the 110 published archives",
    grade=SOURCED,
    example=Example(f"{ENTRY}/rim:Slot[@name='{ACTION}']/rim:ValueList/rim:Value", "R", "C or D"),
)
ACTION_LINK = mail_rule(
    "XDM-ACTION-LINK",
    "action and relatedDocument",
    "l'action de l'archive et le lien RPLC du CDA ne disent pas la même chose",
    "the action of the archive and the RPLC link of the CDA do not say the same",
    "action C avec relatedDocument RPLC vers le document remplacé ; sans action, pas de RPLC",
    "action C with relatedDocument RPLC to the document replaced; without action, no RPLC",
    source="CI-SIS, courriel MSSante; two published archives break it",
    grade=INFERRED,
    needs=("XDM-ACTION",),
    example=Example(f"{CDA}#/hl7:ClinicalDocument/hl7:relatedDocument", "action C", "relatedDocument RPLC"),
)
PATIENT_ID = mail_rule(
    "PATIENT-ID",
    "patientId of the metadata",
    "patientId ne porte pas l'INS du patient : un récepteur ne saura pas à qui est le document",
    "patientId does not hold the INS of the patient: a receiver will not know whose document it is",
    "patientId = <matricule>^^^&<OID>&ISO^NH ; sans INS qualifiée, l'intégration sera manuelle",
    "patientId = <matricule>^^^&<OID>&ISO^NH; without a qualified INS the integration will be manual",
    source=eco("2.1.2"),
    grade=SOURCED,
    strict=None,
    needs=("CITIZEN-INS",),
    example=Example(_id(schemes.ENTRY_PATIENT_ID), "IPP0001", _CX),
)
SET_PATIENT = mail_rule(
    "SET-PATIENT",
    "patientId of the submission set",
    "le lot et sa fiche ne nomment pas le même patient",
    "the submission set and its entry do not name the same patient",
    "un seul patientId par lot",
    "one patientId a submission set",
    source="IHE ITI TF-3 section 4.2.3",
    grade=STANDARD,
    needs=("PATIENT-ID",),
    example=Example(
        _id(schemes.SET_PATIENT_ID, f"{METADATA}#{LIST}/rim:RegistryPackage"), cx(OTHER_MATRICULE), cx(MATRICULE)
    ),
)
CDA_PATIENT = mail_rule(
    "CDA-PATIENT",
    "patientId and recordTarget",
    "les métadonnées et le CDA ne nomment pas le même patient",
    "the metadata and the CDA do not name the same patient",
    "patientId reprend patientRole/id",
    "patientId repeats patientRole/id",
    source=_XDS,
    grade=STANDARD,
    needs=("PATIENT-ID", "CDA-UNREADABLE", "CITIZEN-INS"),
    example=Example(_id(schemes.ENTRY_PATIENT_ID), cx(OTHER_MATRICULE), MATRICULE),
)
CDA_ID = mail_rule(
    "CDA-ID",
    "uniqueId and id",
    "les métadonnées et le CDA ne donnent pas le même identifiant de document",
    "the metadata and the CDA do not give the same document identifier",
    "uniqueId reprend ClinicalDocument/id : root, ou root^extension",
    "uniqueId repeats ClinicalDocument/id: root, or root^extension",
    source=_XDS,
    grade=STANDARD,
    needs=("CDA-UNREADABLE",),
    example=Example(_id(schemes.ENTRY_UNIQUE_ID), "1.2.250.1.999.9.1.404", DOCUMENT),
)
CDA_TYPE = mail_rule(
    "CDA-TYPE",
    "typeCode and code",
    "les métadonnées et le CDA ne donnent pas le même type de document",
    "the metadata and the CDA do not give the same type of document",
    "typeCode reprend ClinicalDocument/code",
    "typeCode repeats ClinicalDocument/code",
    source=_XDS,
    grade=STANDARD,
    needs=("CDA-UNREADABLE",),
    example=Example(
        f"{ENTRY}/rim:Classification[@classificationScheme='{schemes.ENTRY_TYPE}']/@nodeRepresentation",
        "34112-3",
        "11490-0",
    ),
)
CDA_AUTHOR = mail_rule(
    "CDA-AUTHOR",
    "author and author",
    "un auteur des métadonnées n'est pas un auteur du CDA",
    "an author of the metadata is no author of the CDA",
    "authorPerson reprend assignedAuthor/id",
    "authorPerson repeats assignedAuthor/id",
    source=_XDS,
    grade=STANDARD,
    needs=("CDA-UNREADABLE",),
    example=Example(
        f"{ENTRY}/rim:Classification[@classificationScheme='{schemes.ENTRY_AUTHOR}']"
        "/rim:Slot[@name='authorPerson']/rim:ValueList/rim:Value",
        "801",
        AUTHOR,
    ),
)


def readable(letter: Letter) -> Iterator[Finding]:
    for document in letter.documents:
        if document.problem:
            yield UNREADABLE.finding(document.place, found=document.problem, expected="a CDA document")


def action(letter: Letter) -> Iterator[Finding]:
    for document, cda in letter.read():
        asked = document.described.entry.action
        if asked not in (None, "C", "D"):
            yield WRONG_ACTION.finding(document.described_at(ACTION), found=asked, expected="C or D")
        elif asked == "C" and not cda.replaces:
            where = document.written_at(f"{cda.where()}/hl7:relatedDocument")
            yield ACTION_LINK.finding(where, found="action C", expected="relatedDocument RPLC")
        elif asked is None and cda.replaces:
            where = f"{document.described_at('')}/rim:Slot[@name='{ACTION}']"
            yield ACTION_LINK.finding(where, found="relatedDocument RPLC", expected="action C")


def patient(letter: Letter) -> Iterator[Finding]:
    for document in letter.documents:
        entry, lot_set = document.described.entry, document.lot.submission_set
        named, where = _ins(entry.patient_id or ""), document.described_at("patientId")
        if named is None:
            yield PATIENT_ID.finding(where, found=entry.patient_id or "", expected=_CX)
            continue
        if document.cda is not None:
            held = {(i.extension, i.root) for i in (document.cda.patient.ids if document.cda.patient else ())}
            if named not in held:
                expected = " ".join(sorted(extension for extension, root in held if root in INS_OIDS))
                yield CDA_PATIENT.finding(where, found=entry.patient_id, expected=expected)
        if lot_set is not None and _ins(lot_set.patient_id or "") != named:
            where = f"{document.metadata_place}#{lot_set.where('patientId')}"
            yield SET_PATIENT.finding(where, found=lot_set.patient_id or "", expected=entry.patient_id)


def agreement(letter: Letter) -> Iterator[Finding]:
    for document, cda in letter.read():
        entry = document.described.entry
        if (entry.unique_id or "").removesuffix("^") != cda.unique_id:
            where = document.described_at("uniqueId")
            yield CDA_ID.finding(where, found=entry.unique_id or "", expected=cda.unique_id)
        told, wanted = entry.type_code.code if entry.type_code else "", cda.code.code if cda.code else ""
        if told != wanted:
            yield CDA_TYPE.finding(document.described_at("typeCode", "code"), found=told, expected=wanted)
        authors = {identifier.extension or identifier.root for author in cda.authors for identifier in author.ids}
        for index, author in enumerate(entry.authors):
            person = (author.person or "").split("^")[0]
            if person and authors and person not in authors:
                where = document.described_at("author", "authorPerson", index)
                yield CDA_AUTHOR.finding(where, found=person, expected=" ".join(sorted(authors)))


def _ins(cx: str) -> tuple[str, str] | None:
    try:
        matricule, oid = split_ins_cx(cx)
    except InvalidIdentifier:
        return None
    return (matricule, oid) if oid in INS_OIDS else None


CHECKS: Final[tuple[Check[Letter], ...]] = (readable, action, patient, agreement)
RULES: Final[tuple[Rule, ...]] = (
    *(UNREADABLE, WRONG_ACTION, ACTION_LINK, PATIENT_ID, SET_PATIENT, CDA_PATIENT, CDA_ID, CDA_TYPE, CDA_AUTHOR),
)
