"""What the work on the wire stands on: the runtime, certificates of the world's structures, where counterparts are."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509

from simulators.clients.outbound import check_call, hosts_of
from simulators.core.errors import SandboxError
from simulators.core.exchange import Runtime
from simulators.core.pki import IssuedCertificate, Trust, client_context
from simulators.core.rules import Policy
from simulators.core.world import World


class NotReachable(SandboxError):
    """Nobody is there to be called: no address is set and this sandbox does not run the simulator."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The two certificates of a structure: by which it calls, and by which it signs."""

    auth: IssuedCertificate
    seal: IssuedCertificate


class Ground:
    """``trust`` judges the certificates of servers."""

    def __init__(self, trust: Callable[[datetime], Trust]) -> None:
        self._trust = trust
        self._runtime: Runtime | None = None
        self._lock = threading.Lock()
        self._contexts: tuple[Trust | None, dict[x509.Certificate, ssl.SSLContext]] = (None, {})

    def stand_on(self, runtime: Runtime) -> None:
        """What it runs on, known once the listeners are made and before anything is sent."""
        self._runtime = runtime

    @property
    def standing(self) -> bool:
        return self._runtime is not None

    @property
    def runtime(self) -> Runtime:
        if self._runtime is None:
            raise RuntimeError("the PFI does not listen yet")
        return self._runtime

    def identity(self, world: str, structure: str) -> Identity:
        """Of any structure, known to the world or not (Struct_IdNat). Raises :class:`NotReachable`."""
        runtime = self.runtime
        if runtime.identity is None or runtime.cachet is None:
            raise NotReachable("no certificate: this sandbox issues none")
        return Identity(runtime.identity(world, structure), runtime.cachet(world, structure))

    def tls(self, issued: IssuedCertificate) -> ssl.SSLContext:
        """To call with this certificate. A context costs as much as a handshake: it is kept while the trust is."""
        trust = self._trust(self.runtime.now())
        with self._lock:
            if self._contexts[0] is not trust:
                self._contexts = (trust, {})
            contexts = self._contexts[1]
            if issued.certificate not in contexts:
                contexts[issued.certificate] = client_context(trust, issued)
            return contexts[issued.certificate]

    def local(self, listener: str) -> str:
        """The address of another simulator of this sandbox. Raises :class:`NotReachable`."""
        try:
            return self.runtime.local(listener)
        except KeyError:
            raise NotReachable(f"no address is set, and this sandbox has no listener {listener}") from None

    def named(self, host: str, policy: Policy) -> Collection[str]:
        """The hosts that may be called, once ``host`` was found among them. Raises ``OutboundDenied``."""
        allowed = self.runtime.allow_hosts
        check_call(host, policy, allowed)
        return (*allowed, *hosts_of(policy))

    def mail_server(self, listener: str, given: str, world: World) -> tuple[str, int, Collection[str]]:
        """Host, port and named hosts of a mail port. Raises :class:`NotReachable`, ``OutboundDenied``."""
        parts = urlsplit(f"//{given}" if given else self.local(listener))
        if parts.hostname is None or parts.port is None:
            raise NotReachable(f"{given!r}: write host:port")
        return parts.hostname, parts.port, self.named(parts.hostname, world.policy)
