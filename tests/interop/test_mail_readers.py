"""mbsync, neomutt, getmail, fetchmail and imapclient read a published XDM, bytes identical; neomutt writes one too.

Debian packages: isync, libsasl2-modules-kdexoauth2 (XOAUTH2 for mbsync), neomutt, getmail6, fetchmail.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.mail.office import GENERALIST, HELO, SPECIALIST, Office, archive, letter, office, run, same_archive
from tests.interop.psc import room as rooms

pytestmark = pytest.mark.interop

PLUGIN = "the SASL plugin of XOAUTH2 (Debian package libsasl2-modules-kdexoauth2)"
BOTH = pytest.mark.parametrize("listener", ["imap", "imaps"])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with rooms.bench(tmp_path_factory.mktemp("mail-readers")) as running:
        yield office(running)


@pytest.fixture
def waiting(here: Office) -> bytes:
    """A mail in INBOX of the generalist, as it was sent."""
    to = here.box("PER", GENERALIST)
    raw = letter(here.box("APP"), to)
    here.post(to, raw)
    return raw


def _unix(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _script(folder: Path, name: str, text: str) -> Path:
    """A configuration file; some programs refuse one that others may read."""
    path = folder / name
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def _mails(maildir: Path) -> list[bytes]:
    """In the order in which they came."""
    found = [path for part in ("new", "cur") for path in (maildir / part).iterdir()]
    return [path.read_bytes() for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


# --- mbsync

MBSYNC = """
IMAPStore far
Host {host}
Port {port}
User {user}
{how}
CertificateFile {roots}

MaildirStore near
Path {folder}/near/
Inbox {folder}/near/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
"""


def _mbsync(here: Office, folder: Path, user: str, how: str, listener: str, limit: float = 60.0) -> bytes:
    mbsync = rooms.tool("mbsync", "Debian package isync")
    host, port = here.at(listener)
    (folder / "near").mkdir()
    kind = "IMAPS" if listener == "imaps" else "STARTTLS"
    text = MBSYNC.format(host=host, port=port, user=user, how=f"SSLType {kind}\n{how}", roots=here.roots, folder=folder)
    return run(
        [mbsync, "-c", str(_script(folder, "mbsyncrc", text)), "-a"], limit=limit, environment={"HOME": str(folder)}
    )


def _by_plugin(folder: Path, token: str) -> str:
    """By a command: a line of its configuration holds 1,023 octets, too few for a token."""
    if not list(Path("/usr/lib").glob("*/sasl2/lib*xoauth2.so*")):
        rooms.missing(PLUGIN)
    (folder / "token").write_text(token)
    return f'AuthMechs XOAUTH2\nPassCmd "cat {folder}/token"'


@BOTH
def test_mbsync_with_a_token(here: Office, waiting: bytes, tmp_path: Path, listener: str) -> None:
    user = here.box("PER", GENERALIST)
    _mbsync(here, tmp_path, user, _by_plugin(tmp_path, here.token(GENERALIST)), listener)
    marked = _mails(tmp_path / "near" / "INBOX")
    pulled = [re.sub(rb"X-TUID: \S+\n", b"", mail) for mail in marked]
    assert len(pulled) == len(here.stored(user))
    assert any(mail.endswith(_unix(waiting)) and same_archive(mail) for mail in pulled)


def test_mbsync_by_certificate(here: Office, tmp_path: Path) -> None:
    own, (certificate, key) = here.box("APP"), here.room.certificate
    raw = letter(own, own)
    here.post(own, raw)
    how = f"AuthMechs EXTERNAL\nClientCertificate {certificate}\nClientKey {key}"
    _mbsync(here, tmp_path, own, how, "imaps")
    pulled = [re.sub(rb"X-TUID: \S+\n", b"", mail) for mail in _mails(tmp_path / "near" / "INBOX")]
    assert any(mail.endswith(_unix(raw)) and same_archive(mail) for mail in pulled)


def test_mbsync_never_learns_why_it_is_refused(here: Office, tmp_path: Path) -> None:
    """It takes the challenge of a refusal for a protocol error, says so, and waits for ever."""
    login = _by_plugin(tmp_path, here.token())
    with pytest.raises(subprocess.TimeoutExpired) as hung:
        _mbsync(here, tmp_path, here.box("PER", GENERALIST), login, "imaps", limit=3.0)
    assert b"IMAP wants more steps despite successful SASL authentication" in (hung.value.stderr or b"")
    assert here.refused("AUTH") == "MSS-AUTH-RIGHTS"


# --- getmail and fetchmail

GETMAIL = """
[retriever]
type = SimpleIMAPSSLRetriever
server = {host}
port = {port}
username = {user}
password_command = ("cat", "{folder}/token")
use_xoauth2 = True
ca_certs = {roots}
mailboxes = ("INBOX",)
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >> {folder}/got.mbox")
allow_root_commands = True
[options]
delivered_to = false
received = false
"""


def _getmail(here: Office, folder: Path, person: str, code: int = 0) -> bytes:
    getmail = rooms.tool("getmail", "Debian package getmail6")
    host, port = here.at("imaps")
    (folder / "token").write_text(here.token(person))
    known = {"user": here.box("PER", GENERALIST), "roots": here.roots, "folder": folder}
    rc = _script(folder, "getmailrc", GETMAIL.format(host=host, port=port, **known))
    return run([getmail, f"--getmaildir={folder}", f"--rcfile={rc}"], code=code)


def test_getmail_with_a_token(here: Office, waiting: bytes, tmp_path: Path) -> None:
    _getmail(here, tmp_path, GENERALIST)
    got = (tmp_path / "got.mbox").read_bytes()
    assert got.count(b"Return-Path:") == len(here.stored(here.box("PER", GENERALIST)))
    body = _unix(waiting).partition(b"\n\n")[2]  # getmail writes the header anew
    assert got.rstrip(b"\n").endswith(body.rstrip(b"\n"))
    assert same_archive(got[got.rindex(b"Return-Path:") :])


def test_getmail_is_refused(here: Office, tmp_path: Path) -> None:
    assert b"MSS-AUTH-RIGHTS" in _getmail(here, tmp_path, SPECIALIST, code=127)


def _fetchmail(here: Office, folder: Path, user: str, code: int = 0) -> bytes:
    fetchmail = rooms.tool("fetchmail", "Debian package fetchmail")
    host, port = here.at("imaps")
    certificate, key = here.room.certificate
    text = (
        f'poll {host} service {port} protocol imap auth external user "{user}" password "none" ssl '
        f'sslcertck sslcertfile "{here.roots}" sslcert "{certificate}" sslkey "{key}" '
        f'keep fetchall no rewrite mda "cat >> {folder}/got.mbox"\n'
    )
    rc = _script(folder, "fetchmailrc", text)
    words = ["-f", str(rc), "--nosyslog", "-N", "--invisible", "--pidfile", str(folder / "pid")]
    return run([fetchmail, *words], code=code, environment={"FETCHMAILHOME": str(folder), "FETCHMAILUSER": "product"})


def test_fetchmail_by_certificate(here: Office, tmp_path: Path) -> None:
    own = here.box("APP")
    raw = letter(own, own)
    here.post(own, raw)
    _fetchmail(here, tmp_path, own)
    got = (tmp_path / "got.mbox").read_bytes()
    assert _unix(raw) in got
    assert same_archive(got[got.rindex(b"Return-Path:") :])


def test_fetchmail_is_refused(here: Office, tmp_path: Path) -> None:
    said = _fetchmail(here, tmp_path, here.box("ORG"), code=3)
    assert b"MSS-AUTH-NOT-CERTIFICATE" in said or here.refused("AUTH") == "MSS-AUTH-NOT-CERTIFICATE"


# --- neomutt

NEOMUTT = """
set ssl_ca_certificates_file="{roots}" ssl_force_tls=yes ssl_starttls=yes
set imap_authenticators="xoauth2" imap_oauth_refresh_command="cat {folder}/token"
set smtp_authenticators="xoauth2" smtp_oauth_refresh_command="cat {folder}/token"
set smtp_url="{scheme}://{user}@{host}:{port}/" from="{user}" realname="Dr Éric THOMAS" hostname="{helo}"
set folder="{folder}" sort=mailbox-order copy=no record=""
set confirmappend=no confirmcreate=no quit=yes sleep_time=0 wait_key=no
set charset=utf-8 send_charset=utf-8 beep=no mbox_type=mbox dsn_notify="success"
"""


def _neomutt(here: Office, folder: Path, person: str, listener: str) -> list[str]:
    neomutt = rooms.tool("neomutt", "Debian package neomutt")
    host, port = here.at(listener)
    (folder / "token").write_text(here.token(person))
    scheme = "smtps" if listener == "submissions" else "smtp"
    known = {"user": here.box("PER", person), "host": host, "port": port, "scheme": scheme, "helo": HELO}
    rc = _script(folder, "neomuttrc", NEOMUTT.format(roots=here.roots, folder=folder, **known))
    return [neomutt, "-n", "-F", str(rc)]


@pytest.mark.parametrize("listener", ["submission", "submissions"])
def test_neomutt_writes(here: Office, tmp_path: Path, listener: str) -> None:
    command = _neomutt(here, tmp_path, SPECIALIST, listener)
    (tmp_path / "IHE_XDM.ZIP").write_bytes(archive())
    to = here.box("PER", GENERALIST)
    attached = ["-a", str(tmp_path / "IHE_XDM.ZIP"), "--", to]
    subject = ["-s", "XDM/1.0/DDM+Échographie CORSE FIGATELLIX 12/10/1988"]
    environment = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    run([*command, *subject, *attached], stdin="Bonjour à tous\n.\n".encode(), environment=environment)
    assert same_archive(here.stored(to)[-1])
    assert b"Action: delivered\r\n" in here.stored(here.box("PER", SPECIALIST))[-1]


@BOTH
def test_neomutt_reads(here: Office, waiting: bytes, tmp_path: Path, listener: str) -> None:
    """By its keys, in a terminal of its own: it copies the last message into a file."""
    command = _neomutt(here, tmp_path, GENERALIST, "submissions")
    host, port = here.at(listener)
    box = f"{listener}://{here.box('PER', GENERALIST)}@{host}:{port}/INBOX"
    keys = f"<last-entry><copy-message><kill-line>{tmp_path}/copy<enter><quit>"
    with (tmp_path / "neomuttrc").open("a") as rc:
        rc.write(f"folder-hook . 'push \"{keys}\"'\n")
    _in_a_terminal([*command, "-f", box], tmp_path)
    copied = (tmp_path / "copy").read_bytes()
    body = _unix(waiting).partition(b"\n\n")[2]  # it adds fields to the header
    assert copied.rstrip(b"\n").endswith(body.rstrip(b"\n"))
    assert same_archive(copied.partition(b"\n")[2])


def _in_a_terminal(command: list[str], folder: Path) -> None:
    """Reads what is drawn, without which the program would wait."""
    ours, its = pty.openpty()
    environment = {**os.environ, "HOME": str(folder), "TERM": "vt100", "LC_ALL": "C.UTF-8"}
    drawn, end = b"", time.monotonic() + 20
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment) as process:
        while process.poll() is None and time.monotonic() < end:
            if select.select([ours], [], [], 0.1)[0]:
                drawn += os.read(ours, 65_536)
        process.kill()
    os.close(its)
    os.close(ours)
    assert process.returncode == 0, drawn[-3000:]


# --- imapclient


@BOTH
@pytest.mark.parametrize("mechanism", ["oauth2_login", "oauthbearer_login", "EXTERNAL"])
def test_imapclient(here: Office, waiting: bytes, listener: str, mechanism: str) -> None:
    imapclient = pytest.importorskip("imapclient", reason="imapclient is not installed (PyPI)")
    host, port = here.at(listener)
    secure = listener == "imaps"
    client = imapclient.IMAPClient(host, port, ssl=secure, ssl_context=here.context() if secure else None)
    if not secure:
        client.starttls(here.context())
    raw, address = waiting, here.box("PER", GENERALIST)
    if mechanism == "EXTERNAL":
        address = here.box("APP")
        raw = letter(address, address)
        here.post(address, raw)
        client.sasl_login("EXTERNAL", lambda _: address.encode())
    else:
        getattr(client, mechanism)(address, here.token(GENERALIST))
    assert client.select_folder("INBOX")[b"EXISTS"] == len(here.stored(address))
    last = client.search("ALL")[-1]
    fetched = client.fetch([last], ["BODY.PEEK[]", "ENVELOPE", "BODYSTRUCTURE", "RFC822.SIZE"])[last]
    assert fetched[b"BODY[]"].endswith(raw)
    assert same_archive(fetched[b"BODY[]"])
    assert fetched[b"RFC822.SIZE"] == len(fetched[b"BODY[]"])
    assert fetched[b"BODYSTRUCTURE"].is_multipart
    kept = client.append("Sent", raw, ["\\Seen", "$MDNSent"])
    assert b"APPENDUID" in kept
    client.logout()


def test_imapclient_is_refused(here: Office) -> None:
    imapclient = pytest.importorskip("imapclient", reason="imapclient is not installed (PyPI)")
    host, port = here.at("imaps")
    client = imapclient.IMAPClient(host, port, ssl=True, ssl_context=here.context())
    with pytest.raises(imapclient.exceptions.LoginError, match="MSS-AUTH-RIGHTS"):
        client.oauth2_login(here.box("PER", GENERALIST), here.token())
    with pytest.raises(imapclient.exceptions.LoginError, match="MSS-AUTH-NOT-CERTIFICATE"):
        client.sasl_login("EXTERNAL", lambda _: here.box("ORG").encode())
