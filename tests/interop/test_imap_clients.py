"""Mail clients we did not write read and fill a mailbox: mbsync, curl, imapflow. Bytes must come back as they were."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.core.store import open_store
from simulators.mssante import folders, messages
from tests.interop.psc.room import cached, missing, run, tool
from tests.support.awkward_mails import mails
from tests.support.imap_room import ADDRESS, Room, imap_room

pytestmark = pytest.mark.interop

NODE = Path(__file__).parent / "mail" / "node"
# Left out: bare line feeds, which a Maildir cannot keep apart, and a header without end, which mbsync passes over.
MAILS = {
    name: mail
    for name, mail in mails().items()
    if not name.startswith("lf-") and name not in ("all-octets", "no-empty-line")
}
BIG = mails()["xdm"] + b"0123456789abcde\r\n" * (25_000_000 // 17)


@pytest.fixture
def room() -> Iterator[Room]:
    store = open_store(None)
    try:
        with imap_room(store) as opened:
            yield opened
    finally:
        store.close()


def stored(room: Room, folder: str) -> list[bytes]:
    with room.store.read(room.world) as tx:
        number = folders.get(tx, ADDRESS, folder).folder
        return [messages.content(tx, message) for message in messages.listing(tx, number)]


# --- mbsync

MBSYNC = """
IMAPStore far
Host 127.0.0.1
Port {port}
User {user}
Pass secret
SSLType None
AuthMechs LOGIN

MaildirStore near
Path {folder}/near/
Inbox {folder}/near/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Sent
Create Both
Expunge Both
SyncState *
"""


def test_mbsync_pulls_everything_and_pushes_back(room: Room, tmp_path: Path) -> None:
    mbsync = tool("mbsync", "Debian package isync")
    room.deliver(*MAILS.values())
    (tmp_path / "near").mkdir()
    configuration = tmp_path / "mbsyncrc"
    configuration.write_text(MBSYNC.format(port=room.port, user=ADDRESS, folder=tmp_path))
    done = run([mbsync, "-c", str(configuration), "-a"], tmp_path)
    assert done.returncode == 0, done.stdout
    pulled = [
        path.read_bytes() for path in (tmp_path / "near" / "INBOX").rglob("*") if path.is_file() and "U=" in path.name
    ]
    plain = [re.sub(rb"X-TUID: \S+\n", b"", mail) for mail in pulled]
    assert sorted(plain) == sorted(mail.replace(b"\r\n", b"\n") for mail in MAILS.values())

    (tmp_path / "near" / "Sent" / "new" / "1.local").write_bytes(b"Subject: envoi\n\ncorps\n")
    gone = next((tmp_path / "near" / "INBOX" / "new").iterdir())
    gone.rename(gone.parents[1] / "cur" / f"{gone.name}:2,T")
    done = run([mbsync, "-c", str(configuration), "-a"], tmp_path)
    assert done.returncode == 0, done.stdout
    (sent,) = stored(room, "Sent")
    assert re.sub(rb"X-TUID: \S+\r\n", b"", sent) == b"Subject: envoi\r\n\r\ncorps\r\n"
    assert len(stored(room, "INBOX")) == len(MAILS) - 1


# --- curl


def curl(room: Room, *arguments: str, path: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [tool("curl", "Debian package curl"), "-sS", "--max-time", "30", f"imap://127.0.0.1:{room.port}/{path}"]
    return subprocess.run([*command, *arguments], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("access", [("-u", f"{ADDRESS}:secret"), ("-u", f"{ADDRESS}:", "--oauth2-bearer", "good")])
@pytest.mark.parametrize("initial", [(), ("--sasl-ir",)])
def test_curl_reads_by_password_and_by_token(room: Room, access: tuple[str, ...], initial: tuple[str, ...]) -> None:
    mail = MAILS["xdm"]
    room.deliver(mail)
    assert curl(room, *access, *initial, path="INBOX;UID=1").stdout == mail
    assert curl(room, *access, *initial, path="INBOX;UID=1/;SECTION=TEXT").stdout == mail.partition(b"\r\n\r\n")[2]
    assert b"* SEARCH 1" in curl(room, *access, path="INBOX?SUBJECT%20XDM").stdout


def test_curl_stores_25_mb(room: Room, tmp_path: Path) -> None:
    (tmp_path / "big.eml").write_bytes(BIG)
    done = curl(room, "-u", f"{ADDRESS}:secret", "-T", str(tmp_path / "big.eml"), path="Sent")
    assert done.returncode == 0, done.stderr
    assert stored(room, "Sent") == [BIG]
    assert curl(room, "-u", f"{ADDRESS}:secret", path="Sent;UID=1").stdout == BIG


def test_curl_is_refused(room: Room) -> None:
    done = curl(room, "-u", f"{ADDRESS}:", "--oauth2-bearer", "foreign", path="INBOX;UID=1")
    assert done.returncode == 67, done.stderr
    assert done.stdout == b""


# --- imapflow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside its package, at the version that package.json pins."""
    pinned = hashlib.sha256((NODE / "package.json").read_bytes()).hexdigest()[:12]
    installed = cached(f"node-{pinned}")
    if not (installed / "done").is_file():
        shutil.copy(NODE / "package.json", installed)
        npm = [tool("npm", "it comes with Node.js"), "install", "--ignore-scripts", "--no-package-lock"]
        done = run([*npm, "--no-audit", "--no-fund"], installed)
        if done.returncode != 0:
            missing(f"npm did not install the packages:\n{done.stdout}")
        (installed / "done").touch()
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(NODE, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return folder


def test_imapflow_reads_flags_moves_and_idles(room: Room, project: Path) -> None:
    mail = MAILS["xdm"]
    room.deliver(mail)
    command = [tool("node", "Debian package nodejs"), "imapflow.mjs", str(room.port), ADDRESS]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        learnt: dict[str, object] = {}
        printed = []
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line)
            if line.startswith("["):
                name, value = json.loads(line)
                learnt[name] = value
                if name == "idling":
                    room.deliver(mail)
        assert process.wait(30) == 0, "".join(printed)
    part = b64decode(mail.split(b"\r\n\r\n")[-1].partition(b"------=")[0])
    assert learnt == {
        "capabilities": True,
        "folders": learnt["folders"],
        "subject": "XDM/1.0/DDM+CR-BIO",
        "disposition": [["text/plain", None, None], ["application/zip", "attachment", "IHE_XDM.ZIP"]],
        "source": hashlib.sha256(mail).hexdigest(),
        "part": hashlib.sha256(part).hexdigest(),
        "flagged": True,
        "search": [1],
        "appended": 1,
        "moved": "Trash",
        "idling": True,
        "arrived": 1,
    }
    assert ["Sent", "\\Sent"] in learnt["folders"]  # type: ignore[operator]
    assert stored(room, "Trash") == [mail]
