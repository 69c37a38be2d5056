"""Who plays what: our peers, or the product under test (``sut``), and how the others then reach it.

``--sut dpi=mllp://host:port`` says that the product is the DPI and listens there: our PFI then sends its receipts and
its documents to it, our identity repository its movements. What was set is put back at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from simulators.clients.control import Control, world_path
from simulators.core.errors import SandboxError

ROLES: Final = ("dpi", "pfi", "identity")
PEER, SUT = "peer", "sut"
SCHEMES: Final = ("mllp", "mllps")
DPI_OF_PFI, PFI_OF_DPI, SUBSCRIBERS, HOSTS = "pfi.dpi", "dpi.pfi", "identity.subscribers", "outbound.hosts"


class WrongRole(SandboxError, ValueError):
    """``--sut`` names no role, or no address."""


def read(given: Sequence[str]) -> dict[str, str]:
    """``{role: URL}`` of what ``--sut`` says; an empty URL: the product calls and is not called. Raises
    :class:`WrongRole`."""
    found: dict[str, str] = {}
    for text in given:
        role, _, url = text.partition("=")
        if role not in ROLES:
            raise WrongRole(f"--sut {text}: expected one of {', '.join(ROLES)}, as dpi=mllp://localhost:6661")
        if url and not _usable(url):
            raise WrongRole(f"--sut {text}: expected mllp://HOST:PORT or mllps://HOST:PORT")
        found[role] = url
    return found


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in SCHEMES and bool(parts.hostname) and bool(parts.port) and parts.path in {"", "/"}
    except ValueError:
        return False


def played(declared: Mapping[str, str], products: Mapping[str, str]) -> dict[str, str]:
    """``{role: peer|sut}``: what the scenario declares, and what the command line gives to the product."""
    return {role: SUT if role in products else declared.get(role, PEER) for role in ROLES}


@contextmanager
def wired(control: Control, world: str, products: Mapping[str, str], services: Mapping[str, Any]) -> Iterator[None]:
    """While the block lasts, our peers reach the product. Raises what the control API refuses."""
    path = f"{world_path(world)}/policy"
    wanted = settings(products, services)
    if not wanted:
        yield
        return
    before = control.call("PATCH", path, {})["settings"]
    hosts = " ".join(dict.fromkeys([*str(before.get(HOSTS, "")).replace(",", " ").split(), *_hosts(products)]))
    wanted[HOSTS] = hosts
    control.call("PATCH", path, {"settings": wanted})
    try:
        yield
    finally:
        control.call("PATCH", path, {"settings": {name: before.get(name) for name in wanted}})


def settings(products: Mapping[str, str], services: Mapping[str, Any]) -> dict[str, str]:
    """The settings that lead our peers to the product."""
    found: dict[str, str] = {}
    dpi, pfi = products.get("dpi", ""), products.get("pfi", "")
    if dpi:
        found[DPI_OF_PFI] = dpi
    if pfi:
        found[PFI_OF_DPI] = pfi
    if dpi or pfi:
        ours = [dpi or _ours(services, "dpi"), pfi or _ours(services, "pfi")]
        found[SUBSCRIBERS] = ",".join(url for url in ours if url)
    return found


def _ours(services: Mapping[str, Any], name: str) -> str:
    """Where one of our own peers takes messages, if it runs, under the name it answers to (MSH-5)."""
    urls = services.get(name) or {}
    return next((f"{name.upper()}-SEGUR-SANDBOX={url}" for url in urls.values() if str(url).startswith("mllp://")), "")


def _hosts(products: Mapping[str, str]) -> list[str]:
    return [host for url in products.values() if (host := urlsplit(url).hostname)]
