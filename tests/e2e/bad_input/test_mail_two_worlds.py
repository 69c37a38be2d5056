"""Whatever mail does in world A, by every port and the control API, world B's rows stay byte-equal."""

from __future__ import annotations

import contextlib
import itertools
import random
import smtplib
from collections.abc import Callable
from typing import Any

import requests

from simulators.clients.control import Control, Refusal
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.mail_bench import MailBench
from tests.e2e.mssante.conftest import b64, mail
from tests.support.dump import Dump, dump

STEPS = 120
SEED = 20261121
SAME = "dr.meme@partage.formation.mssante.fr"
"""An address outside both worlds: whoever adopts it first keeps its domain."""
FOLDERS = ("INBOX", "Sent", "Trash", "A", "A/B", "C")
_names = itertools.count(1)
Act = Callable[[MailBench, MailBench, random.Random], None]


def somebody(mine: MailBench, other: MailBench, chance: random.Random) -> str:
    """A recipient: of this world, of the other, of nobody, a citizen."""
    boxes = [box["address"] for box in chance.choice([mine, mine, other]).house.boxes]
    fresh = f"p{chance.randrange(5)}@nouveau-{mine.world}.formation.mssante.fr"
    return str(chance.choice([*boxes, fresh, SAME, "x@example.org", mine.address, mine.address]))


def sends(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    people = [somebody(mine, other, chance) for _ in range(chance.randint(1, 4))]
    extra = chance.choice(["", f"Return-Receipt-To: <{other.address}>\r\n", f"Reply-To: <{other.address}>\r\n"])
    with contextlib.suppress(smtplib.SMTPException), mine.smtp() as client:
        client.sendmail(mine.address, people, mine.letter_to_self(extra=extra), rcpt_options=["NOTIFY=SUCCESS,FAILURE"])


def sends_as_the_other(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    with contextlib.suppress(smtplib.SMTPException), mine.smtp() as client:
        client.sendmail(other.address, [other.address], mail(other.address, other.address))


def opens_the_other(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    """With this world's certificate or token, at a mailbox of a domain of this world that only the other one has."""
    address = other.address.replace(other.world, mine.world)
    client = mine.house.smtp(structure=mine.structure)
    client.docmd("AUTH", f"EXTERNAL {b64(address.encode())}")
    client.close()


def between_operators(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    """By the operators' port, with a certificate of this world."""
    client = mine.house.smtp("operator-smtp", mine.structure)
    to = chance.choice([mine.address, other.address, SAME])
    with contextlib.suppress(smtplib.SMTPException):
        client.sendmail(f"dr@op{chance.randrange(3)}-{mine.world}.mssante.fr", [to], mail("dr@x.mssante.fr", to))
    client.close()


def stores(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    client = mine.imap()
    folder = chance.choice(FOLDERS).encode()
    for _ in range(chance.randint(1, 3)):
        client.append(folder, mine.letter_to_self(), chance.choice([b"", b"(\\Seen $MDNSent) "]))
    client.close()


def arranges(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    client = mine.imap()
    one, two = (chance.choice(FOLDERS).encode() for _ in range(2))
    commands = [
        *(b"CREATE " + one, b"DELETE " + one, b"RENAME %b %b" % (one, two), b"SUBSCRIBE " + one),
        *(b"UNSUBSCRIBE " + one, b"SELECT " + one, b"STORE 1:* +FLAGS ($Label%d)" % chance.randrange(9)),
        *(b"STORE 1:* -FLAGS (\\Seen)", b"COPY 1:* " + one, b"MOVE 1 " + two, b"STORE 1 +FLAGS (\\Deleted)"),
        *(b"EXPUNGE", b"CLOSE", b"FETCH 1:* BODY[]", b"SEARCH TEXT essai", b"SETQUOTA INBOX (STORAGE 1)"),
    ]
    for command in chance.sample(commands, 6):
        client.command(command)
    client.close()


def controlled(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    fresh = f"c{next(_names)}@poste.{mine.world}.formation.mssante.fr"
    listed = f"op{chance.randrange(3)}-{mine.world}.mssante.fr"
    citizen = next(box["address"] for box in mine.house.boxes if box["kind"] == "CITIZEN")
    text = f"From: <{citizen}>\nTo: <{other.address}>\n\nx\n"
    acts: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "mailboxes", {"address": fresh, "kind": "ORG", "password": "x"}),
        ("POST", "mailboxes", {"address": other.address, "kind": "APP"}),
        ("PATCH", f"mailboxes/{mine.address}", {"quota_bytes": chance.choice([-1, 100_000_000])}),
        ("PATCH", f"mailboxes/{other.address}", {"state": "closed"}),
        ("GET", f"mailboxes/{other.address}/messages", {}),
        ("POST", f"mailboxes/{citizen}/send", {"to": [other.address, mine.address], "message": text}),
        ("POST", "white-list", {"domain": listed, "dn": "CN=a,C=FR", "route": "localhost:9"}),
        ("DELETE", f"white-list/{listed}", {}),
        ("POST", "clock", {"advance": "PT1H"}),
        ("POST", "snapshots", {"name": "kept"}),
        ("POST", "reset", {}),
        ("POST", "faults", {"name": "before_commit", "match": {"on": "mssante.*", "nth": 1}}),
        ("DELETE", "faults", {}),
        ("POST", "refusals", {"rule": "MSS-RCPT-FULL", "match": {"on": "mssante.RCPT", "nth": 1}}),
    ]
    method, path, body = chance.choice(acts)
    with contextlib.suppress(Refusal):
        mine.control.call(method, f"/worlds/{mine.world}/{path}", body or None)


def caught(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    client = smtplib.SMTP("localhost", mine.port("internet-mail"), timeout=20)
    client.login(mine.world, "x")
    client.sendmail("a@b.test", [other.address, "moi@example.org"], b"Subject: code\r\n\r\n1\r\n")
    client.quit()
    with requests.Session() as web:
        web.trust_env = False
        web.post(
            f"{mine.sandbox.url('sms')}/w/{mine.world}/v1/messages",
            json={"to": "+33639980001", "text": "1"},
            timeout=20,
        )


def signs_in(mine: MailBench, other: MailBench, chance: random.Random) -> None:
    """A password of this world shown for a mailbox that it does not have."""
    client = mine.house.smtp()
    address = chance.choice([mine.address, f"nobody@{mine.address.partition('@')[2]}"])
    with contextlib.suppress(smtplib.SMTPException):
        client.login(address, "secret")
    client.close()


ACTS: tuple[Act, ...] = (
    *(sends, sends, sends, stores, arranges, arranges, controlled, controlled, controlled),
    *(caught, between_operators, opens_the_other, sends_as_the_other, signs_in),
)


def test_two_worlds_of_mail_never_meet(sandbox: Sandbox, control: Control) -> None:
    for name in ("mail-a", "mail-b"):
        sandbox.create_world(name)
    mine, other = MailBench(sandbox, control, "mail-a"), MailBench(sandbox, control, "mail-b")
    fill(other)
    before = untouched(sandbox, other)
    chance, since = random.Random(SEED), mine.cursor(mine.world)
    for step in range(STEPS):
        act = chance.choice(ACTS)
        act(mine, other, chance)
        assert untouched(sandbox, other) == before, f"{act.__name__}, step {step}"
    assert mine.cursor(mine.world) - since > STEPS, "the acts reached world A"
    assert mine.unforeseen(since, mine.cursor("-")) == []
    other.still_serves()


def untouched(sandbox: Sandbox, other: MailBench) -> list[Dump]:
    """Every row of the other world and of the default one."""
    return [dump(sandbox.store, world) for world in (other.world, "main")]


def fill(other: MailBench) -> None:
    """World B has mail, folders, flags, a caught message and a trigger to lose."""
    other.still_serves()
    client = other.imap()
    for command in (b"CREATE A", b"COPY 1 A", b"STORE 1 +FLAGS ($MDNSent)", b"SUBSCRIBE A"):
        assert client.command(command).ok
    client.close()
    catcher = smtplib.SMTP("localhost", other.port("internet-mail"), timeout=20)
    catcher.login(other.world, "x")
    catcher.sendmail("a@b.test", ["moi@example.org"], b"Subject: b\r\n\r\nof B\r\n")
    catcher.quit()
    body = {"name": "before_commit", "match": {"on": "mssante.MESSAGE", "nth": 50}}
    other.control.call("POST", f"/worlds/{other.world}/faults", body)
