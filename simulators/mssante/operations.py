"""Operations of the journal and of the triggers (faults, forced refusals)."""

from __future__ import annotations

from typing import Final

from simulators.mssante.names import NAME

AUTH: Final = f"{NAME}.AUTH"
MAIL: Final = f"{NAME}.MAIL"
RCPT: Final = f"{NAME}.RCPT"
MESSAGE: Final = f"{NAME}.MESSAGE"
SMTP: Final = f"{NAME}.SMTP"
"""Any other command, journalled only when it is refused."""
RELAY: Final = f"{NAME}.RELAY"
INTERNET: Final = f"{NAME}.INTERNET"
SMS: Final = f"{NAME}.SMS"

IMAP: Final = tuple(
    f"{NAME}.{name}"
    for name in (
        *("APPEND", "CHECK", "CLOSE", "COPY", "CREATE", "DELETE", "EXAMINE", "EXPUNGE", "FETCH", "GETQUOTA"),
        *("GETQUOTAROOT", "LIST", "LSUB", "MOVE", "NAMESPACE", "RENAME", "SEARCH", "SELECT", "SETQUOTA", "STATUS"),
        *("STORE", "SUBSCRIBE", "UNSELECT", "UNSUBSCRIBE"),
    )
)

OPERATIONS: Final = (AUTH, MAIL, RCPT, MESSAGE, SMTP, RELAY, INTERNET, SMS, *IMAP)
