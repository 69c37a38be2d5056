"""What is drawn: journeys, their actors, their exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

Row = Mapping[str, Any]
"""One row of the journal in the JSON shape of :meth:`simulators.core.journal.Exchange.as_json`."""

SUT: Final = "sut"
"""The product under test."""
FAILED: Final = "failed"


@dataclass(frozen=True)
class Known:
    """What a world knows beyond its journal. ``structures`` maps a Struct_IdNat to a name, ``mailboxes`` an address
    to ``PER``, ``ORG``, ``CAB``, ``APP`` or ``CITIZEN``, ``patients`` a matricule INS to what is shown of it, ``peers``
    the mailbox of one of our peers to its name."""

    structures: Mapping[str, str] = field(default_factory=dict)
    mailboxes: Mapping[str, str] = field(default_factory=dict)
    patients: Mapping[str, str] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Party:
    """One side of an exchange. ``code`` names the actor (``sut``, ``pfi``, ``dmp``, ``structure:10B…``); ``role`` is
    the role the product plays there (``dpi``, ``pfi``…), or empty."""

    code: str
    role: str = ""


@dataclass(frozen=True)
class Actor:
    """A box of the picture. ``name`` is shown when ``code`` has no words of its own."""

    code: str
    name: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exchange:
    """One arrow. ``numbers`` are its rows, the one that holds the verdict first; ``rules`` those that refused it;
    ``lost``: accepted, but the caller got no answer; ``note`` is ``given_up``, ``again`` (to be tried again), ``twice``
    (accepted before) or empty; ``attempt`` the number of the attempt, 0 when nobody counts; ``repeats`` how often it
    happened in a row, the last time at ``until``; a ``delivery`` is no exchange of its own but what an exchange put
    into a mailbox; a ``command`` only prepares one (SMTP, IMAP), and was accepted."""

    numbers: tuple[int, ...]
    source: Party
    target: Party
    operation: str
    label: str
    wire: datetime
    business: datetime
    outcome: str
    status: str = ""
    rules: tuple[str, ...] = ()
    warnings: int = 0
    detail: str = ""
    lost: bool = False
    note: str = ""
    attempt: int = 0
    kind: Literal["exchange", "command", "delivery"] = "exchange"
    repeats: int = 1
    until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether it did what it was for."""
        return self.outcome == "accepted"

    @property
    def offset(self) -> timedelta:
        """How far the business time of the world was ahead of its wire time."""
        return self.business - self.wire

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the control API."""
        return {
            "numbers": list(self.numbers),
            "from": self.source.code,
            "to": self.target.code,
            "operation": self.operation,
            "label": self.label,
            "wire_time": self.wire.isoformat(),
            "business_time": self.business.isoformat(),
            "outcome": self.outcome,
            "status": self.status,
            "rules": list(self.rules),
            "warnings": self.warnings,
            "detail": self.detail,
            "answer_lost": self.lost,
            "note": self.note,
            "attempt": self.attempt,
            "kind": self.kind,
        }


@dataclass(frozen=True)
class Journey:
    """What belongs together. ``number`` is that of its first row, ``rows`` are all of its numbers, ``patient`` the
    matricule INS it tells of, or empty, ``keys`` those of its rows."""

    number: int
    rows: tuple[int, ...]
    actors: tuple[Actor, ...]
    exchanges: tuple[Exchange, ...]
    patient: str = ""
    keys: frozenset[str] = frozenset()

    @property
    def outcome(self) -> str:
        """The worst of its exchanges: a refusal, else a failure that no later attempt made good, else accepted. An
        answer that was lost is no failure: what it answers was accepted."""
        done = {(one.source, one.target, one.label): at for at, one in enumerate(self.exchanges) if one.accepted}
        seen = {
            one.outcome
            for at, one in enumerate(self.exchanges)
            if not one.lost and (one.outcome != FAILED or done.get((one.source, one.target, one.label), -1) < at)
        }
        return next((bad for bad in ("refused", FAILED, "incident") if bad in seen), "accepted")

    @property
    def told(self) -> tuple[Exchange, ...]:
        """Its exchanges without what they put into mailboxes."""
        return tuple(exchange for exchange in self.exchanges if exchange.kind != "delivery")

    @property
    def drawn(self) -> tuple[Exchange, ...]:
        """Its exchanges without the commands around a message, unless there is nothing else."""
        return tuple(exchange for exchange in self.exchanges if exchange.kind != "command") or self.exchanges

    @property
    def shown(self) -> tuple[Actor, ...]:
        """The actors of what is drawn."""
        codes = {side.code for one in self.drawn for side in (one.source, one.target)}
        return tuple(actor for actor in self.actors if actor.code in codes)

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the control API, with the patient as it stands in the journal."""
        return {
            **self.summary(),
            "actors": [{"code": a.code, "name": a.name, "roles": list(a.roles)} for a in self.actors],
            "exchanges": [exchange.as_json() for exchange in self.exchanges],
            "keys": sorted(self.keys),
        }

    def summary(self) -> dict[str, Any]:
        """One line of a list of journeys."""
        return {
            "key": str(self.number),
            "start": self.exchanges[0].wire.isoformat(),
            "end": self.exchanges[-1].wire.isoformat(),
            "patient": self.patient,
            "rows": list(self.rows),
            "outcome": self.outcome,
        }
