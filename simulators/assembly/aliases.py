"""Production names, opt-in: the authority that signs them, and what a user must be told about it.

They never stand under the installation's own root: a product that trusts it must not thereby trust this machine for
names of the national services. Their root is another one, with keys of its own, and short-lived.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.core.pki import IssuedCertificate, KeyPool, Pki, Validity
from simulators.core.pki.files import write_atomic
from simulators.core.service import WSGIApp

FOLDER = "national-names"
URL_PREFIX = "/national-names"
ROOT_FILE = "national-names-roots.pem"
_SPARE = timedelta(days=1)


class NationalNames(Pki):
    """The installation that signs names of the national services, and nothing else."""

    title = "SIMULATION NOMS NATIONAUX A RETIRER"
    root_life = timedelta(days=30)


def open_national(folder: Path, now: datetime, names: Sequence[str], url_base: str) -> NationalNames:
    """The authority below the PKI folder ``folder``, founded anew when it lapses within a day. Raises as ``Pki.open``.

    ``url_base`` is the address of the plain HTTP port; CRL and OCSP answer below :data:`URL_PREFIX` there.
    """
    mine, base = folder / FOLDER, url_base + URL_PREFIX
    pki = NationalNames.open(mine, KeyPool(mine), now, names, url_base=base)
    if any(root.not_valid_after_utc <= now + _SPARE for root in pki.roots):
        shutil.rmtree(mine)
        pki = NationalNames.open(mine, KeyPool(mine), now, names, url_base=base)
    return pki


def certify(pki: NationalNames, names: Sequence[str], now: datetime) -> IssuedCertificate:
    """The server certificate of ``names``; it ends with its root."""
    end = min(root.not_valid_after_utc for root in pki.roots)
    return pki.issue_server(names, now=now, validity=Validity.since(now, end - now))


def write_roots(pki: NationalNames, folder: Path) -> Path:
    """The roots a product must trust for these names only, as PEM; apart from the file of the installation's own."""
    path = folder / ROOT_FILE
    write_atomic(path, b"".join(root.public_bytes(Encoding.PEM) for root in pki.roots))
    return path


def below(prefix: str, app: WSGIApp, otherwise: WSGIApp) -> WSGIApp:
    """``app`` for what is below ``prefix``, which is taken off the path; ``otherwise`` for the rest."""

    def chosen(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(f"{prefix}/"):
            return app({**environ, "PATH_INFO": path.removeprefix(prefix)}, start_response)
        return otherwise(environ, start_response)

    return chosen


def warning(pki: NationalNames, path: Path) -> list[str]:
    """What must be said aloud, line by line."""
    prints = [root.fingerprint(hashes.SHA1()).hex().upper() for root in pki.roots]
    return [
        "WARNING: this sandbox answers to names of the NATIONAL services / ATTENTION : noms des services NATIONAUX",
        "  Whoever trusts the root below trusts this machine for those names. Remove it from every trust store after",
        f"  use; it lapses by itself on {min(root.not_valid_after_utc for root in pki.roots):%Y-%m-%d}.",
        "  Qui fait confiance à cette racine fait confiance à cette machine pour ces noms. Retirez-la après usage.",
        f"  root / racine: {path}",
        *(f"  Windows:  certutil -delstore Root {sha1}" for sha1 in prints),
        "  Debian:   rm /usr/local/share/ca-certificates/national-names-roots.crt && update-ca-certificates --fresh",
        "  Java:     keytool -delete -cacerts -alias national-names-roots",
    ]
