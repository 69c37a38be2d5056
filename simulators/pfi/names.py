"""Names of this simulator: its ports, what it works at, how it signs its messages."""

from __future__ import annotations

from typing import Final

NAME: Final = "pfi"
MLLP, MLLPS = "pfi_mllp", "pfi_mllps"
APPLICATION: Final = "PFI-SEGUR-SANDBOX"
"""MSH-3 of our messages: the name tells the role."""

DMP: Final = "pfi.dmp"
MAIL: Final = "pfi.mail"
ZAM: Final = "pfi.zam"
FLOW_6: Final = "pfi.flow6"
REPORT: Final = "pfi.report"
"""Kinds of work: rows of the outbox, and due rows that try again, have the same."""

DMP_LISTENER: Final = "dmp"
SUBMISSION_LISTENER, IMAP_LISTENER = "submission", "imaps"
DPI_LISTENER: Final = "dpi_mllp"
"""Ports of the other simulators of this sandbox, where a world names no other."""
