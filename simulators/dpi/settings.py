"""What a world may choose about its hospital record (policy ``settings``)."""

from __future__ import annotations

from typing import Final

from simulators.core.setting import Setting

PFI: Final = Setting("dpi.pfi", "", "mllp:// or mllps:// URL of the PFI; empty: the one of this sandbox")
MESSAGE: Final = Setting("dpi.message", "MDM", "message that carries a document: MDM (2.6) or ORU (2.5)")
DEFERRAL: Final = Setting("dpi.deferral", "PT0S", "business time between the validation of a document and its message")
RETRY_EVERY: Final = Setting("dpi.retry-every", "PT5M", "business time between two attempts at the PFI")
GIVE_UP_AFTER: Final = Setting("dpi.give-up-after", "P2D", "business time after which a message is given up")
PATIENCE: Final = Setting("dpi.pfi-seconds", "30", "how long the PFI may take to acknowledge")
STRUCTURE: Final = Setting(
    "dpi.structure", "hospital", "reference name or national identifier of the hospital whose record this is"
)
CITIZENS: Final = Setting("dpi.citizen-domain", "patient.mssante.test", "mail domain of the patients' mailboxes")

SETTINGS: Final = (PFI, MESSAGE, DEFERRAL, RETRY_EVERY, GIVE_UP_AFTER, PATIENCE, STRUCTURE, CITIZENS)
