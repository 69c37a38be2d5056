"""What the operator answered 250 or OK survives kill -9: messages, flags, expunges; no UID is given out twice."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mail_ledger import Appender, Client, Folder, MailLedger, MailParty, Sender

ROUNDS = 4
SEED = 20261121
CLIENTS = 4


def test_kill_9_loses_no_mail_acknowledged(place: str, cache: Path, tmp_path: Path) -> None:
    """Two senders and two who append; the server is killed while the others wait for their answer; four times."""
    chance, ledger = random.Random(SEED), MailLedger(tmp_path / "ledger")
    known: dict[int, str] = {}
    validities = set()
    for number in range(ROUNDS + 1):
        with SandboxProcess(cache, tmp_path / "endpoints.json", "--data", place) as process:
            party = MailParty(process, f"round-{number}")
            folder = party.folder()
            validities.add(folder.validity)
            check(folder, ledger, known)
            if number < ROUNDS:
                work_until_killed(process, party, ledger, chance.randint(10, 40))
    assert len(validities) == 1, "UIDVALIDITY outlives the process"
    assert len(ledger.acknowledged()) >= ROUNDS * 10
    assert len(ledger.attempted) > len(ledger.acknowledged()), "somebody was waiting for an answer"
    assert ledger.expunged
    assert ledger.flagged


def work_until_killed(process: SandboxProcess, party: MailParty, ledger: MailLedger, acknowledgements: int) -> None:
    ledger.arm(acknowledgements, process.kill)
    clients: list[Client] = [Sender(party, ledger, who) for who in ("sender-1", "sender-2")]
    clients += [Appender(party, ledger, who) for who in ("appender-1", "appender-2")]
    assert len(clients) == CLIENTS
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
    assert [(client.problem, client.is_alive()) for client in clients] == [("", False)] * CLIENTS
    assert not process.alive


def check(folder: Folder, ledger: MailLedger, known: dict[int, str]) -> None:
    """Against the ledger, and against what earlier rounds knew of UIDs (``known``, which grows)."""
    found = folder.by_name()
    assert len(found) == len(folder.messages), "no message is there twice"
    acknowledged = ledger.acknowledged()
    for name, digest in acknowledged.items():
        if name in ledger.expunged:
            assert name not in found, "expunged, and that was acknowledged"
        elif name not in ledger.attempted_expunges:
            assert name in found, f"{name} was acknowledged and is lost"
            assert hashlib.sha256(sent(found[name].data)).hexdigest() == digest
    for name, kept in found.items():
        assert sent(kept.data) == ledger.attempted[name], "whole, acknowledged or not"
        assert ledger.uids.get(name, kept.uid) == kept.uid
        assert known.setdefault(kept.uid, name) == name, f"UID {kept.uid} was another message's"
    for name in ledger.flagged & found.keys():
        assert "$MDNSent" in found[name].flags
    for name, uid in ledger.uids.items():
        assert known.setdefault(uid, name) == name, f"UID {uid} was given out twice"
    unsure = [name for name in found if name not in acknowledged]
    assert len(unsure) <= CLIENTS * ROUNDS, "at most one of each client was in flight"
    assert folder.next_uid > max(known, default=0)


def sent(data: bytes) -> bytes:
    """The message behind the headers of a delivery; as it is, if it was appended."""
    return data[data.index(b"From: <") :]
