"""One world of the running sandbox, good messages to break, and the four proofs of a refusal.

A good message is what our own client would send, caught before the wire; a test changes its bytes and posts it raw.
"""

from __future__ import annotations

import copy
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.clients.control import Control
from simulators.clients.dmp.access import dmp_client, named, patient_of, replayable_ids
from simulators.clients.dmp.answers import DmpAnswer, read_answer
from simulators.clients.dmp.client import DmpClient
from simulators.clients.transport import Channel, HttpAnswer
from simulators.core import journal
from simulators.core.pki import CATALOGUE, Holder, IssuedCertificate, Trust, client_context, format_dn
from simulators.core.pki.dn import dn_of
from simulators.population.model import Patient
from simulators.sandbox import Sandbox
from tests.support.dump import Dump, dump
from tests.support.ledger_feeder import small_document
from tests.support.raw_http import Letter, Place, RawAnswer, converse

PSEUDO = "-"
OURS = "urn:segur-sandbox:1"
# What a refused message may add to: its row, the number of that row. Certificates are issued at first use.
JOURNAL = frozenset({"exchanges", "exchange_keys", "journal_blobs", "counters", "certificates"})
Send = Callable[[], RawAnswer]
Expect = Callable[[RawAnswer], None]


class Catcher(Channel):
    """A channel that keeps what it is given instead of sending it."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        self.letters.append(Letter(path, body, tuple(headers.items())))
        return HttpAnswer(0, {}, b"")

    def close(self) -> None:
        """Nothing is open."""


class Bench:
    """``hospital`` is the structure that speaks, ``hospital-specialist`` its professional, ``adult`` the patient."""

    def __init__(self, sandbox: Sandbox, control: Control, world: str) -> None:
        self.sandbox, self.control, self.world = sandbox, control, world
        self.described: dict[str, Any] = sandbox.describe(world)
        self.patient: Patient = patient_of(self.described, "adult")
        self.ids = replayable_ids(f"bench:{world}")
        self.client = self.actor("hospital", "hospital-specialist")
        self.url = sandbox.url("dmp")
        self.host = urlsplit(self.url).netloc
        self.prefix = f"/w/{world}"

    # -- people and their papers --------------------------------------------------------------------------------------

    @cached_property
    def roots(self) -> Path:
        return Path(self.control.document["trust"]["roots"])

    @property
    def trust(self) -> Trust:
        return self.sandbox.pki.trust(self.sandbox.now())

    @property
    def structure(self) -> str:
        return self.client.structure.struct_idnat.value

    def actor(self, structure: str, professional: str) -> DmpClient:
        """Our own client on the real wire, to the world's own address."""
        return dmp_client(
            self.described, self.roots, structure, professional, ids=self.ids, now=lambda: self.sandbox.now()
        )

    def held(self, use: str) -> IssuedCertificate:
        """The hospital's good certificate: ``auth_cli`` or ``sign``."""
        pair = self.sandbox.holders.pair(self.world, self.structure)
        return pair.auth_cli if use == "auth_cli" else pair.sign

    def bad(self, name: str) -> IssuedCertificate:
        """A certificate of the catalogue, in the hospital's name."""
        holder = Holder(self.structure, named(self.described, "structures", "hospital")["name"])
        made = CATALOGUE[name].make(self.sandbox.pki, holder, self.sandbox.now())
        if name.endswith("revoked"):
            self.sandbox.revoke(made.serial)  # the catalogue writes to the folder only
        return made

    def context(self, certificate: IssuedCertificate | None) -> ssl.SSLContext:
        return client_context(self.trust, certificate)

    @cached_property
    def place(self) -> Place:
        """The DMP's port, with the hospital's connection certificate."""
        return Place.of(self.url, self.context(self.held("auth_cli")))

    # -- good messages ------------------------------------------------------------------------------------------------

    def letter(
        self,
        operation: str,
        cachet: IssuedCertificate | None = None,
        wrong: Mapping[str, str] | None = None,
        **breaks: str,
    ) -> Letter:
        """What our client would send; ``cachet`` signs the VIHF instead of the hospital's.

        ``wrong`` or keywords (``__`` for the dot) are the client's own ``breaks``: wrong before signing.
        """
        catcher, client = Catcher(), self.client
        submitter = client.submitter if cachet is None else replace(client.submitter, cachet=cachet)
        issuer = client.issuer if cachet is None else format_dn(dn_of(cachet.certificate.subject))
        given = {**(wrong or {}), **{name.replace("__", "."): value for name, value in breaks.items()}}
        author = DmpClient(catcher, submitter, issuer, client.ids, client.now, given)
        self._speak(author, operation)
        (letter,) = catcher.letters
        return letter.but(path=self.prefix + letter.path)

    def about(self, patient: str) -> Bench:
        """The same bench, its messages about another patient."""
        other = copy.copy(self)
        other.patient = patient_of(self.described, patient)
        return other

    def _speak(self, client: DmpClient, operation: str) -> None:
        ins = self.patient.ins
        acts: dict[str, Callable[[], object]] = {
            "TD0.2": lambda: client.exists(ins),
            "TD0.3": lambda: client.authorise(ins),
            "TD2.1": lambda: client.feed(ins, [self.document(client.oid())]),
            "TD3.1": lambda: client.search(ins),
            "TD3.1b": lambda: client.reference(ins, "1.2.3.4"),
            "TD3.2": lambda: client.retrieve(ins, ["1.2.3.4"]),
            "TD3.3c": lambda: client.delete(ins, "urn:uuid:00000000-0000-4000-8000-000000000199"),
        }
        acts[operation]()

    def document(self, unique_id: str, content: bytes = b"%PDF-1.4 fictif", patient: Patient | None = None) -> bytes:
        """A small CDA of the hospital for the patient."""
        now = self.sandbox.now()
        return small_document(self.client, patient or self.patient, unique_id, content, now)

    # -- the wire and the journal -------------------------------------------------------------------------------------

    def post(self, letter: Letter, certificate: IssuedCertificate | None = None) -> RawAnswer:
        """On a new connection, with the hospital's certificate or another."""
        place = self.place if certificate is None else Place.of(self.url, self.context(certificate))
        return converse(place, [letter.raw(self.host)])

    def post_without_certificate(self, letter: Letter) -> RawAnswer:
        return converse(Place.of(self.url, self.context(None)), [letter.raw(self.host)])

    def ask(self, letter: Letter) -> DmpAnswer:
        return read_answer(self.post(letter).http)

    def cursor(self, world: str) -> int:
        """The number of the newest journal row."""
        return journal.cursor(self.sandbox.store, world)

    def rows(self, world: str, since: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control.call("GET", f"/worlds/{world}/exchanges?since={since}")["exchanges"]
        return found

    def awaited(self, world: str, since: int, rule: str) -> dict[str, Any]:
        """The first row after ``since`` with a finding of ``rule``; near misses are shown when none comes."""
        body = {"since": since, "timeout": 20, "expect": {"rule": rule}}
        waited = self.control.call("POST", f"/worlds/{world}/exchanges/wait", body)
        assert waited["exchange"] is not None, f"no row of {rule} in world {world}: {waited['near']}"
        row: dict[str, Any] = waited["exchange"]
        return row

    def state(self) -> dict[str, Dump]:
        """Every row but the journal's, of the world, of ``main`` and of the pseudo-world."""
        worlds = (self.world, "main", PSEUDO)
        return {world: _kept(dump(self.sandbox.store, world)) for world in worlds}

    # -- the proofs ---------------------------------------------------------------------------------------------------

    def refused(
        self, send: Send, expected: Expect, rule: str, *, world: str | None = None, outcome: str = "refused"
    ) -> dict[str, Any]:
        """The four proofs: the answer in the protocol's place, one journal row with ``rule`` in the right world and
        nothing in the other, not one row stored besides, and a good exchange afterwards. Returns the row."""
        chosen = world or self.world
        other = self.world if chosen == PSEUDO else PSEUDO
        since, elsewhere, before = self.cursor(chosen), self.cursor(other), self.state()
        expected(send())
        row = self.awaited(chosen, since, rule)
        assert (row["outcome"], refusing(row)[:1]) == (outcome, [rule])
        assert [r["number"] for r in self.rows(chosen, since)] == [row["number"]]
        assert self.rows(other, elsewhere) == []
        assert self.state() == before
        self.still_serves()
        return row

    def still_serves(self) -> None:
        """A good existence test on a new connection."""
        answer = self.ask(self.letter("TD0.2"))
        assert (answer.outcome, answer.values.get("state")) == ("accepted", "active"), answer


def refusing(row: Mapping[str, Any]) -> list[str]:
    """The rules that refuse in a journal row."""
    return [finding["rule"] for finding in row["verdict"]["findings"] if finding["level"] == "refuse"]


def _kept(found: Dump) -> Dump:
    return {name: rows for name, rows in found.items() if name not in JOURNAL}


# -- what an answer must be -------------------------------------------------------------------------------------------


def fault(code: str, rule: str, reason: str | None = None, *, value: str = "Sender") -> Expect:
    """A SOAP 1.2 Fault: HTTP 500, ``code`` as subcode (or as Code without one), our rule in Detail, a link."""

    def check(answer: RawAnswer) -> None:
        told = read_answer(answer.http)
        assert (answer.status, told.code, told.rule) == (500, code or f"soap:{value}", rule), answer
        assert f"<soap:Value>soap:{value}</soap:Value>".encode() in answer.body
        assert reason is None or told.text == reason
        assert "/exchanges/" in answer.headers["x-sandbox-verdict"]

    return check


def registry_error(code: str, rule: str) -> Expect:
    """A RegistryError: HTTP 200, status Failure, the national code, our rule at the end of codeContext."""

    def check(answer: RawAnswer) -> None:
        told = read_answer(answer.http)
        assert (answer.status, told.code, told.rule, told.outcome) == (200, code, rule, "refused"), answer

    return check


def business(code: str) -> Expect:
    """TD0.2's acknowledgement AE or TD0.3's status: HTTP 200 and ``code``."""

    def check(answer: RawAnswer) -> None:
        told = read_answer(answer.http)
        assert (answer.status, told.code, told.outcome) == (200, code, "refused"), answer

    return check


def http_status(status: int) -> Expect:
    """A plain HTTP refusal that says why in both languages."""

    def check(answer: RawAnswer) -> None:
        assert answer.status == status, answer
        assert len(answer.body.decode().strip().splitlines()) >= 2, answer.body

    return check


def alert(words: str) -> Expect:
    """The handshake refused, with that alert."""

    def check(answer: RawAnswer) -> None:
        assert (answer.status, words in answer.alert) == (0, True), answer

    return check


def nothing(answer: RawAnswer) -> None:
    """The connection ends without one byte of HTTP."""
    assert (answer.status, answer.body) == (0, b""), answer
