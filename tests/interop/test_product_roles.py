"""A product on HAPI plays a part of a scenario: the hospital record, then the intermediation platform.

``segur-sandbox run --sut`` tells it what to do and judges what comes; what the product does wrong fails its step with
the reason, in the report too. Nothing of our code stands on the product's side.
"""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.interop import endpoints
from tests.interop import test_hl7_engines as engines
from tests.interop.hl7 import ward as wards
from tests.interop.hl7.letter import discharge_letter
from tests.interop.hl7.ward import listening, put
from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench

pytestmark = pytest.mark.interop

classpath = engines.classpath
CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = CHECKOUT / "scenarios" / "discharge-letter.yaml"
LIMIT_S = 240
WORLD = "product-roles"
HEAD = "segur_scenario: 2\ntitle: {fr: une lettre, en: a letter}\nworld: product-roles\nsteps:\n"
WRITES = (
    "{fr: admission, en: admission}, identity: {admit: {patient: adult, answers: consents}}",
    "{fr: le médecin rédige, en: written}, dpi: {write: {patient: adult, kind: discharge-letter,"
    " recipients: [per:treating-physician], ack_reception: true}}, save: letter",
)
VALIDATES = (
    "{fr: elle part, en: it leaves}, dpi: {validate: letter}, expect: {state: acked, within: 10s,"
    " journal: {operation: dpi.out.MDM^T02, answer: {hl7: {MSA-1: AA}}}}"
)
AWAITED = (
    "{fr: elle part, en: it leaves}, dpi: {validate: letter}, expect: {outcome: accepted},"
    " sut: {operation: pfi.MDM^T02, within: 15s}"
)
RECEIPTS = (
    "{fr: au DMP, en: in the DMP}, until: {document: letter, expect: {receipts: {any: {kind: Z01, accepted: true}}},"
    " within: 10s}",
    "{fr: dans la BAL, en: in the mailbox}, until: {document: letter, expect: {receipts: {any: {kind: Z02,"
    " address: per:treating-physician, accepted: true}}}, within: 10s}",
)


@dataclass
class House:
    """A running sandbox and where it wrote its endpoints."""

    bench: Bench
    endpoints: Path

    def at(self, room: str) -> tuple[str, str]:
        """Host and port where one of our peers takes messages."""
        parts = urlsplit(self.bench.call("GET", "/endpoints")["services"][room][f"{room}_mllp"])
        return parts.hostname or "", str(parts.port)

    def run(
        self, scenario: Path, report: Path, *sut: str, act: Callable[[], None] = lambda: None
    ) -> tuple[int, str, ET.Element]:
        """The runner to its end; ``act`` is what the product does each time it is told to. Exit code, what it
        printed, the report."""
        command = [sys.executable, "-m", "simulators.cli.main", "run", str(scenario), "--junit", str(report)]
        named = [word for one in sut for word in ("--sut", one)]
        process = subprocess.Popen(
            [*command, *named, "--lang", "en", "--endpoints", str(self.endpoints)],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        said: list[str] = []
        with process:
            try:
                for line in process.stdout or ():
                    said.append(line)
                    if line.startswith("  → "):
                        act()
                code = process.wait(LIMIT_S)
            finally:
                process.kill()
        assert report.is_file(), "".join(said)
        return code, "".join(said), ET.parse(report).getroot()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("roles")
    with rooms.bench(folder) as bench:
        yield House(bench, Path(os.environ.get(endpoints.VARIABLE) or folder / "endpoints.json"))


@pytest.fixture
def java(classpath: str) -> list[str]:
    return [rooms.tool("java", engines.JDK), "-cp", classpath]


def scenario(folder: Path, *steps: str) -> Path:
    file = folder / "letter.yaml"
    file.write_text(HEAD + "".join(f"  - {{say: {step}}}\n" for step in steps), "utf-8")
    return file


def failures(report: ET.Element) -> dict[str, str]:
    """The cases that failed, with what is said of them."""
    cases = {case.attrib["name"]: case.find("failure") for case in report.iter("testcase")}
    return {name: f"{one.attrib['message']}\n{one.text}" for name, one in cases.items() if one is not None}


class Record:
    """The product as the record: HAPI sends what ``letter`` makes of the world."""

    def __init__(self, house: House, java: list[str], folder: Path, world: str) -> None:
        self._house, self._java, self._folder, self._world = house, java, folder, world
        self.answers: list[str] = []

    def send(self, change: Callable[[str], str] = lambda text: text) -> None:
        text = change(discharge_letter(self._house.bench, self._world, f"PRODUIT-{len(self.answers)}"))
        file = self._folder / "letter.er7"
        file.write_text(text, "utf-8", newline="\n")
        host, port = self._house.at("pfi")
        done = rooms.run([*self._java, "product.Sender", host, port, "clear", str(file)], self._folder)
        self.answers += done.stdout.splitlines()


def test_the_product_is_the_record(house: House, java: list[str], tmp_path: Path) -> None:
    own = wards.free_port()
    record = Record(house, java, tmp_path, "discharge-letter")
    with listening([*java, "product.Receiver", str(own)], tmp_path) as heard:
        code, said, report = house.run(SHIPPED, tmp_path / "report.xml", f"dpi=mllp://127.0.0.1:{own}", act=record.send)
    assert (record.answers, code, failures(report)) == (["ack ACK T02 AA PRODUIT-0"], 0, {}), said
    assert {line.split()[1] for line in heard if line.startswith("got")} == {
        *("ADT^A01", "ZAM^Z01", "ZAM^Z02", "ZAM^Z03", "MDM^T02")
    }


WRONG: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "refused": (
        lambda text: put(text, "ORC", 1, 1, "CA"),
        ("expected outcome = 'accepted', found 'refused'", "[PFI-ACTION]", "where     ORC-1", "found     CA", "NW"),
    ),
    "another-message": (
        lambda text: put(text, "MSH", 1, 9, "MDM^T10^MDM_T02"),
        ("found 'other exchanges'", "operation: expected 'pfi.MDM^T02', found 'pfi.MDM^T10'"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_record_sends_wrong(house: House, java: list[str], tmp_path: Path, name: str) -> None:
    """Its step fails with the reason, as text and in the report."""
    change, reasons = WRONG[name]
    record = Record(house, java, tmp_path, WORLD)
    report = tmp_path / "report.xml"
    code, said, told = house.run(scenario(tmp_path, AWAITED), report, "dpi", act=lambda: record.send(change))
    assert record.answers[0] == "ack ACK T02 AE PRODUIT-0".replace("T02", "T10" if name == "another-message" else "T02")
    assert (code, list(failures(told))) == (1, ["01 it leaves"]), said
    for reason in reasons:
        assert reason in said and reason in failures(told)["01 it leaves"]


@pytest.mark.parametrize(
    ("manner", "receipts", "failed", "reason"),
    [
        ("good", ["ZAM^Z01", "ZAM^Z02"], [], ""),
        ("refuse", [], ["03 it leaves", "04 in the DMP", "05 in the mailbox"], "answer MSA-1 is 'AE'"),
        ("undelivered", ["ZAM^Z01", "ZAM^Z02"], ["05 in the mailbox"], "550^Boite inexistante"),
    ],
)
def test_the_product_is_the_platform(
    house: House, java: list[str], tmp_path: Path, manner: str, receipts: list[str], failed: list[str], reason: str
) -> None:
    own = wards.free_port()
    file = scenario(tmp_path, *WRITES, VALIDATES, *RECEIPTS)
    with listening([*java, "product.Platform", str(own), *house.at("dpi"), manner], tmp_path) as heard:
        code, said, report = house.run(file, tmp_path / "report.xml", f"pfi=mllp://127.0.0.1:{own}")
    assert {"got ADT^A01", "got MDM^T02"} <= set(heard)
    assert [line for line in heard if line.startswith("told")] == [f"told {kind}^ZAM_Z01 AA" for kind in receipts]
    assert (code, list(failures(report))) == (int(bool(failed)), failed), said
    if failed:
        assert reason in said and reason in failures(report)[failed[0]]
