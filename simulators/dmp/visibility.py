"""Which documents a reader may know of (facts dmp §4.3 notes 6 and 7, §4.5).

What may not be known is left out in silence: for the client a document is gone when it is deleted, masked or no longer
covered by the reader's rights, and nothing tells these apart.
"""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Policy
from simulators.dmp import document_settings as settings
from simulators.dmp.model import DmpRequest
from simulators.dmp.registry_store import Stored
from simulators.documents.xds.schemes import DELETED
from simulators.documents.xds.values import Xcn, Xon

MASKED: Final = "MASQUE_PS"


class Reader:
    """Who reads: the professional, the structure, the mode, and what the patient agreed to."""

    def __init__(self, request: DmpRequest, policy: Policy) -> None:
        self._vihf, self._parties = request.vihf, request.parties
        self._deleted = settings.RETURN_DELETED.flag(policy)
        self._signatures = settings.RETURN_SIGNATURES.flag(policy)

    def sees(self, stored: Stored) -> bool:
        """Whether a search may return it."""
        if stored.entry.is_signature and not self._signatures:
            return False
        return self.may_read(stored)

    def may_read(self, stored: Stored) -> bool:
        """Whether a retrieval may return its bytes."""
        if stored.status == DELETED and not self._deleted:
            return False
        if not is_masked(stored) or self._wrote(stored):
            return True
        if self._parties.treating and not self._vihf.emergency:
            return True
        return self._vihf.emergency and self._agreed()

    def _wrote(self, stored: Stored) -> bool:
        """An author of the document, or in indirect mode a structure it comes from."""
        for author in stored.entry.authors:
            if author.person and Xcn(author.person).identifier == self._vihf.professional:
                return True
            if not self._vihf.air and any(Xon(i).identifier == self._vihf.structure for i in author.institutions):
                return True
        return False

    def _agreed(self) -> bool:
        """Note 7: only when the patient allowed that emergency mode."""
        patient = self._parties.patient
        purpose = self._vihf.purpose.code if self._vihf.purpose else ""
        if patient is None:
            return False
        oppositions = patient.oppositions
        return not (oppositions.bris_de_glace if purpose == "bris_de_glace" else oppositions.acces_urgence)


def is_masked(stored: Stored) -> bool:
    """Whether the document is masked to professionals."""
    return any(code.code == MASKED for code in stored.entry.confidentiality_codes)
