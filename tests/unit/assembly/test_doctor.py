"""The pieces of ``doctor`` that need no wire."""

from __future__ import annotations

import ssl
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly.doctor import stores
from simulators.assembly.doctor.model import Light
from simulators.assembly.doctor.probe import date_of, network_reason, place
from simulators.assembly.doctor.product import SKEW, clock, declared, endpoint
from simulators.assembly.doctor.tls_words import handshake_words
from simulators.core.pki import Pki
from tests.unit.assembly.conftest import NOW


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("https://h/x?y=1", ("h", 443)),
        ("http://[::1]:81", ("::1", 81)),
        ("mllp://h", ("h", 2575)),
        ("smtp://h", ("h", 25)),
    ],
)
def test_an_endpoint_and_its_port(text: str, at: tuple[str, int]) -> None:
    assert place(endpoint(text)) == at


@given(st.text(max_size=60))
def test_any_text_is_an_endpoint_or_a_plain_refusal(text: str) -> None:
    try:
        assert endpoint(text).hostname
    except ValueError as refused:
        assert "expected http" in str(refused)


def test_endpoints_of_a_setting() -> None:
    assert declared(" http://a/,\n mllp://b  ") == ["http://a/", "mllp://b"]
    assert declared("") == []


@pytest.mark.parametrize(
    ("late", "light", "word"),
    [
        (timedelta(0), Light.GREEN, "agree"),
        (SKEW, Light.GREEN, "30 s"),
        (SKEW * 2, Light.RED, "60 s slow"),
        (-SKEW * 2, Light.RED, "60 s fast"),
    ],
)
def test_a_clock_held_against_ours(late: timedelta, light: Light, word: str) -> None:
    check = clock("c", NOW - late, NOW)
    assert check.light is light and word in check.said.en
    assert clock("c", None, NOW).light is Light.GREY


@given(st.text(max_size=40))
def test_any_date_header_is_survived(text: str) -> None:
    date_of(text)


def test_dates() -> None:
    assert date_of("Sun, 01 Mar 2026 09:00:00 GMT") == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert date_of("yesterday") is None and date_of(None) is None


@pytest.mark.parametrize(
    "problem", [ConnectionRefusedError(), TimeoutError(), ConnectionResetError(), OSError("x"), ValueError("y")]
)
def test_each_network_problem_has_words(problem: Exception) -> None:
    assert network_reason(problem).fr and network_reason(problem).en


def test_each_handshake_problem_has_words() -> None:
    for reason in ("WRONG_VERSION_NUMBER", "TLSV13_ALERT_CERTIFICATE_REQUIRED", "NEVER_SEEN", ""):
        problem = ssl.SSLError(1, reason)
        problem.reason = reason
        assert all(text.fr and text.en for text in handshake_words(problem))
    assert "cuts" in handshake_words(ConnectionResetError())[0].en
    expired = ssl.SSLCertVerificationError(1, "x")
    expired.verify_code = 10
    assert "expired" in handshake_words(expired)[0].en


# -- stores


def der(pki: Pki) -> bytes:
    (root,) = stores.der_of("".join(pem(pki)))
    return root


def pem(pki: Pki) -> list[str]:
    return [ssl.DER_cert_to_PEM_cert(stores_der) for stores_der in _ders(pki)]


def _ders(pki: Pki) -> list[bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding

    return [root.public_bytes(Encoding.DER) for root in pki.roots]


def jks(certificate: bytes) -> bytes:
    """A Java key store with one trusted certificate (its digest left out: nobody here checks it)."""
    entry = struct.pack(">IH1sQ", 2, 1, b"a", 0) + struct.pack(">H5sI", 5, b"X.509", len(certificate)) + certificate
    return struct.pack(">III", 0xFEEDFEED, 2, 1) + entry


def test_java_stores_of_both_kinds(pki: Pki, tmp_path: Path) -> None:
    root, store = der(pki), tmp_path / "lib" / "security" / "cacerts"
    store.parent.mkdir(parents=True)
    assert stores.java_stores({"JAVA_HOME": str(tmp_path)}) == []
    assert stores.in_java(store, [root]) is None
    store.write_bytes(jks(b"another"))
    assert stores.java_stores({"JAVA_HOME": str(tmp_path)}) == [store]
    assert stores.in_java(store, [root]) is False
    store.write_bytes(jks(root))
    assert stores.in_java(store, [root]) is True
    sealed = BestAvailableEncryption(b"changeit")
    store.write_bytes(pkcs12.serialize_key_and_certificates(None, None, None, list(pki.roots), sealed))
    assert stores.in_java(store, [root]) is True
    store.write_bytes(b"")
    assert stores.in_java(store, [root]) is False
    assert stores.java_stores({}) == []


def test_a_bundle(pki: Pki, tmp_path: Path) -> None:
    bundle = tmp_path / "b.pem"
    assert stores.in_bundle(bundle, [der(pki)]) is None
    bundle.write_text("-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n", "utf-8")
    assert stores.in_bundle(bundle, [der(pki)]) is False
    bundle.write_text("# ours\n" + "".join(pem(pki)), "utf-8")
    assert stores.in_bundle(bundle, [der(pki)]) is True


def test_the_system_store_is_openssl_s(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "certs"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    assert stores.in_system([der(pki)]) is False
    (folder / "0a0a0a0a.0").write_text("".join(pem(pki)), "utf-8")
    assert stores.in_system([der(pki)]) is True
    assert stores.system_place() == str(folder)
