"""What only the sandbox's own process can say: its folders, its clocks, what failed, and the product's endpoints."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.assembly.doctor.failures import failures
from simulators.assembly.doctor.model import Check, green, grey, red
from simulators.assembly.doctor.product import ENDPOINTS, allowed, declared, endpoint, look
from simulators.assembly.endpoints import targets, trust_files
from simulators.core.pki.issued import pem_of
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SPACE = 200 * 1024 * 1024


def examine(sandbox: Sandbox, world: str, products: Sequence[str] = ()) -> list[Check]:
    """The checks of the sandbox's side. ``products`` are URLs; without any, those that the world's policy declares.

    Raises ``WorldGone``, and ``ValueError`` for what is no such URL: before anything is called.
    """
    policy = sandbox.worlds.get(world).policy
    urls = [endpoint(text) for text in products or declared(ENDPOINTS.text(policy))]
    trust = sandbox.trusted.at(sandbox.now())
    roots = b"".join(pem_of(certificate) for certificate in trust.certificates).decode("ascii")
    checks = [_folder(sandbox), *_files(sandbox), *_clocks(sandbox), *failures(sandbox)]
    for number, url in enumerate(urls, 1):
        checks += allowed(number, url, policy, sandbox.settings.allow_hosts)
        checks += look(number, url, roots, sandbox.now())
    return checks


def facts(sandbox: Sandbox) -> dict[str, Any]:
    """What the user's side needs to look from there."""
    table, shared = sandbox.ports.table(), {f"https.{name}" for name in sandbox.ports.shared()}
    files = trust_files(sandbox)
    return {
        "listeners": {
            name: {"url": url, "local": url if name in shared else sandbox.local_url(name)}
            for name, url in table.items()
        },
        "public_host": sandbox.settings.public_host,
        "loopback": sandbox.settings.on_loopback,
        "aliases": list(sandbox.ports.names.national_names()),
        "roots": "".join(pem_of(root).decode("ascii") for root in sandbox.pki.roots),
        "crl": files["crl"],
        "ocsp": files["ocsp"],
    }


def _folder(sandbox: Sandbox) -> Check:
    folder = sandbox.folder
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            free = shutil.disk_usage(folder).free
    except OSError as problem:
        said = Text(f"on ne peut pas écrire dans {folder} : {problem}", f"{folder} cannot be written: {problem}")
        mend = Text(
            "corrigez les droits, ou donnez --data à un autre dossier", "mend its rights, or give another --data"
        )
        return red("folder", said, mend)
    mib = free // (1024 * 1024)
    if free < SPACE:
        said = Text(f"il ne reste que {mib} Mio dans {folder}", f"only {mib} MiB left in {folder}")
        return red("folder", said, Text("libérez de la place", "make some room"))
    return green("folder", f"{folder} : inscriptible, {mib} Mio libres", f"{folder}: writable, {mib} MiB free")


def _files(sandbox: Sandbox) -> Iterator[Check]:
    """A second sandbox that starts takes the default place: commands then speak to it."""
    for path in targets(sandbox):
        owner = _owner(path)
        if owner is not None and owner["token"] == sandbox.token:
            continue
        other = f"le bac à sable {owner['pid']}" if owner else "personne"
        another = f"sandbox {owner['pid']}" if owner else "nobody"
        said = Text(f"{path} appartient maintenant à {other}", f"{path} now belongs to {another}")
        mend = Text(
            "donnez --endpoints FICHIER à chacun des bacs à sable et aux commandes, ou arrêtez-en un",
            "give --endpoints FILE to each sandbox and to the commands, or stop one of them",
        )
        yield red("two-sandboxes", said, mend)


def _owner(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text("utf-8"))
        return {"token": document["control"]["token"], "pid": document.get("pid", "?")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _clocks(sandbox: Sandbox) -> Iterator[Check]:
    frozen = [name for name in sandbox.worlds.names() if sandbox.worlds.get(name).frozen is not None]
    for name in frozen:
        at = sandbox.worlds.get(name).frozen
        said = Text(f"le temps du monde {name} est figé à {at:%F %T} UTC", f"world {name} is frozen at {at:%F %T} UTC")
        mend = Text(
            f"jetons et dates n'y bougent plus : « segur-sandbox clock unfreeze --world {name} »",
            f"tokens and dates stand still there: 'segur-sandbox clock unfreeze --world {name}'",
        )
        yield grey(f"clock.{name}", said, mend)
    if not frozen:
        yield green("clock.worlds", "aucun monde n'est figé", "no world is frozen")
