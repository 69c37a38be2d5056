"""The build of a lot: one submission set, entries, the associations between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from lxml import etree

from simulators.core.rules import Example, Finding, Level
from simulators.core.xml import clark, where
from simulators.dmp.rules.lot_making import (
    ENTRY,
    ITI_41,
    LIST,
    METADATA,
    PDSM,
    SET,
    UNRESOLVED,
    classified,
    lot_rule,
    slot,
)
from simulators.dmp.rules.making import INFERRED, SAMPLES, SOURCED, STANDARD
from simulators.dmp.submission import RELATIONS, Submission
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, DocumentEntry, SubmissionSet

_ORDER: Final = ("Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier")
_FIRST = f"{LIST}/rim:Association[1]"
_MEMBERSHIP: Final = (schemes.HAS_MEMBER, schemes.SIGNS)
_USED: Final = (*_MEMBERSHIP, schemes.REPLACES)

UNREADABLE = lot_rule(
    "UNREADABLE",
    "rim:RegistryObjectList",
    "le lot ne peut pas être lu",
    "the lot cannot be read",
    "un seul RegistryObjectList dans SubmitObjectsRequest ; un attribut id sur chaque objet",
    "one RegistryObjectList in SubmitObjectsRequest; an id attribute on each object",
    source=ITI_41,
    grade=STANDARD,
    switchable=False,
    example=Example(ENTRY, "ExtrinsicObject without id", "one RegistryObjectList whose objects have an id"),
)
SETS = lot_rule(
    "SET",
    "rim:RegistryPackage",
    "un lot contient exactement un SubmissionSet",
    "a lot holds exactly one SubmissionSet",
    "un seul RegistryPackage (hors classeurs) dans le lot",
    "one RegistryPackage (folders apart) in the lot",
    source=ITI_41,
    grade=STANDARD,
    switchable=False,
    example=Example(f"{LIST}/rim:RegistryPackage[2]", "2", "1"),
)
SET_NODE = lot_rule(
    "SET-NODE",
    "classificationNode of the RegistryPackage",
    "le RegistryPackage n'est pas classé comme SubmissionSet",
    "the RegistryPackage is not classified as a SubmissionSet",
    f"ajoutez une Classification avec classificationNode={schemes.SUBMISSION_SET}",
    f"add a Classification with classificationNode={schemes.SUBMISSION_SET}",
    source=ITI_41,
    grade=STANDARD,
    example=Example(SET, "", schemes.SUBMISSION_SET),
)
EMPTY = lot_rule(
    "EMPTY",
    "rim:ExtrinsicObject",
    "le lot ne contient aucun document",
    "the lot holds no document",
    "ajoutez au moins une fiche (ExtrinsicObject) de document, en plus de la signature du lot",
    "add at least one document entry (ExtrinsicObject) besides the signature of the lot",
    source=PDSM,
    grade=INFERRED,
    switchable=False,
    example=Example(LIST, "0", "a document entry"),
)
IDENTIFIERS = lot_rule(
    "OBJECT-ID",
    "id of the objects of the lot",
    "deux objets du lot portent le même id",
    "two objects of the lot bear the same id",
    "donnez un id différent à chaque objet du lot",
    "give a different id to each object of the lot",
    source=ITI_41,
    grade=STANDARD,
    switchable=False,
    example=Example(f"{LIST}/rim:ExtrinsicObject[2]/@id", "Document01", "an id used once"),
)
OBJECT_TYPE = lot_rule(
    "OBJECT-TYPE",
    "rim:ExtrinsicObject/@objectType",
    "la fiche n'est pas une fiche de document stable",
    "the entry is not a stable document entry",
    f'objectType="{schemes.DOCUMENT_ENTRY}"',
    f'objectType="{schemes.DOCUMENT_ENTRY}"',
    source=SAMPLES,
    grade=SOURCED,
    needs=("MISSING",),
    example=Example(f"{ENTRY}/@objectType", "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248", schemes.DOCUMENT_ENTRY),
)
ORDER = lot_rule(
    "ORDER",
    "order of the elements of an object",
    "les éléments de l'objet ne sont pas dans l'ordre du schéma ebRIM",
    "the elements of the object are not in the order of the ebRIM schema",
    f"ordre : {', '.join(_ORDER)}",
    f"order: {', '.join(_ORDER)}",
    source="ebRIM 3.0 schema; a client in the field breaks it",
    grade=STANDARD,
    level=Level.WARN,
    example=Example(slot("creationTime").removesuffix("/rim:ValueList/rim:Value"), "Slot", "before Name"),
)
BELONGS = lot_rule(
    "BELONGS",
    "@classifiedObject and @registryObject",
    "l'élément ne désigne pas l'objet qui le contient",
    "the element does not name the object that holds it",
    "classifiedObject (Classification) et registryObject (ExternalIdentifier) reprennent l'id de leur objet",
    "classifiedObject (Classification) and registryObject (ExternalIdentifier) repeat the id of their object",
    source="ebRIM 3.0 schema; published samples omit it elsewhere",
    grade=STANDARD,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{classified(schemes.ENTRY_TYPE)}/@classifiedObject", "Document99", "Document01"),
)
SERVER_OWNED = lot_rule(
    "SERVER-OWNED",
    "attributes only the server gives",
    "cet attribut est donné par le serveur : la valeur reçue est ignorée",
    "this attribute is given by the server: the value received is ignored",
    "n'envoyez ni status, ni lid, ni VersionInfo, ni repositoryUniqueId",
    "send neither status, nor lid, nor VersionInfo, nor repositoryUniqueId",
    source=PDSM,
    grade=SOURCED,
    level=Level.WARN,
    example=Example(f"{ENTRY}/@status", schemes.APPROVED, "absent"),
)
FOLDER = lot_rule(
    "FOLDER",
    "folders",
    "le DMP ne gère pas les classeurs (Folder) : celui-ci est ignoré",
    "the DMP has no folders: this one is ignored",
    "retirez le classeur et ses associations",
    "remove the folder and its associations",
    source="no published use of folders with the DMP",
    grade=INFERRED,
    level=Level.WARN,
    example=Example(f"{LIST}/rim:RegistryPackage[2]", "Folder01", "no folder"),
)
MEMBER = lot_rule(
    "MEMBER",
    "HasMember associations",
    "aucune association HasMember ne rattache cette fiche au SubmissionSet",
    "no HasMember association ties this entry to the SubmissionSet",
    "ajoutez une Association HasMember : sourceObject = id du SubmissionSet, targetObject = id de la fiche",
    "add a HasMember Association: sourceObject = id of the SubmissionSet, targetObject = id of the entry",
    source=ITI_41,
    grade=STANDARD,
    needs=("ASSOCIATION", "ASSOCIATION-TYPE"),
    example=Example(LIST, "", "HasMember from SubmissionSet01 to Document01"),
)
MEMBER_STATUS = lot_rule(
    "MEMBER-STATUS",
    "SubmissionSetStatus of the HasMember associations",
    "l'association HasMember d'un nouveau document porte SubmissionSetStatus = Original",
    "the HasMember association of a new document bears SubmissionSetStatus = Original",
    "ajoutez le Slot SubmissionSetStatus de valeur Original",
    "add the Slot SubmissionSetStatus with the value Original",
    source=SAMPLES,
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{_FIRST}/rim:Slot/rim:ValueList/rim:Value", "Reference", "Original"),
)
ASSOCIATION = lot_rule(
    "ASSOCIATION",
    "sourceObject and targetObject",
    "l'association ne mène pas d'un objet du lot à un autre",
    "the association does not lead from an object of the lot to another",
    "sourceObject et targetObject reprennent les id du lot, au caractère près",
    "sourceObject and targetObject repeat ids of the lot, to the letter",
    source=ITI_41,
    grade=STANDARD,
    code=UNRESOLVED,
    example=Example(f"{_FIRST}/@targetObject", "Document99", "an id of the lot"),
)
ASSOCIATION_TYPE = lot_rule(
    "ASSOCIATION-TYPE",
    "rim:Association/@associationType",
    "ce type d'association n'est pas d'un lot d'alimentation",
    "this association type is none of a feeding lot",
    "HasMember, signs, et RPLC pour un remplacement",
    "HasMember, signs, and RPLC for a replacement",
    source=ITI_41,
    grade=STANDARD,
    code=METADATA,
    example=Example(
        f"{_FIRST}/@associationType",
        "urn:oasis:names:tc:ebxml-regrep:AssociationType:Membre",
        " ".join((*_MEMBERSHIP, *RELATIONS)),
    ),
)
ASSOCIATION_UNUSUAL = lot_rule(
    "ASSOCIATION-UNUSUAL",
    "rim:Association/@associationType",
    "aucun usage de ce type d'association avec le DMP n'est connu",
    "no use of this association type with the DMP is known",
    "vérifiez auprès de l'opérateur ; RPLC est le seul lien entre documents décrit",
    "ask the operator; RPLC is the only link between documents described",
    source="IHE ITI TF-3 §4.2.2; no published use with the DMP",
    grade=INFERRED,
    level=Level.WARN,
    example=Example(f"{LIST}/rim:Association[4]/@associationType", schemes.APPENDS, " ".join(_USED)),
)


def identifiers(case: Submission) -> Iterator[Finding]:
    """Every object has an identifier of its own; associations may go without."""
    seen: set[str] = set()
    for element in _objects(case):
        identifier = element.get("id")
        if identifier and identifier in seen:
            yield IDENTIFIERS.finding(where(element, "id"), found=identifier, expected="an id used once")
        seen.add(identifier or "")


def set_and_entries(case: Submission) -> Iterator[Finding]:
    """The node of the set, at least one document, stable documents only."""
    if not case.set.classified:
        yield SET_NODE.finding(case.set.where(), found="", expected=schemes.SUBMISSION_SET)
    if not case.documents:
        yield EMPTY.finding(case.lot.where(), found="0", expected="a document entry")
    for deposit in case.deposits:
        found = deposit.entry.object_type
        if found is not None and found != schemes.DOCUMENT_ENTRY:
            place = deposit.entry.where("objectType")
            yield OBJECT_TYPE.finding(place, found=found, expected=schemes.DOCUMENT_ENTRY)


def shape(case: Submission) -> Iterator[Finding]:
    """Order of the schema, back references, folders."""
    for item in described(case):
        if item.source is not None:
            yield from _order(item.source)
            yield from _belongs(item, item.source)
    for folder in _folders(case):
        yield FOLDER.finding(where(folder), found=folder.get("id", ""), expected="no folder")


def server_owned(case: Submission) -> Iterator[Finding]:
    """What only the registry may say of an object."""
    for item in described(case):
        told = [("availabilityStatus", item.status), ("logicalId", item.logical_id)]
        if isinstance(item, DocumentEntry):
            told += [("version", item.version), ("repositoryUniqueId", item.repository_unique_id)]
        for name, value in told:
            if value is not None:
                yield SERVER_OWNED.finding(item.where(name), found=value, expected="absent")


def associations(case: Submission) -> Iterator[Finding]:
    """Types, ends, then the membership of each entry."""
    inside = {element.get("id") for element in _objects(case)}
    for association in case.lot.associations:
        yield from _association(association, inside)
    for deposit in case.deposits:
        yield from _membership(case, deposit.entry)


def described(case: Submission) -> list[SubmissionSet | DocumentEntry]:
    """The submission set, then the entries."""
    return [case.set, *(deposit.entry for deposit in case.deposits)]


def entries_first(case: Submission) -> list[SubmissionSet | DocumentEntry]:
    """The entries, then the submission set: what repeats is best mended where it comes from."""
    return [*(deposit.entry for deposit in case.deposits), case.set]


def _association(association: Association, inside: set[str | None]) -> Iterator[Finding]:
    kind = association.type or ""
    if kind not in (*_MEMBERSHIP, *RELATIONS):
        expected = " ".join((*_MEMBERSHIP, *RELATIONS))
        yield ASSOCIATION_TYPE.finding(association.where("associationType"), found=kind, expected=expected)
        return
    ends = [("sourceObject", association.source_object)]
    ends += [("targetObject", association.target_object)] if kind in _MEMBERSHIP else []
    for name, value in ends:
        if value not in inside:
            yield ASSOCIATION.finding(association.where(name), found=value or "", expected="an id of the lot")
    if kind not in _USED:
        place = association.where("associationType")
        yield ASSOCIATION_UNUSUAL.finding(place, found=kind, expected=" ".join(_USED))


def _membership(case: Submission, entry: DocumentEntry) -> Iterator[Finding]:
    ends = (case.set.entry_id, entry.entry_id)
    members = case.lot.associations_of(schemes.HAS_MEMBER)
    mine = [member for member in members if (member.source_object, member.target_object) == ends]
    if not mine:
        expected = f"HasMember from {case.set.entry_id} to {entry.entry_id}"
        yield MEMBER.finding(case.lot.where(), found="", expected=expected)
    for member in mine:
        status = member.slot("SubmissionSetStatus")
        if status != "Original":
            place = member.where("SubmissionSetStatus")
            yield MEMBER_STATUS.finding(place, found=status or "", expected="Original")


def _order(source: etree._Element) -> Iterator[Finding]:
    names = [etree.QName(child).localname for child in source.iterchildren(tag=etree.Element)]
    ranks = [_ORDER.index(name) if name in _ORDER else len(_ORDER) for name in names]
    for index, (before, after) in enumerate(pairwise(ranks), start=1):
        if after < before:
            misplaced = list(source.iterchildren(tag=etree.Element))[index]
            earliest = next(rank for rank in ranks if rank > after)
            expected = f"before {_ORDER[earliest] if earliest < len(_ORDER) else names[index - 1]}"
            yield ORDER.finding(where(misplaced), found=names[index], expected=expected)
            return


def _belongs(item: SubmissionSet | DocumentEntry, source: etree._Element) -> Iterator[Finding]:
    told = [
        (child, attribute, child.get(attribute))
        for tag, attribute in (("rim:Classification", "classifiedObject"), ("rim:ExternalIdentifier", "registryObject"))
        for child in source.iterchildren(clark(tag))
    ]
    named = {found for _, _, found in told}
    if len(named) == 1 and len(told) > 1 and (only := next(iter(named))) not in (None, item.entry_id):
        # All agree on another name: it is the object that was renamed.
        yield BELONGS.finding(where(source, "id"), found=item.entry_id, expected=only)
        return
    for child, attribute, found in told:
        if found != item.entry_id:
            place = where(child) if found is None else where(child, attribute)
            yield BELONGS.finding(place, found=found or "", expected=item.entry_id)


def _objects(case: Submission) -> list[etree._Element]:
    """The registry objects of the message, folders included."""
    source = case.lot.source
    tags = (clark("rim:RegistryPackage"), clark("rim:ExtrinsicObject"))
    return [] if source is None else list(source.iterchildren(*tags))


def _folders(case: Submission) -> list[etree._Element]:
    sets = {id(item.source) for item in case.lot.submission_sets}
    packages = [element for element in _objects(case) if element.tag == clark("rim:RegistryPackage")]
    return [package for package in packages if id(package) not in sets]


GUARDS: Final = (identifiers,)
CHECKS: Final = (set_and_entries, shape, server_owned, associations)
RULES: Final = (
    *(UNREADABLE, SETS, SET_NODE, EMPTY, IDENTIFIERS, OBJECT_TYPE, ORDER, BELONGS, SERVER_OWNED, FOLDER),
    *(MEMBER, MEMBER_STATUS, ASSOCIATION, ASSOCIATION_TYPE, ASSOCIATION_UNUSUAL),
)
