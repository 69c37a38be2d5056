"""TD2.1: one wrong thing in a lot, or a hostile document inside it, and nothing of the lot is stored."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest

from tests.e2e.bad_input.bench import Bench, registry_error
from tests.e2e.bad_input.test_hostile_xml import EXTERNAL, LAUGHS
from tests.support.raw_http import Letter

Change = Callable[[Letter], Letter]
CDA = re.compile(rb"(?<=\r\n\r\n)<\?xml(?:(?!\?>).)*\?>\s*<ClinicalDocument.*?</ClinicalDocument>", re.DOTALL)


def in_document(change: Callable[[bytes], bytes], *, told: bool = True) -> Change:
    """Changes the bytes of the CDA part; ``told``: hash and size announce what travels."""

    def changed(letter: Letter) -> Letter:
        (cda,) = CDA.findall(letter.body)
        new = change(cda)
        letter = letter.swap(cda, new)
        if not told:
            return letter
        hashed = slot("hash", hashlib.sha1(new).hexdigest().encode())(letter)
        return slot("size", str(len(new)).encode())(hashed)

    return changed


def before_cda(declaration: bytes) -> Change:
    return in_document(lambda cda: cda.replace(b"<ClinicalDocument", declaration + b"<ClinicalDocument", 1))


def slot(name: str, value: bytes) -> Change:
    """Another first value in the first slot of that name."""

    def changed(letter: Letter) -> Letter:
        pattern = rb'(name="' + name.encode() + rb'"[^>]*>.*?<(?:\w+:)?Value>)[^<]*'
        body, count = re.subn(pattern, rb"\g<1>" + value, letter.body, count=1, flags=re.DOTALL)
        assert count == 1, name
        return letter.but(body=body)

    return changed


def same(letter: Letter) -> Letter:
    return letter


WRONG: dict[str, tuple[Change, dict[str, str], str, str]] = {
    "external entity in the CDA": (before_cda(EXTERNAL), {}, "XDSRepositoryError", "DMP-LOT-HOSTILE"),
    "bomb in the CDA": (before_cda(LAUGHS), {}, "XDSRepositoryError", "DMP-LOT-HOSTILE"),
    "CDA nested too deep": (
        in_document(lambda cda: cda.replace(b"<title>", b"<title>" + b"<a>" * 300 + b"</a>" * 300, 1)),
        {},
        "XDSRepositoryError",
        "DMP-LOT-HOSTILE",
    ),
    "CDA cut": (in_document(lambda cda: cda[: len(cda) // 2]), {}, "XDSRepositoryError", "DMP-LOT-CDA"),
    "one byte of the CDA": (
        in_document(lambda cda: cda.replace(b"<title>", b"<title> ", 1), told=False),
        {},
        "XDSRepositoryMetadataError",
        "DMP-LOT-HASH",
    ),
    "hash": (slot("hash", b"0" * 40), {}, "XDSRepositoryMetadataError", "DMP-LOT-HASH"),
    "size": (slot("size", b"12"), {}, "XDSRepositoryMetadataError", "DMP-LOT-SIZE"),
    "typeCode": (same, {"entry.typeCode": "11490-9"}, "XDSRepositoryMetadataError", "DMP-LOT-TYPE"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_thing(bench: Bench, name: str) -> None:
    change, breaks, code, rule = WRONG[name]
    letter = change(bench.letter("TD2.1", wrong=breaks))
    bench.refused(lambda: bench.post(letter), registry_error(code, rule), rule)


def test_the_whole_lot_or_nothing(fresh_bench: Bench) -> None:
    """Two documents, the second already there: the first is not kept either, and the lot can be sent again mended."""
    bench = fresh_bench
    ins = bench.patient.ins
    first, second, third = (bench.document(f"1.2.250.1.999.9.1.{number}") for number in (91, 92, 93))
    with bench.client as client:
        assert client.feed(ins, [second])[0].outcome == "accepted"
        before = bench.state()
        answer, _ = client.feed(ins, [first, second])
        assert (answer.code, answer.rule) == ("XDSDuplicateUniqueIdInRegistry", "DMP-LOT-DUPLICATE")
        assert bench.state() == before
        assert client.feed(ins, [first, third])[0].outcome == "accepted"
        assert client.authorise(ins).outcome == "accepted"
        found = client.retrieve(ins, [f"1.2.250.1.999.9.1.{number}" for number in (91, 92, 93)]).documents
    assert list(found.values()) == [first, second, third]


def test_another_content_under_the_same_identifier(fresh_bench: Bench) -> None:
    bench = fresh_bench
    ins, unique_id = bench.patient.ins, "1.2.250.1.999.9.1.94"
    with bench.client as client:
        assert client.feed(ins, [bench.document(unique_id, b"one")])[0].outcome == "accepted"
        before = bench.state()
        answer, _ = client.feed(ins, [bench.document(unique_id, b"two")])
    assert (answer.outcome, answer.code) == ("refused", "XDSNonIdenticalHash")
    assert bench.state() == before
