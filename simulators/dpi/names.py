"""Names of this simulator: its ports, its rows, what it calls itself on the wire."""

from __future__ import annotations

from typing import Final

NAME: Final = "dpi"
MLLP: Final = "dpi_mllp"
MLLPS: Final = "dpi_mllps"
APPLICATION: Final = "DPI-SEGUR-SANDBOX"
"""MSH-3: the name of an application must tell its role (facts requirements, proof MSS/UX.37)."""
PFI_APPLICATION: Final = "PFI-SEGUR-SANDBOX"
PFI_LISTENER: Final = "pfi_mllps"
"""Where the PFI of the same sandbox listens; the certificate of the record leads to its world."""

SEND: Final = "dpi.send"
"""Kind of the outbox rows: one attempt to hand a message over."""
LEAVE: Final = "dpi.leave"
"""Kind of the due rows that end a deferral."""
RETRY: Final = "dpi.retry"
"""Kind of the due rows that try again."""
