"""``doctor`` reads the trust stores that Java's own keytool writes."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.assembly.doctor import stores
from simulators.core.pki import KeyPool, Pki


def keytool() -> str:
    """The path of keytool; without it the test is skipped, or fails where everything is required."""
    found = shutil.which("keytool")
    if found is None and os.environ.get("SEGUR_REQUIRE") == "1":
        pytest.fail("no keytool on this machine (SEGUR_REQUIRE=1)")
    if found is None:
        pytest.skip("no keytool on this machine")
    return str(found)


def imported(store: Path, certificate: Path, *more: str) -> None:
    command = [keytool(), "-importcert", "-noprompt", "-alias", "segur", "-file", str(certificate)]
    command += ["-keystore", str(store), "-storepass", "changeit", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["JKS", "PKCS12", "the machine's cacerts"])
def test_a_root_that_keytool_imported_is_found(tmp_path: Path, kind: str) -> None:
    pki = Pki.open(tmp_path / "pki", KeyPool(tmp_path / "keys"), datetime.now(UTC), ("localhost",))
    roots = [root.public_bytes(Encoding.DER) for root in pki.roots]
    certificate, store = tmp_path / "root.cer", tmp_path / "cacerts"
    certificate.write_bytes(roots[0])
    if kind.startswith("the machine"):
        (own,) = stores.java_stores({"JAVA_HOME": str(Path(keytool()).resolve().parents[1])})
        shutil.copyfile(own, store)
        assert stores.in_java(store, roots) is False
        imported(store, certificate)
    else:
        imported(store, certificate, "-storetype", kind)
    assert stores.in_java(store, roots) is True
