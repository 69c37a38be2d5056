"""Production names stand under an authority of their own, which the installation's root is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from simulators.assembly.aliases import below, certify, open_national, warning, write_roots
from simulators.core.pki import KeyPool, Pki
from tests.unit.assembly.conftest import NOW

NAMES = ("lps2.dmp.gouv.fr", "auth.bas.psc.esante.gouv.fr")
BASE = "http://localhost:18001"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("national")


def test_the_root_is_another_with_a_key_of_its_own_and_short_lived(folder: Path, keys: KeyPool) -> None:
    ours = Pki.open(folder, keys, NOW)
    national = open_national(folder, NOW, NAMES, BASE)
    ours.reload()
    assert len(ours.roots) == 1
    (root,) = national.roots
    assert root.public_key() != ours.roots[0].public_key()
    assert root.not_valid_after_utc <= NOW + timedelta(days=31)
    title = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert str(title).startswith("SIMULATION NOMS NATIONAUX A RETIRER")
    assert not any(ours.hierarchies[0].covers(name) for name in NAMES)


def test_the_certificate_names_them_and_points_to_its_own_crl(folder: Path) -> None:
    national = open_national(folder, NOW, NAMES, BASE)
    issued = certify(national, NAMES, NOW)
    extensions = issued.certificate.extensions
    assert extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    ) == list(NAMES)
    crl = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert f"{BASE}/national-names/crl/organisations-1.crl" in str(crl)
    assert issued.certificate.not_valid_after_utc <= national.roots[0].not_valid_after_utc


def test_the_root_is_kept_until_it_lapses(folder: Path) -> None:
    first = open_national(folder, NOW, NAMES, BASE).roots
    assert open_national(folder, NOW + timedelta(days=28), NAMES, BASE).roots == first
    later = open_national(folder, NOW + timedelta(days=30), NAMES, BASE).roots
    assert len(later) == 1
    assert later != first


def test_the_warning_says_which_root_and_how_to_remove_it(folder: Path, tmp_path: Path) -> None:
    national = open_national(folder, NOW, NAMES, BASE)
    path = write_roots(national, tmp_path)
    assert x509.load_pem_x509_certificates(path.read_bytes()) == list(national.roots)
    told = "\n".join(warning(national, path))
    for words in ("WARNING", "ATTENTION", str(path), "certutil -delstore Root", "update-ca-certificates", "keytool"):
        assert words in told


def test_crl_and_ocsp_answer_below_their_prefix() -> None:
    def echo(name: bytes) -> Callable[..., Any]:
        return lambda environ, start: [name, environ["PATH_INFO"].encode()]

    app = below("/national-names", echo(b"national "), echo(b"ours "))
    assert b"".join(app({"PATH_INFO": "/national-names/crl/x.crl"}, print)) == b"national /crl/x.crl"
    assert b"".join(app({"PATH_INFO": "/crl/x.crl"}, print)) == b"ours /crl/x.crl"
    assert b"".join(app({"PATH_INFO": "/national-names"}, print)) == b"ours /national-names"
