"""Install and uninstall scripts: templates of ``seed_data/trust_kit``, each made whole with the roots inside it.

A script stands alone: one download, no file beside it. PowerShell files are ASCII with CRLF, because Windows PowerShell
reads a file without byte order mark in the code page of the machine.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.core.shipped import shipped

SYSTEMS = ("linux.sh", "java.sh", "windows.ps1", "java.ps1")
NAMES = tuple(f"{act}-{system}" for system in SYSTEMS for act in ("install", "uninstall"))
_INCLUDE = re.compile(r"^#include ([a-z0-9.]+)\n", re.MULTILINE)
_MARK = re.compile(r"@([A-Z]+)@")


def root_id(root: x509.Certificate) -> str:
    """What a root is called in stores and file names: the start of its SHA-256 fingerprint."""
    return root.fingerprint(hashes.SHA256()).hex()[:16]


def script(name: str, roots: Sequence[x509.Certificate], password: str) -> bytes:
    """The script of that name for these roots. Raises ``FileNotFoundError``."""
    text = filled(name, {"IDS": " ".join(map(root_id, roots)), "PASSWORD": password, **_embedded(name, roots)})
    return text.replace("\n", "\r\n").encode("ascii") if name.endswith(".ps1") else text.encode()


def filled(name: str, values: Mapping[str, str]) -> str:
    """A template with its parts included and its ``@MARKS@`` replaced. Raises ``KeyError`` for another mark."""
    text = _INCLUDE.sub(lambda found: _template("parts", found[1]), _template(name))
    return _MARK.sub(lambda found: values[found[1]], text)


def _template(*parts: str) -> str:
    return shipped("seed_data", "trust_kit", *parts).read_text(encoding="utf-8")


def _embedded(name: str, roots: Sequence[x509.Certificate]) -> dict[str, str]:
    if name.endswith(".ps1"):
        return {"ENTRIES": "\n".join(f"    '{root_id(root)}' = '{_base64(root)}'" for root in roots)}
    cases = (f"    {root_id(root)})\n      cat <<'END'\n{_pem(root)}END\n      ;;" for root in roots)
    return {"CASES": "\n".join(cases)}


def _pem(root: x509.Certificate) -> str:
    return root.public_bytes(Encoding.PEM).decode("ascii")


def _base64(root: x509.Certificate) -> str:
    return base64.b64encode(root.public_bytes(Encoding.DER)).decode("ascii")
