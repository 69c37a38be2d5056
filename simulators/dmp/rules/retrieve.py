"""Rules of TD3.2 (facts dmp §1.12, §5.2, dmp-messages §8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from simulators.core.rules import Example, Finding, Policy
from simulators.dmp import document_settings as settings
from simulators.dmp.registry_store import Stored
from simulators.dmp.rules.making import BODY, SOURCED, STANDARD, rule

_ITI_43: Final = "IHE ITI TF-2 §3.43"
_REQUEST: Final = f"{BODY}/xds:RetrieveDocumentSetRequest"
_DOCUMENT: Final = f"{_REQUEST}/xds:DocumentRequest"

EMPTY = rule(
    "RETRIEVE-EMPTY",
    "RetrieveDocumentSetRequest",
    "la requête ne demande aucun document",
    "the request asks for no document",
    "ajoutez un DocumentRequest avec RepositoryUniqueId et DocumentUniqueId",
    "add a DocumentRequest with RepositoryUniqueId and DocumentUniqueId",
    source=_ITI_43,
    grade=STANDARD,
    code="XDSRepositoryError",
    form="registry",
    example=Example(f"{_DOCUMENT}", "(absent)", "at least one DocumentRequest"),
)
REPOSITORY = rule(
    "RETRIEVE-REPOSITORY",
    "RepositoryUniqueId",
    "ce dépôt n'est pas celui du DMP",
    "this repository is not that of the DMP",
    "reprenez le repositoryUniqueId rendu par la recherche (TD3.1)",
    "take the repositoryUniqueId that the search (TD3.1) returned",
    source=_ITI_43,
    grade=STANDARD,
    code="XDSUnknownRepositoryId",
    form="registry",
    example=Example(f"{_DOCUMENT}/xds:RepositoryUniqueId", "1.2.250.1.999.9.404", "1.2.250.1.213.4.1.1.1.2"),
)
ENTRY_UUID = rule(
    "RETRIEVE-ENTRY-UUID",
    "DocumentUniqueId",
    "un entryUUID est donné à la place du uniqueId",
    "an entryUUID is given instead of the uniqueId",
    "demandez le document par son uniqueId (ExternalIdentifier XDSDocumentEntry.uniqueId), un OID",
    "ask for the document by its uniqueId (ExternalIdentifier XDSDocumentEntry.uniqueId), an OID",
    source="field report of an independent client, second hand",
    grade=SOURCED,
    code="XDSDocumentUniqueIdError",
    form="fault",
    example=Example(
        f"{_DOCUMENT}/xds:DocumentUniqueId",
        "urn:uuid:00000000-0000-4000-8000-000000000101",
        "the uniqueId (OID) of a document of the patient",
    ),
)
UNKNOWN = rule(
    "RETRIEVE-UNKNOWN",
    "DocumentUniqueId",
    "ce document est inconnu du DMP de ce patient",
    "this document is unknown to this patient's DMP",
    "cherchez d'abord le document (TD3.1) ; masqué ou supprimé, il ne peut pas être rendu",
    "search for the document first (TD3.1); masked or deleted, it cannot be returned",
    source="IHE ITI TF-2 §3.43; as a Fault: field report, second hand",
    grade=SOURCED,
    code="XDSDocumentUniqueIdError",
    form="fault",
    needs=("RETRIEVE-ENTRY-UUID",),
    example=Example(
        f"{_DOCUMENT}/xds:DocumentUniqueId",
        "1.2.250.1.999.9.1.404",
        "the uniqueId (OID) of a document of the patient",
    ),
)
RULES: Final = (EMPTY, REPOSITORY, ENTRY_UUID, UNKNOWN)


@dataclass(frozen=True)
class Asked:
    """One DocumentRequest: what it names, where, and what was found that the reader may have."""

    repository: str
    unique_id: str
    repository_at: str
    unique_id_at: str
    stored: Stored | None


@dataclass(frozen=True)
class Retrieval:
    """A retrieve request as its checks see it. ``at`` is the request's own place."""

    asked: tuple[Asked, ...]
    at: str
    policy: Policy


def empty(case: Retrieval) -> Iterator[Finding]:
    if not case.asked:
        yield EMPTY.finding(f"{case.at}/xds:DocumentRequest", found="(absent)", expected="at least one DocumentRequest")


def missing(case: Retrieval, asked: Asked) -> Finding | None:
    """Why one document cannot be returned, or ``None``."""
    ours = settings.REPOSITORY_ID.text(case.policy)
    if asked.repository != ours:
        return REPOSITORY.finding(asked.repository_at, found=asked.repository, expected=ours)
    if asked.stored is not None:
        return None
    guilty = ENTRY_UUID if asked.unique_id.lower().startswith("urn:uuid:") else UNKNOWN
    finding = guilty.finding(
        asked.unique_id_at, found=asked.unique_id, expected="the uniqueId (OID) of a document of the patient"
    )
    if settings.RETRIEVE_UNKNOWN.text(case.policy).strip().lower() == "ihe":
        return as_registry_error(finding)
    return finding


def as_registry_error(finding: Finding) -> Finding:
    """The finding for a RegistryErrorList instead of the Fault of the field report, with the context seen there."""
    if finding.rule.id not in {ENTRY_UUID.id, UNKNOWN.id}:
        return finding
    return replace(finding, rule=replace(finding.rule, form="registry", national=f"uniqueId={finding.found}"))
