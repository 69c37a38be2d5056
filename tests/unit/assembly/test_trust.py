"""CRL, OCSP and roots on the plain port; the trust that is made once a day."""

from __future__ import annotations

import base64
import io
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

from simulators.assembly.trust_pages import OCSP_LIMIT, trust_app
from simulators.assembly.trusted import REMAKE, Trusted
from simulators.core.pki import KeyPool, Pki, chain_verdict, read_certificate
from tests.unit.assembly.conftest import NOW

Ask = Callable[..., tuple[str, str, bytes]]


@pytest.fixture
def ask(pki: Pki) -> Ask:
    app = trust_app(pki, lambda: NOW)

    def ask(path: str, method: str = "GET", body: bytes = b"") -> tuple[str, str, bytes]:
        told: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            told.update(status=status, kind=dict(headers)["Content-Type"])

        environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": io.BytesIO(body)}
        data = b"".join(app(environ, start))
        return told["status"], told["kind"], data

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
    assert ask("/")[0] == "404 Not Found"


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
