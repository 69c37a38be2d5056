"""What ``up`` says of the network: names of the shared HTTPS port, production names, a sandbox it takes over from."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulators.assembly.aliases import warning, write_roots
from simulators.assembly.hosts_file import lines
from simulators.assembly.settings import Settings, endpoints_file

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

_PATIENCE_S = 2.0


def print_names(sandbox: Sandbox) -> None:
    """The hosts lines of the shared HTTPS port, and the warning that production names want."""
    names, settings = sandbox.ports.names, sandbox.settings
    if not names.table():
        return
    options = "" if settings.public_host == "localhost" else f" --public-host {settings.public_host}"
    options += " --production-names" if names.national else ""
    address = "127.0.0.1" if settings.on_loopback or settings.bind in {"0.0.0.0", "::"} else settings.bind
    options += "" if address == "127.0.0.1" else f" --address {address}"
    print(f"names     of the shared HTTPS port / du port HTTPS commun: segur-sandbox hosts --add{options}")
    for line in lines(address, names.table()):
        print(f"  {line}")
    if sandbox.ports.national is not None:
        path = write_roots(sandbox.ports.national, sandbox.folder / "trust")
        print("\n".join(warning(sandbox.ports.national, path)))


def warn_of_takeover(settings: Settings) -> None:
    """Says that commands without ``--endpoints`` will find this sandbox and no longer the one that runs already."""
    path = endpoints_file(None, settings.environment)
    if not settings.publish or not _lives(path.read_text("utf-8") if path.is_file() else ""):
        return
    print(
        f"WARNING: another sandbox is running and {path} named it; commands without --endpoints now find this one.\n"
        "  ATTENTION : un autre bac à sable tourne ; sans --endpoints, les commandes trouvent désormais celui-ci.",
        flush=True,
    )


def _lives(document: str) -> bool:
    """Whether the sandbox of an endpoints file answers to its token."""
    try:
        control = json.loads(document)["control"]
        url = urlsplit(control["url"])
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", f"{url.path}/worlds", headers={"Authorization": f"Bearer {control['token']}"})
            return connection.getresponse().status == 200
        finally:
            connection.close()
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return False
