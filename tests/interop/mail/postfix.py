"""Debian's Postfix in a folder of its own: another operator, which asks for a certificate and shows its own."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.interop.mail.office import run
from tests.interop.psc import room as rooms

DOMAIN = "autre-operateur.formation.mssante.fr"
DOCTOR, LATER, NOBODY = f"dr.essai@{DOMAIN}", f"plus-tard@{DOMAIN}", f"personne@{DOMAIN}"
OWNER = 65534  # nobody: Postfix refuses to deliver as root
_PAUSE_S = 0.1

_MASTER = """
{mutual} inet n - n - - smtpd
{stranger} inet n - n - - smtpd
  -o smtpd_tls_cert_file={tls}/stranger-certificate.pem
  -o smtpd_tls_key_file={tls}/stranger-key.pem
{local} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
  -o smtpd_tls_ask_ccert=no
  -o smtpd_tls_req_ccert=no
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
anonymous unix - - n - - smtp
  -o smtp_tls_cert_file=
  -o smtp_tls_key_file=
clear unix - - n - - smtp
  -o smtp_tls_security_level=none
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


_PORTS = {"mutual": "port", "stranger": "stranger", "local": "local"}


@dataclass(frozen=True)
class Postfix:
    """A Postfix with its folder; ``port`` is the one for operators, ``stranger`` the same with a certificate nobody
    vouches for, ``local`` takes mail from its own users."""

    folder: Path
    port: int
    stranger: int
    local: int

    @property
    def log(self) -> str:
        """What it says of itself."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the end of the block. It is stopped by its process group: ``postfix stop`` may wait for ever where the
        log is a file (postlogd)."""
        command = [_program("postfix"), "-c", str(self.folder / "conf"), "start-fg"]
        master = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            self.until(lambda: _answers(self.port), "Postfix")
            yield
        finally:
            self._stop()
            master.kill()
            master.wait()

    def _stop(self) -> None:
        """Its master leads a process group of its own; its daemons would go on accepting for a while."""
        path = self.folder / "queue" / "pid" / "master.pid"
        if path.is_file():
            with suppress(ProcessLookupError):
                os.killpg(int(path.read_text()), signal.SIGKILL)
        self.until(lambda: not _answers(self.port), "the end of Postfix")

    def send(self, to: str, message: bytes, *, notify: str = "", sender: str = DOCTOR) -> None:
        """A mail of one of its users."""
        asked = [f"NOTIFY={notify}"] if notify else []
        with smtplib.SMTP("127.0.0.1", self.local, timeout=10) as client:
            client.sendmail(sender, [to], message, rcpt_options=asked)

    def received(self, number: int, to: str = DOCTOR) -> list[bytes]:
        """The mails of a user once there are ``number`` of them, oldest first; with LF, as a Maildir keeps them."""
        box = self.folder / "mail" / to / "new"

        def there() -> list[Path]:
            return sorted(box.iterdir(), key=lambda path: path.stat().st_mtime_ns) if box.is_dir() else []

        self.until(lambda: len(there()) >= number, f"{number} mails for {to}")
        return [path.read_bytes() for path in there()]

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        """Waits until ``holds()``. Raises AssertionError with the log."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what} awaited:\n{self.log[-4000:]}"
            time.sleep(_PAUSE_S)


@contextmanager
def installed(
    server: Mapping[str, str], client: Mapping[str, str], roots: str, routes: Mapping[str, str]
) -> Iterator[Postfix]:
    """A Postfix not started yet. ``server`` and ``client``: its certificate and key files in each part; ``routes``: its
    transport table, where ``anonymous`` shows no certificate and ``clear`` no TLS. Postfix starts as root only."""
    _program("postfix")
    if os.geteuid() != 0:
        rooms.missing("Postfix starts as root only")
    with tempfile.TemporaryDirectory(prefix="segur-postfix-") as name:
        made = Postfix(Path(name), _free_port(), _free_port(), _free_port())
        _write(made, server, client, roots, routes)
        yield made


def _write(
    made: Postfix,
    server: Mapping[str, str],
    client: Mapping[str, str],
    roots: str,
    routes: Mapping[str, str],
) -> None:
    folder = made.folder
    folder.chmod(0o755)
    for part in ("conf", "queue", "data", "mail", "tls"):
        (folder / part).mkdir()
    shutil.chown(folder / "data", "postfix")
    os.chown(folder / "mail", OWNER, OWNER)
    files = {"server": server, "client": client}
    for side, pair in files.items():
        for kind in ("certificate", "key"):
            (folder / "tls" / f"{side}-{kind}.pem").write_bytes(Path(pair[kind]).read_bytes())
    shutil.copy(roots, folder / "tls" / "roots.pem")
    _self_signed(folder / "tls" / "stranger-certificate.pem", folder / "tls" / "stranger-key.pem")
    ports = {name: f"127.0.0.1:{getattr(made, port)}" for name, port in _PORTS.items()}
    (folder / "conf" / "master.cf").write_text(_MASTER.format(**ports, tls=folder / "tls"))
    settings = {**_settings(folder), "transport_maps": _inline(routes.items())}
    (folder / "conf" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))


def _settings(folder: Path) -> dict[str, str]:
    tls = folder / "tls"
    sides = {
        f"{side}_tls_{name}": str(tls / file)
        for side, who in (("smtpd", "server"), ("smtp", "client"))
        for name, file in (
            ("cert_file", f"{who}-certificate.pem"),
            ("key_file", f"{who}-key.pem"),
            ("CAfile", "roots.pem"),
        )
    }
    return {
        "compatibility_level": "3.6",
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "command_directory": "/usr/sbin",
        "daemon_directory": "/usr/lib/postfix/sbin",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "maillog_file": str(folder / "log"),
        "maillog_file_prefixes": str(folder),
        "myhostname": f"mx.{DOMAIN}",
        "mydestination": "",
        "inet_interfaces": "127.0.0.1",
        "mynetworks": "127.0.0.0/8",
        "inet_protocols": "ipv4",
        "smtp_host_lookup": "native",
        "alias_maps": "",
        "alias_database": "",
        "biff": "no",
        "virtual_mailbox_domains": DOMAIN,
        "virtual_mailbox_base": str(folder / "mail"),
        "virtual_mailbox_maps": _inline((user, f"{user}/") for user in (DOCTOR, LATER)),
        "virtual_uid_maps": f"static:{OWNER}",
        "virtual_gid_maps": f"static:{OWNER}",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_recipient_restrictions": f"check_recipient_access {_inline([(LATER, '450 4.7.1 come back later')])}",
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_req_ccert": "yes",
        "smtpd_tls_received_header": "yes",
        "smtpd_tls_loglevel": "1",
        "smtp_tls_security_level": "secure",
        "smtp_tls_secure_cert_match": "hostname",
        "smtp_tls_loglevel": "1",
        **sides,
    }


def _inline(pairs: Iterable[tuple[str, str]]) -> str:
    entries = " ".join(f"{{{name} = {value}}}" for name, value in pairs)
    return f"inline:{{ {entries} }}" if entries else ""


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        rooms.missing(f"no {name} on this machine (Debian package postfix)")
    return str(found)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _self_signed(certificate: Path, key: Path) -> None:
    """A certificate that nobody vouches for, by OpenSSL."""
    openssl = rooms.tool("openssl", "Debian package openssl")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
            *names,
        ]
    )
