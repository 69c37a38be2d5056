"""The authors of a lot: only an author feeds; form and keys of persons and structures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.dmp import vihf as names
from simulators.dmp.rules.lot_making import (
    ENTRY,
    MAPPING,
    SET,
    TRACKER,
    author_slot,
    lot_rule,
)
from simulators.dmp.rules.lot_structure import entries_first
from simulators.dmp.rules.making import INFERRED, SOURCED
from simulators.dmp.submission import Submission
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Author, DocumentEntry, SubmissionSet
from simulators.documents.xds.values import Xcn, Xon
from simulators.population.identifiers import (
    PS_IDNAT_OID,
    STRUCT_IDNAT_OID,
    is_valid_oid,
    is_valid_ps_idnat,
    is_valid_struct_idnat,
)

_XCN = "<id>^<name>^<given>^^^^^^&<OID>&ISO^D^^^<type>"
_XON = "<name>^^^^^&<OID>&ISO^<type>^^^<id>"
_FIELD = "field report (author rule), second hand"

AUTHOR_STRUCTURE = lot_rule(
    "AUTHOR-STRUCTURE",
    "authorInstitution and the structure of the VIHF",
    "en authentification indirecte, aucune structure auteur du document n'est celle du VIHF",
    "in indirect authentication, no author institution of the document is the structure of the VIHF",
    "seul un auteur alimente : authorInstitution (composant 10) = Identifiant_Structure du VIHF",
    "only an author feeds: authorInstitution (component 10) = Identifiant_Structure of the VIHF",
    source=f"{TRACKER}, EX_2.1-1140; text from a {_FIELD}",
    grade=SOURCED,
    national="Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF [Authentification Indirecte]",
    example=Example(author_slot("authorInstitution"), "10B0999025", "10B0999009"),
)
AUTHOR_PERSON = lot_rule(
    "AUTHOR-PERSON",
    "authorPerson and the professional of the VIHF",
    "en authentification directe, ni l'auteur ni le responsable du document n'est le professionnel du VIHF",
    "in direct authentication, neither author nor legal authenticator is the professional of the VIHF",
    "seul un auteur alimente : authorPerson (ou legalAuthenticator), composant 1 = NameID du VIHF",
    "only an author feeds: authorPerson (or legalAuthenticator), component 1 = NameID of the VIHF",
    source=f"{TRACKER}, EX_2.1-1140",
    grade=SOURCED,
    example=Example(author_slot("authorPerson"), "899700000039", "899700000013"),
)
PERSON = lot_rule(
    "PERSON",
    "authorPerson and legalAuthenticator",
    "la personne n'a pas la forme XCN attendue",
    "the person does not have the XCN form expected",
    "<PS_IdNat>^<Nom>^<Prénom>^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    "<PS_IdNat>^<Name>^<Given>^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    source=MAPPING,
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("AUTHOR-PERSON",),
    example=Example(f"{ENTRY}/rim:Slot[@name='legalAuthenticator']/rim:ValueList/rim:Value", "FICTIF CAMILLE", _XCN),
)
INSTITUTION = lot_rule(
    "INSTITUTION",
    "authorInstitution",
    "la structure n'a pas la forme XON attendue",
    "the institution does not have the XON form expected",
    "<Nom>^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^<Struct_IdNat>",
    "<Name>^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^<Struct_IdNat>",
    source=MAPPING,
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("AUTHOR-STRUCTURE",),
    example=Example(
        author_slot("authorInstitution", SET, schemes.SET_AUTHOR),
        "CENTRE FICTIF^^^^^&1.2.250.1.71.4.2.2&ISO^FINEG^^^0B0999009",
        "0 + ADELI (9 characters) + rank",
    ),
)
PERSON_KEY = lot_rule(
    "PERSON-KEY",
    "key of the professionals' identifiers",
    "la clé de contrôle de l'identifiant du professionnel est fausse",
    "the check digit of the professional's identifier is wrong",
    "vérifiez le RPPS saisi (clé de Luhn sur les 11 chiffres, sans le 8)",
    "check the RPPS typed in (Luhn key over the 11 digits, without the 8)",
    source="Luhn key; published samples fail it",
    grade=INFERRED,
    level=Level.WARN,
    needs=("AUTHOR-PERSON",),
    example=Example(f"{ENTRY}/rim:Slot[@name='legalAuthenticator']/rim:ValueList/rim:Value", "899700000014", "3"),
)
INSTITUTION_KEY = lot_rule(
    "INSTITUTION-KEY",
    "key of the structures' identifiers",
    "la clé de contrôle de l'identifiant de structure est fausse",
    "the check digit of the structure's identifier is wrong",
    "vérifiez le FINESS, le SIREN ou le SIRET saisi (clé de Luhn)",
    "check the FINESS, SIREN or SIRET typed in (Luhn key)",
    source="Luhn key; published samples fail it",
    grade=INFERRED,
    level=Level.WARN,
    needs=("AUTHOR-STRUCTURE",),
    example=Example(author_slot("authorInstitution", SET, schemes.SET_AUTHOR), "10B0999008", "9"),
)


def author_rule(case: Submission) -> Iterator[Finding]:
    """Only an author feeds: the structure in indirect mode, the person in direct mode."""
    for deposit in case.documents:
        entry, vihf = deposit.entry, case.vihf
        if not entry.authors:
            continue
        if vihf.mode == names.DIRECT:
            if not is_author_person(entry, vihf.professional):
                told = " ".join(Xcn(author.person).identifier for author in entry.authors if author.person)
                place = entry.where("author", "authorPerson")
                yield AUTHOR_PERSON.finding(place, found=told, expected=vihf.professional)
        elif not is_author_structure(entry, vihf.structure):
            told = " ".join(Xon(text).identifier for author in entry.authors for text in author.institutions)
            place = entry.where("author", "authorInstitution")
            yield AUTHOR_STRUCTURE.finding(place, found=told, expected=vihf.structure)


def is_author_structure(entry: DocumentEntry, structure: str) -> bool:
    """Whether a structure is among the author institutions of a document."""
    return any(Xon(text).identifier == structure for author in entry.authors for text in author.institutions)


def is_author_person(entry: DocumentEntry, professional: str) -> bool:
    """Whether a professional is an author, or the legal authenticator, of a document."""
    people = [author.person for author in entry.authors] + [entry.legal_authenticator]
    return any(person is not None and Xcn(person).identifier == professional for person in people)


def people(case: Submission) -> Iterator[Finding]:
    """Form and keys of persons and institutions; one finding for one wrong identifier."""
    seen: set[str] = set()
    for item in entries_first(case):
        for rank, author in enumerate(item.authors):
            yield from _institutions(item, author, rank, seen)
            if author.person:
                yield from _person(author.person, item.where("author", "authorPerson", rank), seen)
        if isinstance(item, DocumentEntry) and item.legal_authenticator:
            yield from _person(item.legal_authenticator, item.where("legalAuthenticator"), seen)


def _institutions(item: SubmissionSet | DocumentEntry, author: Author, rank: int, seen: set[str]) -> Iterator[Finding]:
    for text in author.institutions:
        value, place = Xon(text), item.where("author", "authorInstitution", rank)
        if text in seen:
            continue
        seen.add(text)
        if not (value.name and value.identifier and value.id_type and _authority(value.authority, value)):
            yield INSTITUTION.finding(place, found=text, expected=_XON)
        elif value.authority == STRUCT_IDNAT_OID and not (valid := is_valid_struct_idnat(value.identifier)):
            if valid.only_key_wrong:
                yield INSTITUTION_KEY.finding(place, found=value.identifier, expected=valid.expected)
            else:
                yield INSTITUTION.finding(place, found=text, expected=valid.expected)


def _person(text: str, place: str, seen: set[str]) -> Iterator[Finding]:
    value = Xcn(text)
    if text in seen:
        return
    seen.add(text)
    if not (value.identifier and value.family and value.id_type and _authority(value.authority, value)):
        yield PERSON.finding(place, found=text, expected=_XCN)
    elif value.authority == PS_IDNAT_OID and not (valid := is_valid_ps_idnat(value.identifier)):
        if valid.only_key_wrong:
            yield PERSON_KEY.finding(place, found=value.identifier, expected=valid.expected)
        else:
            yield PERSON.finding(place, found=text, expected=valid.expected)


def _authority(oid: str, value: Xcn | Xon) -> bool:
    return bool(is_valid_oid(oid)) and value.authority_type == "ISO"


CHECKS: Final = (author_rule, people)
RULES: Final = (AUTHOR_STRUCTURE, AUTHOR_PERSON, PERSON, INSTITUTION, PERSON_KEY, INSTITUTION_KEY)
