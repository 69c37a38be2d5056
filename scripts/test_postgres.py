"""A throw-away PostgreSQL server for the tests: ``test_postgres.py start|stop DIR``.

``start`` prints the URL to put into ``SEGUR_TEST_POSTGRESQL``; ``stop`` ends the server and deletes its
data. The server survives kill -9 of its clients and of itself, not a power loss (``fsync`` off): it is
for tests only. PostgreSQL refuses to run as root: then the account ``postgres`` is used, which must be
able to reach DIR.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ACCOUNT = "postgres"
SOCKET_PATH_LIMIT = 90  # a unix socket's path holds about 107 bytes, the file name included
ATTEMPTS = 3
CONFIGURATION = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
max_connections = 100
shared_buffers = 64MB
"""


class ServerProblem(Exception):
    """The server cannot be made or started; the message says why."""


def binary(name: str) -> str:
    """The newest installed one. Raises :class:`ServerProblem`."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0)
    )
    place = str(found[-1]) if found else shutil.which(name)
    if place is None:
        raise ServerProblem(f"{name} not found: install PostgreSQL 15 or newer (Debian: apt-get install postgresql)")
    return place


def run(folder: Path, *command: str) -> None:
    """Runs a PostgreSQL tool as an account it accepts. Raises :class:`ServerProblem`."""
    report = folder / "tool.log"
    account = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if _root() else {}
    with report.open("wb") as output:
        # To a file: a server started by pg_ctl keeps an inherited pipe open for ever.
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=output, **account)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise ServerProblem(f"{Path(command[0]).name} failed:\n{report.read_text(errors='replace')}")


def start(folder: Path) -> str:
    """The URL of a fresh server in ``folder``, or of the one already running there."""
    kept = folder / "url"
    if kept.exists() and _running(folder):
        return kept.read_text()
    stop(folder)  # what a machine that was switched off left behind
    folder.mkdir(parents=True, exist_ok=True)
    if _root():
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    folder.chmod(0o700)
    password = _make_cluster(folder)
    for attempt in range(1, ATTEMPTS + 1):
        port = _free_port()
        try:
            run(folder, binary("pg_ctl"), "start", "-w", "-D", "data", "-l", "server.log", "-o", f"-p {port}")
            break
        except ServerProblem:  # another program may have taken the port meanwhile
            if attempt == ATTEMPTS:
                raise
    url = f"postgresql://{ACCOUNT}:{password}@127.0.0.1:{port}/postgres"
    kept.write_text(url)
    return url


def stop(folder: Path) -> None:
    """Ends the server of ``folder`` and deletes its data; nothing to do is no error."""
    if _running(folder):
        run(folder, binary("pg_ctl"), "stop", "-w", "-m", "immediate", "-D", "data")
    shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / "url").unlink(missing_ok=True)


def _make_cluster(folder: Path) -> str:
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    if _root():
        shutil.chown(secret, ACCOUNT, ACCOUNT)
    settings = ["-A", "md5", "-U", ACCOUNT, "--pwfile", "password", "-E", "UTF8", "--locale=C", "--no-sync"]
    run(folder, binary("initdb"), "-D", "data", *settings)
    secret.unlink()
    sockets = str(folder.resolve()) if len(str(folder.resolve())) < SOCKET_PATH_LIMIT else ""
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION + f"unix_socket_directories = '{sockets}'\n")
    return password


def _running(folder: Path) -> bool:
    if not (folder / "data" / "postmaster.pid").exists():
        return False
    try:
        run(folder, binary("pg_ctl"), "status", "-D", "data")
    except ServerProblem:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["start", "stop"])
    parser.add_argument("folder", type=Path, metavar="DIR")
    arguments = parser.parse_args()
    try:
        if arguments.action == "start":
            print(start(arguments.folder.absolute()))
        else:
            stop(arguments.folder.absolute())
    except (ServerProblem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
