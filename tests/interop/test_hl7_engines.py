"""Engines we did not write on either side of the PFI: HAPI, node-hl7-client and -server, hl7apy, python-hl7's sender.

The published radiology report goes as it is and gets the verdict its defects deserve; mended by a script, it ends in
the DMP and in a mailbox, and its receipts in the engine's own listener. Maven, npm and pip fetch the engines outside
the repository.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.hl7 import ward as wards
from tests.interop.hl7.repairs import mended
from tests.interop.hl7.ward import BIOLOGY, INS, RADIOLOGY, VOLET_A, Ward, listening, published, rules
from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench

pytestmark = pytest.mark.interop

SOURCES = Path(__file__).resolve().parent / "hl7"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
JDK = "a JDK 17 or later (Debian package default-jdk-headless)"
HL7APY = "hl7apy==1.3.5"
AS_PUBLISHED = [
    "PFI-INS-DATES",
    "PFI-ID-FORM",
    "PFI-PRT-AUTHORITY",
    "PFI-PRT-AUTHORITY",
    "PFI-PRT-STRUCTURE-ID",
    "PFI-MATRIX",
    "PFI-SECRET-ADULT",
]
"""Of ../shared/samples/README.md: CX-7 on the INS; Organisation-Y in TXA-12.2; ``ASIP-SANTE- PS`` twice; the no-break
spaces behind PRT-8.10; INVISIBLE_REP_LEGAUX with a mail to a professional; a secret connection for an adult."""


_UNKNOWN = "PFI-VERSION-UNKNOWN OBX^1^5^1^5 900"
PUBLISHED = {
    RADIOLOGY.replace("_Base64", ""): ("AE", ("PFI-CDA OBX^1^5^1^5",)),  # its payload is a phrase
    RADIOLOGY: ("AA", ()),
    f"{VOLET_A}/MDM/Remplacement_MDM/message_MDM_CR_Radio_RPLC_N1.er7": ("AA", ()),
    f"{VOLET_A}/MDM/Suppression_MDM/message_MDM_CR_Radio_DEL_N1.er7": ("AA", ()),
    BIOLOGY: ("AA", ()),
    # "The three ORU do not form a chain", and the last one's CDA is of another patient.
    f"{VOLET_A}/ORU/Remplacement_ORU/message_ORU_CR_Bio_RPLC_N3_SEGUR.hl7": ("AE", (_UNKNOWN,)),
    f"{VOLET_A}/ORU/Suppression_ORU/message_ORU_CR_Bio_DEL_N3_SEGUR.hl7": (
        "AE",
        ("PFI-CDA-PATIENT PID^1^3^1^1", _UNKNOWN),
    ),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("hl7")) as running:
        yield running


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """HAPI at the version that pom.xml pins, and the compiled product."""
    javac = rooms.tool("javac", JDK)
    pom = SOURCES / "java" / "pom.xml"
    jars = rooms.cached(f"hl7-java-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}")
    if not (jars / "done").is_file():
        command = [rooms.tool("mvn", "Debian package maven"), "-q", "-B", "-f", str(pom), COPY]
        done = rooms.run([*command, f"-DoutputDirectory={jars}"], jars, 600)
        if done.returncode != 0:
            rooms.missing(f"Maven did not fetch the libraries:\n{done.stdout[-3000:]}")
        (jars / "done").touch()
    classes = tmp_path_factory.mktemp("classes")
    sources = sorted(str(path) for path in (SOURCES / "java" / "product").glob("*.java"))
    options = ["--release", "17", "-encoding", "UTF-8", "-cp", f"{jars}/*", "-d", str(classes)]
    done = rooms.run([javac, *options, *sources], classes)
    assert done.returncode == 0, done.stdout
    return f"{classes}:{jars}/*"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The products written for Node.js, beside the packages that package.json pins."""
    manifest = SOURCES / "node" / "package.json"
    installed = rooms.cached(f"hl7-node-{hashlib.sha256(manifest.read_bytes()).hexdigest()[:12]}")
    if not (installed / "done").is_file():
        shutil.copy(manifest, installed)
        npm = [rooms.tool("npm", "it comes with Node.js, or Debian package npm"), "install", "--ignore-scripts"]
        done = rooms.run([*npm, "--no-package-lock", "--no-audit", "--no-fund"], installed)
        if done.returncode != 0:
            rooms.missing(f"npm did not install the packages:\n{done.stdout}")
        (installed / "done").touch()
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(SOURCES / "node", folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return folder


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python of its own with hl7apy and python-hl7."""
    home = rooms.cached(f"hl7-python-{HL7APY}-{sys.version_info.major}.{sys.version_info.minor}")
    program = home / "bin" / "python"
    if not (home / "done").is_file():
        install = [str(program), "-m", "pip", "-q", "install", HL7APY]
        for command in ([sys.executable, "-m", "venv", str(home)], install):
            done = rooms.run(command, home, 300)
            if done.returncode != 0:
                rooms.missing(f"pip did not install {HL7APY}:\n{done.stdout[-2000:]}")
        done = rooms.run([str(program), "-m", "pip", "-q", "install", "hl7==0.4.5"], home, 300)
        assert done.returncode == 0, done.stdout
        (home / "done").touch()
    return program


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, "utf-8", newline="\n")
    return str(path)


def mailbox(here: Ward) -> str:
    return here.office.box("ORG")


def delivered(here: Ward, control_id: str) -> None:
    """The mended report is in the DMP under its own title and in the mailbox, and every order is done."""
    here.settle()
    (fed,) = here.rows("dmp.TD2.1")
    assert fed["outcome"] == "accepted", fed["verdict"]
    stored = here.bench.call("GET", f"{here.api}/dmp/documents?patient={INS}")["documents"]
    sent = wards.document(published(RADIOLOGY))
    assert [document["size"] for document in stored] == [len(sent)]
    (mail,) = wards.mails(here, mailbox(here))
    assert b"IHE_XDM.ZIP" in mail.upper()
    states = {order["address"]: order["state"] for order in here.orders()}
    assert set(states.values()) == {"ok"}, states


def test_hapi_sends_the_report_as_published(bench: Bench, classpath: str, tmp_path: Path) -> None:
    here = wards.ward(bench, "hapi-as-is")
    host, port = here.at()
    said = wards.put(published(RADIOLOGY), "MSH", 1, 6, "hapi-as-is")
    command = [rooms.tool("java", JDK), "-cp", classpath, "product.Sender", host, str(port), "clear"]
    done = rooms.run([*command, written(tmp_path, "m.er7", said)], tmp_path)
    assert done.stdout.splitlines() == ["ack ACK T02 AA 015"], done.stdout
    (row,) = here.rows("pfi.MDM^T02")
    assert (rules(row, "warn"), rules(row, "refuse")) == (AS_PUBLISHED, [])
    here.settle()
    (fed,) = here.rows("dmp.TD2.1")
    assert rules(fed, "refuse") == ["DMP-LOT-AUTHOR-STRUCTURE"], "PRT-8.10 is not the author's structure in the CDA"
    bench.call("DELETE", here.api)  # a mail domain that nobody made belongs to the first world that meets it


def test_hapi_on_both_sides(bench: Bench, classpath: str, tmp_path: Path) -> None:
    here = wards.ward(bench, "hapi")
    (host, port), own = here.at(), wards.free_port()
    here.settings(pfi_dpi=f"mllp://127.0.0.1:{own}")
    java = rooms.tool("java", JDK)
    with listening([java, "-cp", classpath, "product.Receiver", str(own)], tmp_path) as said:
        file = written(tmp_path, "m.er7", mended(published(RADIOLOGY), "HAPI1", mailbox(here), "hapi"))
        command = [java, "-cp", classpath, "product.Sender", host, str(port), "clear"]
        done = rooms.run([*command, file, file], tmp_path)
        assert done.stdout.splitlines() == ["ack ACK T02 AA HAPI1"] * 2, "the same message twice on one line"
        delivered(here, "HAPI1")
    told = [line.split() for line in said if line.startswith("got")]
    assert sorted((line[1], line[4]) for line in told) == [
        ("ZAM^Z01", "ACK_RECEPTION_DMP"),
        ("ZAM^Z02", "ACK_RECEPTION_MSS"),
    ]
    assert all("PFI" in line[2] and line[5] == "Y" for line in told)


def test_hapi_over_tls(bench: Bench, classpath: str, tmp_path: Path) -> None:
    here = wards.ward(bench, "hapi-tls")
    host, port = here.at("pfi_mllps")
    store = tmp_path / "truststore.p12"
    roots = bench.call("GET", "/endpoints")["trust"]["roots_url"]
    store.write_bytes(rooms.fetched(roots.rpartition("/")[0] + "/kit/truststore.p12"))
    made = bench.call("POST", f"{here.api}/certificates", {"structure": here.office.structure})["files"]
    options = {
        "trustStore": str(store),
        "trustStorePassword": "segur-sandbox",
        "keyStore": made["auth_cli"]["pkcs12"],
        "keyStorePassword": made["password"],
        "keyStoreType": "PKCS12",
    }
    java = [rooms.tool("java", JDK), *(f"-Djavax.net.ssl.{name}={value}" for name, value in options.items())]
    # Nothing in the message names the world: the certificate does.
    file = written(tmp_path, "m.er7", mended(published(RADIOLOGY), "TLS1", mailbox(here)))
    done = rooms.run([*java, "-cp", classpath, "product.Sender", host, str(port), "tls", file], tmp_path)
    assert done.stdout.splitlines() == ["ack ACK T02 AA TLS1"], done.stdout
    delivered(here, "TLS1")


def test_hapi_is_told_why(bench: Bench, classpath: str, tmp_path: Path) -> None:
    here = wards.ward(bench, "hapi-refused")
    host, port = here.at()
    said = mended(published(RADIOLOGY), "BAD1", mailbox(here), "hapi-refused")
    command = [rooms.tool("java", JDK), "-cp", classpath, "product.Sender", host, str(port), "clear"]
    file = written(tmp_path, "m.er7", wards.put(said, "OBX", 1, 11, "C"))
    done = rooms.run([*command, file], tmp_path)
    first, error, *_ = done.stdout.splitlines()
    assert first == "ack ACK T02 AE BAD1"
    assert error.split("|")[2].startswith("OBX^1^11"), error
    assert "trouvé" in error and "PFI-" in error


def test_node_on_both_sides(bench: Bench, node: Path, tmp_path: Path) -> None:
    here = wards.ward(bench, "node")
    (_, port), own = here.at(), wards.free_port()
    here.settings(pfi_dpi=f"mllp://127.0.0.1:{own}")
    program = rooms.tool("node", "Node.js 20 (Debian package nodejs, or npm's package node)")
    with listening([program, "receiver.mjs", str(own)], node) as said:
        file = written(tmp_path, "m.er7", mended(published(RADIOLOGY), "NODE1", mailbox(here), "node"))
        done = rooms.run([program, "sender.mjs", "127.0.0.1", str(port), file], node, 60)
        assert "MSA|AA|NODE1" in done.stdout.splitlines(), done.stdout
        delivered(here, "NODE1")
    assert sorted(line.split()[1] for line in said if line.startswith("got")) == ["ZAM^Z01", "ZAM^Z02"]


def test_python_on_both_sides(bench: Bench, python: Path, tmp_path: Path) -> None:
    """python-hl7's ``mllp_send`` sends; hl7apy takes the receipts, one message a connection."""
    here = wards.ward(bench, "python")
    (host, port), own = here.at(), wards.free_port()
    here.settings(pfi_dpi=f"mllp://127.0.0.1:{own}")
    with listening([str(python), str(SOURCES / "python" / "hl7apy_receiver.py"), str(own)], tmp_path) as said:
        text = mended(published(RADIOLOGY), "PY1", mailbox(here), "python").strip().replace("\n", "\r") + "\r"
        (tmp_path / "m.hl7").write_bytes(b"\x0b" + text.encode() + b"\x1c\r")
        send = str(python.parent / "mllp_send")
        done = rooms.run([send, "-p", str(port), "-f", str(tmp_path / "m.hl7"), host], tmp_path, 60)
        assert "MSA|AA|PY1" in done.stdout.replace("\r", "\n").splitlines(), done.stdout
        delivered(here, "PY1")
    assert sorted(line.split()[1] for line in said if line.startswith("got")) == ["ZAM^Z01", "ZAM^Z02"]


def test_biology_as_published(bench: Bench, classpath: str, tmp_path: Path) -> None:
    here = wards.ward(bench)  # main adopts the addresses that the message names
    host, port = here.at()
    file = written(tmp_path, "m.hl7", published(BIOLOGY))
    command = [rooms.tool("java", JDK), "-cp", classpath, "product.Sender", host, str(port), "clear"]
    done = rooms.run([*command, file], tmp_path)
    assert done.stdout.splitlines() == ["ack ACK R01 AA 015"], done.stdout
    here.settle()
    outcomes = {order["channel"]: order["state"] for order in here.orders()}
    assert outcomes == {"dmp": "ok", "ps": "ok", "patient": "ko"}, "the patient's address is not of the patient"


def test_every_message_for_a_pfi_as_published(bench: Bench, classpath: str, tmp_path: Path) -> None:
    """On one line, in the order of their volets; ../shared/samples/README.md says why each is answered so."""
    here = wards.ward(bench, "all-published")
    (host, port), files = here.at(), []
    for number, name in enumerate(PUBLISHED):
        said = wards.put(published(name), "MSH", 1, 6, "all-published")
        files.append(written(tmp_path, f"{number}.er7", wards.put(said, "MSH", 1, 10, f"P{number}")))
    command = [rooms.tool("java", JDK), "-cp", classpath, "product.Sender", host, str(port), "clear", *files]
    done = rooms.run(command, tmp_path)
    told: list[tuple[str, tuple[str, ...]]] = []
    for line in done.stdout.splitlines():
        if line.startswith("ack "):
            told.append((line.split()[3], ()))
        elif line.split("|")[4] == "E":
            fields = line.split("|")
            told[-1] = (told[-1][0], (*told[-1][1], f"{fields[7].split()[0]} {fields[2]} {fields[5][:3]}".strip()))
    assert told == list(PUBLISHED.values()), done.stdout
    judged = [row for row in here.rows() if row["operation"].startswith(("pfi.MDM", "pfi.ORU"))]
    assert len(judged) == len(PUBLISHED) and all(rules(row, "warn") for row in judged), "none is without a defect"
