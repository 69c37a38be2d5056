"""Parameters of the documents half that nobody published: a world sets them in its policy (``settings``)."""

from __future__ import annotations

from typing import Final

from simulators.core.setting import Setting

REPOSITORY_ID: Final = Setting(
    "dmp.repository-unique-id", "1.2.250.1.213.4.1.1.1.2", "repositoryUniqueId (the one of the national test DMP)"
)
MASKED_AND_INVISIBLE: Final = Setting(
    "dmp.cumul-invisible_patient-masque_ps", "false", "a document may be both masked and invisible (EX_2.1-1050)"
)
DOCUMENT_BYTES: Final = Setting("dmp.max-document-bytes", "52428800", "ceiling of one document, in bytes")
RESULTS: Final = Setting("dmp.max-results", "0", "objects of one LeafClass answer; 0 means no ceiling")
BATCH: Final = Setting("dmp.query-batch", "20", "identifiers of one query beyond which a warning is given")
AFTER_FEEDING: Final = Setting(
    "dmp.search-after-feeding-seconds", "60", "a search this soon after a feeding is taken for an automatic one"
)
RETRIEVE_UNKNOWN: Final = Setting("dmp.retrieve-unknown", "fault", "answer to an unknown uniqueId: fault or ihe")
RETURN_DELETED: Final = Setting("dmp.return-deleted", "false", "deleted documents are returned")
RETURN_SIGNATURES: Final = Setting("dmp.return-signatures", "false", "signature entries are returned by searches")

SETTINGS: Final = (
    *(REPOSITORY_ID, MASKED_AND_INVISIBLE, DOCUMENT_BYTES, RESULTS, BATCH, AFTER_FEEDING),
    *(RETRIEVE_UNKNOWN, RETURN_DELETED, RETURN_SIGNATURES),
)
