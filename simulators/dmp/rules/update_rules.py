"""The rules of TD3.3, deletion, archiving, masking (facts dmp §1.13, §1.14, §3.8, §4.5; dmp-messages §9).

The form of the answers is IHE's; which code the national service gives is not published, so most codes are inferred.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from simulators.core.rules import Example, Level
from simulators.dmp.rules.lot_making import IPF, PDSM, TRACKER, UNRESOLVED, registry_rule, slot
from simulators.dmp.rules.making import BODY, INFERRED, SAMPLES, SOURCED, STANDARD
from simulators.documents.xds import schemes

LIST: Final = f"{BODY}/lcm:SubmitObjectsRequest/rim:RegistryObjectList"
ASSOCIATION: Final = f"{LIST}/rim:Association"
ENTRY: Final = f"{LIST}/rim:ExtrinsicObject"
UUID: Final = "urn:uuid:..."
REGISTERED: Final = "the entryUUID of a registered document"
CURRENT: Final = f"{schemes.APPROVED} or {schemes.ARCHIVED}"
TRANSITIONS: Final = {
    schemes.APPROVED: (schemes.ARCHIVED, schemes.DELETED),
    schemes.ARCHIVED: (schemes.APPROVED, schemes.DELETED),
}
"""From a status to those that may follow it."""
_UPDATE_ERROR: Final = "XDSMetadataUpdateError"
_ITI_57: Final = "IHE ITI metadata update, ITI-57"
_AMA: Final = "Ségur task force, answer of 6 June 2025 (visibility)"
_TITLE: Final = "Lettre de liaison à la sortie d'un établissement de soins"
_TARGET: Final = f"{ASSOCIATION}/@targetObject"


_rule: Final = partial(registry_rule, "UPDATE", code=_UPDATE_ERROR)


EMPTY = _rule(
    "EMPTY",
    "what the request changes",
    "la requête ne change rien",
    "the request changes nothing",
    "une Association UpdateAvailabilityStatus (suppression, archivage), ou une fiche dont les confidentialityCode "
    "diffèrent de ceux de la version enregistrée (masquage, visibilité)",
    "an UpdateAvailabilityStatus Association (deletion, archiving), or an entry whose confidentialityCode differ from "
    "those of the registered version (masking, visibility)",
    source=_ITI_57,
    grade=INFERRED,
    needs=("TARGET-PATIENT", "GONE"),
    switchable=False,
    example=Example(ASSOCIATION, "", "an UpdateAvailabilityStatus Association, or an entry"),
)
SOURCE = _rule(
    "SOURCE",
    "sourceObject of the UpdateAvailabilityStatus Association",
    "l'association ne part pas du SubmissionSet de la requête",
    "the association does not start from the SubmissionSet of the request",
    "sourceObject reprend l'id du RegistryPackage",
    "sourceObject repeats the id of the RegistryPackage",
    source=f"{SAMPLES}; {_ITI_57}",
    grade=INFERRED,
    example=Example(f"{ASSOCIATION}/@sourceObject", "SubmissionSet99", "SubmissionSet01"),
)
STATUS = _rule(
    "STATUS",
    "OriginalStatus and NewStatus",
    "ce changement de statut n'existe pas",
    "there is no such change of status",
    "archiver : Approved vers Archived ; désarchiver : Archived vers Approved ; supprimer : l'un ou l'autre vers "
    f"Deleted ({schemes.DELETED})",
    f"archive: Approved to Archived; unarchive: Archived to Approved; delete: either to Deleted ({schemes.DELETED})",
    source=f"{SAMPLES}; unarchiving inferred",
    grade=SOURCED,
    example=Example(slot("NewStatus", ASSOCIATION), schemes.DEPRECATED, f"{schemes.ARCHIVED} or {schemes.DELETED}"),
)
TARGET_FORM = _rule(
    "TARGET-FORM",
    "targetObject (status), or lid (metadata)",
    "le document n'est pas désigné par son entryUUID (ou, pour des métadonnées, son logicalId)",
    "the document is not named by its entryUUID (or, for metadata, its logicalId)",
    "urn:uuid:... obtenu par TD3.1 (GetDocuments sur l'uniqueId) ; ni uniqueId, ni UUID sans urn:uuid:",
    "urn:uuid:... obtained by TD3.1 (GetDocuments on the uniqueId); neither uniqueId, nor UUID without urn:uuid:",
    source=f"{PDSM}, transaction TD3.3c; code inferred",
    grade=INFERRED,
    switchable=False,
    example=Example(_TARGET, "1.2.250.1.999.9.1.2.0", UUID),
)
TARGET_UNKNOWN = _rule(
    "TARGET-UNKNOWN",
    "targetObject (status), or lid (metadata)",
    "aucun document du DMP n'a cet identifiant",
    "no document of the DMP has this identifier",
    "cherchez à nouveau l'entryUUID (TD3.1) : il change à chaque modification des métadonnées ; un document masqué "
    "par un autre ne peut pas être désigné",
    "look the entryUUID up again (TD3.1): it changes with each change of the metadata; a document that another masked "
    "cannot be named",
    source=IPF,
    grade=SOURCED,
    code=UNRESOLVED,
    switchable=False,
    example=Example(_TARGET, "urn:uuid:00000000-0000-4000-8000-000000000199", REGISTERED),
)
TARGET_PATIENT = _rule(
    "TARGET-PATIENT",
    "patient of the document",
    "le document est celui d'un autre patient",
    "the document is another patient's",
    "vérifiez l'entryUUID, et que resource-id du VIHF et patientId du lot sont ceux du patient du document",
    "check the entryUUID, and that resource-id of the VIHF and patientId of the lot are those of its patient",
    source=IPF,
    grade=SOURCED,
    code="XDSPatientIdDoesNotMatch",
    switchable=False,
    example=Example(_TARGET, "290050099900233", "185010099900171"),
)
TWICE = _rule(
    "TWICE",
    "documents named by the request",
    "le même document est modifié deux fois par la requête",
    "the same document is changed twice by the request",
    "une modification par document et par requête",
    "one change for each document and request",
    source="this project",
    grade=INFERRED,
    example=Example(f"{ASSOCIATION}[2]", "1.2.250.1.999.9.1.2.0", "a document changed once"),
)
GONE = _rule(
    "GONE",
    "status of the document",
    "le document n'est plus modifiable : remplacé, supprimé ou ancienne version",
    "the document can no longer be changed: replaced, deleted or an older version",
    "cherchez la version en vigueur (TD3.1) ; une suppression est définitive",
    "search for the version in force (TD3.1); a deletion is final",
    source="life cycle proposed by the facts; IHE refuses deprecated documents",
    grade=INFERRED,
    needs=("TARGET-PATIENT",),
    example=Example(_TARGET, schemes.DEPRECATED, CURRENT),
)
ORIGINAL = _rule(
    "ORIGINAL",
    "OriginalStatus and the registered status",
    "le statut d'origine annoncé n'est pas celui du document",
    "the original status told is not that of the document",
    "reprenez le statut (status) rendu par la recherche (TD3.1)",
    "take the status that the search (TD3.1) returned",
    source=_ITI_57,
    grade=INFERRED,
    needs=("TARGET-PATIENT", "GONE", "STATUS"),
    example=Example(slot("OriginalStatus", ASSOCIATION), schemes.ARCHIVED, schemes.APPROVED),
)
OWNER = _rule(
    "OWNER",
    "author of the document",
    "le document a un autre auteur",
    "the document has another author",
    "seul un auteur supprime ou démasque son document : authorPerson (professionnel), ou authorInstitution "
    "(authentification indirecte, personnel) = celui du VIHF",
    "only an author deletes or unmasks its document: authorPerson (professional), or authorInstitution (indirect "
    "authentication, staff) = that of the VIHF",
    source=f"PDT-INF-526 v1.8 notes 8 and 9; {TRACKER}, EX_3.3-1060; code inferred",
    grade=SOURCED,
    needs=("TARGET-PATIENT", "GONE"),
    example=Example(_TARGET, "10B0999025", "10B0999009"),
)
PATIENT_DOCUMENT = _rule(
    "PATIENT-DOCUMENT",
    "documents deposited by the patient",
    "le document a été déposé par le patient",
    "the document was deposited by the patient",
    "seuls le patient et son médecin traitant l'archivent ou le suppriment",
    "only the patient and the treating physician archive or delete it",
    source="PDT-INF-526 v1.8; code inferred",
    grade=SOURCED,
    needs=("TARGET-PATIENT", "GONE"),
    example=Example(_TARGET, "classCode 90", "a document of a professional"),
)
MEMBER = _rule(
    "MEMBER",
    "HasMember Association of the entry",
    "aucune association HasMember ne rattache la fiche au SubmissionSet",
    "no HasMember association ties the entry to the SubmissionSet",
    "Association HasMember : sourceObject = id du RegistryPackage, targetObject = id de la fiche, Slot PreviousVersion",
    "HasMember Association: sourceObject = id of the RegistryPackage, targetObject = id of the entry, Slot "
    "PreviousVersion",
    source=f"DMP compatibility kit, masking template; {_ITI_57}",
    grade=SOURCED,
    example=Example(ASSOCIATION, "", "HasMember from SubmissionSet01"),
)
VERSION = _rule(
    "VERSION",
    "PreviousVersion",
    "PreviousVersion n'est pas la version en vigueur du document",
    "PreviousVersion is not the version of the document in force",
    "reprenez versionName (VersionInfo) rendu par la recherche (TD3.1), juste avant la modification",
    "take versionName (VersionInfo) that the search (TD3.1) returned, just before the change",
    source=_ITI_57,
    grade=STANDARD,
    code="XDSMetadataVersionError",
    needs=("TARGET-PATIENT", "GONE", "MEMBER"),
    example=Example(slot("PreviousVersion", ASSOCIATION), "5", "1"),
)
INVERSE = _rule(
    "INVERSE",
    "confidentialityCode added",
    "un document visible ne peut plus être rendu invisible",
    "a visible document can no longer be made invisible",
    "l'invisibilité se choisit au dépôt ; rendre visible est irréversible (TD3.3b)",
    "invisibility is chosen at the deposit; making visible cannot be undone (TD3.3b)",
    source=f"{_AMA}; guardians by symmetry, code inferred",
    grade=SOURCED,
    needs=("TARGET-PATIENT", "GONE"),
    example=Example(
        f"{ENTRY}/rim:Classification[5]/@nodeRepresentation",
        "INVISIBLE_PATIENT",
        "MASQUE_PS, or no code more",
    ),
)
OTHER = _rule(
    "OTHER",
    "what differs from the registered entry",
    "une autre valeur que la confidentialité diffère de la fiche enregistrée : elle est ignorée",
    "a value other than the confidentiality differs from the registered entry: it is ignored",
    "renvoyez la fiche telle que la recherche (TD3.1) l'a rendue ; pour corriger le reste, remplacez (RPLC)",
    "send the entry as the search (TD3.1) returned it; to correct the rest, replace (RPLC)",
    source="CI-SIS, scope of updates (status, confidentiality, archiving)",
    grade=INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("TARGET-PATIENT", "GONE"),
    example=Example(f"{ENTRY}/rim:Name/rim:LocalizedString/@value", "Autre titre", _TITLE),
)
RULES: Final = (
    *(EMPTY, SOURCE, STATUS, TARGET_FORM, TARGET_UNKNOWN, TARGET_PATIENT, TWICE, GONE, ORIGINAL, OWNER),
    *(PATIENT_DOCUMENT, MEMBER, VERSION, INVERSE, OTHER),
)
