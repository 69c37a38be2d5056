"""The façade: composes worlds and simulators, starts and stops them.

::

    with Sandbox(Settings(random_ports=True)) as sandbox:
        sandbox.url("dmp"), sandbox.describe("main")
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import shutil
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.assembly.clockwork import Clockwork
from simulators.assembly.endpoints import describe_world, withdraw_endpoints, world_folder, write_endpoints
from simulators.assembly.holders import Holders
from simulators.assembly.incidents import RULES as INCIDENT_RULES
from simulators.assembly.incidents import recorder
from simulators.assembly.ports import Ports
from simulators.assembly.seeding import seeders
from simulators.assembly.services import load_console, load_services
from simulators.assembly.settings import Settings
from simulators.assembly.trust_kit.told import tell
from simulators.assembly.trust_kit.vendor import read_vendor
from simulators.assembly.trusted import Trusted
from simulators.core.clock import system_now
from simulators.core.due import Due, Fired
from simulators.core.errors import EnvironmentProblem
from simulators.core.exchange import Runtime
from simulators.core.expect import AwaitedBook
from simulators.core.faults.book import TriggerBook
from simulators.core.faults.catalogue import FAULTS
from simulators.core.own_rules import OWN_RULES
from simulators.core.pki import KeyPool, NameRefused, Pki, PkiUnreadable, Trust
from simulators.core.rules import Catalogue, Policy
from simulators.core.service import Service
from simulators.core.store.open import open_store
from simulators.core.world import World, Worlds
from simulators.population.guard import may_hold, real_identifiers

log = logging.getLogger("simulators")


class Sandbox:
    """One running sandbox. Not started until :meth:`start` or ``with``."""

    def __init__(self, settings: Settings | None = None, services: Iterable[Service] | None = None) -> None:
        self.settings = settings or Settings()
        self.services = tuple(services) if services is not None else load_services(self.settings.only, self._trust_at)
        self.token = secrets.token_urlsafe(24)
        self.now = system_now
        self.ready = False
        self.awaited = AwaitedBook()
        self._stopping = threading.Event()

    def start(self) -> Self:
        """Opens the store, the ports and the worlds, then proves itself by one real exchange per
        protocol. Raises ``StoreLocked``, ``SchemaMismatch``, ``EnvironmentProblem``."""
        load_console()  # before the store: whoever declares a table must have done so
        self.store = open_store(self.settings.data, durable=self.settings.durable)
        try:
            self._compose()
            for name in self.settings.worlds:
                self.worlds.ensure(name)
            tell(self.worlds, self.trusted.vendor)
            self.ports.open(self)
            self._clockwork.start()
            if self.settings.readiness:
                self._prove_ready()
            self.ready = True
            write_endpoints(self)
        except BaseException:
            self.stop()
            raise
        return self

    def _compose(self) -> None:
        rules = [r for service in self.services for r in service.rules]
        self.catalogue: Catalogue[Any] = Catalogue([*rules, *INCIDENT_RULES.values(), *OWN_RULES])
        self.worlds = Worlds(self.store, self.now, seeders(self.services))
        self.ports = Ports(self.settings)
        self.pool = KeyPool(self.settings.pki or self.settings.cache)
        self.pki = self._open_pki(self.ports.reserve_trust(self.settings))
        self.trusted = Trusted(self.pki, self.settings.pki_folder, read_vendor(self.settings.trust_ca))
        self.holders = Holders(self.store, self.pki, self.pool, self.now)
        operations = [name for service in self.services for name in service.operations]
        self.faults = TriggerBook(self.store, self.catalogue, FAULTS, now=self.now, operations=operations)
        self.runtime = Runtime(
            self.store,
            self.worlds,
            self.now,
            self.catalogue,
            self.faults,
            self._link,
            _identifiers,
            base=self.ports.base_url,
            allow_hosts=self.settings.allow_hosts,
            local=self.ports.local_url,
            identity=lambda world, structure: self.holders.pair(world, structure).auth_cli,
            cachet=lambda world, structure: self.holders.pair(world, structure).sign,
        )
        self.on_incident = recorder(self.worlds)
        handlers = {kind: h for service in self.services for kind, h in service.due.items()}
        senders = {kind: s for service in self.services for kind, s in service.senders.items()}
        polls = [poll for service in self.services for poll in service.polls]
        self.due = Due(self.worlds, handlers, senders, worker=f"clockwork-{secrets.token_hex(4)}", polls=polls)
        hints = ("due", *(hint for service in self.services for hint in service.hints))
        self._clockwork = Clockwork(self.due, self.worlds, self.store.bell, hints)

    def _open_pki(self, url_base: str) -> Pki:
        folder, names = self.settings.pki_folder, self.settings.names
        try:
            return Pki.open(folder, self.pool, self.now(), names, url_base=url_base)
        except (PkiUnreadable, OSError) as problem:
            raise EnvironmentProblem(f"the PKI folder {folder} cannot be used: {problem}") from problem
        except NameRefused as refused:
            raise EnvironmentProblem(f"no certificate can be made for --bind or --public-host: {refused}") from refused

    @property
    def stopping(self) -> bool:
        """Whether the stop has begun: whoever waits gives up."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Closes ports, threads and store, and takes the endpoints files away; idempotent."""
        self._stopping.set()
        if hasattr(self, "_clockwork"):
            self._clockwork.stop()
        if hasattr(self, "ports"):
            self.ports.close()
        if hasattr(self, "store"):
            withdraw_endpoints(self)
            self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def console_url(self) -> str:
        return self.ports.url("console")

    def url(self, listener: str) -> str:
        """``scheme://host:port`` of a listener. Raises ``KeyError``."""
        return self.ports.url(listener)

    def local_url(self, listener: str) -> str:
        """The same by an address of this machine. Raises ``KeyError``."""
        return self.ports.local_url(listener)

    @property
    def folder(self) -> Path:
        """Where this sandbox writes files for the product (certificates)."""
        store_folder = getattr(self.store, "folder", None)
        return Path(store_folder) if store_folder is not None else self.settings.cache / "run"

    def create_world(self, name: str, *, seed: int = 0, unknown: str = "adopt", profile: str = "default") -> World:
        """A new world with its own structures. Raises ``ValueError``, ``SandboxError``."""
        policy = Policy.from_json({"profile": profile, "unknown": {"*": unknown}})
        return self.worlds.create(name, seed=seed, policy=policy)

    def describe(self, world: str, *, certificates: bool = True) -> dict[str, Any]:
        """What a test needs of a world: structures with key files, people, clock, addresses."""
        return describe_world(self, world, certificates=certificates)

    def advance(self, world: str, *, period: str | None = None, to: datetime | None = None) -> list[Fired]:
        """Moves business time and answers after the consequences. Raises ``ValueError``."""
        return self.due.advance(world, to) if to is not None else self.due.advance_by(world, period or "PT0S")

    def delete_world(self, name: str) -> None:
        """Removes a world, its journal and its certificate files. Raises ``WorldGone``, ``SandboxError``."""
        self.worlds.delete(name)
        shutil.rmtree(world_folder(self, name), ignore_errors=True)

    def revoke(self, serial: int) -> None:
        """Revokes a certificate of the installation; the next handshake and the next VIHF see it."""
        self.pki.revoke(serial, self.now())
        self.trust_changed()

    def trust_changed(self) -> None:
        """After a revocation or a new root: the next connection is judged by the present state."""
        self.trusted.forget()
        self.ports.refresh_trust()

    def _trust_at(self, now: datetime) -> Trust:
        return self.trusted.at(now)

    def _link(self, world: str, number: int) -> str:
        return f"{self.console_url}/exchanges/{world}/{number}"

    def _prove_ready(self) -> None:
        from simulators.assembly.readiness import prove

        prove(self)


def _identifiers(body: bytes) -> list[tuple[str, str]]:
    """(key, masked) of each real-looking identifier; the key tells two of them apart and tells nobody."""
    found = real_identifiers(body.decode("utf-8", "replace")) if may_hold(body) else []
    return [(f"{item.kind}:{hashlib.sha256(item.value.encode()).hexdigest()[:16]}", item.masked) for item in found]
