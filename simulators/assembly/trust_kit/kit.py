"""The trust kit: every file a product, a machine or a person installs to trust this sandbox.

The same files are served below ``/kit/`` on the plain HTTP port and written by ``segur-sandbox trust kit``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.assembly.endpoints import PASSWORD
from simulators.assembly.trust_kit.scripts import NAMES, filled, root_id, script
from simulators.assembly.trust_kit.stores import truststore
from simulators.core.pki import Words

README = "README.txt"
ARCHIVE = "trust-kit.zip"
_SYSTEMS = {
    "linux.sh": Words("Debian, Ubuntu, Alpine, Red Hat", "Debian, Ubuntu, Alpine, Red Hat"),
    "java.sh": Words("Java (keytool) sous Linux", "Java (keytool) on Linux"),
    "windows.ps1": Words("Windows, utilisateur courant", "Windows, current user"),
    "java.ps1": Words("Java (keytool) sous Windows", "Java (keytool) on Windows"),
}
_MOMENT = (1980, 1, 1, 0, 0, 0)  # of no file in particular: the same kit is the same archive


def kit(roots: Sequence[x509.Certificate], url_base: str, authorities: Iterable[str]) -> dict[str, bytes]:
    """Content by file name. ``url_base`` is the plain HTTP port, ``authorities`` the names their CRLs go by."""
    files = {"roots.pem": b"".join(root.public_bytes(Encoding.PEM) for root in roots)}
    for number, root in enumerate(roots, 1):
        files[f"root-{number}.pem"] = root.public_bytes(Encoding.PEM)
        files[f"root-{number}.cer"] = root.public_bytes(Encoding.DER)
    files["truststore.p12"] = truststore(roots, PASSWORD)
    files["truststore-legacy.p12"] = truststore(roots, PASSWORD, legacy=True)
    files |= {name: script(name, roots, PASSWORD) for name in NAMES}
    files[README] = _readme(roots, url_base, authorities)
    return files


def archive(files: Mapping[str, bytes]) -> bytes:
    """The whole kit as one ZIP; what may be run is marked so."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(f"segur-sandbox-trust/{name}", _MOMENT)
            entry.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def fingerprints(roots: Iterable[x509.Certificate]) -> list[tuple[str, str]]:
    """SHA-256 and SHA-1 (what Windows shows as thumbprint) of each root, in capital hexadecimal pairs and bare."""
    return [(_hex(root, hashes.SHA256(), ":"), _hex(root, hashes.SHA1())) for root in roots]


def purpose(name: str) -> Words:
    """What a file of the kit is for."""
    act, _, system = name.partition("-")
    if system in _SYSTEMS and act in {"install", "uninstall"}:
        where = _SYSTEMS[system]
        fr, en = ("installe", "installs") if act == "install" else ("retire", "removes")
        return Words(f"{fr} la racine : {where.fr}", f"{en} the root: {where.en}")
    return _PURPOSES[name] if name in _PURPOSES else _PURPOSES[name[name.rindex(".") :]]


_PURPOSES = {
    "roots.pem": Words(
        "toutes les racines (PEM) : OpenSSL, curl, PHP, Python, Node.js, Go",
        "every root (PEM): OpenSSL, curl, PHP, Python, Node.js, Go",
    ),
    "truststore.p12": Words(
        f"magasin de confiance Java (PKCS#12), mot de passe {PASSWORD}",
        f"trust store for Java (PKCS#12), password {PASSWORD}",
    ),
    "truststore-legacy.p12": Words(
        f"le même pour Java 8 avant 8u301 (3DES, SHA-1), mot de passe {PASSWORD}",
        f"the same for Java 8 before 8u301 (3DES, SHA-1), password {PASSWORD}",
    ),
    README: Words("le mode d'emploi, par technologie", "how to use it, by technology"),
    ARCHIVE: Words("tout le kit en un fichier", "the whole kit in one file"),
    ".pem": Words("une racine (PEM)", "one root (PEM)"),
    ".cer": Words("une racine (DER), à ouvrir sous Windows", "one root (DER), to open on Windows"),
}


def _readme(roots: Sequence[x509.Certificate], url_base: str, authorities: Iterable[str]) -> bytes:
    values = {
        "PASSWORD": PASSWORD,
        "URL": url_base,
        "FINGERPRINTS": "\n".join(f"  {sha256}\n  {sha1}" for sha256, sha1 in fingerprints(roots)),
        "NSS": "\n".join(_nss(number, root) for number, root in enumerate(roots, 1)),
        "CRLS": "\n".join([*(f"  {url_base}/crl/{name}.crl" for name in authorities), f"  {url_base}/ocsp"]),
    }
    return filled(README, values).encode()


def _nss(number: int, root: x509.Certificate) -> str:
    name = f"segur-sandbox-{root_id(root)}"
    return f"  certutil -d sql:DB -A -t C,, -n {name} -i root-{number}.pem\n  certutil -d sql:DB -D -n {name}"


def _hex(root: x509.Certificate, algorithm: hashes.HashAlgorithm, separator: str = "") -> str:
    digest = root.fingerprint(algorithm)
    return (digest.hex(separator) if separator else digest.hex()).upper()
