"""The kit over the wire, and a product that comes with certificates of its vendor's own test authority."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.cli import main as cli
from simulators.clients.control import Control
from simulators.clients.dmp.access import named, patient_of
from simulators.clients.dmp.client import DmpClient
from simulators.clients.dmp.lot import Submitter
from simulators.clients.transport import Channel, WireProblem
from simulators.core import journal
from simulators.core.expect import Expectation, wait_for
from simulators.core.journal import Exchange
from simulators.core.pki import IssuedCertificate, Trust, client_context, format_dn
from simulators.core.pki.dn import dn_of
from simulators.population.identifiers import StructIdNat
from simulators.population.model import Professional, Structure
from simulators.sandbox import Sandbox
from tests.support.vendor_ca import VendorCa, dn

MAPPED, UNSEEN = "10B0999009", "10B0199998"


@dataclass(frozen=True)
class Vendor:
    """A sandbox started with ``--trust-ca``, the authority, and the pairs its product holds by CN."""

    sandbox: Sandbox
    ca: VendorCa
    folder: Path

    def pair(self, name: str) -> tuple[IssuedCertificate, IssuedCertificate]:
        return self.ca.leaf(dn(O="EDITEUR", CN=name)), self.ca.leaf(dn(O="EDITEUR", CN=name), sign=True)

    def client(self, auth: IssuedCertificate, sign: IssuedCertificate, structure: str) -> DmpClient:
        world = self.sandbox.describe("main", certificates=False)
        place = Structure.from_json(dict(named(world, "structures", "hospital")))
        here = replace(place, struct_idnat=StructIdNat.as_received(structure), finess=None, adopted=True)
        person = Professional.from_json(dict(named(world, "professionals", "hospital-specialist")))
        context = client_context(Trust(self.sandbox.pki.roots), auth)
        issuer = format_dn(dn_of(sign.certificate.subject))
        channel = Channel(self.sandbox.local_url("dmp"), context, named=["localhost"])
        return DmpClient(channel, Submitter(person, here, sign), issuer, uuid.uuid4, self.sandbox.now)

    def exists(self, auth: IssuedCertificate, sign: IssuedCertificate, structure: str) -> Exchange:
        """The journal row of one existence test."""
        since = journal.cursor(self.sandbox.store, "main")
        with self.client(auth, sign, structure) as client:
            client.exists(patient_of(self.sandbox.describe("main", certificates=False), "adult").ins)
        (row,) = journal.read(self.sandbox.store, "main", since=since)
        return row


def started(folder: Path, cache: Path) -> Sandbox:
    environment = {"XDG_CACHE_HOME": str(cache)}
    return Sandbox(Settings(random_ports=True, trust_ca=folder, publish=False, environment=environment))


@pytest.fixture(scope="module")
def vendor(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    folder, ca = tmp_path_factory.mktemp("vendor"), VendorCa.root()
    (folder / "ca.crt").write_bytes(ca.pem)
    rows = f"CN=POSTE-12;{MAPPED}\nCN=POSTE-NEUF;{UNSEEN}\n"
    (folder / "structures.csv").write_text(f"subject;structure\n{rows}", encoding="utf-8")
    with started(folder, sandbox.settings.cache.parent) as running:
        yield Vendor(running, ca, folder)


def rules(row: Exchange) -> dict[str, dict[str, str]]:
    return {finding["rule"]: finding for finding in row.verdict["findings"]}


def test_a_mapped_subject_is_a_structure_for_tls_and_for_the_vihf(vendor: Vendor) -> None:
    row = vendor.exists(*vendor.pair("POSTE-12"), MAPPED)
    assert row.outcome == "accepted", row.verdict
    assert row.marks["assigned"] == f"CN=POSTE-12,O=EDITEUR → {MAPPED}"


def test_a_structure_never_seen_is_adopted_through_such_a_certificate(vendor: Vendor) -> None:
    row = vendor.exists(*vendor.pair("POSTE-NEUF"), UNSEEN)
    assert row.outcome == "accepted", row.verdict
    assert f"structures:{UNSEEN}" in row.marks["adopted"]


def test_a_subject_that_is_not_in_the_map_serves_nobody_and_is_named(vendor: Vendor) -> None:
    row = vendor.exists(*vendor.pair("POSTE-99"), MAPPED)
    assert row.outcome == "refused"
    finding = rules(row)["DMP-VIHF-STRUCTURE-CERTIFICATE"]
    assert finding["facts"] == {"subject": "CN=POSTE-99,O=EDITEUR"}  # type: ignore[comparison-overlap]


def test_another_structure_than_the_mapped_one_is_refused(vendor: Vendor) -> None:
    assert "DMP-VIHF-STRUCTURE-CERTIFICATE" in rules(vendor.exists(*vendor.pair("POSTE-12"), "10B0999025"))


def test_a_vihf_signed_under_an_unknown_authority_is_refused(vendor: Vendor) -> None:
    auth, _ = vendor.pair("POSTE-12")
    sign = VendorCa.root("AC INCONNUE").leaf(dn(O="EDITEUR", CN="POSTE-12"), sign=True)
    assert "DMP-SIGN-FOREIGN" in rules(vendor.exists(auth, sign, MAPPED))


def test_an_expired_signature_certificate_is_refused_with_its_reason(vendor: Vendor) -> None:
    auth, _ = vendor.pair("POSTE-12")
    sign = vendor.ca.leaf(dn(O="EDITEUR", CN="POSTE-12"), sign=True, expired=True)
    row = vendor.exists(auth, sign, MAPPED)
    assert row.outcome == "refused" and rules(row)["DMP-SIGN-DATES"]["found"] == "expired"


def refused_in_tls(vendor: Vendor, auth: IssuedCertificate) -> str:
    """What the journal says of the handshake."""
    since = journal.cursor(vendor.sandbox.store, "-")
    _, sign = vendor.pair("POSTE-12")
    with vendor.client(auth, sign, MAPPED) as client, pytest.raises(WireProblem):
        client.exists(patient_of(vendor.sandbox.describe("main", certificates=False), "adult").ins)
    waited = wait_for(
        vendor.sandbox.store, "-", Expectation({"operation": "dmp.handshake_failed"}), since=since, timeout=20
    )
    assert waited.exchange is not None, waited.near
    found: str = waited.exchange.verdict["findings"][0]["found"]
    return found


def test_expired_and_unknown_are_refused_in_the_handshake_with_the_reason(vendor: Vendor) -> None:
    assert "expiré" in refused_in_tls(vendor, vendor.ca.leaf(dn(CN="POSTE-12"), expired=True))
    assert "Autorité inconnue" in refused_in_tls(vendor, VendorCa.root("AC INCONNUE").leaf(dn(CN="POSTE-12")))


def test_our_own_certificates_serve_as_before_and_revoked_ones_do_not(vendor: Vendor) -> None:
    held = vendor.sandbox.holders.pair("main", MAPPED)
    assert vendor.exists(held.auth_cli, held.sign, MAPPED).outcome == "accepted"
    vendor.sandbox.revoke(held.auth_cli.serial)
    row = vendor.exists(held.auth_cli, held.sign, MAPPED)
    assert row.outcome == "refused" and rules(row)["DMP-TLS-CHAIN"]["found"] == "revoked"


def test_that_revocation_is_not_checked_is_told_in_the_journal(vendor: Vendor) -> None:
    (row,) = (row for row in journal.read(vendor.sandbox.store, "-") if row.operation == "trust.vendor")
    assert row.marks["structures"] == 2
    assert "CRL" in row.marks["warnings"][0]["en"]


def test_with_its_list_a_revoked_certificate_is_refused_in_the_handshake(vendor: Vendor, tmp_path: Path) -> None:
    auth, sign = vendor.pair("POSTE-12")
    (tmp_path / "ca.der").write_bytes(vendor.ca.der)
    (tmp_path / "ca.crl").write_bytes(vendor.ca.crl([auth.serial], next_update=timedelta(days=60)))
    (tmp_path / "structures.csv").write_text(f"subject,structure\n/O=EDITEUR/CN=POSTE-12,{MAPPED}\n")
    with started(tmp_path, vendor.sandbox.settings.cache.parent) as running:
        other = Vendor(running, vendor.ca, tmp_path)
        assert "révoqu" in refused_in_tls(other, auth)
        good, _ = other.pair("POSTE-12")
        assert other.exists(good, sign, MAPPED).outcome == "accepted"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("bad.pem", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n", "no X.509 certificate"),
        ("structures.csv", b"subject;structure\nPOSTE;1\n", "line 2"),
    ],
)
def test_a_malformed_file_refuses_the_start(
    vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, said: str
) -> None:
    (tmp_path / "ca.pem").write_bytes(vendor.ca.pem)
    (tmp_path / name).write_bytes(data)
    assert cli.main(["up", "--random-ports", "--trust-ca", str(tmp_path)]) == 3
    told = capsys.readouterr().err
    assert str(tmp_path / name) in told and said in told


@pytest.fixture
def trust_url(sandbox: Sandbox) -> str:
    return sandbox.local_url("trust")


def fetched(url: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, method=method), timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read()


def test_the_kit_is_served_on_stable_addresses(sandbox: Sandbox, trust_url: str) -> None:
    status, headers, page = fetched(trust_url + "/")
    assert status == 200 and headers["Content-Type"].startswith("text/html") and b"SIMULATION" in page
    for name in ("roots.pem", "root-1.cer", "truststore.p12", "install-linux.sh", "trust-kit.zip"):
        assert fetched(f"{trust_url}/kit/{name}")[0] == 200
    assert fetched(f"{trust_url}/kit/../../etc/passwd")[0] == 404
    status, headers, _ = fetched(f"{trust_url}/kit/roots.pem", "DELETE")
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    status, headers, body = fetched(f"{trust_url}/kit/roots.pem", "HEAD")
    assert status == 200 and body == b"" and int(headers["Content-Length"]) > 1000
    url = urlsplit(sandbox.local_url("dmp"))
    context = ssl.create_default_context(cadata=fetched(f"{trust_url}/kit/roots.pem")[2].decode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with pytest.raises(urllib.error.HTTPError, match="404"):
        opener.open(f"https://{url.netloc}/nothing", timeout=20)


def test_the_command_writes_the_same_kit_and_a_structures_certificates(
    sandbox: Sandbox, control: Control, trust_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps(endpoints(sandbox)), encoding="utf-8")
    out = tmp_path / "kit"
    arguments = ["trust", "kit", "--endpoints", str(file), "--out", str(out), "--structure", MAPPED]
    assert cli.main(arguments) == 0
    assert "password" in capsys.readouterr().out
    for path in out.iterdir():
        if path.is_file() and path.suffix != ".p12":
            assert path.read_bytes() == fetched(f"{trust_url}/kit/{path.name}")[2], path.name
    forms = {path.name for path in (out / MAPPED).iterdir()}
    for use in ("auth_cli", "sign"):
        assert {f"{use}.crt.pem", f"{use}.key.pem", f"{use}.cer", f"{use}.p12", f"{use}.legacy.p12"} <= forms
    assert cli.main(["trust", "kit", "--endpoints", str(tmp_path / "none.json"), "--out", str(out)]) == 3
