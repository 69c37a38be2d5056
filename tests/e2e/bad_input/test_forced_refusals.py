"""A refusal asked for is, byte for byte, the one a product would have earned; only identifiers of messages differ."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.e2e.bad_input.bench import Bench, refusing
from tests.support.raw_http import Letter, RawAnswer

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LINK = re.compile(rb"/exchanges/([^/<\"]*)/\d+")
_COMPARISON = re.compile(rb"<Differences .*?</Differences>", re.DOTALL)


def flipped(bench: Bench, operation: str) -> Letter:
    return bench.letter(operation, signature__SignatureValue="flip")


def doctype(bench: Bench) -> Letter:
    letter = bench.letter("TD0.2")
    return letter.swap(b"<soap:Envelope", b"<!DOCTYPE a><soap:Envelope")


def of_no_dmp(bench: Bench) -> Letter:
    return bench.about("no-dmp").letter("TD0.3")


TRUE: dict[str, tuple[str, str, Callable[[Bench], Letter]]] = {
    "fault, seal": ("TD0.2", "DMP-SEC-SIGNATURE", lambda b: flipped(b, "TD0.2")),
    "fault, seal, TD0.3": ("TD0.3", "DMP-SEC-SIGNATURE", lambda b: flipped(b, "TD0.3")),
    "fault, seal, multipart answer": ("TD3.2", "DMP-SEC-SIGNATURE", lambda b: flipped(b, "TD3.2")),
    "fault, holder": (
        "TD0.2",
        "DMP-VIHF-STRUCTURE-CERTIFICATE",
        lambda b: b.letter("TD0.2", vihf__Identifiant_Structure="10B0999025"),
    ),
    "fault, form of a value": (
        "TD0.2",
        "DMP-VIHF-SECTOR",
        lambda b: b.letter("TD0.2", vihf__Secteur_Activite="SA99^1"),
    ),
    "fault, rights": ("TD0.2", "DMP-TD02-INS-KEY", lambda b: b.letter("TD0.2", existence__ins="185010099900172")),
    "fault, unreadable": ("TD0.2", "DMP-XML", doctype),
    "status": ("TD0.3", "DMP-TD03-NO-DMP", of_no_dmp),
    "registry, query": (
        "TD3.1",
        "DMP-QUERY-UNKNOWN",
        lambda b: b.letter("TD3.1", query__id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0e"),
    ),
    "registry, lot": ("TD2.1", "DMP-LOT-TYPE", lambda b: b.letter("TD2.1", entry__typeCode="11490-9")),
    "registry, update": ("TD3.3c", "DMP-UPDATE-TARGET-UNKNOWN", lambda b: b.letter("TD3.3c")),
    "fault, unknown document, multipart answer": (
        "TD3.2",
        "DMP-RETRIEVE-UNKNOWN",
        lambda b: b.letter("TD3.2", retrieve__DocumentUniqueId="1.2.250.1.999.9.1.404"),
    ),
}


def told(answer: RawAnswer) -> tuple[int, str, bytes]:
    """Status, media type and body without identifiers, nor the comparison with an earlier message (ADR 8)."""
    own = _COMPARISON.sub(b"", answer.body)
    body = _LINK.sub(rb"/exchanges/\1/N", _UUID.sub(b"UUID", own))
    media = _UUID.sub(b"UUID", answer.headers["content-type"].encode()).decode()
    return answer.status, media, body


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("known", [False, True], ids=["first contact", "after a good exchange"])
def test_a_forced_refusal_is_the_true_one(fresh_bench: Bench, name: str, known: bool) -> None:
    bench, (operation, rule, make) = fresh_bench, TRUE[name]
    now = bench.control.call("GET", f"/worlds/{bench.world}/clock")["wire"]
    bench.control.call("POST", f"/worlds/{bench.world}/clock", {"freeze": now})
    if known:
        bench.still_serves()
    if operation.startswith("TD3"):
        assert bench.ask(bench.letter("TD0.3")).outcome == "accepted"
    true = bench.post(make(bench))
    row = bench.rows(bench.world, 0)[-1]
    assert refusing(row) == [rule]
    finding = next(f for f in row["verdict"]["findings"] if f["level"] == "refuse")
    example = {part: finding[part] for part in ("where", "found", "expected")}
    body = {"rule": rule, "match": {"on": f"dmp.{operation}"}, "example": example}
    bench.control.call("POST", f"/worlds/{bench.world}/refusals", body)
    forced = bench.post(bench.letter(operation))
    assert told(forced) == told(true)
    row = bench.rows(bench.world, 0)[-1]
    assert (row["outcome"], row["marks"]["forced"], row["verdict"]["forced"]) == ("refused", True, True)
    bench.control.call("DELETE", f"/worlds/{bench.world}/refusals")
    bench.still_serves()
