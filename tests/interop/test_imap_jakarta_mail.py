"""Jakarta Mail, which most products in Java stand on: it must see in our server what it sees in Dovecot.

Maven fetches the library (``mail/java/pom.xml``) outside the repository.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from simulators.core.store import open_store
from tests.interop.psc.room import cached, missing, run, tool
from tests.support.awkward_mails import mails
from tests.support.dovecot import PASSWORD, USER, running_dovecot
from tests.support.imap_raw import RawImap
from tests.support.imap_room import ADDRESS, imap_room

pytestmark = pytest.mark.interop

SOURCES = Path(__file__).parent / "mail" / "java"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
JDK = "a JDK 17 or later (Debian package default-jdk-headless)"
# Where the octets themselves differ, see EXPLAINED in test_imap_dovecot.py.
LEFT_OUT = ("lf-", "same-boundary", "inner-closes-close", "outer-closes-message", "message-empty", "message-base64")
MAILS = {name: mail for name, mail in mails().items() if not name.startswith(LEFT_OUT)}


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library at the version that pom.xml pins, and the compiled product."""
    javac = tool("javac", JDK)
    pinned = hashlib.sha256((SOURCES / "pom.xml").read_bytes()).hexdigest()[:12]
    jars = cached(f"java-{pinned}")
    if not (jars / "done").is_file():
        command = [tool("mvn", "Debian package maven"), "-q", "-B", "-f", str(SOURCES / "pom.xml"), COPY]
        done = run([*command, f"-DoutputDirectory={jars}"], jars, 600)
        if done.returncode != 0:
            missing(f"Maven did not fetch the library:\n{done.stdout[-3000:]}")
        (jars / "done").touch()
    classes = tmp_path_factory.mktemp("classes")
    options = ["--release", "17", "-encoding", "UTF-8", "-cp", f"{jars}/*", "-d", str(classes)]
    done = run([javac, *options, str(SOURCES / "Reading.java")], classes)
    assert done.returncode == 0, done.stdout
    return f"{classes}:{jars}/*"


def read(classpath: str, folder: Path, port: int, *account: str) -> list[str]:
    done = run([tool("java", JDK), "-cp", classpath, "Reading", str(port), *account], folder)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout.splitlines()


def test_it_sees_what_it_sees_in_dovecot(classpath: str, tmp_path: Path) -> None:
    store = open_store(None)
    try:
        with running_dovecot(tmp_path / "dovecot") as port, imap_room(store) as room:
            reference = RawImap(port)
            assert reference.command(f"LOGIN {USER} {PASSWORD}".encode()).ok
            for mail in MAILS.values():
                assert reference.append(b"INBOX", mail).ok
            reference.close()
            room.deliver(*MAILS.values())
            theirs = read(classpath, tmp_path, port, USER, PASSWORD, "PLAIN")
            ours = read(classpath, tmp_path, room.port, ADDRESS, "secret", "PLAIN")
    finally:
        store.close()
    assert len(ours) > 6 * len(MAILS)
    assert ours == theirs


def test_by_token(classpath: str, tmp_path: Path) -> None:
    store = open_store(None)
    try:
        with imap_room(store) as room:
            room.deliver(MAILS["xdm"], MAILS["plain"])
            said = read(classpath, tmp_path, room.port, ADDRESS, "good", "XOAUTH2")
            assert room.door.seen[0][0] == "XOAUTH2"
    finally:
        store.close()
    assert "1 subject XDM/1.0/DDM+CR-BIO" in said and "    disposition attachment IHE_XDM.ZIP" in said
    assert said[-5:] == [
        "keyword [$MDNSent]",
        "search 1",
        "create true",
        "sent 3",
        "left 2",
    ]  # it counts the moved one until it expunges
