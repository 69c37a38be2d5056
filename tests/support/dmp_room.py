"""A DMP without a socket: real bytes through ``exchange()``, a real PKI, worlds made at will."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree

from simulators.core import journal
from simulators.core.exchange import Answer, Arrival, Call, Runtime, exchange
from simulators.core.faults.effects import Planned, Refuse
from simulators.core.pki import IssuedCertificate, KeyPool, Pki, Trust
from simulators.core.rules import Catalogue, Example, Policy, Rule
from simulators.core.world import World, Worlds
from simulators.dmp import seeds, service
from simulators.dmp.flow import DmpFlow
from simulators.dmp.model import Perform
from tests.support.dmp_messages import SERVICES, STRUCTURE, package, revalue, seal
from tests.support.mending import Told
from tests.support.stores import borrowed, given_back

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BASE = "/si-dmp-server/v2/services"
SOAP_TYPE = "application/soap+xml"


@dataclass
class Book:
    """A fault book of one slot."""

    forced: tuple[Rule, Example | None] | None = None

    def plan(self, call: Call) -> Sequence[Planned]:
        if self.forced is None:
            return ()
        rule, example = self.forced
        return (Planned("refuse", "on_request", Refuse(rule.forced(example))),)


class Certificates:
    """What structures present and sign with, issued once."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        self.now = now
        self.pki = Pki.open(folder, KeyPool(folder, leaf_keys=4), now)
        self._kept: dict[tuple[str, str], IssuedCertificate] = {}

    def client(self, structure: str = STRUCTURE) -> IssuedCertificate:
        return self._once("client", structure)

    def signer(self, structure: str = STRUCTURE) -> IssuedCertificate:
        return self._once("signer", structure)

    def trust(self, wall: datetime) -> Trust:
        return self._trust

    def revoke(self, certificate: IssuedCertificate) -> IssuedCertificate:
        """Puts it on the CRL at once."""
        self.pki.revoke(certificate.serial, self.now)
        self.__dict__.pop("_trust", None)
        return certificate

    @cached_property
    def _trust(self) -> Trust:
        return self.pki.trust(self.now)

    def _once(self, use: str, structure: str) -> IssuedCertificate:
        if (use, structure) not in self._kept:
            self._kept[use, structure] = self._issued(use == "client", structure)
        return self._kept[use, structure]

    def _issued(self, client: bool, holder: str) -> IssuedCertificate:
        if holder.startswith("8"):
            person = self.pki.issue_person_auth if client else self.pki.issue_person_sign
            return person(holder, "FICTIF", "CAMILLE", "Médecin", now=self.now)
        make = self.pki.issue_auth_cli if client else self.pki.issue_sign
        return make(holder, "CENTRE FICTIF", now=self.now)


@dataclass
class Seen:
    """One exchange as its two sides saw it: the answer and the journal row."""

    answer: Answer
    row: journal.Exchange

    @cached_property
    def body(self) -> etree._Element:
        """The only child of the answer's Body."""
        content = self.answer.body
        if b"\r\n\r\n" in content:
            content = content.split(b"\r\n\r\n", 1)[1].split(b"\r\n--uuid:", 1)[0]
        found = etree.fromstring(content).find("{http://www.w3.org/2003/05/soap-envelope}Body")
        assert found is not None
        return found[0]

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.row.verdict["findings"]]

    def told(self) -> Told:
        findings = tuple(self.row.verdict["findings"])
        return Told(findings, self.answer.body, self.row.outcome != "accepted")


@dataclass
class Room:
    """The DMP of one installation, with a store in memory. ``now`` may be moved by tests."""

    certificates: Certificates
    now: datetime = NOW
    book: Book = field(default_factory=Book)
    performers: Mapping[str, Perform] = field(default_factory=lambda: service.PERFORMERS)

    def __post_init__(self) -> None:
        self.store = borrowed()
        self.worlds = Worlds(self.store, lambda: self.now, [seeds.seed])
        self.runtime = Runtime(self.store, self.worlds, lambda: self.now, Catalogue(service.RULES), self.book)
        self.flow = DmpFlow(self.certificates.trust, self.performers)
        self._names = itertools.count(1)
        self._shared: dict[str, World] = {}
        self.worlds.ensure("main")

    def close(self) -> None:
        given_back(self.store)

    def world(self, policy: Policy | None = None, name: str | None = None) -> str:
        """The name of a fresh, seeded world."""
        return self.worlds.create(name or f"t{next(self._names)}", policy=policy or Policy()).name

    def shared(self, policy: Policy) -> str:
        """A world for all tests of one policy that change nothing of note."""
        key = repr(policy)
        if key not in self._shared:
            self._shared[key] = self.worlds.get(self.world(policy))
        return self._shared[key].name

    def advance(self, world: str, by: timedelta) -> None:
        """Moves the business time of a world."""
        self.worlds.move(world, self.worlds.get(world).business(self.now) + by)

    def send(
        self,
        message: bytes,
        world: str | None = "main",
        *,
        operation: str = "TD0.2",
        sealed: bool = False,
        client: IssuedCertificate | bool | None = True,
        signer: IssuedCertificate | None = None,
        holder: str = STRUCTURE,
        revalued: bool = False,
        parts: Sequence[tuple[str, bytes]] | None = None,
        path: str = "",
        content_type: str = SOAP_TYPE,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """Sends ``message``, signed here unless ``sealed``; ``client`` False: no certificate on the connection.

        ``holder`` (Struct_IdNat, or PS_IdNat for a card) names whose certificates connect and sign. ``revalued``: the
        signature value is computed again, over SignedInfo as it stands. ``parts``: send as MTOM, with these
        (Content-ID without ``<>``, bytes) after the envelope.
        """
        signing = signer or self.certificates.signer(holder)
        body = message if sealed else seal(message, signing.key, signing.der())
        body = revalue(body, signing.key) if revalued else body
        if parts is not None:
            content_type, body = package(body, parts)
        presented = self.certificates.client(holder) if client is True else client or None
        arrival = Arrival(
            protocol="dmp",
            listener="dmp",
            peer="192.0.2.1:50000",
            method="POST",
            path=path or f"{BASE}/{SERVICES[operation]}",
            headers={"Content-Type": content_type, **(headers or {})},
            body=body,
            address_world=world,
            certificate=None if presented is None else presented.der(),
        )
        answer = exchange(self.runtime, self.flow, arrival)
        return Seen(answer, self._last(world or "main"))

    def seal(self, message: bytes, holder: str = STRUCTURE) -> bytes:
        """``message`` signed by the signature certificate of ``holder``."""
        signing = self.certificates.signer(holder)
        return seal(message, signing.key, signing.der())

    def force(self, rule: Rule, example: Example | None = None) -> None:
        """From now on every call is refused by ``rule``; :meth:`relent` ends it."""
        self.book.forced = (rule, example)

    def relent(self) -> None:
        self.book.forced = None

    def _last(self, world: str) -> journal.Exchange:
        for name in (world, "main", "-"):
            rows: list[Any] = journal.last(self.store, name, 1) if name in self.worlds.names(hidden=True) else []
            if rows:
                return rows[0]
        raise AssertionError("nothing was journalled")
