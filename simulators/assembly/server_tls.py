"""The TLS context of a server certificate, remade with the trust: an outdated CRL refuses everybody."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from simulators.core.listeners import choose_by_name
from simulators.core.listeners.by_name import ContextOf
from simulators.core.pki import ContextSource, IssuedCertificate, Trust, server_context
from simulators.core.pki.contexts import Verify


class ServerTls:
    """``trust`` gives the accepted authorities now; ``mutual``: a client certificate is asked for, none is accepted
    too; ``context_of`` chooses among several certificates by name."""

    def __init__(
        self,
        issued: IssuedCertificate,
        trust: Callable[[], Trust],
        *,
        mutual: bool = True,
        strict_tls: bool = False,
        context_of: ContextOf | None = None,
    ) -> None:
        self._issued, self._trust = issued, trust
        self._verify: Verify = "optional" if mutual else "none"
        self._strict, self._context_of = strict_tls, context_of
        self._source = ContextSource(self._build)

    def current(self) -> ssl.SSLContext:
        """The context for the next connection."""
        return self._source.current if self._trust() is self._in_use else self._source.refresh()

    def refresh(self) -> None:
        """After a revocation or a new root: the next connection sees it."""
        self._source.refresh()

    def _build(self) -> ssl.SSLContext:
        self._in_use = self._trust()
        context = server_context(self._issued, self._in_use, verify=self._verify, strict_tls=self._strict)
        if self._context_of is not None:
            choose_by_name(context, self._context_of)
        return context
