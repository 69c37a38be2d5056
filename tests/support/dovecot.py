"""Debian's Dovecot in a folder of its own: the reference our IMAP server is compared with."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER, PASSWORD = "reference", "reference"
START_SECONDS = 15.0

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
info_log_path = {folder}/log
listen = 127.0.0.1
protocols = imap
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = sdbox:{folder}/mail
mail_max_userip_connections = 50
first_valid_uid = 1
first_valid_gid = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def _program() -> str:
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    why = "no Dovecot on this machine (Debian: apt-get install dovecot-imapd)"
    if found is None and os.environ.get("SEGUR_REQUIRE") == "1":
        pytest.fail(why)
    if found is None:
        pytest.skip(why)
    return str(found)


@contextmanager
def running_dovecot(folder: Path, configuration: str = _CONFIGURATION, **more: str) -> Iterator[int]:
    """The IMAP port of a Dovecot that knows :data:`USER`, or of another ``configuration``, whose other values are
    ``more``; it is stopped afterwards."""
    port = _free_port()
    root = os.geteuid() == 0
    names = ("dovecot", "dovenull", "mail") if root else (getpass.getuser(),) * 3
    internal, login, owner = names
    groups = ("dovecot", "mail") if root else (grp.getgrgid(os.getgid()).gr_name,) * 2
    for name in ("run", "state", "home", "mail"):
        (folder / name).mkdir(parents=True)
    values = {"internal": internal, "login": login, "user": owner, "internal_group": groups[0], "group": groups[1]}
    text = configuration.format(folder=folder, port=port, password=PASSWORD, **{**values, **more})
    (folder / "dovecot.conf").write_text(text)
    if root:
        for name in ("home", "mail"):
            shutil.chown(folder / name, owner, groups[1])
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == 0 and str(parent).count("/") > 1:
                parent.chmod(parent.stat().st_mode | 0o055)
    process = subprocess.Popen([_program(), "-F", "-c", str(folder / "dovecot.conf")])
    try:
        _wait(port, process, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"Dovecot did not start:\n{log.read_text() if log.exists() else 'no log'}")
