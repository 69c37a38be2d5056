"""The same doors for IMAP: mechanisms offered, and one authentication (see :mod:`simulators.mssante.imap.contract`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from simulators.core.exchange import Runtime
from simulators.core.listeners.session import Link
from simulators.core.pki import Trust
from simulators.mssante.access.login import log_in
from simulators.mssante.access.model import Access, Attempt
from simulators.mssante.access.passwords import offered
from simulators.mssante.access.sasl import Challenge, Dialogue, SaslUnreadable
from simulators.mssante.imap.contract import Refused


class Door:
    """Implements ``Authenticator``."""

    def __init__(self, runtime: Runtime, trust: Callable[[datetime], Trust]) -> None:
        self._runtime, self._trust = runtime, trust

    def mechanisms(self, link: Link, listener: str) -> tuple[str, ...]:
        """None in clear."""
        return offered(self._runtime.store, link.tls)

    def check(self, mechanism: str, response: bytes, link: Link, listener: str) -> Access | Refused:
        """LOGIN comes as PLAIN."""
        try:
            shown = Dialogue(mechanism).begin(response)
        except (SaslUnreadable, KeyError) as problem:
            return Refused(str(problem).encode("ascii", "replace").decode(), "CANNOT")
        if isinstance(shown, Challenge):
            return Refused("the response is not complete", "CANNOT")
        outcome = log_in(self._runtime, self._trust, Attempt("imap", listener, link.peer, link.tls, shown))
        if outcome.access is not None:
            return outcome.access
        cut = outcome.answer.disconnect is not None
        return Refused(outcome.text, outcome.code, outcome.challenge, cut)
