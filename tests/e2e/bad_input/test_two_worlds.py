"""Whatever a product does in world A, over the wire and through the control API, world B's rows stay byte-equal."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from simulators.clients.control import Control, Refusal
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import Bench, fault
from tests.e2e.bad_input.conftest import make_bench
from tests.support.dump import Dump, dump
from tests.support.raw_http import Letter
from tests.support.wrappings import wrappings

STEPS = 60
SEED = 20260105
OPERATIONS = ("TD0.2", "TD0.3", "TD2.1", "TD3.1", "TD3.1b", "TD3.2", "TD3.3c")
Act = Callable[[Bench, Bench, random.Random], None]


def good(mine: Bench, other: Bench, chance: random.Random) -> None:
    patient = chance.choice(["adult", "minor", "newborn", "no-dmp", "closed-dmp"])
    mine.post(mine.about(patient).letter(chance.choice(OPERATIONS)))


def without_prefix(mine: Bench, other: Bench, chance: random.Random) -> None:
    """The certificate alone leads to its world."""
    letter = mine.letter(chance.choice(OPERATIONS))
    mine.post(letter.but(path=letter.path.removeprefix(mine.prefix)))


def declaring_the_other(mine: Bench, other: Bench, chance: random.Random) -> None:
    """The structure of the other world under this world's certificate: the certificate wins."""
    letter = mine.letter(chance.choice(OPERATIONS), vihf__Identifiant_Structure=other.structure)
    prefix = chance.choice(["", mine.prefix])
    mine.post(letter.but(path=prefix + letter.path.removeprefix(mine.prefix)))


def signed_by_the_other(mine: Bench, other: Bench, chance: random.Random) -> None:
    mine.post(mine.letter(chance.choice(OPERATIONS), cachet=other.held("sign")))


def broken(mine: Bench, other: Bench, chance: random.Random) -> None:
    letter = mine.letter(chance.choice(OPERATIONS))
    cut = chance.randrange(len(letter.body))
    damaged = letter.body[:cut] + bytes([chance.randrange(256)]) + letter.body[cut + 1 :]
    mine.post(letter.but(body=damaged))


def wrapped(mine: Bench, other: Bench, chance: random.Random) -> None:
    letter = mine.letter("TD0.2")
    mine.post(letter.but(body=chance.choice(wrappings(letter.body))[1]))


def same_identifier(mine: Bench, other: Bench, chance: random.Random) -> None:
    """A uniqueId that the other world holds already, fed and asked for: natural data may repeat."""
    with mine.actor("hospital", "hospital-specialist") as client:
        client.feed(mine.patient.ins, [mine.document("1.2.250.1.999.9.1.1", b"of A")])
        client.retrieve(mine.patient.ins, ["1.2.250.1.999.9.1.1"])


def controlled(mine: Bench, other: Bench, chance: random.Random) -> None:
    world = f"/worlds/{mine.world}"
    match = {"on": chance.choice(["dmp.*", "dmp.TD2.1"]), "nth": 1}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("/clock", {"advance": "P1M"}),
        ("/snapshots", {"name": "kept"}),
        ("/reset", {}),
        ("/restore", {"name": "seed"}),
        ("/faults", {"name": "before_commit", "match": match}),
        ("/faults", {"name": "reset", "match": match}),
        ("/refusals", {"rule": "DMP-VIHF-EXPIRED", "match": match}),
        ("/certificates", {"structure": f"10B09990{chance.randrange(10, 99)}"}),
    ]
    path, body = chance.choice(acts)
    try:
        mine.control.call("POST", world + path, body)
    except Refusal:
        return


def policy(mine: Bench, other: Bench, chance: random.Random) -> None:
    unknown = {"*": chance.choice(["adopt", "warn", "refuse"])}
    profile = chance.choice(["default", "strict", "default"])
    body = {"unknown": unknown, "profile": profile}
    mine.control.call("PATCH", f"/worlds/{mine.world}/policy", body)


def strangers(mine: Bench, other: Bench, chance: random.Random) -> None:
    """Identifiers never seen: adopted here, unknown there."""
    letter: Letter = mine.letter("TD0.2", vihf__NameID=f"8{chance.randrange(10**10, 10**11)}")
    mine.post(letter)


def clear(mine: Bench, other: Bench, chance: random.Random) -> None:
    for family in ("faults", "refusals"):
        mine.control.call("DELETE", f"/worlds/{mine.world}/{family}")


ACTS: tuple[Act, ...] = (
    *(good, good, without_prefix, declaring_the_other, signed_by_the_other, broken, wrapped),
    *(same_identifier, controlled, policy, strangers, clear),
)


def test_two_worlds_never_meet(sandbox: Sandbox, control: Control) -> None:
    mine, other = make_bench(sandbox, control), make_bench(sandbox, control)
    document = fill(other)
    before = untouched(sandbox, other)
    chance = random.Random(SEED)
    for _ in range(STEPS):
        act = chance.choice(ACTS)
        act(mine, other, chance)
        assert untouched(sandbox, other) == before, act.__name__
    assert mine.cursor(mine.world) > STEPS / 2, "the acts reached world A"
    other.still_serves()
    with other.actor("hospital", "hospital-specialist") as client:
        kept = client.retrieve(other.patient.ins, ["1.2.250.1.999.9.1.1"]).documents
    assert kept == {"1.2.250.1.999.9.1.1": document}


def untouched(sandbox: Sandbox, other: Bench) -> list[Dump]:
    """Every row of the other world and of the default one: journal, counters and snapshots too."""
    return [dump(sandbox.store, world) for world in (other.world, "main")]


def fill(other: Bench) -> bytes:
    """World B has an authorisation, a document, a snapshot and a trigger to lose; the document."""
    ins, document = other.patient.ins, other.document("1.2.250.1.999.9.1.1", b"of B")
    with other.actor("hospital", "hospital-specialist") as client:
        assert client.authorise(ins).outcome == "accepted"
        assert client.feed(ins, [document])[0].outcome == "accepted"
    other.control.call("POST", f"/worlds/{other.world}/snapshots", {"name": "kept"})
    body = {"name": "before_commit", "match": {"on": "dmp.TD2.1", "nth": 5}}
    other.control.call("POST", f"/worlds/{other.world}/faults", body)
    return document


def test_the_certificate_wins_over_the_declaration(sandbox: Sandbox, control: Control) -> None:
    """World B's structure declared under world A's certificate: A's row tells the contradiction, B hears nothing."""
    mine, other = make_bench(sandbox, control), make_bench(sandbox, control)
    before = untouched(sandbox, other)
    letter = mine.letter("TD0.2", vihf__Identifiant_Structure=other.structure)
    letter = letter.but(path=letter.path.removeprefix(mine.prefix))
    row = mine.refused(
        lambda: mine.post(letter),
        fault("wsse:FailedAuthentication", "DMP-VIHF-STRUCTURE-CERTIFICATE"),
        "DMP-VIHF-STRUCTURE-CERTIFICATE",
    )
    assert untouched(sandbox, other) == before
    told = {finding["rule"]: finding["level"] for finding in row["verdict"]["findings"]}
    assert told["DMP-TLS-WORLD"] == "warn"
    assert row["marks"]["world_by"] == "credential:certificate"
    assert row["marks"]["contradictions"] == [f"declared:structure={other.structure} -> {other.world}"]
