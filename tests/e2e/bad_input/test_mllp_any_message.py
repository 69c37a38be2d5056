"""Good messages of every kind damaged by chance, with a seed: refused or accepted, never our bug, never elsewhere."""

from __future__ import annotations

import base64
import contextlib
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from simulators.clients.control import Control, Refusal
from simulators.core.hl7 import Unreadable, edit, read_message
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.test_any_message import IN_THE_BODY, cut, echo, flip
from tests.support.dump import Dump, dump
from tests.support.mllp_bench import RECEIVERS, MllpBench
from tests.support.mllp_ledger import END, field

MESSAGES, STEPS = 350, 80
SEED = 20261121
VALUES = (
    *('""', "^^^", "&&&", "~~~", "\\", "\\X00\\", "\\X\\", "\\.br\\", "é\u202e", "\U0001f4a9", "x" * 5_000, "9" * 400),
    *(
        "' OR 1=1 --",
        "%s%n",
        "../../etc",
        "-1",
        "1e999",
        "0",
        "NaN",
        " ",
        "\t",
        "20261399",
        "99999999999999",
        "{}",
        "\x00",
    ),
    *(
        "^" * 300,
        "~" * 300,
        "&" * 300,
        "NW",
        "RO",
        "CA",
        "F",
        "D",
        "Y",
        "N",
        "INS",
        "VALI",
        "PI",
        "ISO",
        "UC",
        "Base64",
    ),
    *(
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "MSH|^~\\&|",
        "a@b",
        "@",
        "<x@y>",
        "1.2.3",
        "2.25.0",
    ),
)
Damage = Callable[[random.Random, bytes], bytes]


def segments(message: bytes) -> list[bytes]:
    return message.rstrip(b"\r").split(b"\r")


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\r" for line in lines)


def without(chance: random.Random, message: bytes) -> bytes:
    lines = segments(message)
    del lines[chance.randrange(1, len(lines))]
    return joined(lines)


def twice(chance: random.Random, message: bytes) -> bytes:
    lines = segments(message)
    lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(lines))
    return joined(lines)


def elsewhere(chance: random.Random, message: bytes) -> bytes:
    lines = segments(message)
    lines.insert(chance.randrange(1, len(lines)), lines.pop(chance.randrange(1, len(lines))))
    return joined(lines)


def odd_value(chance: random.Random, message: bytes) -> bytes:
    """A field, a component or a sub-component (not of MSH-1, MSH-2 and MSH-6, which say how and where it is read)."""
    lines = segments(message)
    at = chance.randrange(len(lines))
    marks = [(found.start(), found.end()) for found in re.finditer(rb"[^|^~&]+", lines[at])]
    allowed = marks[5:] if at == 0 else marks[1:]
    if not allowed:
        return message
    begin, end = chance.choice(allowed)
    value = chance.choice(VALUES).encode("utf-8", "surrogatepass")
    lines[at] = lines[at][:begin] + value + lines[at][end:]
    return joined(lines)


def emptied(chance: random.Random, message: bytes) -> bytes:
    lines = segments(message)
    at = chance.randrange(1, len(lines))
    fields = lines[at].split(b"|")
    fields[chance.randrange(1, max(2, len(fields)))] = b""
    lines[at] = b"|".join(fields)
    return joined(lines)


def other_kind(chance: random.Random, message: bytes) -> bytes:
    kinds = (
        "MDM^T02",
        "MDM^T04",
        "MDM^T10",
        "ORU^R01",
        "ZAM^Z01",
        "ZAM^Z03",
        "ADT^A01",
        "ADT^A40",
        "ADT^Z99",
        "ACK",
        "",
    )
    return edit(message, "MSH-9", chance.choice(kinds).replace("^", "\x00")).replace(b"\x00", b"^")


def inside(chance: random.Random, message: bytes) -> bytes:
    """The document itself."""
    start, mark, rest = message.partition(b"^Base64^")
    held = re.match(rb"[A-Za-z0-9+/=]*", rest)
    assert held is not None
    whole = held[0][: len(held[0]) // 4 * 4]
    try:
        document = base64.b64decode(whole)
    except ValueError:  # broken before
        return message
    if document.count(b">") < 20:
        return message
    document = chance.choice(IN_THE_BODY)(chance, document)
    return start + mark + base64.b64encode(document) + rest[held.end() :]


DAMAGES: tuple[Damage, ...] = (
    *(inside, inside, inside, without, twice, elsewhere, emptied, emptied, other_kind),
    *(odd_value, odd_value, odd_value, odd_value, odd_value),
)
OCTETS: tuple[Damage, ...] = (flip, cut, echo)


def damaged(bench: MllpBench, chance: random.Random, *, anywhere: bool = True) -> tuple[str, bytes]:
    """A receiver, and a message with one to three things wrong; now and then for the other receiver."""
    listener, message = chance.choice(bench.every_kind())
    for _ in range(chance.randint(1, 3)):
        wrong = chance.choice(DAMAGES + OCTETS if anywhere else DAMAGES)
        message = wrong(chance, message) if message.count(b"\r") > 2 else message
    message = message.replace(END, b"").replace(b"\x1c", b"").replace(b"\x0b", b"")
    return (listener if chance.random() < 0.9 else chance.choice(RECEIVERS)), message


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_no_message_is_our_bug(sandbox: Sandbox, control: Control, profile: str) -> None:
    name = f"mllp-any-{profile}"
    sandbox.create_world(name)
    bench, chance = MllpBench(sandbox, control, name), random.Random(f"{SEED} {profile}")
    control.call("PATCH", f"/worlds/{name}/policy", {"profile": profile})
    since, unowned, main = bench.cursor(name), bench.cursor(PSEUDO), bench.cursor("main")
    answers = []
    for _ in range(MESSAGES):
        listener, message = damaged(bench, chance)
        answer = bench.say(message, listener)
        assert field(answer, "MSA", 1) in {"AA", "AE"}, (message, answer)
        assert b"SIM-BUG" not in answer, (listener, message, answer)
        answers.append(field(answer, "MSA", 1))
    bench.settle()
    assert bench.unforeseen(since, unowned) == []
    assert bench.failures() == []
    assert [row for row in bench.every_row("main", main) if row["outcome"] == "failed"] == []
    assert {"AA", "AE"} <= set(answers)
    control.call("PATCH", f"/worlds/{name}/policy", {"profile": "default"})
    bench.still_serves()


# -- two worlds -------------------------------------------------------------------------------------------------------


def good(mine: MllpBench, other: MllpBench, chance: random.Random) -> None:
    listener, message = chance.choice(mine.every_kind())
    mine.say(message, listener)


def broken(mine: MllpBench, other: MllpBench, chance: random.Random) -> None:
    """What can be read: nothing else says whose it is, and it is told in the default world."""
    listener, message = damaged(mine, chance, anywhere=False)
    with contextlib.suppress(Unreadable):
        if read_message(message).value("MSH-6.1") == mine.world:
            mine.say(message, listener)


def of_the_other(mine: MllpBench, other: MllpBench, chance: random.Random) -> None:
    """What the other world sent, its facility in MSH-4 and PRT-8.10 included: MSH-6 decides."""
    listener, message = chance.choice(other.every_kind())
    mine.say(edit(message, "MSH-6", mine.world), listener)


def same_document(mine: MllpBench, other: MllpBench, chance: random.Random) -> None:
    """Identifiers that the other world holds already: natural data may repeat."""
    plan = mine.plan(document="1.2.250.1.999.9.8.77")
    mine.say(mine.written(plan))


def controlled(mine: MllpBench, other: MllpBench, chance: random.Random) -> None:
    acts: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "clock", {"advance": "PT1H"}),
        ("POST", "pfi/poll", {}),
        ("POST", "pfi/orders/retry", {}),
        ("POST", "dpi/documents", {"patient": "adult", "kind": "discharge-letter", "validate": True}),
        ("POST", "dpi/documents/1/replace", {}),
        ("POST", "dpi/documents/1/delete", {}),
        ("POST", "dpi/received/1/import", {"patient": "adult"}),
        ("POST", "identity/admit", {"patient": "adult", "answers": "refuses-both", "wait": 5}),
        ("POST", "identity/demote", {"patient": "adult"}),
        ("POST", "snapshots", {"name": "kept"}),
        ("POST", "reset", {}),
        ("POST", "faults", {"name": "before_commit", "match": {"on": "pfi.*", "nth": 1}}),
        ("DELETE", "faults", {}),
        ("PATCH", "policy", {"settings": {"pfi.retry-every": "PT1M"}}),
    ]
    method, path, body = chance.choice(acts)
    with contextlib.suppress(Refusal):
        mine.control.call(method, f"/worlds/{mine.world}/{path}", body or None)


ACTS = (good, good, broken, broken, broken, of_the_other, same_document, controlled, controlled)


def test_two_worlds_never_meet(sandbox: Sandbox, control: Control) -> None:
    for name in ("mllp-a", "mllp-b"):
        sandbox.create_world(name)
    mine, other = MllpBench(sandbox, control, "mllp-a"), MllpBench(sandbox, control, "mllp-b")
    fill(other)
    before, chance, since = untouched(sandbox, other), random.Random(SEED), mine.cursor(mine.world)
    for step in range(STEPS):
        act = chance.choice(ACTS)
        act(mine, other, chance)
        assert untouched(sandbox, other) == before, f"{act.__name__}, step {step}"
    with contextlib.suppress(Refusal):
        mine.settle()
    assert untouched(sandbox, other) == before
    assert mine.cursor(mine.world) > since
    assert mine.unforeseen(since, mine.cursor(PSEUDO)) == []
    assert mine.failures() == []
    other.still_serves()


def fill(other: MllpBench) -> None:
    """World B has requests, orders, receipts, patients, documents and a trigger to lose."""
    assert field(other.say(other.written(other.plan(document="1.2.250.1.999.9.8.77"))), "MSA", 1) == "AA"
    for listener, message in other.every_kind():
        other.say(message, listener)
    body = {"patient": "adult", "kind": "discharge-letter", "validate": True}
    other.control.call("POST", f"/worlds/{other.world}/dpi/documents", body)
    trigger = {"name": "before_commit", "match": {"on": "pfi.MDM^T02", "nth": 90}}
    other.control.call("POST", f"/worlds/{other.world}/faults", trigger)
    other.control.call("POST", f"/worlds/{other.world}/clock", {"advance": "P3D"})


def untouched(sandbox: Sandbox, other: MllpBench) -> list[Dump]:
    """Every row of the other world and of the default one."""
    return [dump(sandbox.store, world) for world in (other.world, "main")]
