"""The product in a container and the sandbox on its host, and the reverse: two Linux network namespaces and a cable.

A network namespace is what a container has. The product is ``curl`` of the distribution; the message is built by the
foreign product of these tests, which shares no code with the sandbox.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.interop import endpoints as finding
from tests.interop.python.client import DmpClient, Services
from tests.interop.python.control import Control
from tests.interop.python.identity import new_identity
from tests.support.running import COMMAND, environment

pytestmark = pytest.mark.interop

HERE, THERE = "10.213.77.1", "10.213.77.2"
NAME = "sandbox.test"
PATIENCE_S = 60


def run(*command: str, check: bool = True, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE_S, check=check)


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """The name of a namespace at the other end of a cable: 10.213.77.1 here, 10.213.77.2 there."""
    name = f"segur{os.getpid()}"
    missing = [tool for tool in ("ip", "curl") if shutil.which(tool) is None]
    made = None if missing else run("ip", "netns", "add", name, check=False)
    if made is None or made.returncode:
        why = f"no {' and no '.join(missing)}" if made is None else made.stderr.decode(errors="replace").strip()
        told = f"no network namespace can be made here ({why}); it wants root, iproute2 and curl"
        (pytest.fail if os.environ.get("SEGUR_REQUIRE") == "1" else pytest.skip)(told)
    here, there = f"sg{os.getpid()}a", f"sg{os.getpid()}b"
    try:
        run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        run("ip", "address", "add", f"{HERE}/30", "dev", here)
        run("ip", "link", "set", here, "up")
        run("ip", "-n", name, "address", "add", f"{THERE}/30", "dev", there)
        run("ip", "-n", name, "link", "set", there, "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        run("ip", "link", "del", here, check=False)
        run("ip", "netns", "del", name, check=False)


@dataclass(frozen=True)
class Curl:
    """``curl`` in a namespace (None: here). It knows ``names`` only, and nothing of this machine's proxies."""

    namespace: str | None
    names: Mapping[str, str]
    roots: Path | None = None
    certificate: tuple[Path, Path] | None = None

    def __call__(self, url: str, *options: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Raises nothing: the exit code tells (60: certificate not trusted, 35: TLS alert)."""
        parts = urlsplit(url)
        port = parts.port or 443
        known = [part for name, to in self.names.items() for part in ("--resolve", f"{name}:{port}:{to}")]
        trust = ["--cacert", str(self.roots)] if self.roots else []
        pair = ["--cert", str(self.certificate[0]), "--key", str(self.certificate[1])] if self.certificate else []
        body = ["--data-binary", "@-"] if data is not None else []
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        command = [
            "curl",
            "-q",
            "-sS",
            "--noproxy",
            "*",
            "--max-time",
            "30",
            *known,
            *trust,
            *pair,
            *body,
            *options,
            url,
        ]
        return run(*inside, *command, check=False, data=data)

    def status(self, url: str, *options: str) -> int:
        """The HTTP status, 0 when there is no answer."""
        return int(self(url, "-o", os.devnull, "-w", "%{http_code}", *options).stdout or 0)

    def post(self, url: str, data: bytes, headers: Mapping[str, str], **more: Any) -> SimpleNamespace:
        """As a ``requests`` session, for the foreign product. Raises ``AssertionError`` without an answer."""
        sent = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
        done = self(url, *sent, "-w", "\n%{http_code} %{content_type}", data=data)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        content, _end, last = done.stdout.rpartition(b"\n")
        status, _space, kind = last.decode().partition(" ")
        return SimpleNamespace(status_code=int(status), headers={"Content-Type": kind}, content=content)


def product(curl: Curl, endpoints: finding.Endpoints, base: str, folder: Path) -> DmpClient:
    """The foreign product behind ``curl``, with identifiers of its own, speaking to ``base``."""
    who = new_identity(random.Random(base))
    pair = Control(endpoints).certificates(who.structure.national_id)
    certificate, key = folder / "auth_cli.pem", folder / "auth_cli.key"
    certificate.write_text(pair.auth_cli.certificate.strip() + "\n" + pair.auth_cli.chain, encoding="ascii")
    key.write_text(pair.auth_cli.key, encoding="ascii")
    session: Any = Curl(curl.namespace, curl.names, endpoints.roots, (certificate, key))
    path = "/si-dmp-server/v2/services/{}"
    names = ("patients", "habilitations", "registry", "repository")
    return DmpClient(who, Services(*(base + path.format(name) for name in names)), session, pair)


@dataclass(frozen=True)
class Running:
    """A sandbox of these tests."""

    endpoints: finding.Endpoints
    console: str
    shared: str
    token: str
    curl: Curl


def started(folder: Path, inside: str | None, address: str, caller: str | None) -> Iterator[Running]:
    """``up`` bound to ``address``, in a namespace or here, with a shared HTTPS port; ``caller`` is where curl runs."""
    target, log = folder / "endpoints.json", folder / "up.log"
    command = [*COMMAND, "up", "--random-ports", "--https-port", "443", "--bind", address, "--public-host", NAME]
    command = [*(["ip", "netns", "exec", inside] if inside else []), *command, "--endpoints", str(target)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=environment(folder))
        try:
            found = finding._await(process, target, log)
            told = {line.split()[0]: line.split()[1] for line in log.read_text("utf-8").splitlines() if " " in line}
            names = {NAME: address, f"dmp.{NAME}": address}
            curl = Curl(caller, names, found.roots)
            yield Running(found, told["console"], told["https.dmp"], found.control_token, curl)
        finally:
            finding._stop(process)


@pytest.fixture(scope="module", params=["product inside", "sandbox inside"])
def running(
    request: pytest.FixtureRequest, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sandbox")
    if request.param == "product inside":
        yield from started(folder, None, HERE, namespace)
    else:
        yield from started(folder, namespace, THERE, None)


def own_port(running: Running) -> str:
    parts = urlsplit(running.endpoints.services["dmp"]["patients"])
    return f"{parts.scheme}://{parts.netloc}"


def test_the_addresses_bear_the_public_name(running: Running) -> None:
    for url in (*running.endpoints.services["dmp"].values(), running.console):
        assert urlsplit(url).hostname == NAME
    assert urlsplit(running.shared).hostname == f"dmp.{NAME}"


@pytest.mark.parametrize("by", ["own port", "shared port"])
def test_a_product_across_the_cable_is_answered_over_mutual_tls(running: Running, by: str, tmp_path: Path) -> None:
    base = own_port(running) if by == "own port" else running.shared
    outcome = product(running.curl, running.endpoints, base, tmp_path).existence()
    rows = Control(running.endpoints).exchanges()["exchanges"]
    assert (rows[-1]["operation"], rows[-1]["outcome"]) == ("dmp.TD0.2", "accepted"), outcome


def test_the_server_is_not_trusted_without_our_root(running: Running) -> None:
    stranger = Curl(running.curl.namespace, running.curl.names)
    for base in (own_port(running), running.shared):
        assert stranger(base).returncode == 60
        assert running.curl.status(f"{base}/") == 200


def test_the_console_on_a_network_wants_its_token(running: Running) -> None:
    console = running.console
    assert running.curl.status(f"{console}/") == 401
    assert running.curl.status(f"{console}/?token={running.token}") in {200, 302, 303}
    assert running.curl.status(f"{console}/_sandbox/worlds") == 401
    bearer = ("-H", f"Authorization: Bearer {running.token}")
    assert running.curl.status(f"{console}/_sandbox/worlds", *bearer) == 200
    assert running.curl.status(f"{console}/_sandbox/worlds", *bearer, "-H", "Host: rebound.example") == 421


def test_the_shared_port_tells_a_stranger_its_names(running: Running) -> None:
    address = running.curl.names[NAME]
    port = urlsplit(running.shared).port
    answer = running.curl(f"https://{address}:{port}/")
    assert f"dmp.{NAME}".encode() in answer.stdout
    assert running.curl.status(f"https://{address}:{port}/") == 421
    unknown = Curl(running.curl.namespace, {f"other.{NAME}": address}, running.endpoints.roots)
    refused = unknown(f"https://other.{NAME}:{port}/")
    assert refused.returncode == 35
    assert b"unrecognized name" in refused.stderr


def test_nothing_listens_beside_the_address_given(running: Running) -> None:
    loopback = Curl(None, {NAME: "127.0.0.1"}, running.endpoints.roots)
    assert loopback(own_port(running)).returncode == 7


def test_the_hosts_lines_lead_there(namespace: str, tmp_path: Path) -> None:
    """``hosts --add`` on a hosts file mounted by itself, as in a container, read by the resolver of the system."""
    hosts = tmp_path / "hosts"
    hosts.write_bytes(b"127.0.0.1 localhost")
    tell = " ".join([sys.executable, "-m", "simulators.cli.main", "hosts"])
    script = (
        f"mount --bind {hosts} /etc/hosts && "
        f"{tell} --add --address {HERE} --public-host {NAME} --production-names >/dev/null && "
        f"getent ahostsv4 dmp.{NAME} && getent ahostsv4 lps2.dmp.gouv.fr && {tell} --remove"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        env=environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"{HERE} ") >= 2
    assert "as before" in done.stdout
    assert hosts.read_bytes() == b"127.0.0.1 localhost"
