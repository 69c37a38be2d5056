"""Whether the record can take the document: whose it is, which version, who asks (facts pfi §2.2, §4, §12).

The five strict traits, the matricule and its authority are compared with the patients of the record, as the document
itself gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding
from simulators.documents.hl7.model import Action
from simulators.dpi.integrated import Integrated, Standing
from simulators.dpi.reading import Received, sender_ids, traits_of
from simulators.dpi.rules.wire import INFERRED, ReceivedCheck, rule

_UNREADABLE: Final = ("SEGMENT", "BASE64", "CDA")
_VERSION: Final = (*_UNREADABLE, "ACTION")
_ERRORS: Final = "volet LPS 1.1, codes d'erreur (table applicationErrorCondition)"
_ROLE: Final = "OBX[1]-5.5 /ClinicalDocument/recordTarget/patientRole"
_PLACES: Final = {
    "matricule": "id",
    "birth name": "patient/name/family[@qualifier='BR']",
    "given names": "patient/name/given[not(@qualifier)]",
    "birth date": "patient/birthTime/@value",
    "sex": "patient/administrativeGenderCode/@code",
    "birth place": "patient/birthplace/place/addr/county",
}

NO_INS = rule(
    "NO-INS",
    "recordTarget/patientRole/id of the document",
    "le document ne porte pas d'INS",
    "the document bears no INS",
    "écrivez l'INS qualifié dans patientRole/id (root = OID de l'INS, extension = matricule), ou importez à la main",
    "write the qualified INS in patientRole/id (root = OID of the INS, extension = matricule), or import by hand",
    code="207",
    application="903",
    source=_ERRORS,
    needs=_UNREADABLE,
    example=Example(f"{_ROLE}/id", "1.2.3 185010099900171", "an INS"),
)
INCOMPLETE = rule(
    "INS-INCOMPLETE",
    "traits of the patient in the document",
    "le matricule est là, mais un des cinq traits stricts manque",
    "the matricule is there, but one of the five strict traits is missing",
    "donnez nom de naissance, liste des prénoms, date de naissance, sexe et code INSEE du lieu de naissance",
    "give birth name, list of given names, birth date, sex and INSEE code of the birth place",
    code="207",
    application="905",
    source=_ERRORS,
    needs=(*_UNREADABLE, "NO-INS"),
    example=Example(f"{_ROLE}/{_PLACES['birth place']}", "", "birth place"),
)
UNKNOWN = rule(
    "PATIENT-UNKNOWN",
    "patients of the record",
    "aucun patient du dossier n'a cet INS",
    "no patient of the record has this INS",
    "créez le patient (ADT^A28 vers le DPI, ou « population import »), ou importez le document à la main",
    "create the patient (ADT^A28 to the record, or 'population import'), or import the document by hand",
    code="207",
    application="902",
    source=_ERRORS,
    kind="state",
    needs=(*_UNREADABLE, "NO-INS"),
    example=Example(f"{_ROLE}/id", "279035121518989", "a patient of the record"),
)
UNQUALIFIED = rule(
    "PATIENT-UNQUALIFIED",
    "PID-32 of the patient of the record",
    "l'identité de ce patient n'est pas qualifiée dans le dossier : aucun INS n'y est conservé",
    "the identity of this patient is not qualified in the record: no INS is kept there",
    "qualifiez l'identité (ADT^A31 avec PID-32 = VALI), ou importez le document à la main",
    "qualify the identity (ADT^A31 with PID-32 = VALI), or import the document by hand",
    code="207",
    application="902",
    grade=INFERRED,
    source=f"{_ERRORS}; IHE PAM FR 6.6.15",
    kind="state",
    needs=(*_UNREADABLE, "NO-INS", "PATIENT-UNKNOWN"),
    example=Example(f"{_ROLE}/id", "PROV", "VALI"),
)
OTHER = rule(
    "INS-OTHER",
    "INS and traits against the record",
    "l'identité du document n'est pas exactement celle du dossier",
    "the identity of the document is not exactly that of the record",
    "corrigez l'identité à la source ; les cinq traits, le matricule et son OID doivent être identiques",
    "correct the identity at its source; the five traits, the matricule and its OID must be the same",
    code="207",
    application="904",
    source=_ERRORS,
    kind="state",
    needs=(*_UNREADABLE, "NO-INS", "INS-INCOMPLETE"),
    example=Example(f"{_ROLE}/{_PLACES['birth name']}", "birth name: AUTRE", "birth name: SIMULE"),
)
NOT_LATEST = rule(
    "NOT-LATEST",
    "version that is replaced or deleted",
    "la version visée n'est pas la dernière du dossier",
    "the version that is meant is not the latest of the record",
    "visez l'identifiant de la dernière version transmise",
    "name the identifier of the last version transmitted",
    code="207",
    application="900",
    source=_ERRORS,
    kind="state",
    needs=_VERSION,
    example=Example("TXA-13", "2.25.1", "2.25.2"),
)
NOTHING_HELD = rule(
    "NOT-HELD",
    "version that is replaced or deleted",
    "le dossier n'a pas le document à remplacer ou à supprimer",
    "the record does not have the document to replace or delete",
    "transmettez d'abord la version initiale, ou importez celle-ci à la main",
    "transmit the first version before, or import this one by hand",
    code="207",
    application="900",
    source=_ERRORS,
    grade=INFERRED,
    kind="state",
    needs=_VERSION,
    example=Example("TXA-13", "2.25.1", "a document of the record"),
)
NOT_AUTHOR = rule(
    "NOT-AUTHOR",
    "sender against the author of the version held",
    "l'expéditeur n'est ni l'auteur du document ni de la même organisation",
    "the sender is neither the author of the document nor of the same organisation",
    "seul l'auteur, ou quelqu'un de son organisation, remplace ou supprime",
    "only the author, or somebody of their organisation, replaces or deletes",
    code="207",
    application="901",
    source=_ERRORS,
    kind="state",
    needs=(*_VERSION, "SB", "NOT-HELD"),
    example=Example("PRT[1]", "99700000001", "99700000002"),
)
SAME_ID = rule(
    "SAME-ID",
    "identifier of the document",
    "un autre document du dossier porte déjà cet identifiant",
    "another document of the record bears this identifier already",
    "un nouveau contenu est une nouvelle version : nouvel identifiant, remplacement (T10)",
    "a new content is a new version: new identifier, replacement (T10)",
    code="207",
    application="906",
    source=f"{_ERRORS}; HL7 CDA R2 §4.2.1",
    grade=INFERRED,
    kind="state",
    needs=_VERSION,
    example=Example("TXA-12", "2.25.1", "a new identifier"),
)
OTHER_PATIENT = rule(
    "OTHER-PATIENT",
    "patient of the version that is replaced or deleted",
    "la version visée est dans le dossier d'un autre patient",
    "the version that is meant is in the record of another patient",
    "supprimez le document du mauvais patient, puis transmettez-le au bon",
    "delete the document of the wrong patient, then transmit it to the right one",
    code="207",
    application="906",
    source=_ERRORS,
    grade=INFERRED,
    kind="state",
    needs=(*_VERSION, "PATIENT-UNKNOWN", "NO-INS", "NOT-HELD"),
    example=Example("TXA-13", "297034217200141", "284037510012340"),
)
RULES: Final = (
    *(NO_INS, INCOMPLETE, UNKNOWN, UNQUALIFIED, OTHER, NOTHING_HELD, NOT_LATEST, NOT_AUTHOR, SAME_ID, OTHER_PATIENT),
)


def identity(one: Received) -> Iterator[Finding]:
    """903, 902, 905, 904: one of them, or one for each trait that differs."""
    if one.cda is None:
        return
    if one.ins is None:
        yield NO_INS.finding(_inside(), found=_ids(one), expected="an INS")
        return
    missing = [name for name, value in traits_of(one.cda).items() if not value]
    if missing:
        yield INCOMPLETE.finding(_inside(missing[0]), found="", expected=", ".join(missing))
    if one.person is None and one.same_traits is not None:
        found = f"matricule: {one.ins.extension}"
        yield OTHER.finding(_inside(), found=found, expected="matricule: another one")
    elif one.person is None:
        yield UNKNOWN.finding(_inside(), found=one.ins.extension, expected="a patient of the record")
    elif not one.person.qualified:
        yield UNQUALIFIED.finding(_inside(), found=one.person.status or "no PID-32", expected="VALI")
    else:
        yield from _differences(one)


def _differences(one: Received) -> Iterator[Finding]:
    person, ins = one.person, one.ins
    if person is None or ins is None:
        return
    if ins.root != person.oid:
        yield OTHER.finding(_inside(), found=f"OID: {ins.root}", expected=f"OID: {person.oid}")
    held = person.traits()
    for name, value in traits_of(one.cda).items():
        if value and value != held[name]:
            yield OTHER.finding(_inside(name), found=f"{name}: {value}", expected=f"{name}: {held[name]}")


def version(one: Received) -> Iterator[Finding]:
    """900, 901 and 906 of a replacement or a deletion."""
    if one.said.action is Action.INITIAL or one.cda is None:
        return
    where, target = ("TXA-13" if one.said.action is Action.REPLACE else "TXA-12"), one.target
    if target is None:
        yield NOTHING_HELD.finding(where, found=one.about, expected="a document of the record")
        return
    if target.state is not Standing.CURRENT:
        yield NOT_LATEST.finding(where, found=f"{one.about} ({target.state.value})", expected="the latest version")
    if not _may(one, target):
        right = " ".join((*target.origin.persons, *target.origin.organisations, target.origin.sender))
        yield NOT_AUTHOR.finding(_sender_place(one), found=_asks(one), expected=right)
    if one.person is not None and target.patient != one.person.key:
        yield OTHER_PATIENT.finding(where, found=one.person.key, expected=target.patient)


def same_identifier(one: Received) -> Iterator[Finding]:
    """Another content under an identifier that the record has already."""
    twin = one.twin
    if twin is not None and twin.document_id == one.said.document_id and not one.doubles:
        yield SAME_ID.finding("TXA-12", found=one.said.document_id, expected="a new identifier")


def _asks(one: Received) -> str:
    persons, organisations = sender_ids(one)
    address = one.said.sender.address if one.said.sender else ""
    return " ".join(filter(None, (*persons, *organisations, address)))


def _may(one: Received, target: Integrated) -> bool:
    """By the person or the organisation; of a sender whom the PFI could not name, the mail domain stands for the
    organisation."""
    persons, organisations = sender_ids(one)
    address = one.said.sender.address.lower() if one.said.sender else ""
    origin = target.origin
    if address == origin.sender.lower() or {*persons} & {*origin.persons} or {*organisations} & {*origin.organisations}:
        return True
    unnamed = not persons and not organisations
    return unnamed and address.partition("@")[2] == origin.sender.lower().partition("@")[2]


def _sender_place(one: Received) -> str:
    sender = one.said.sender
    return sender.place.where() if sender is not None and sender.place is not None else "PRT[1]"


def _ids(one: Received) -> str:
    found = one.cda.patient.ids if one.cda is not None and one.cda.patient is not None else ()
    return ", ".join(f"{one.root} {one.extension}".strip() for one in found)


def _inside(name: str = "matricule") -> str:
    """A place inside the document, after that of the document in the message."""
    return f"{_ROLE}/{_PLACES[name]}"


CHECKS: Final[tuple[ReceivedCheck, ...]] = (identity, version, same_identifier)
