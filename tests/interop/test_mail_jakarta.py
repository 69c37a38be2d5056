"""A Java product on Jakarta Mail sends and reads a published XDM: XOAUTH2, EXTERNAL with a certificate, reports, IDLE.

Maven fetches the libraries (``mail/java/pom.xml``) outside the repository; Java trusts the sandbox by the trust store
of its own kit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.mail.office import Office, facts, office
from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench

pytestmark = pytest.mark.interop

SOURCES = Path(__file__).resolve().parent / "mail" / "java"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
JDK = "a JDK 17 or later (Debian package default-jdk-headless)"
STORE_PASSWORD = "segur-sandbox"
STEPS = [
    "token over STARTTLS",
    "certificate over STARTTLS",
    "refusals over STARTTLS",
    "token over TLS",
    "certificate over TLS",
    "refusals over TLS",
    "delivery report",
    "copy, keywords, move",
    "idle",
    "unknown recipient",
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("mail-java")) as running:
        yield running


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The libraries at the versions that pom.xml pins, and the compiled product."""
    javac = rooms.tool("javac", JDK)
    pinned = hashlib.sha256((SOURCES / "pom.xml").read_bytes()).hexdigest()[:12]
    jars = rooms.cached(f"mail-java-{pinned}")
    if not (jars / "done").is_file():
        command = [rooms.tool("mvn", "Debian package maven"), "-q", "-B", "-f", str(SOURCES / "pom.xml"), COPY]
        done = rooms.run([*command, f"-DoutputDirectory={jars}"], jars, 600)
        if done.returncode != 0:
            rooms.missing(f"Maven did not fetch the libraries:\n{done.stdout[-3000:]}")
        (jars / "done").touch()
    classes = tmp_path_factory.mktemp("classes")
    sources = sorted(str(path) for path in (SOURCES / "product").glob("*.java"))
    options = ["--release", "17", "-encoding", "UTF-8", "-cp", f"{jars}/*", "-d", str(classes)]
    done = rooms.run([javac, *options, *sources], classes)
    assert done.returncode == 0, done.stdout
    return f"{classes}:{jars}/*"


def properties(here: Office, folder: Path) -> Path:
    """The file the product reads."""
    made = here.room.bench.call("POST", f"{here.api}/certificates", {"structure": here.structure})["files"]
    known = {**facts(here, folder), "pkcs12": made["auth_cli"]["pkcs12"], "password": made["password"]}
    written = folder / "facts.properties"
    written.write_text("".join(f"{name}={value}\n" for name, value in known.items()), "utf-8")
    return written


@pytest.mark.parametrize(("world", "later"), [("main", False), ("java-here", False), ("java-later", True)])
def test_a_product_on_jakarta_mail(bench: Bench, classpath: str, tmp_path: Path, world: str, later: bool) -> None:
    here = office(bench, world, later=later)
    store = tmp_path / "truststore.p12"
    roots = bench.call("GET", "/endpoints")["trust"]["roots_url"]
    store.write_bytes(rooms.fetched(roots.rpartition("/")[0] + "/kit/truststore.p12"))
    trust = [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}"]
    command = [rooms.tool("java", JDK), *trust, "-cp", classpath, "product.MailProduct"]
    done = rooms.run([*command, str(properties(here, tmp_path))], tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
    assert [line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")] == STEPS, done.stdout
