"""Keys, certificates, revocation and TLS contexts of one installation.

Start with :class:`Pki` (issue, revoke, publish), :func:`server_context` and :func:`client_context` (TLS),
:func:`read_certificate` and :func:`chain_verdict` (judge what a peer presents), :data:`CATALOGUE` (bad on purpose).
"""

from __future__ import annotations

from simulators.core.pki.authority import ANY_STRUCTURE, SANDBOX_STRUCTURE, Pki
from simulators.core.pki.bad import CATALOGUE, BadCertificate, Holder
from simulators.core.pki.contexts import NATIONAL_SUITES, ContextSource, client_context, server_context
from simulators.core.pki.dn import Comparison, DnError, dn_of, format_dn, parse_dn, same_dn
from simulators.core.pki.handshakes import HandshakeReason, explain_handshake
from simulators.core.pki.hierarchy import Authority, Hierarchy, PkiUnreadable
from simulators.core.pki.installation import Validity
from simulators.core.pki.issued import IssuedCertificate, fingerprint_of
from simulators.core.pki.judge import (
    UNREADABLE,
    CertificateFacts,
    CertificateUnreadable,
    ChainReason,
    Usage,
    chain_verdict,
    identified,
    read_certificate,
)
from simulators.core.pki.keys import KeyPool, default_cache_dir
from simulators.core.pki.names import NameRefused
from simulators.core.pki.subjects import Subject
from simulators.core.pki.trust import Trust
from simulators.core.pki.words import Words

__all__ = [
    "ANY_STRUCTURE",
    "CATALOGUE",
    "NATIONAL_SUITES",
    "SANDBOX_STRUCTURE",
    "UNREADABLE",
    "Authority",
    "BadCertificate",
    "CertificateFacts",
    "CertificateUnreadable",
    "ChainReason",
    "Comparison",
    "ContextSource",
    "DnError",
    "HandshakeReason",
    "Hierarchy",
    "Holder",
    "IssuedCertificate",
    "KeyPool",
    "NameRefused",
    "Pki",
    "PkiUnreadable",
    "Subject",
    "Trust",
    "Usage",
    "Validity",
    "Words",
    "chain_verdict",
    "client_context",
    "default_cache_dir",
    "dn_of",
    "explain_handshake",
    "fingerprint_of",
    "format_dn",
    "identified",
    "parse_dn",
    "read_certificate",
    "same_dn",
    "server_context",
]
