"""What a world may choose about its PFI (policy ``settings``)."""

from __future__ import annotations

from typing import Final

from simulators.core.setting import Setting

DMP_URL: Final = Setting("pfi.dmp", "", "base URL (https) of the DMP to feed; empty: that of this sandbox")
SUBMISSION: Final = Setting("pfi.submission", "", "host:port where mail is submitted; empty: this sandbox's operator")
IMAP: Final = Setting("pfi.imap", "", "host:port (TLS at once) of the mailbox; empty: this sandbox's operator")
DPI: Final = Setting(
    "pfi.dpi",
    "",
    "mllp:// or mllps:// URL of the sender of documents, for receipts and received documents; "
    "or NAME=url, NAME2=url by its MSH-3; empty: the DPI of this sandbox",
)
MAILBOX: Final = Setting("pfi.mailbox", "", "applicative mailbox of the PFI; empty: that of the world's hospital")
ERROR_MAILBOX: Final = Setting(
    "pfi.error-mailbox", "", "mailbox that is told what the DPI refused; empty: ORG mailbox of the world's hospital"
)
ERROR_FORM: Final = Setting("pfi.error-form", "mail", "form of what it is told: mdn or mail")
RETRY_EVERY: Final = Setting("pfi.retry-every", "PT5M", "business time between two attempts of anything that waits")
GIVE_UP_AFTER: Final = Setting("pfi.give-up-after", "P2D", "business time after which it is given up and failed")
POLL_SECONDS: Final = Setting("pfi.poll-seconds", "60", "seconds between two looks into a mailbox elsewhere; 0: never")
WIRE_SECONDS: Final = Setting("pfi.wire-seconds", "30", "how long a counterpart may take to answer")

SETTINGS: Final = (
    *(DMP_URL, SUBMISSION, IMAP, DPI, MAILBOX, ERROR_MAILBOX, ERROR_FORM, RETRY_EVERY, GIVE_UP_AFTER, POLL_SECONDS),
    WIRE_SECONDS,
)
