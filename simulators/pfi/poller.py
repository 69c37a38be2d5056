"""Looking into the applicative mailbox: each mail is kept in a transaction of ours, then marked as seen.

Only that of a PFI in use: it took a request before, found a mail when asked, or was given its mailbox by a setting. The
operator of this sandbox announces deliveries, which is only a hint; another one's mailbox is looked into from time to
time.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from simulators.clients.mail.imap import ImapProblem, ImapServer, Inbox
from simulators.clients.outbound import OutboundDenied
from simulators.core import journal
from simulators.core.errors import StoreError
from simulators.core.exchange import Runtime
from simulators.core.world import World, load
from simulators.pfi import boxes, inbox, requests
from simulators.pfi.ground import Ground, NotReachable
from simulators.pfi.names import IMAP_LISTENER, NAME
from simulators.pfi.settings import IMAP, MAILBOX, POLL_SECONDS, WIRE_SECONDS
from simulators.pfi.sorting import read_letter, take

log = logging.getLogger("simulators")
OPERATION: Final = f"{NAME}.out.IMAP"
MOST_MAILS: Final = 200
"""In one round: the next one takes the rest."""


@dataclass
class _Seen:
    """What is remembered of a world: the setting and the mailbox it gives, how often deliveries had been announced
    before the last look, when that was (business time), and whether it failed."""

    given: str | None = None
    mailbox: str = ""
    count: int = 0
    at: datetime | None = None
    owed: bool = False


class Poller:
    """One round of one world: ``poller(world)`` is how many mails were new."""

    HINT: Final = "mail"
    """Kind of the channels ``mail:<world>:<address>`` by which the operator of this sandbox announces deliveries."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._worlds: dict[str, _Seen] = {}
        self._turns: dict[str, threading.Lock] = {}

    def __call__(self, world: str) -> int:
        """Only when hinted, or when the time has come."""
        if not self._ground.standing:
            return 0
        with self._turn(world):  # whoever asks while another one looks waits for what it finds
            return self._looked(world, asked=False)

    def look(self, world: str) -> int:
        """Now, whatever was hinted. How many mails were new; 0 when the mailbox cannot be read."""
        with self._turn(world):
            return self._looked(world, asked=True)

    def _turn(self, world: str) -> threading.Lock:
        return self._turns.setdefault(world, threading.Lock())

    def _looked(self, world: str, *, asked: bool) -> int:
        seen = self._worlds.setdefault(world, _Seen())
        try:
            here = self._ground.runtime.worlds.get(world)
            elapsed = self._elapsed(here, seen)
            if not asked and not self._due(here, seen, elapsed):
                return 0
            seen.owed = False
            return self._round(here, seen)
        except (ImapProblem, NotReachable, OutboundDenied, StoreError) as problem:
            seen.owed = True
            self._tell(world, seen.mailbox, str(problem))
            return 0

    def _tell(self, world: str, mailbox: str, problem: str) -> None:
        """A cut has to be seen."""
        log.warning("world %s: the PFI cannot read its mailbox: %s", world, problem)
        runtime = self._ground.runtime
        with suppress(StoreError), runtime.store.write(world) as tx:
            here, who = load(tx), {"mailbox": mailbox}
            entry = journal.Entry(NAME, OPERATION, "out", who, "failed", "no answer", marks={"trouble": problem})
            journal.record(tx, here, runtime.now(), entry)

    def _due(self, world: World, seen: _Seen, elapsed: bool) -> bool:
        """Whether to look unasked: something came or the time has come, and the mailbox is ours to read. In a world
        that never gave this PFI anything to do, the product may be the PFI and read that mailbox itself."""
        rung = self._rung(world.name, seen)
        if not elapsed and rung == seen.count:
            return False
        with self._ground.runtime.store.read(world.name) as tx:
            used = seen.owed or seen.given or IMAP.text(world.policy) or requests.any_yet(tx) or inbox.any_yet(tx)
        if not used:
            seen.count = rung
        return bool(used)

    def _elapsed(self, world: World, seen: _Seen) -> bool:
        """Whether a world was not looked at for long. Learns anew which mailbox it is."""
        runtime = self._ground.runtime
        now, seconds = world.business(runtime.now()), POLL_SECONDS.number(world.policy)
        given = MAILBOX.text(world.policy).strip().lower()
        fresh = seen.at is not None and now - seen.at < timedelta(seconds=max(seconds, 1))
        if fresh and given == seen.given:
            return False
        with runtime.store.read(world.name) as tx:
            seen.at, seen.given, seen.mailbox = now, given, boxes.mailbox(tx, world.policy)
        return seconds > 0

    def _rung(self, world: str, seen: _Seen) -> int:
        return self._ground.runtime.store.bell.count(f"{self.HINT}:{world}:{seen.mailbox}")

    def _round(self, world: World, seen: _Seen) -> int:
        runtime, total = self._ground.runtime, 0
        with runtime.store.read(world.name) as tx:
            home = boxes.hospital(tx)
        if not seen.mailbox or home is None:
            return 0
        host, port, named = self._ground.mail_server(IMAP_LISTENER, IMAP.text(world.policy), world)
        context = self._ground.tls(self._ground.identity(world.name, home.struct_idnat.value).auth)
        timeout = float(WIRE_SECONDS.number(world.policy))
        seen.count = self._rung(world.name, seen)  # before looking: what is announced meanwhile is looked at again
        with Inbox(ImapServer(host, port, context, timeout, named), seen.mailbox) as box:
            uids = box.unseen()[:MOST_MAILS]
            for uid in uids:
                total += self._kept(runtime, world, seen.mailbox, f"{box.validity}:{uid}", box.fetch(uid))
            box.mark_seen(uids)
        return total

    def _kept(self, runtime: Runtime, world: World, mailbox: str, uid: str, raw: bytes) -> bool:
        letter, wall = read_letter(raw), runtime.now()
        named = {"message_id": letter.message_id, "uid": f"{mailbox} {uid}", "mailbox": mailbox}
        with runtime.store.write(world.name, world.epoch) as tx:
            mail = inbox.keep(tx, raw, **named, received=world.business(wall))
            if mail is not None:
                take(tx, world, wall, mail, letter)
        return mail is not None
