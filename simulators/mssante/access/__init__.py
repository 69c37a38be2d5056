"""Opening a mailbox: SASL, tokens introspected at Pro Santé Connect, certificates, passwords, rights."""

from simulators.mssante.access.login import LoggedIn, log_in
from simulators.mssante.access.model import Access, Attempt, Credentials
from simulators.mssante.access.sasl import MECHANISMS, Challenge, Dialogue, SaslUnreadable

__all__ = [
    "MECHANISMS",
    "Access",
    "Attempt",
    "Challenge",
    "Credentials",
    "Dialogue",
    "LoggedIn",
    "SaslUnreadable",
    "log_in",
]
