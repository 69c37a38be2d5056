"""Messages damaged by chance, with a seed: the caller is told what is wrong, and it is never our bug."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from xml.sax.saxutils import quoteattr

import pytest

from tests.e2e.bad_input.bench import Bench, refusing
from tests.support.raw_http import Letter, RawAnswer, Talk

MESSAGES = 70
OPERATIONS = ("TD0.2", "TD0.3", "TD2.1", "TD3.1", "TD3.1b", "TD3.2", "TD3.3c")
ATTRIBUTES = (
    *("Identifiant_Structure", "Secteur_Activite", "VIHF_Version", "Authentification_mode", "NameID", "Issuer"),
    *("urn:oasis:names:tc:xacml:2.0:resource:resource-id", "LPS_ID", "LPS_Nom", "LPS_ID_HOMOLOGATION_DMP"),
)
VALUES = (
    *("'", '"', "' OR 1=1 --", "x" * 20_000, "é\u202e", "^^^", "&", "]]>", "-1", "9" * 400, "\U0001f4a9", "%00"),
    *("../../etc", "^^^&1.2.3&ISO", "1e999", "\t\n ", "NaN", "0", "urn:uuid:", "('a')", "()", "$x", "{}", "%s%n"),
)
LEAF = re.compile(rb"<[^<>/]*/>|<(\w+:?\w*)[^<>]*>[^<>]*</\1>")
VALUE = re.compile(rb'>([^<>]+)<|="([^"]*)"')
Damage = Callable[[random.Random, bytes], bytes]


def flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def cut(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 200) :]


def echo(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at : at + chance.randint(1, 400)] + data[at:]


def without_leaf(chance: random.Random, data: bytes) -> bytes:
    leaf = chance.choice(list(LEAF.finditer(data)))
    return data[: leaf.start()] + data[leaf.end() :]


def doubled_leaf(chance: random.Random, data: bytes) -> bytes:
    leaves = list(LEAF.finditer(data))
    leaf = chance.choice(leaves)
    return data[: leaf.start()] + chance.choice(leaves).group(0) + data[leaf.start() :]


def odd_value(chance: random.Random, data: bytes) -> bytes:
    value = chance.choice(list(VALUE.finditer(data)))
    group = 1 if value.group(1) is not None else 2
    odd = quoteattr(chance.choice(VALUES), {'"': "&quot;"})[1:-1].encode()
    return data[: value.start(group)] + odd + data[value.end(group) :]


def other_name(chance: random.Random, data: bytes) -> bytes:
    names = re.findall(rb"</([A-Za-z0-9:]+)>", data)
    old, new = chance.choice(names), chance.choice(names)
    return re.sub(rb"(</?)" + old + rb"(?=[\s>/])", rb"\g<1>" + new, data)


EVERYWHERE: tuple[Damage, ...] = (flip, cut, echo)
IN_THE_BODY: tuple[Damage, ...] = (without_leaf, doubled_leaf, odd_value, odd_value, other_name)


def damaged(bench: Bench, chance: random.Random) -> Letter:
    """One message with one thing wrong: anywhere, in its body, or in its token before signing."""
    operation, kind = chance.choice(OPERATIONS), chance.randrange(4)
    if kind == 0:
        wrong = {f"vihf.{chance.choice(ATTRIBUTES)}": chance.choice(VALUES)}
        return bench.letter(operation, wrong=wrong)
    letter = bench.letter(operation)
    if kind == 1:
        return letter.but(body=chance.choice(EVERYWHERE)(chance, letter.body))
    at = letter.body.index(b"<soap:Body>")
    return letter.but(body=letter.body[:at] + chance.choice(IN_THE_BODY)(chance, letter.body[at:]))


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_no_message_is_our_bug(fresh_bench: Bench, profile: str) -> None:
    bench, chance = fresh_bench, random.Random(f"20260105 {profile}")
    assert bench.ask(bench.letter("TD0.3")).outcome == "accepted"
    bench.control.call("PATCH", f"/worlds/{bench.world}/policy", {"profile": profile})
    refused, state = 0, bench.state()
    with Talk(bench.place) as talk:
        for _ in range(MESSAGES):
            letter = damaged(bench, chance)
            if not_our_bug(bench, talk.say(letter.raw(bench.host)), letter):
                refused += 1
                assert bench.state() == state, letter.body
            else:
                state = bench.state()
    assert refused > MESSAGES / 2
    bench.control.call("PATCH", f"/worlds/{bench.world}/policy", {"profile": "default"})
    bench.still_serves()


def not_our_bug(bench: Bench, answer: RawAnswer, letter: Letter) -> bool:
    """Whether it was refused; ``AssertionError`` when the sandbox itself is at fault."""
    (row,) = bench.rows(bench.world, bench.cursor(bench.world) - 1)
    assert answer.status in {200, 500}, answer
    assert row["outcome"] in {"accepted", "refused"}, (row["marks"].get("traceback"), letter.body)
    assert row["outcome"] == "accepted" or refusing(row), row
    return bool(row["outcome"] == "refused")


RELATIVE = {
    "assertion": lambda letter: letter.swap(b"<saml2:Subject>", b'<saml2:Subject xmlns:x="../relative">'),
    "body": lambda letter: letter.swap(b"<soap:Body>", b'<soap:Body xmlns:x="()">'),
    "envelope": lambda letter: letter.swap(b"<soap:Header>", b'<soap:Header xmlns:x="relative">'),
}


@pytest.mark.parametrize("operation", ["TD0.2", "TD0.3"])
@pytest.mark.parametrize("where", RELATIVE)
def test_a_relative_namespace(bench: Bench, operation: str, where: str) -> None:
    """XML allows it, canonical XML does not (C14N 1.0 §1.3): a refusal of the seal, or no matter; never our bug."""
    letter = RELATIVE[where](bench.letter(operation))
    not_our_bug(bench, bench.post(letter), letter)
    bench.still_serves()


def test_an_element_of_another_namespace_in_a_typed_body(bench: Bench) -> None:
    letter = bench.letter("TD0.3").swap(
        b"</setAuthorization>", b'<x:role xmlns:x="urn:x">a</x:role></setAuthorization>'
    )
    answer = bench.post(letter)
    assert not_our_bug(bench, answer, letter)
    assert refusing(bench.rows(bench.world, bench.cursor(bench.world) - 1)[0]) == ["DMP-TD03-SHAPE"]
    bench.still_serves()


def test_a_relative_namespace_in_a_document(fresh_bench: Bench) -> None:
    bench = fresh_bench
    letter = bench.letter("TD2.1").swap(b"<recordTarget>", b'<recordTarget xmlns:x="../r">')
    not_our_bug(bench, bench.post(letter), letter)
    bench.still_serves()
