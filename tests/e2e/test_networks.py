"""One HTTPS port for all, told apart by name; production names under a root of their own; limits as settings."""

from __future__ import annotations

import json
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from simulators.assembly.aliases import ROOT_FILE, write_roots
from simulators.assembly.endpoints import describe_world, service_urls, trust_files
from simulators.assembly.settings import Settings
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.clients.dmp.answers import DmpAnswer
from simulators.clients.outbound import OutboundDenied
from simulators.core import journal
from simulators.core.expect import Expectation, wait_for
from simulators.core.listeners import Limits
from simulators.core.pki import Trust, client_context
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.sandbox import Sandbox
from tests.support.raw_http import RawAnswer, converse
from tests.support.running import Up, command

NATIONAL = "lps2.dmp.gouv.fr"
BODY_BYTES = 200_000


class Place:
    """As ``raw_http.Place``, by another name than the address."""

    def __init__(self, port: int, name: str | None, context: ssl.SSLContext) -> None:
        self.port, self.name, self.context = port, name, context

    def open(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), 20)
        try:
            return self.context.wrap_socket(sock, server_hostname=self.name)
        except BaseException:
            sock.close()
            raise


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    settings = Settings(
        environment=environment,
        random_ports=True,
        publish=False,
        https_port=443,
        production_names=True,
        issuer="from-host",
        limits=Limits(body_bytes=BODY_BYTES, workers_least=2, workers_most=8),
    )
    with Sandbox(settings) as running:
        yield running


@pytest.fixture
def port(sandbox: Sandbox) -> int:
    return urlsplit(sandbox.ports.shared()["dmp"]).port or 443


@pytest.fixture
def ask(sandbox: Sandbox, port: int) -> Callable[..., RawAnswer]:
    """A GET by a name of the shared port; ``roots`` are those trusted, ``None`` for no verification of the name."""

    def ask(name: str | None, host: str, path: str = "/", roots: Any = None, **options: Any) -> RawAnswer:
        trusted = sandbox.pki.roots if roots is None else roots
        context = client_context(Trust(roots=tuple(trusted)), **options)
        context.check_hostname = name is not None
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        return converse(Place(port, name, context), [request])  # type: ignore[arg-type]

    return ask


def exists(sandbox: Sandbox, base: str, roots: Path) -> DmpAnswer:
    """TD0.2 of our own client over mutual TLS."""
    world = describe_world(sandbox, "main")
    world["services"] = {"dmp": service_urls(sandbox, "dmp", base=base)}
    ids = replayable_ids(base)
    with dmp_client(world, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now) as client:
        return client.exists(patient_of(world, "adult").ins)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to this machine, as the printed lines of a hosts file would have it."""
    real = socket.getaddrinfo

    def here(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)


def told(sandbox: Sandbox, since: int, cause: str) -> dict[str, Any]:
    """The finding of the next incident of the shared port; its row may come after the alert."""
    expected = Expectation({"operation": "https.misdirected", "status": cause})
    waited = wait_for(sandbox.store, PSEUDO_WORLD, expected, since=since, timeout=20)
    assert waited.exchange is not None, waited.near
    finding: dict[str, Any] = waited.exchange.verdict["findings"][0]
    return finding


def test_the_shared_port_serves_the_dmp_by_its_name(sandbox: Sandbox, hosts: None) -> None:
    base = sandbox.ports.shared()["dmp"]
    assert base.startswith("https://dmp.localhost:")
    answer = exists(sandbox, base, Path(trust_files(sandbox)["roots"]))
    assert answer.values["state"] == "active"
    row = journal.last(sandbox.store, "main", 1)[0]
    assert (row.operation, row.outcome) == ("dmp.TD0.2", "accepted")


def test_a_name_that_is_not_served_is_refused_with_the_list(sandbox: Sandbox, ask: Callable[..., RawAnswer]) -> None:
    before = journal.cursor(sandbox.store, PSEUDO_WORLD)
    answer = ask("elsewhere.localhost", "elsewhere.localhost")
    assert "UNRECOGNIZED_NAME" in answer.alert
    finding = told(sandbox, before, "unknown_name")
    assert finding["rule"] == "CORE-MISDIRECTED"
    for words in ("elsewhere.localhost", "dmp.localhost", NATIONAL):
        assert words in finding["found"]


@pytest.mark.parametrize(
    ("name", "host", "cause"),
    [
        (None, "127.0.0.1", "no_server_name"),
        ("dmp.localhost", "console.localhost", "name_disagrees"),
        ("dmp.localhost", NATIONAL, "name_disagrees"),
    ],
)
def test_a_misdirected_request_is_told(
    sandbox: Sandbox, ask: Callable[..., RawAnswer], name: str | None, host: str, cause: str
) -> None:
    before = journal.cursor(sandbox.store, PSEUDO_WORLD)
    answer = ask(name, host)
    assert answer.status == 421
    assert b"dmp.localhost" in answer.body
    assert "dmp.localhost" in told(sandbox, before, cause)["found"]


def test_production_names_stand_under_another_root(
    sandbox: Sandbox, ask: Callable[..., RawAnswer], tmp_path: Path
) -> None:
    national = sandbox.ports.national
    assert national is not None
    assert not set(national.roots) & set(sandbox.pki.roots)
    assert b"SIMULATION" in ask(NATIONAL, NATIONAL, roots=national.roots).body
    assert "CERTIFICATE_VERIFY_FAILED" in ask(NATIONAL, NATIONAL).alert
    # Each root for its own names: the one of production names does not sign ours.
    assert "CERTIFICATE_VERIFY_FAILED" in ask("dmp.localhost", "dmp.localhost", roots=national.roots).alert
    assert b"SIMULATION" in ask("dmp.localhost", "dmp.localhost").body
    trusted = x509.load_pem_x509_certificates(Path(trust_files(sandbox)["roots"]).read_bytes())
    assert not set(national.roots) & set(trusted)
    assert write_roots(national, tmp_path) == tmp_path / ROOT_FILE


@pytest.mark.parametrize("name", ["psc.localhost", "auth.bas.psc.esante.gouv.fr", "auth.esw.esante.gouv.fr"])
def test_an_issuer_from_host_leads_to_the_pages_of_the_same_names(
    sandbox: Sandbox, ask: Callable[..., RawAnswer], port: int, name: str
) -> None:
    national = sandbox.ports.national
    assert national is not None
    roots = sandbox.pki.roots if name.endswith(".localhost") else national.roots
    path = "/auth/realms/esante-wallet/.well-known/wallet-openid-configuration"
    for host, suffix in ((name, ""), (f"{name}:{port}", f":{port}")):
        document = json.loads(ask(name, host, path, roots).body)
        assert document["issuer"] == f"https://{name}{suffix}/auth/realms/esante-wallet"
        wallet = name.replace("psc.localhost", "wallet.localhost").replace("auth.", "wallet.", 1)
        assert document["authorization_endpoint"] == f"https://{wallet}{suffix}/auth"


def test_mutual_tls_holds_for_a_production_name(sandbox: Sandbox, ask: Callable[..., RawAnswer]) -> None:
    """The certificate changes with the name, the accepted authorities do not."""
    national = sandbox.ports.national
    assert national is not None
    pair = sandbox.holders.pair("main", "10B0000666")
    path = "/si-dmp-server/v2/services/patients"
    assert ask(NATIONAL, NATIONAL, path, national.roots, issued=pair.auth_cli).status == 200
    sandbox.revoke(pair.auth_cli.serial)
    for name, roots in ((NATIONAL, national.roots), ("dmp.localhost", sandbox.pki.roots)):
        answer = ask(name, name, path, roots, issued=pair.auth_cli)
        assert "REVOKED" in answer.alert, answer


def test_the_national_root_has_its_own_crl_and_lapses_soon(sandbox: Sandbox) -> None:
    national = sandbox.ports.national
    assert national is not None
    (root,) = national.roots
    assert root.not_valid_after_utc <= sandbox.now() + timedelta(days=31)
    found = {}
    for prefix in ("", "/national-names"):
        with urllib.request.urlopen(f"{sandbox.url('trust')}{prefix}/crl/organisations-1.crl", timeout=10) as answer:
            issuer = x509.load_der_x509_crl(answer.read()).issuer
            found[prefix] = str(issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    assert "NOMS NATIONAUX" in found["/national-names"]
    assert "NOMS NATIONAUX" not in found[""]
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{sandbox.url('trust')}/national-names/crl/none.crl", timeout=10)


def test_our_own_client_speaks_to_no_production_name(sandbox: Sandbox, hosts: None) -> None:
    with pytest.raises(OutboundDenied, match="national"):
        exists(sandbox, f"https://{NATIONAL}", Path(trust_files(sandbox)["roots"]))


def test_an_outage_of_a_service_holds_on_the_shared_port_too(sandbox: Sandbox, ask: Callable[..., RawAnswer]) -> None:
    fault = sandbox.faults.add_fault("-", "refuse_connection", {"on": "dmp"})
    try:
        assert ask("dmp.localhost", "dmp.localhost").cut
    finally:
        sandbox.faults.remove("-", fault)
    assert ask("dmp.localhost", "dmp.localhost").status == 200


def test_a_limit_is_the_one_that_was_set(sandbox: Sandbox) -> None:
    url = urlsplit(sandbox.url("dmp"))
    context = client_context(Trust(roots=tuple(sandbox.pki.roots)))
    place = Place(url.port or 0, "localhost", context)
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY_BYTES + 1}\r\n\r\n".encode()
    answer = converse(place, [head])  # type: ignore[arg-type]
    assert answer.status == 413
    assert (sandbox.ports.pool._minimum, sandbox.ports.pool._maximum) == (2, 8)


def test_up_prints_the_names_and_says_when_it_takes_over(tmp_path: Path) -> None:
    with Up(tmp_path, "--only", "dmp", "--random-ports", "--https-port", "0", "--limit", "headers_seconds=5") as first:
        assert "  127.0.0.1 dmp.localhost" in first.lines
        assert not any("WARNING" in line for line in first.lines)
        assert first.told("https.dmp")[0].startswith("https://dmp.localhost:")
        with Up(tmp_path, "--only", "dmp", "--random-ports", "--production-names", verb="up") as second:
            told = "\n".join(second.lines)
            assert "another sandbox is running" in told
            assert "hosts --add --production-names" in told
            assert "certutil -delstore Root" in told
            assert str(tmp_path) in told or ROOT_FILE in told


def test_up_refuses_a_wrong_network_value(tmp_path: Path) -> None:
    for arguments in (("--limit", "nothing=1"), ("--allow-host", "a:1"), ("--https-port", "70000")):
        done = command(tmp_path, "up", "--base-port", "20000", *arguments)
        assert done.returncode == 2, done.stderr
    assert command(tmp_path, "up", "--random-ports", "--allow-host", "wallet.esw.esante.gouv.fr").returncode == 2
