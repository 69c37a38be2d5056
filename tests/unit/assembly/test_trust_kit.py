"""The files of the trust kit: stores that open, scripts that say what they do and stand alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from simulators.assembly.endpoints import PASSWORD
from simulators.assembly.trust_kit.kit import archive, fingerprints, kit, purpose
from simulators.assembly.trust_kit.scripts import NAMES, filled, root_id, script
from simulators.assembly.trust_kit.stores import truststore
from simulators.core.pki import KeyPool, Pki
from tests.unit.assembly.conftest import NOW

PBE_3DES, PBES2 = bytes.fromhex("2a864886f70d010c0103"), bytes.fromhex("2a864886f70d01050d")
SHELL = [name for name in NAMES if name.endswith(".sh")]
POWERSHELL = [name for name in NAMES if name.endswith(".ps1")]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, keys: KeyPool) -> Pki:
    """An installation of two roots."""
    pki = Pki.open(tmp_path_factory.mktemp("two"), keys, NOW, url_base="http://localhost:18001/")
    pki.issue_server(["sandbox"], now=NOW)
    return pki


@pytest.fixture(scope="module")
def files(two: Pki) -> dict[str, bytes]:
    return kit(two.roots, two.url_base, two.authorities)


def test_the_roots_come_as_pem_and_der(two: Pki, files: dict[str, bytes]) -> None:
    assert tuple(x509.load_pem_x509_certificates(files["roots.pem"])) == two.roots
    for number, root in enumerate(two.roots, 1):
        assert x509.load_pem_x509_certificate(files[f"root-{number}.pem"]) == root
        assert x509.load_der_x509_certificate(files[f"root-{number}.cer"]) == root


@pytest.mark.parametrize(("name", "sealed"), [("truststore.p12", PBES2), ("truststore-legacy.p12", PBE_3DES)])
def test_the_trust_stores_hold_the_roots_for_java(two: Pki, files: dict[str, bytes], name: str, sealed: bytes) -> None:
    data = files[name]
    assert sealed in data and (PBES2 in data) == (sealed is PBES2)
    held = load_pkcs12(data, PASSWORD.encode())
    assert held.key is None and {entry.certificate for entry in held.additional_certs} == set(two.roots)
    assert {entry.friendly_name for entry in held.additional_certs} == {
        f"segur-sandbox-{root_id(root)}".encode() for root in two.roots
    }


def test_a_store_without_password_is_refused(two: Pki) -> None:
    with pytest.raises(ValueError, match="password"):
        truststore(two.roots, "")


def test_every_file_has_its_purpose_in_both_languages(files: dict[str, bytes]) -> None:
    for name in [*files, "trust-kit.zip"]:
        assert purpose(name).fr and purpose(name).en


def test_the_same_kit_is_the_same_archive(files: dict[str, bytes]) -> None:
    assert archive(files) == archive(dict(files))


def test_the_readme_names_every_script_password_list_and_fingerprint(two: Pki, files: dict[str, bytes]) -> None:
    text = files["README.txt"].decode()
    for sha256, sha1 in fingerprints(two.roots):
        assert sha256 in text and sha1 in text
    for name in two.authorities:
        assert f"http://localhost:18001/crl/{name}.crl\n" in text
    assert PASSWORD in text and "http://localhost:18001/ocsp\n" in text and "SIMULATION" in text
    assert not re.search(r"@[A-Z]+@", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_script_stands_alone_and_says_what_it_does_in_both_languages(two: Pki, name: str) -> None:
    text = script(name, two.roots, PASSWORD).decode()
    assert "#include" not in text and not re.search(r"@[A-Z]+@", text)
    assert all(root_id(root) in text for root in two.roots)
    head = text[:1600]
    assert "SIMULATION" in head and "# FR " in head and "# EN " in head
    verb = ("Ajoute", "Adds") if name.startswith("install") else ("Retire", "Takes away")
    assert all(word in head for word in verb)


@pytest.mark.parametrize("name", POWERSHELL)
def test_a_powershell_script_is_ascii_with_crlf(two: Pki, name: str) -> None:
    data = script(name, two.roots, PASSWORD)
    assert data.isascii() and b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    code = "".join(line for line in data.decode().split("\r\n") if not line.startswith("#"))
    for left, right in ("()", "{}", "[]"):
        assert code.count(left) == code.count(right)
    for found in re.findall(r"'([A-Za-z0-9+/=]{500,})'", code):
        assert f"MII{found[3:]}" == found
    embedded = re.findall(r"'([0-9a-f]{16})' = '", code)
    assert embedded == [root_id(root) for root in two.roots]


@pytest.mark.parametrize("name", SHELL)
def test_a_shell_script_is_posix(two: Pki, name: str, tmp_path: Path) -> None:
    data = script(name, two.roots, PASSWORD)
    assert data.startswith(b"#!/bin/sh\n") and b"\r" not in data
    for root in two.roots:
        assert root.public_bytes(Encoding.PEM) in data
    (tmp_path / name).write_bytes(data)
    done = subprocess.run(["sh", "-n", str(tmp_path / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_mark_nobody_fills_is_an_error() -> None:
    with pytest.raises(KeyError):
        filled("README.txt", {"PASSWORD": "x"})
