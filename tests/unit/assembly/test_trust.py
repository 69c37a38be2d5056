"""CRL, OCSP and roots on the plain port; the trust that is made once a day."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from simulators.assembly.trust_kit.kit import kit
from simulators.assembly.trust_pages import OCSP_LIMIT, trust_app
from simulators.assembly.trusted import REMAKE, Trusted
from simulators.core.pki import KeyPool, Pki, chain_verdict, read_certificate
from tests.unit.assembly.conftest import NOW

Ask = Callable[..., tuple[str, str, bytes]]
Told = dict[str, Any]


def called(pki: Pki, path: str, method: str = "GET", body: bytes = b"", **environ: Any) -> tuple[Told, bytes]:
    """Status and headers as told, and the body."""
    told: Told = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=status, **dict(headers))

    whole = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": io.BytesIO(body), **environ}
    return told, b"".join(trust_app(pki, lambda: NOW)(whole, start))


@pytest.fixture
def ask(pki: Pki) -> Ask:
    def ask(path: str, method: str = "GET", body: bytes = b"") -> tuple[str, str, bytes]:
        told, data = called(pki, path, method, body)
        return told["status"], told["Content-Type"], data

    return ask


def test_each_authority_has_its_list(ask: Ask, pki: Pki) -> None:
    for name in pki.authorities:
        status, kind, data = ask(f"/crl/{name}.crl")
        assert (status, kind) == ("200 OK", "application/pkix-crl")
        assert x509.load_der_x509_crl(data).next_update_utc
    assert ask("/crl/unknown.crl")[0] == "404 Not Found"
    assert ask("/crl/../roots.crl")[0] == "404 Not Found"


def test_roots_and_everything_else(ask: Ask, pki: Pki) -> None:
    status, _, data = ask("/roots.pem")
    assert status == "200 OK"
    assert tuple(x509.load_pem_x509_certificates(data)) == pki.roots
    assert ask("/nothing")[0] == "404 Not Found"
    assert ask("/install-linux.sh")[0] == "404 Not Found"


@pytest.mark.parametrize("path", ["/roots.pem", "/crl/root-1.crl", "/kit/", "/kit/roots.pem", "/ocsp/abcd", "/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_another_method_is_told_which_are_allowed(pki: Pki, path: str, method: str) -> None:
    told, _ = called(pki, path, method)
    assert (told["status"], told["Allow"]) == ("405 Method Not Allowed", "GET, HEAD")
    told, _ = called(pki, "/ocsp", "PUT")
    assert (told["status"], told["Allow"]) == ("405 Method Not Allowed", "GET, HEAD, POST")


def test_an_authority_without_kit_serves_its_lists_and_roots_alone(pki: Pki) -> None:
    app = trust_app(pki, lambda: NOW, with_kit=False)

    def status(path: str) -> str:
        told: list[str] = []
        list(app({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda status, headers: told.append(status)))
        return told[0]

    assert [status(path) for path in ("/roots.pem", "/crl/root-1.crl")] == ["200 OK", "200 OK"]
    assert {status(path) for path in ("/", "/kit/", "/kit/roots.pem", "/kit")} == {"404 Not Found"}


def test_head_tells_the_length_and_nothing_else(pki: Pki) -> None:
    told, body = called(pki, "/roots.pem", "HEAD")
    whole, data = called(pki, "/roots.pem")
    assert told == whole and body == b"" and told["Content-Length"] == str(len(data))


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({}, "fr"),
        ({"QUERY_STRING": "lang=en"}, "en"),
        ({"HTTP_ACCEPT_LANGUAGE": "de, en-GB;q=0.8"}, "en"),
        ({"HTTP_ACCEPT_LANGUAGE": "en", "QUERY_STRING": "lang=fr"}, "fr"),
        ({"QUERY_STRING": "lang=<script>"}, "fr"),
    ],
)
def test_the_index_speaks_both_languages_and_links_every_file(
    pki: Pki, ask: Ask, asked: dict[str, Any], language: str
) -> None:
    told, page = called(pki, "/kit/", **asked)
    assert told["status"] == "200 OK" and "default-src 'none'" in told["Content-Security-Policy"]
    text = page.decode()
    assert f'<html lang="{language}">' in text and "SIMULATION" in text
    links = [link for link in re.findall(r'href="([^"?]+)"', text) if not link.startswith("../crl/")]
    assert {"trust-kit.zip", "README.txt", "roots.pem", "truststore.p12", "install-windows.ps1"} <= set(links)
    for link in links:
        assert ask(f"/kit/{link}")[0] == "200 OK"
    for link in re.findall(r'href="\.\./(crl/[^"]+)"', text):
        assert ask(f"/{link}")[0] == "200 OK"


def test_the_archive_holds_the_files_served(pki: Pki, ask: Ask) -> None:
    status, kind, data = ask("/kit/trust-kit.zip")
    assert (status, kind) == ("200 OK", "application/zip")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = [name.removeprefix("segur-sandbox-trust/") for name in packed.namelist()]
        assert packed.read("segur-sandbox-trust/root-1.cer") == pki.roots[0].public_bytes(Encoding.DER)
    assert set(names) == set(kit(pki.roots, pki.url_base, pki.authorities))


def test_a_root_founded_since_is_in_the_kit(keys: KeyPool, tmp_path: Path) -> None:
    own = Pki.open(tmp_path / "pki", keys, NOW)
    app = trust_app(own, lambda: NOW)

    def roots() -> int:
        environ = {"PATH_INFO": "/kit/roots.pem", "REQUEST_METHOD": "GET"}
        return b"".join(app(environ, lambda status, headers: None)).count(b"BEGIN CERTIFICATE")

    assert roots() == 1
    own.issue_server(["sandbox.chu.example"], now=NOW)
    assert roots() == 2


def request_of(pki: Pki) -> bytes:
    issued = pki.issue_auth_cli("10B0000019", "TEST", now=NOW)
    builder = ocsp.OCSPRequestBuilder().add_certificate(issued.certificate, issued.chain[0], hashes.SHA1())
    return builder.build().public_bytes(Encoding.DER)


def test_ocsp_by_post_and_by_get(ask: Ask, pki: Pki) -> None:
    asked = request_of(pki)
    by_get = "/ocsp/" + quote(base64.b64encode(asked).decode(), safe="")
    for status, kind, data in (ask("/ocsp", "POST", asked), ask(by_get)):
        assert (status, kind) == ("200 OK", "application/ocsp-response")
        assert ocsp.load_der_ocsp_response(data).certificate_status is ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize("body", [b"", b"x" * (OCSP_LIMIT * 2), b"\x30\x80"])
def test_a_hostile_ocsp_request_is_answered(ask: Ask, body: bytes) -> None:
    answered = ocsp.load_der_ocsp_response(ask("/ocsp", "POST", body)[2])
    assert answered.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL
    assert ocsp.load_der_ocsp_response(ask("/ocsp/***")[2]).response_status


def test_the_trust_is_kept_a_day_and_forgotten_on_demand(pki: Pki, pki_folder: Path) -> None:
    trusted = Trusted(pki, pki_folder)
    first = trusted.at(NOW)
    assert trusted.at(NOW + REMAKE / 2) is first
    later = trusted.at(NOW + REMAKE)
    assert later is not first
    assert trusted.at(NOW + REMAKE + timedelta(hours=1)) is later
    trusted.forget()
    assert trusted.at(NOW + REMAKE) is not later


def test_a_revocation_by_another_process_is_seen(pki_folder: Path, keys: KeyPool) -> None:
    ours, theirs = (Pki.open(pki_folder, keys, NOW) for _ in range(2))
    trusted = Trusted(ours, pki_folder)
    issued = ours.issue_auth_cli("10B0000019", "TEST", now=NOW)
    assert not chain_verdict(read_certificate(issued.der()), trusted.at(NOW), NOW)
    theirs.revoke(issued.serial, NOW)
    assert chain_verdict(read_certificate(issued.der()), trusted.at(NOW), NOW)
