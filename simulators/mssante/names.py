"""Names of this simulator: its ports, its routing keys."""

from __future__ import annotations

from typing import Final

NAME: Final = "mssante"
SUBMISSION, SUBMISSIONS = "submission", "submissions"
IMAP, IMAPS = "imap", "imaps"
OPERATOR: Final = "operator-smtp"
INTERNET: Final = "internet-mail"
SMS: Final = "sms"
DOMAIN_ROUTE: Final = "mail-domain"
"""Kind of the routing keys that lead from a mail domain to the world that hosts it."""
PSC: Final = "pro_sante_connect"
PSC_LISTENER: Final = "psc"
PSC_INTROSPECTION: Final = "/auth/realms/esante-wallet/protocol/openid-connect/token/introspect"
