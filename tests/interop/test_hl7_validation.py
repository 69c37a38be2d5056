"""Every kind of HL7 message we emit, read by HAPI and by hl7apy: no parse error, and the values our journal shows."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control
from simulators.clients.mail.compose import MailPlan, compose
from simulators.clients.mail.mdn import ErrorCode, Mdn, build_mdn, integrated
from simulators.core.mail.words import Mailbox
from simulators.mssante.writing import write
from simulators.sandbox import Sandbox
from tests.interop import test_hl7_engines as engines
from tests.interop.psc import room as rooms
from tests.support.mails import NOW
from tests.support.pfi_peer import Bench

pytestmark = pytest.mark.interop

classpath, python = engines.classpath, engines.python
WORLD = "validation"
FIRST, SECOND, STRANGER = (f"1.2.250.1.999.9.7.{number}" for number in (1, 2, 3))
KNOWN, UNKNOWN = b"185010099900171", b"279035121518989"
IDENTITY: tuple[tuple[str, dict[str, str]], ...] = (
    ("create", {"patient": "passante", "family": "PASSANTE", "given": "LEA", "birth_date": "19900101", "sex": "F"}),
    ("update", {"phone": "0100000000"}),
    ("preadmit", {}),
    ("admit", {"answers": "consents"}),
    ("transfer", {"unit": "1002"}),
    ("cancel_transfer", {}),
    ("correct", {"unit": "1003"}),
    ("discharge", {}),
    ("cancel_discharge", {}),
    ("cancel_admit", {}),
    ("register", {"answers": "consents"}),
)
LATER: tuple[tuple[str, dict[str, str]], ...] = (
    ("demote", {}),
    ("qualify", {}),
    ("consent", {"feed": "IO"}),
    ("merge", {"other": "adult-woman"}),
)
ACTS: dict[str, dict[str, Any]] = {"replace": {"text": "Autre"}, "visibility": {"flags": {"masque_ps": True}}}
EVENTS = ("A01", "A02", "A03", "A04", "A05", "A11", "A12", "A13", "A28", "A31", "A40", "A47", "Z99")
KINDS = {
    *(f"pfi.{kind}" for kind in ("MDM^T02", "MDM^T10", "MDM^T04", "ORU^R01")),
    *(f"dpi.{kind}" for kind in ("MDM^T02", "MDM^T10", "MDM^T04", "ZAM^Z01", "ZAM^Z02", "ZAM^Z03")),
    *(f"{room}.ADT^{event}" for room in ("pfi", "dpi") for event in EVENTS),
}
PLACES = (
    *("MSH-3-1", "MSH-4-1", "MSH-9-1", "MSH-9-2", "MSH-9-3", "MSH-10", "MSH-12-1", "MSH-18", "MSH-21-2"),
    *("PID-3:INS", "PID-5-1", "PID-5-2", "PID-7-1", "PID-8", "PID-32", "PV1-2", "PV1-3-1"),
    *("ORC-1", "TXA-12-1", "OBX-3-1", "OBX-4", "OBX-5-1", "OBX-5-5", "OBX-11", "PRT-4-1", "PRT-8-10"),
    *("ZBE-1-1", "ZBE-4", "ZFA-9", "MRG-1-1", "MSA-1", "MSA-2", "ERR-2-1", "ERR-3-1", "ERR-4", "ERR-5-1"),
)
BEYOND = {"ADT": {"ZBE", "ZFA", "ZFD"}, "MDM": {"PRT"}, "ORU": {"PRT"}}
TABLE_0357 = {"100", "101", "102", "103", "104", "200", "201", "202", "203", "204", "205", "206", "207", "900"}
DELETED = '""'
Values = Mapping[str, str]


@dataclass(frozen=True)
class Said:
    """One exchange between our peers; ``files`` are request and answer."""

    row: Mapping[str, Any]
    files: tuple[str, str]

    @property
    def kind(self) -> str:
        """``MDM^T02``."""
        return str(self.row["operation"]).partition(".")[2]

    @property
    def keys(self) -> list[str]:
        return list(self.row["keys"])


@dataclass(frozen=True)
class Emitted:
    """All that our peers said to each other in a journey that leaves no kind out, as files in ``folder``."""

    folder: Path
    exchanges: tuple[Said, ...]

    @property
    def files(self) -> list[str]:
        return [str(self.folder / file) for said in self.exchanges for file in said.files]


@dataclass
class Journey:
    """One world, told what to do."""

    bench: Bench
    control: Control

    def call(self, path: str, **body: Any) -> Any:
        return self.control.call("POST", f"/worlds/{WORLD}/{path}", body)

    def identity(self, commands: Sequence[tuple[str, dict[str, str]]]) -> None:
        for name, more in commands:
            done = self.call(f"identity/{name}", **{"patient": "adult", "wait": 30, **more})
            assert {message["ack"] for message in done["messages"]} == {"AA"}, (name, done)

    def document(self, *recipients: str, to_patient: bool = False) -> int:
        """A letter of the record, sent with every receipt asked for; its number."""
        who: dict[str, Any] = {"patient": "adult", "kind": "discharge-letter", "recipients": list(recipients)}
        asked = {"to_patient": to_patient, "ack_reception": True, "ack_lecture": True, "validate": True}
        made = self.call("dpi/documents", **who, **asked)
        self.bench.settle()
        return int(made["id"])

    def versions(self) -> None:
        """A letter that arrives and is read, is replaced, then deleted."""
        number = self.document(self.bench.colleague, to_patient=True)
        sent = next(order for order in self.bench.orders() if order.address == self.bench.colleague)
        self.read(f"<{sent.message_id}>", None)
        self.read(f"<{sent.message_id}>", ErrorCode("902", "Identifiant patient inconnu"))
        for act in ("replace", "visibility", "delete"):
            self.act(number, act)

    def act(self, number: int, act: str) -> None:
        """What a user does with a letter that has left."""
        self.call(f"dpi/documents/{number}/{act}", **ACTS.get(act, {}))
        self.bench.settle("PT1H")

    def read(self, message_id: str, error: ErrorCode | None) -> None:
        who = self.bench.colleague
        number = f"<lu-{'ko' if error else 'ok'}@test>"
        told = Mdn(who, message_id, integrated(error))
        sender, box = Mailbox("", who), Mailbox("", self.bench.mailbox)
        mdn = build_mdn(told, sender=sender, recipient=box, subject="Lu", message_id=number, date=NOW)
        self.write(mdn)

    def mail(self, number: str, document: bytes, action: str | None = None) -> None:
        """An archive in the applicative mailbox: flow 6."""
        sender, box = Mailbox("", self.bench.colleague), Mailbox("", self.bench.mailbox)
        plan = MailPlan(sender, (box,), f"<{number}@test>", NOW, (document,), action=action)
        self.write(compose(plan))

    def write(self, mail: bytes) -> None:
        bench = self.bench
        assert write(bench.sandbox.runtime, WORLD, bench.colleague, [bench.mailbox], mail).status == 250
        bench.settle("PT1M")

    def refused(self) -> None:
        """A feeding that the DMP refuses, a mailbox that does not exist, messages that nobody may accept."""
        self.call("refusals", rule="DMP-LOT-AUTHOR-STRUCTURE", match={"on": "dmp.TD2.1"})
        self.document("personne@" + self.bench.colleague.partition("@")[2])
        self.control.call("DELETE", f"/worlds/{WORLD}/refusals")
        good = self.bench.plan("BAD1", STRANGER)
        self.bench.send(replace(good, document_id=""))
        self.mail("inconnu", self.bench.cda(STRANGER).replace(KNOWN, UNKNOWN))

    def play(self) -> None:
        """Everything."""
        self.identity(IDENTITY)
        self.versions()
        self.bench.set(**{"dpi.message": "ORU"})
        number = self.document(self.bench.colleague)
        for act in ("replace", "delete"):
            self.act(number, act)
        self.bench.set(**{"dpi.message": "MDM"})
        self.mail("un", self.bench.cda(FIRST))
        self.mail("deux", self.bench.cda(SECOND, FIRST), "C")
        self.mail("trois", self.bench.cda(SECOND), "D")
        self.refused()
        self.identity(LATER)


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emitted]:
    folder = tmp_path_factory.mktemp("emitted")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, environment=environment, publish=False)) as sandbox:
        control = Control(endpoints(sandbox))
        control.call("POST", "/worlds", {"name": WORLD})
        Journey(Bench(sandbox, WORLD), control).play()
        yield Emitted(folder, tuple(_kept(control, folder)))


def _kept(control: Control, folder: Path) -> Iterator[Said]:
    rows = control.call("GET", f"/worlds/{WORLD}/exchanges?last=1000")["exchanges"]
    for row in rows:
        if row["direction"] != "in" or row["operation"] not in KINDS:
            continue
        names = (f"{row['number']}-request.hl7", f"{row['number']}-answer.hl7")
        for name in names:
            side = name.partition("-")[2].removesuffix(".hl7")
            raw = control.raw("GET", f"/worlds/{WORLD}/exchanges/{row['number']}/{side}")
            (folder / name).write_bytes(raw)
        yield Said(row, names)


def _read(command: list[str], folder: Path) -> dict[str, dict[str, str]]:
    """What an engine printed, by file."""
    done = rooms.run(command, folder)
    assert done.returncode == 0, done.stdout[-3000:]
    found: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        file, what, value = line.split("\t")
        found.setdefault(file, {})[what] = value
    return found


@pytest.fixture(scope="module")
def hapi(emitted: Emitted, classpath: str) -> dict[str, dict[str, str]]:
    java = [rooms.tool("java", engines.JDK), "-cp", classpath, "product.Reader", "none"]
    return _read([*java, ",".join(PLACES), *emitted.files], emitted.folder)


@pytest.fixture(scope="module")
def validated(emitted: Emitted, classpath: str) -> dict[str, dict[str, str]]:
    """The same with HAPI's own rules on data types."""
    java = [rooms.tool("java", engines.JDK), "-cp", classpath, "product.Reader", "default"]
    return _read([*java, "MSH-10", *emitted.files], emitted.folder)


@pytest.fixture(scope="module")
def hl7apy(emitted: Emitted, python: Path) -> dict[str, dict[str, str]]:
    command = [str(python), str(engines.SOURCES / "python" / "reader.py"), ",".join(PLACES)]
    return _read([*command, *emitted.files], emitted.folder)


def test_no_kind_is_left_out(emitted: Emitted) -> None:
    assert KINDS - {said.row["operation"] for said in emitted.exchanges} == set()
    codes = {(said.row["operation"].partition(".")[0], said.row["status"]) for said in emitted.exchanges}
    assert {("pfi", "AA"), ("pfi", "AE"), ("dpi", "AA"), ("dpi", "AE")} <= codes


def _pairs(emitted: Emitted, engine: Mapping[str, Values]) -> Iterator[tuple[Said, Values, Values]]:
    for said in emitted.exchanges:
        request, answer = said.files
        yield said, engine[request], engine[answer]


def _errors(engine: Mapping[str, Values]) -> dict[str, str]:
    return {file: values["error"] for file, values in engine.items() if "error" in values}


def test_hapi_finds_the_standard_structures(emitted: Emitted, hapi: dict[str, dict[str, str]]) -> None:
    """What HAPI adds to a structure is what the French profiles add, so nothing else stands where it should not."""
    assert _errors(hapi) == {}
    for said, request, answer in _pairs(emitted, hapi):
        version = request["MSH-12-1"].replace(".", "")
        if said.kind.startswith("ZAM"):
            assert (request["class"], request["MSH-9-3"]) == ("GenericMessage$V26", "ZAM_Z01")
            continue
        expected = "25" if said.kind.startswith(("ADT", "ORU")) else "26"
        assert (version, request["class"]) == (expected, f"v{expected}.message.{request['MSH-9-3']}"), said.row
        assert set(request["beyond"].split()) <= BEYOND[said.kind[:3]], (said.kind, request["beyond"])
        assert (answer["class"], answer["beyond"]) == (f"v{expected}.message.ACK", ""), said.kind


def test_hapi_validates_them(validated: dict[str, dict[str, str]]) -> None:
    assert _errors(validated) == {}


def test_hl7apy_reads_them(emitted: Emitted, hl7apy: dict[str, dict[str, str]]) -> None:
    assert _errors(hl7apy) == {}
    for said, request, answer in _pairs(emitted, hl7apy):
        assert (request["class"], answer["class"]) == (request["MSH-9-3"], "ACK"), said.kind


def test_both_read_the_same(hapi: dict[str, dict[str, str]], hl7apy: dict[str, dict[str, str]]) -> None:
    assert set(hapi) == set(hl7apy)
    for file, values in hl7apy.items():
        differing = {place for place in PLACES if values[place] != hapi[file][place]} - {"MSH-12-1"}
        assert differing == set(), {place: (values[place][:80], hapi[file][place][:80]) for place in differing}


@pytest.mark.parametrize("engine", ["hapi", "hl7apy"])
def test_they_read_what_the_journal_shows(emitted: Emitted, engine: str, request: pytest.FixtureRequest) -> None:
    for said, asked, answered in _pairs(emitted, request.getfixturevalue(engine)):
        who = said.row["who"]
        assert f"{asked['MSH-9-1']}^{asked['MSH-9-2']}" == said.kind
        assert (asked["MSH-3-1"], asked["MSH-4-1"]) == (who["application"], who["facility"])
        named = {"hl7": [asked["MSH-10"]], "document": [asked["TXA-12-1"]], "patient": [asked["PID-3:INS"]]}
        if said.kind.startswith("ZAM"):
            named["hl7"].append(asked["OBX-4"])
        missing = {f"{kind}:{one}" for kind, found in named.items() for one in found if one not in {"", DELETED}} - set(
            said.keys
        )
        assert missing == set(), said.row
        assert (answered["MSA-1"], answered["MSA-2"]) == (said.row["status"], asked["MSH-10"])
        assert answered["MSH-9-1"] == "ACK" and answered["MSH-9-2"] == asked["MSH-9-2"]
        _as_the_verdict_says(said, answered)


def _as_the_verdict_says(said: Said, answered: Values) -> None:
    """The first ERR is about the first refusing finding, at its place."""
    refusing = [found for found in said.row["verdict"]["findings"] if found["level"] == "refuse"]
    if not refusing:
        assert answered["ERR-4"] in {"", "W", "I"}, said.row
        return
    assert answered["ERR-4"] == "E"
    assert refusing[0]["where"].startswith(answered["ERR-2-1"]), (refusing[0], answered)
    assert answered["ERR-3-1"] in TABLE_0357


def test_every_document_travels_whole(emitted: Emitted, hapi: dict[str, dict[str, str]]) -> None:
    for said, request, _ in _pairs(emitted, hapi):
        if said.kind[:3] in {"MDM", "ORU"}:
            assert b"<ClinicalDocument" in base64.b64decode(request["OBX-5-5"], validate=True)[:400]


def test_receipts_say_yes_and_no(emitted: Emitted, hl7apy: dict[str, dict[str, str]]) -> None:
    told = {(said.kind, values["OBX-5-1"], bool(values["ERR-5-1"])) for said, values, _ in _pairs(emitted, hl7apy)}
    kinds = ("ZAM^Z01", "ZAM^Z02", "ZAM^Z03")
    assert {one for one in told if one[0] in kinds} == {(k, *v) for k in kinds for v in (("Y", False), ("N", True))}


def test_the_record_names_its_error(emitted: Emitted, hapi: dict[str, dict[str, str]]) -> None:
    codes = [a["ERR-5-1"] for said, _, a in _pairs(emitted, hapi) if (said.kind[:3], a["MSA-1"]) == ("MDM", "AE")]
    assert "904" in codes, "the matricule of somebody else"
