"""Mending: break a good message, the finding says where; put the good back there, the finding is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from simulators.core.errors import Refused
from simulators.core.hl7 import RULES, edit, read_message
from simulators.core.listeners.mllp import frame
from simulators.core.listeners.session import Send
from simulators.core.rules import Finding
from simulators.core.store.api import Store
from tests.unit.core.hl7.test_session import Wire

GOOD = (
    "MSH|^~\\&|DPI|H|PFI|H|20260301||MDM^T02^MDM_T02|1|T|2.6|||||FRA|UNICODE UTF-8\r"
    "PID|||279||Dûpont^Zoé\rOBX|1|ED|||^text^XML^Base64^QUJD\r"
).encode()


@dataclass(frozen=True)
class Case:
    """``wrong`` breaks the good message, ``where`` is told, ``mend`` acts there and nowhere else."""

    wrong: Callable[[bytes], bytes]
    where: str
    mend: Callable[[bytes], bytes]


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda octets: octets.replace(old, new)


CASES = {
    "HL7-MSH": Case(lambda good: b"EVN||2026\r" + good, "MSH", lambda bad: bad[bad.index(b"MSH") :]),
    "HL7-DELIMITERS": Case(swap(b"MSH|^~\\&|", b"MSH|^^\\&|"), "MSH-2", swap(b"MSH|^^\\&|", b"MSH|^~\\&|")),
    "HL7-CONTROL": Case(swap(b"Zo", b"Z\x00o"), "PID", swap(b"\x00", b"")),
    "HL7-CHARSET": Case(
        lambda good: edit(good, "MSH-18", "LATIN-9"), "MSH-18", lambda bad: edit(bad, "MSH-18", "UNICODE UTF-8")
    ),
    "HL7-CHARSET-BYTES": Case(swap("é".encode(), b"\xe9"), "PID", swap(b"\xe9", "é".encode())),
    "HL7-CHARSET-LIE": Case(
        lambda good: edit(good, "MSH-18", "8859/15"), "MSH-18", lambda bad: edit(bad, "MSH-18", "UNICODE UTF-8")
    ),
    "HL7-LINE-ENDS": Case(swap(b"\r", b"\n"), "MSH", swap(b"\n", b"\r")),
    "HL7-SEGMENT": Case(swap(b"QUJD", b"QU\rJD"), "OBX", swap(b"QU\rJD", b"QUJD")),
    "HL7-TOO-MANY": Case(lambda good: good + b"NTE|1\r" * 6_000, "MSH", lambda bad: bad.replace(b"NTE|1\r", b"")),
    "HL7-CONTROL-ID": Case(lambda good: edit(good, "MSH-10", ""), "MSH-10", lambda bad: edit(bad, "MSH-10", "1")),
    "HL7-KIND": Case(
        lambda good: edit(good, "MSH-9", "SIU^S12"), "MSH-9", lambda bad: edit(bad, "MSH-9", "MDM^T02^MDM_T02")
    ),
}


def judged(wire: Wire, octets: bytes) -> list[Finding]:
    """What the reading and then a receiver find."""
    try:
        found = list(read_message(octets).remarks)
    except Refused as refused:
        return list(refused.verdict.refusing)
    (sent,) = wire.send(frame(octets))
    assert isinstance(sent, Send)
    known = {rule.id: rule for rule in RULES}
    told = [error.get(7).split() for error in read_message(sent.octets[1:-2]).all("ERR")]
    return [*found, *(known[name].finding(where) for name, where, *_ in told)]


def test_every_rule_has_its_case() -> None:
    assert set(CASES) == {rule.id for rule in RULES}
    assert all(isinstance(rule.example and rule.example.where, str) for rule in RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_finding_goes_where_it_is_mended(name: str, memory_store: Store) -> None:
    wire, case = Wire(memory_store), CASES[name]
    assert judged(wire, GOOD) == []
    broken = case.wrong(GOOD)
    assert [(finding.rule.id, finding.where) for finding in judged(wire, broken)] == [(name, case.where)]
    assert judged(wire, case.mend(broken)) == []
