"""The peers: acknowledged messages beside HAPI and python-hl7, the way from the record to its readers, 30 worlds.

The driver is Python with one thread a connection, the same for all; its own cost is in each figure.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.identity_servers import Missing
from benchmarks.mail_servers import processor_s
from benchmarks.peers_driver import KB, acknowledged, admissions, halves, letters
from benchmarks.peers_servers import Receiver, Start, hapi, ours, python_hl7, running
from benchmarks.table import Row, render
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.clients.dmp.client import DmpClient
from simulators.core.clock import system_now
from simulators.population.model import Patient
from tests.support.ledger_feeder import small_document
from tests.support.ledger_sandbox import SandboxProcess
from tests.support.mllp_ledger import ADDRESS, Line, Record, field

CONNECTIONS: Final = (1, 20)
SIZES: Final = ((2 * KB, 1_500), (100 * KB, 120), (1_000 * KB, 20))
"""Octets of a message, and how many are sent on each number of connections."""
ONCE, MANY, WORLDS = 10, 500, 30
COLLEAGUE: Final = "899700000013"
PATIENCE_S: Final = 900.0


def peers() -> list[Row]:
    """Everything; a counterpart that is not here is said in its row."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for label, start in (("ours", ours), ("HAPI", hapi), ("python-hl7", python_hl7)):
            (base / label).mkdir()
            rows += _reception(label, start, base / label, base)
        (base / "whole").mkdir()
        with running(base / "whole") as process:
            rows += [*_journey(process), *_worlds(process)]
        rows += list(_apart(base))
    return rows


# -- reception --------------------------------------------------------------------------------------------------------


def _reception(label: str, start: Start, folder: Path, base: Path) -> list[Row]:
    messages = _messages(base)
    try:
        with start(folder) as receiver:
            return list(_rates(receiver, messages))
    except Missing as missing:
        return [Row(f"{label} (counterpart)", f"not measured: {missing}")]


def _messages(base: Path) -> dict[int, list[bytes]]:
    """By size, twice what one number of connections needs; the same people for every receiver."""
    (base / "author").mkdir(exist_ok=True)
    with running(base / "author", "--only", "dmp") as process:
        client, patient = _author(process, "main")
        count = len(CONNECTIONS)
        made = {size: letters(client, patient, number * count, size) for size, number in SIZES[1:]}
    return {SIZES[0][0]: admissions(SIZES[0][1] * count), **made}


def _rates(receiver: Receiver, messages: dict[int, list[bytes]]) -> Iterator[Row]:
    acknowledged(receiver.place, admissions(100, 1_000_000), 4)
    for (size, _), made in zip(SIZES, messages.values(), strict=True):
        what = f"{'ADT' if size == SIZES[0][0] else 'MDM'} of {size // KB:,} kB acknowledged"
        for connections, part in zip(CONNECTIONS, halves(made, len(CONNECTIONS)), strict=True):
            before, begin = processor_s(receiver.pid), time.perf_counter()
            rate = acknowledged(receiver.place, part, connections)
            used = (processor_s(receiver.pid) - before) / len(part) * 1000
            told = f"{connections} connection{'s' if connections > 1 else ''}"
            aim = "1,000/s" if "sandbox" in receiver.name and size == SIZES[0][0] else ""
            yield Row(f"{what}, {told}: {receiver.name}", f"{rate:.0f}/s, {used:.2f} ms of processor each", aim)
            assert time.perf_counter() > begin


# -- one way, and many ------------------------------------------------------------------------------------------------


def _journey(process: SandboxProcess) -> Iterator[Row]:
    record = Record(process, "journey")
    record.opened()
    record.settings(pfi_dpi="mllp://127.0.0.1:1")
    client, patient = _author(process, "main")
    client.authorise(patient.ins)
    taken = [_one(record, client, patient, message) for message in letters(client, patient, ONCE, 20 * KB, [ADDRESS])]
    value = f"median {statistics.median(taken[2:]) * 1000:.0f} ms, worst {max(taken[2:]) * 1000:.0f} ms"
    yield Row("MDM sent to found in the DMP and in the mailbox, 1", value, "1 s")
    alone = _fed(client, patient)
    yield Row("TD2.1 alone, the same documents, our own client, 1 connection", f"{alone:.1f}/s")
    for addresses, told, aim in (((), "the DMP", f"{alone:.0f}/s"), ((ADDRESS,), "the DMP and one mailbox", "")):
        rate = _drained(process.control, record.place, letters(client, patient, MANY, 2 * KB, addresses))
        yield Row(f"{MANY} MDM sent on one line to all done: {told}, all in one process", rate, aim)


def _apart(base: Path) -> Iterator[Row]:
    """The PFI and the DMP as two processes: neither takes the other's processor."""
    folders, pki = [base / "pfi", base / "dmp"], ("--pki", str(base / "pki"))
    for folder in folders:
        folder.mkdir()
    with running(folders[0], "--only", "pfi", *pki) as pfi, running(folders[1], "--only", "dmp", *pki) as dmp:
        url = dmp.endpoints["services"]["dmp"]["patients"].partition("/si-dmp")[0]
        pfi.control.call("PATCH", "/worlds/main/policy", {"settings": {"pfi.dmp": url}})
        client, patient = _author(dmp, "main")
        alone = _fed(client, patient)
        place = urlsplit(pfi.endpoints["services"]["pfi"]["pfi_mllp"]).netloc
        rate = _drained(pfi.control, place, letters(client, patient, MANY, 2 * KB))
        yield Row(f"{MANY} MDM sent on one line to all done: the DMP, in a process of its own", rate, f"{alone:.0f}/s")


def _fed(client: DmpClient, patient: Patient) -> float:
    """TD2.1 a second by our own client alone."""
    documents = [small_document(client, patient, client.oid(), b"%PDF", system_now()) for _ in range(MANY // 5)]
    begin = time.perf_counter()
    for document in documents:
        client.feed(patient.ins, [document])
    return len(documents) / (time.perf_counter() - begin)


def _one(record: Record, client: DmpClient, patient: Patient, message: bytes) -> float:
    before, mails = _found(client, patient), len(_mails(record.control, ADDRESS))
    line = Line(record.place)
    begin = time.perf_counter()
    line.say(message)
    while _found(client, patient) == before or len(_mails(record.control, ADDRESS)) == mails:
        time.sleep(0.005)
    taken = time.perf_counter() - begin
    line.close()
    return taken


def _drained(control: Control, place: str, messages: list[bytes]) -> str:
    """Documents a second from the first message to the last order done, and from the last acknowledgement on."""
    line, begin = Line(place), time.perf_counter()
    for message in messages:
        answer = line.say(message)
        if field(answer, "MSA", 1) != "AA":
            raise RuntimeError(repr(answer[:600]))
    line.close()
    taken, left = time.perf_counter(), len(control.call("GET", "/worlds/main/pfi/orders?state=pending")["orders"])
    end = begin + PATIENCE_S
    while any(control.call("GET", f"/worlds/main/pfi/orders?state={state}")["orders"] for state in _OPEN):
        if time.perf_counter() > end:
            raise RuntimeError("orders are still open")
        time.sleep(0.25)
    done = time.perf_counter()
    after = f"; the {left} orders left when all was acknowledged: {left / (done - taken):.1f}/s" if left else ""
    return f"{len(messages) / (done - begin):.1f}/s{after}"


_OPEN: Final = ("pending", "sent")


# -- 30 worlds --------------------------------------------------------------------------------------------------------


def _worlds(process: SandboxProcess) -> Iterator[Row]:
    """The whole journey of the record in each, at once; each world's own counts afterwards."""
    names = [f"world{number}" for number in range(WORLDS)]
    for name in names:
        process.control.call("POST", "/worlds", {"name": name})
    begin, problems = time.perf_counter(), list[str]()

    def play(name: str) -> None:
        try:
            problems.extend(_played(Control(dict(process.endpoints)), name))
        except (Refusal, RuntimeError, AssertionError) as problem:
            problems.append(f"{name}: {problem!r}")

    threads = [threading.Thread(target=play, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - begin
    if problems:
        raise RuntimeError("; ".join(problems[:5]))
    told = f"{taken:.1f} s, {WORLDS / taken:.1f} journeys/s; counts of every world exact"
    yield Row(f"record to DMP, colleague, patient and back, {WORLDS} worlds at once", told, "no interference")


def _played(control: Control, name: str) -> Iterator[str]:
    path = f"/worlds/{name}"
    boxes = control.call("GET", f"{path}/mailboxes?kind=PER")["mailboxes"]
    colleague = next(box["address"] for box in boxes if box["owners"][0] == COLLEAGUE)
    body = {"patient": "adult", "kind": "discharge-letter", "validate": True, "recipients": [colleague]}
    letter = control.call("POST", f"{path}/dpi/documents", {**body, "to_patient": True})
    end = time.perf_counter() + PATIENCE_S
    while len(receipts := _receipts(control, path, letter["id"])) < 3:
        if time.perf_counter() > end:
            raise RuntimeError(f"{receipts}")
        time.sleep(0.2)
    if sorted(receipts) != ["Z01", "Z02", "Z02"]:
        yield f"{name}: {receipts}"
    rows = control.call("GET", f"{path}/exchanges?limit=1000")["exchanges"]
    fed = [row["outcome"] for row in rows if row["operation"] == "dmp.TD2.1"]
    if fed != ["accepted"] or len(_mails(control, colleague, name)) != 1:
        yield f"{name}: {fed}, {len(_mails(control, colleague, name))} mails"


def _receipts(control: Control, path: str, number: int) -> list[str]:
    told: list[dict[str, Any]] = control.call("GET", f"{path}/dpi/documents/{number}")["receipts"]
    return [one["kind"] for one in told if one["accepted"]]


# -- below ------------------------------------------------------------------------------------------------------------


def _author(process: SandboxProcess, world: str) -> tuple[DmpClient, Patient]:
    described = process.control.call("GET", f"/worlds/{world}?certificates=true")
    roots = Path(process.endpoints["trust"]["roots"])
    people = ("hospital", "hospital-specialist")
    return dmp_client(described, roots, *people, ids=uuid.uuid4, now=system_now), patient_of(described, "adult")


def _found(client: DmpClient, patient: Patient) -> int:
    return int(str(client.search(patient.ins).values["count"]))


def _mails(control: Control, address: str, world: str = "main") -> list[dict[str, Any]]:
    with contextlib.suppress(Refusal):
        found: list[dict[str, Any]] = control.call("GET", f"/worlds/{world}/mailboxes/{address}/messages")["messages"]
        return found
    return []


if __name__ == "__main__":
    print(render(peers()))
