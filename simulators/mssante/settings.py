"""What a world may choose about its operator (policy ``settings``)."""

from __future__ import annotations

from typing import Final

from simulators.core.setting import Setting

INTROSPECTION_URL: Final = Setting(
    "mssante.introspection-url", "", "where access tokens are introspected; empty: this sandbox's Pro Santé Connect"
)
INTROSPECTION_CLIENT: Final = Setting(
    "mssante.introspection-client", "", "client_id of the operator there; empty: the one this world was born with"
)
INTROSPECTION_SECRET: Final = Setting("mssante.introspection-secret", "", "its secret")
OAUTH_REFUSAL: Final = Setting(
    "mssante.oauth-refusal",
    "polite",
    "a refused token over SMTP: polite (535) or abrupt (334, then the connection drops)",
)
MESSAGE_BYTES: Final = Setting("mssante.message-bytes", "36700160", "largest message an operator accepts (SIZE)")
CITIZEN_BYTES: Final = Setting("mssante.citizen-bytes", "25000000", "largest message a citizen's mailbox accepts")
RECIPIENTS: Final = Setting("mssante.recipients", "1000", "most recipients of one message")
DELAYED_AFTER: Final = Setting(
    "mssante.delayed-after", "PT4H", "business time after which a message not yet relayed is told as delayed"
)
FAILED_AFTER: Final = Setting("mssante.failed-after", "P5D", "business time after which it is given up")
RETRY_EVERY: Final = Setting("mssante.retry-every", "PT30M", "business time between two attempts to relay")
OPEN_TIMEOUT: Final = Setting("mssante.relay-seconds", "10", "how long the other operator may take to answer")
SERVER_RULE: Final = Setting(
    "mssante.forward-xdm",
    "true",
    "mailboxes with a server rule (at birth: each ORG to its APP) forward their XDM mails",
)

SETTINGS: Final = (
    *(INTROSPECTION_URL, INTROSPECTION_CLIENT, INTROSPECTION_SECRET, OAUTH_REFUSAL, MESSAGE_BYTES, CITIZEN_BYTES),
    *(RECIPIENTS, DELAYED_AFTER, FAILED_AFTER, RETRY_EVERY, OPEN_TIMEOUT, SERVER_RULE),
)
