"""``doctor`` over the real wire: both directions, every light red once, and no trace of its own left behind."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulators.assembly.doctor import here, inside, probe
from simulators.assembly.doctor.model import Check, Light, any_red
from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.cli.doctor import examine
from simulators.cli.main import main
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.core import journal
from simulators.core.expect import Expectation, wait_for
from simulators.core.pki import IssuedCertificate, Pki, Validity
from simulators.sandbox import Sandbox
from tests.support.product import closed_port, product, talker


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """An environment that names no proxy, no store and no other sandbox."""
    return {"XDG_CACHE_HOME": str(tmp_path / "no-cache")}


def looked(control: Control, world: str, environment: dict[str, str], *products: str) -> dict[str, Check]:
    return {check.id: check for check in examine(control, world, products, None, environment)}


def reds(found: dict[str, Check], prefix: str = "") -> set[str]:
    return {id for id, check in found.items() if check.light is Light.RED and id.startswith(prefix)}


def server(sandbox: Sandbox, *names: str, validity: Validity | None = None, pki: Pki | None = None) -> Any:
    """A server certificate of ``names`` (DNS, or one IP address)."""
    dns = [n for n in names if not n[0].isdigit()]
    ips = [n for n in names if n[0].isdigit()]
    return (pki or sandbox.pki).issue_server(dns, ips, now=sandbox.now(), validity=validity)


# -- the user's side ---------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox where no other test froze a world or left a connection behind."""
    with Sandbox(Settings(random_ports=True, publish=False, environment=sandbox.settings.environment)) as running:
        yield running


def test_all_is_well_and_nothing_is_left_in_any_journal(alone: Sandbox, nowhere: dict[str, str]) -> None:
    sandbox, control, world = alone, Control(endpoints(alone)), "main"
    worlds = ["main", "-"]
    before = [journal.cursor(sandbox.store, name) for name in worlds]
    found = looked(control, world, nowhere)
    assert reds(found) - {id for id in found if id.startswith("failure.")} == set()
    for id in ("sandbox", "name", "port.dmp", "trust.dmp", "clock.sandbox", "ocsp", "proxy", "folder", "clock.worlds"):
        assert found[id].light is Light.GREEN, found[id]
    assert any(id.startswith("crl.") for id in found)
    assert [journal.cursor(sandbox.store, name) for name in worlds] == before


def test_every_check_speaks_both_languages(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str]
) -> None:
    sandbox.worlds.freeze(world, sandbox.now())
    found = looked(control, world, nowhere, f"http://127.0.0.1:{closed_port()}/", "https://dmp.gouv.fr/")
    for check in found.values():
        assert check.said.fr and check.said.en
        assert bool(check.mend.fr) == bool(check.mend.en)
        assert check.light is not Light.RED or check.mend.fr, check
        assert Check.from_json(check.as_json()) == check
    assert found[f"clock.{world}"].light is Light.GREY


def test_a_proxy_that_takes_the_calls_to_the_sandbox(control: Control, world: str, nowhere: dict[str, str]) -> None:
    proxy = {"HTTPS_PROXY": "http://proxy.test:3128"}
    assert "proxy" in reds(looked(control, world, nowhere | proxy))
    assert "proxy" not in reds(looked(control, world, nowhere | proxy | {"NO_PROXY": "localhost,127.0.0.1"}))


def test_what_the_sandbox_says_and_this_machine_cannot_reach(sandbox: Sandbox, nowhere: dict[str, str]) -> None:
    """The facts of a sandbox whose name, ports and roots are of no use from here."""
    facts = inside.facts(sandbox)
    dead = f"https://localhost:{closed_port()}"
    facts |= {"public_host": "no-such-host.test", "aliases": ["no-such-alias.test"], "ocsp": f"{dead}/ocsp"}
    facts["listeners"] |= {"dead": {"url": dead, "local": dead}, "deaf": {"url": "https://x.test:1", "local": dead}}
    found = {check.id: check for check in here.examine(facts, nowhere, sandbox.now())}
    assert {"name", "name.aliases", "port.dead", "port.deaf", "ocsp"} <= reds(found)
    assert "no-such-alias.test" in found["name.aliases"].said.fr
    late = {check.id: check for check in here.examine(facts, nowhere, sandbox.now() + timedelta(minutes=10))}
    assert "fast" not in late["clock.sandbox"].said.en and late["clock.sandbox"].light is Light.RED


@pytest.mark.parametrize(
    ("address", "red"), [("127.0.0.1", None), ("10.1.2.3", None), ("192.0.2.1", None), ("8.8.8.8", "name.real")]
)
def test_a_production_name_must_not_lead_to_the_real_service(
    sandbox: Sandbox, nowhere: dict[str, str], monkeypatch: pytest.MonkeyPatch, address: str, red: str | None
) -> None:
    resolve = probe.addresses
    monkeypatch.setattr(probe, "addresses", lambda host: (address,) if host.endswith(".gouv.fr") else resolve(host))
    facts = inside.facts(sandbox) | {"aliases": ["lps2.dmp.gouv.fr"], "crl": {}}
    facts["listeners"] = {"console": inside.facts(sandbox)["listeners"]["console"]}
    found = {check.id: check for check in here.examine(facts, nowhere, sandbox.now())}
    assert reds(found, "name.") == ({red} if red else set())


def test_a_listener_whose_certificate_is_of_another_root(
    sandbox: Sandbox, nowhere: dict[str, str], tmp_path: Path
) -> None:
    facts = inside.facts(sandbox)
    with product(foreign(sandbox, tmp_path), tmp_path) as port:
        facts["listeners"] = {"console": facts["listeners"]["console"]} | {
            "other": {"url": f"https://localhost:{port}", "local": f"https://localhost:{port}"}
        }
        found = {check.id: check for check in here.examine(facts, nowhere, sandbox.now())}
    assert "trust.other" in reds(found)
    assert "authority" in found["trust.other"].said.en


def test_the_root_is_found_where_it_is_installed(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str], tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("")
    environment = nowhere | {"REQUESTS_CA_BUNDLE": str(bundle)}
    assert looked(control, world, environment)["trust.REQUESTS_CA_BUNDLE"].light is Light.GREY
    bundle.write_text(inside.facts(sandbox)["roots"])
    assert looked(control, world, environment)["trust.REQUESTS_CA_BUNDLE"].light is Light.GREEN


def test_another_sandbox_took_the_default_place(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str]
) -> None:
    place = sandbox.folder / "endpoints.json"
    kept = place.read_text("utf-8")
    stolen = json.loads(kept)
    stolen["control"]["token"], stolen["pid"] = "another", 4242
    try:
        place.write_text(json.dumps(stolen), "utf-8")
        assert "4242" in looked(control, world, nowhere)["two-sandboxes"].said.en
    finally:
        place.write_text(kept, "utf-8")


def test_two_sandboxes_seen_from_the_command(tmp_path: Path, control: Control, world: str) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    settings = Settings(random_ports=True, only=("dmp",), readiness=False, environment=environment)
    with Sandbox(settings):
        found = looked(control, world, environment)
    assert "two-sandboxes" in reds(found)


# -- the product's side ------------------------------------------------------------------------------------------------


def foreign(sandbox: Sandbox, folder: Path) -> IssuedCertificate:
    """A certificate of an authority nobody here knows."""
    other = Pki.open(folder / "other", sandbox.pool, sandbox.now() - timedelta(seconds=1), ("localhost",))
    issued: IssuedCertificate = server(sandbox, "localhost", pki=other)
    return issued


def test_a_good_product_is_green(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str], tmp_path: Path
) -> None:
    with product(server(sandbox, "localhost"), tmp_path) as port, product() as plain:
        urls = (f"https://localhost:{port}/callback?x=1", f"http://localhost:{plain}/")
        found = looked(control, world, nowhere, *urls)
    lights = {id: check.light for id, check in found.items() if id.startswith("product")}
    assert set(lights) == {f"product1.{c}" for c in ("tcp", "tls", "name", "dates", "chain", "http", "clock")} | {
        f"product2.{c}" for c in ("tcp", "http", "clock")
    }
    assert set(lights.values()) == {Light.GREEN}


def test_a_product_declared_in_the_world(control: Control, world: str, nowhere: dict[str, str]) -> None:
    with product() as port:
        settings = {"product.endpoints": f"http://127.0.0.1:{port}/, mllp://127.0.0.1:{port}"}
        control.call("PATCH", f"/worlds/{world}/policy", {"settings": settings})
        found = looked(control, world, nowhere)
    assert {"product1.http", "product2.tcp"} <= set(found)
    assert reds(found, "product") == set()


@pytest.mark.parametrize("case", ["wrong name", "untrusted", "expired", "not yet", "skewed", "in error", "lost"])
def test_one_cause_one_red(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str], tmp_path: Path, case: str
) -> None:
    now, day = sandbox.now(), timedelta(days=1)
    old, future = Validity(now - 9 * day, now - day), Validity(now + day, now + 9 * day)
    certificates: dict[str, Callable[[], Any]] = {
        "wrong name": lambda: server(sandbox, "elsewhere.test"),
        "untrusted": lambda: foreign(sandbox, tmp_path),
        "expired": lambda: server(sandbox, "localhost", validity=old),
        "not yet": lambda: server(sandbox, "localhost", validity=future),
    }
    expected = {"wrong name": "name", "untrusted": "chain", "skewed": "clock", "in error": "http", "lost": ""}
    issued = certificates.get(case, lambda: server(sandbox, "localhost"))()
    status = {"in error": 500, "lost": 404}.get(case, 200)
    late = timedelta(minutes=7) if case == "skewed" else timedelta(0)
    with product(issued, tmp_path, status=status, late=late) as port:
        found = looked(control, world, nowhere, f"https://localhost:{port}/")
    wanted = expected.get(case, "dates")
    assert reds(found, "product") == ({f"product1.{wanted}"} if wanted else set())
    if case == "skewed":
        assert re.search(r"42[01] s", found["product1.clock"].said.en)
    if case == "wrong name":
        assert "elsewhere.test" in found["product1.name"].said.fr
    if case == "lost":
        assert found["product1.http"].light is Light.GREY


def test_the_wrong_protocol_is_named(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str], tmp_path: Path
) -> None:
    with product(server(sandbox, "localhost"), tmp_path) as secure, product() as plain, talker(b"220 hi\r\n") as other:
        urls = (f"https://localhost:{plain}/", f"http://localhost:{secure}/", f"http://localhost:{other}/")
        found = looked(control, world, nowhere, *urls, f"http://localhost:{closed_port()}/")
    assert "http://" in found["product1.tls"].mend.en
    assert "https://" in found["product2.http"].mend.en
    assert "does not speak HTTP" in found["product3.http"].said.en
    assert "refused" in found["product4.tcp"].said.en
    assert reds(found, "product") == {"product1.tls", "product2.http", "product3.http", "product4.tcp"}


def test_a_product_that_demands_a_client_certificate(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str], tmp_path: Path
) -> None:
    with product(server(sandbox, "localhost"), tmp_path, wants_certificate=True) as port:
        found = looked(control, world, nowhere, f"https://localhost:{port}/", f"mllps://localhost:{port}")
    assert "client certificate" in found["product1.tls"].said.en
    assert found["product2.tcp"].light is Light.GREEN


def test_mail_and_hl7_ports(control: Control, world: str, nowhere: dict[str, str]) -> None:
    ehlo = {b"EHLO": b"250 there\r\n", b"QUIT": b"221 bye\r\n"}
    with talker(b"220 mail\r\n", ehlo) as mail, talker(b"HTTP/1.1 400 no\r\n\r\n") as other:
        urls = (f"smtp://127.0.0.1:{mail}", f"smtp://127.0.0.1:{other}", f"mllp://127.0.0.1:{mail}")
        found = looked(control, world, nowhere, *urls)
    assert (found["product1.smtp"].light, found["product1.tls"].light) == (Light.GREEN, Light.GREY)
    assert reds(found, "product") == {"product2.smtp"}
    assert found["product3.tcp"].light is Light.GREEN


def test_a_national_domain_is_never_called(control: Control, world: str, nowhere: dict[str, str]) -> None:
    assert reds(looked(control, world, nowhere, "https://dmp.gouv.fr/"), "product") == {"product1.guard"}


def test_a_host_that_the_sandbox_would_not_call_by_itself(
    control: Control, world: str, nowhere: dict[str, str]
) -> None:
    found = looked(control, world, nowhere, "http://product.example:81/")
    assert "--allow-host product.example" in found["product1.allowed"].mend.en


@pytest.mark.parametrize("url", ["localhost:80", "ftp://localhost/", "http://", "http://x y/", "http://h:99999/", ""])
def test_what_is_no_endpoint_is_refused_before_anything_is_called(control: Control, world: str, url: str) -> None:
    with pytest.raises(Refusal, match="expected http"):
        control.call("POST", "/doctor", {"world": world, "products": [url]})


# -- failed handshakes -------------------------------------------------------------------------------------------------


def knock(sandbox: Sandbox, name: str, context: ssl.SSLContext) -> None:
    """A handshake with the DMP that fails at one of its ends."""
    url = urlsplit(sandbox.local_url("dmp"))
    with contextlib.suppress(OSError), socket.create_connection((url.hostname or "", url.port or 0), 10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            secured.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            secured.recv(100)


def failing(sandbox: Sandbox, since: int) -> journal.Exchange:
    waited = wait_for(sandbox.store, "-", Expectation({"outcome": "incident"}), since=since, timeout=20)
    assert waited.exchange is not None
    return waited.exchange


def failed(sandbox: Sandbox, control: Control, nowhere: dict[str, str]) -> Sequence[Check]:
    found = control.call("POST", "/doctor", {})["checks"]
    return [Check.from_json(check) for check in found if check["id"].startswith("failure.")]


def test_a_product_that_does_not_trust_us_then_does(
    sandbox: Sandbox, control: Control, world: str, nowhere: dict[str, str]
) -> None:
    before = journal.cursor(sandbox.store, "-")
    knock(sandbox, "localhost", ssl.create_default_context(cafile=None, capath=str(sandbox.folder)))
    row = failing(sandbox, before)
    first = next(c for c in failed(sandbox, control, nowhere) if c.id == f"failure.dmp.{row.status}")
    assert (row.status, first.light) == ("client_rejected_unknown_ca", Light.RED)
    assert "root" in first.mend.en and "racine" in first.mend.fr
    described = sandbox.describe(world)
    roots = sandbox.folder / "trust" / "roots.pem"
    with dmp_client(described, roots, "hospital", "hospital-specialist", ids=uuid.uuid4, now=sandbox.now) as client:
        client.exists(patient_of(described, "adult").ins)
    after = next(c for c in failed(sandbox, control, nowhere) if c.id == first.id)
    assert after.light is Light.GREY and "since" in after.said.en


def test_a_name_that_our_certificate_does_not_bear(sandbox: Sandbox, control: Control, nowhere: dict[str, str]) -> None:
    before = journal.cursor(sandbox.store, "-")
    context = ssl.create_default_context(cafile=str(sandbox.folder / "trust" / "roots.pem"))
    knock(sandbox, "dmp.wrong.test", context)
    row = failing(sandbox, before)
    assert row.verdict["findings"][0]["facts"]["server_name"] == "dmp.wrong.test"
    check = next(c for c in failed(sandbox, control, nowhere) if c.id == f"failure.dmp.{row.status}")
    assert "dmp.wrong.test" in check.said.fr and "localhost" in check.mend.fr


def test_a_proxy_request_is_named(sandbox: Sandbox) -> None:
    before = journal.cursor(sandbox.store, "-")
    url = urlsplit(sandbox.local_url("dmp"))
    with socket.create_connection((url.hostname or "", url.port or 0), 10) as plain:
        plain.sendall(b"CONNECT dmp.test:443 HTTP/1.1\r\nHost: dmp.test\r\n\r\n")
        plain.recv(100)
    row = failing(sandbox, before)
    (finding,) = row.verdict["findings"]
    assert row.status == "proxy_connect"
    assert "NO_PROXY" in finding["mend"]["en"] and "proxy" in finding["sentence"]["fr"]
    assert finding["facts"]["first_line"] == "CONNECT dmp.test:443 HTTP/1.1"


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_and_its_exit_codes(
    sandbox: Sandbox, world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = str(sandbox.folder / "endpoints.json")
    asked = ["doctor", "--endpoints", file, "--world", world, "--product", f"http://127.0.0.1:{closed_port()}"]
    assert main([*asked, "--lang", "en"]) == 1
    lines = capsys.readouterr().out.splitlines()
    (bad,) = [line for line in lines if line.startswith("RED") and "product1" in line]
    assert "nobody listens" in bad and " -> " in bad
    assert all(line.split()[0] in {"green", "grey", "RED"} for line in lines)
    assert main([*asked, "--json"]) == 1
    assert any_red(map(Check.from_json, json.loads(capsys.readouterr().out)["checks"]))
    assert main(["doctor", "--endpoints", str(tmp_path / "none.json"), "--lang", "fr"]) == 3
    assert "ROUGE  sandbox" in capsys.readouterr().out
    assert main(["doctor", "--endpoints", file, "--world", "nowhere"]) == 2
