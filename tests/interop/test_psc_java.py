"""Two Java products sign people in through Pro Santé Connect: Nimbus oauth2-oidc-sdk, and Spring Security (Boot).

Maven fetches the libraries (``psc/java/pom.xml``) outside the repository; Java trusts the sandbox by the trust store of
its own kit.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.psc import room as rooms
from tests.interop.psc.browser import Browser, Shown
from tests.interop.psc.room import Bench, Room

pytestmark = pytest.mark.interop

SOURCES = rooms.HERE / "java"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
JDK = "a JDK 17 or later (Debian package default-jdk-headless)"
PASSWORD = "segur-sandbox"
START_S = 90.0
STEPS = [
    "discovery",
    "code and ID token",
    "userinfo",
    "refresh",
    "introspection and revocation",
    "logout",
    "wrong secret",
    "refused by the person",
    "expired code",
    "CIBA approved",
    "CIBA refused",
    "tls_client_auth",
    "tls_client_auth without the certificate",
]
Enter = Callable[[Bench, str], Room]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("psc-java")) as running:
        yield running


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The libraries at the versions that pom.xml pins, and the compiled products."""
    javac = rooms.tool("javac", JDK)
    pinned = hashlib.sha256((SOURCES / "pom.xml").read_bytes()).hexdigest()[:12]
    jars = rooms.cached(f"java-{pinned}")
    if not (jars / "done").is_file():
        command = [rooms.tool("mvn", "Debian package maven"), "-q", "-B", "-f", str(SOURCES / "pom.xml"), COPY]
        done = rooms.run([*command, f"-DoutputDirectory={jars}"], jars, 600)
        if done.returncode != 0:
            rooms.missing(f"Maven did not fetch the libraries:\n{done.stdout[-3000:]}")
        (jars / "done").touch()
    classes = tmp_path_factory.mktemp("classes")
    sources = sorted(str(path) for path in SOURCES.rglob("*.java"))
    options = ["--release", "17", "-parameters", "-encoding", "UTF-8", "-cp", f"{jars}/*", "-d", str(classes)]
    done = rooms.run([javac, *options, *sources], classes)
    assert done.returncode == 0, done.stdout
    return f"{classes}:{jars}/*"


@pytest.fixture(scope="module")
def trusting(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What tells a Java machine whom to trust: the trust store of the kit."""
    roots = bench.call("GET", "/endpoints")["trust"]["roots_url"]
    file = tmp_path_factory.mktemp("kit") / "truststore.p12"
    file.write_bytes(rooms.fetched(roots.rpartition("/")[0] + "/kit/truststore.p12"))
    return [f"-Djavax.net.ssl.trustStore={file}", f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"]


@pytest.mark.parametrize(
    ("world", "enter"),
    [("main", rooms.room), ("java-lists", rooms.lists), ("java-later", rooms.later)],
    ids=["at the production paths", "by the national lists", "six months later"],
)
def test_a_product_on_nimbus(
    bench: Bench, classpath: str, trusting: list[str], tmp_path: Path, world: str, enter: Enter
) -> None:
    name = world if world == "main" else f"{world}-nimbus"
    room = enter(bench, name)
    holder = room.facts["structure"]["id"]
    made = bench.call("POST", f"/worlds/{name}/certificates", {"structure": holder})["files"]
    room.facts.update(pkcs12=made["auth_cli"]["pkcs12"], password=made["password"])
    command = [rooms.tool("java", JDK), *trusting, "-cp", classpath, "product.NimbusProduct"]
    done = rooms.run(command, tmp_path, SEGUR_INTEROP_ROOM=str(room.write(tmp_path)))
    assert done.returncode == 0, done.stdout
    assert [line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")] == STEPS, done.stdout


@dataclass(frozen=True)
class Product:
    """A running Spring Boot application."""

    room: Room
    url: str

    def signed_in(self, browser: Browser, at: str = "") -> Shown:
        """Through the wallet page to the product's page; ``at`` is where it begins, by default the page itself."""
        wallet = browser.open(at or self.url + "/")
        assert "Who signs in?" in wallet.text, wallet.text[:3000]
        assert wallet.query["acr_values"] == "eidas1" and wallet.query["code_challenge_method"] == "S256"
        page = browser.submit(wallet, choice=self.room.professional, means="CARD")
        assert page.status == 200 and page.url.startswith(self.url + "/"), (page.url, page.text[:3000])
        return page


def by_issuer(room: Room) -> dict[str, str]:
    """Spring finds everything under the standard name."""
    return {"provider.psc.issuer-uri": room.psc["issuer"]}


def by_endpoints(room: Room) -> dict[str, str]:
    """What a vendor writes because the national provider has no document under the standard name."""
    base = room.psc["issuer"] + "/protocol/openid-connect"
    return {
        "provider.psc.authorization-uri": room.psc["authorization"],
        "provider.psc.token-uri": f"{base}/token",
        "provider.psc.user-info-uri": f"{base}/userinfo",
        "provider.psc.jwk-set-uri": f"{base}/certs",
        "provider.psc.user-name-attribute": "preferred_username",
    }


def written(room: Room, provider: dict[str, str]) -> list[str]:
    """What a vendor types by hand, as arguments."""
    properties = {
        "registration.psc.client-id": room.client["client_id"],
        "registration.psc.client-secret": room.client["secret"],
        "registration.psc.scope": "openid,scope_all",
        "registration.psc.authorization-grant-type": "authorization_code",
        "registration.psc.redirect-uri": "{baseUrl}/login/oauth2/code/{registrationId}",
        **provider,
    }
    return [f"--spring.security.oauth2.client.{name}={value}" for name, value in properties.items()]


@contextmanager
def spring(room: Room, command: list[str], folder: Path, settings: list[str]) -> Iterator[Product]:
    """The application, at a port it chooses, until the end of the test."""
    arguments = [*settings, "--server.port=0", "--server.address=127.0.0.1", "--spring.main.banner-mode=off"]
    arguments += ["--logging.level.root=warn"]
    log = folder / "spring.log"
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *arguments], cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Product(room, f"http://localhost:{_port(process, log)}")
    finally:
        process.terminate()
        process.wait(30)


def _port(process: subprocess.Popen[bytes], log: Path) -> str:
    pause = threading.Event()
    for _ in range(int(START_S / 0.2)):
        said = log.read_text("utf-8", "replace")
        found = [line for line in said.splitlines() if line.startswith("PORT ")]
        if found:
            return found[0].split()[1]
        assert process.poll() is None, said[-4000:]
        pause.wait(0.2)
    raise AssertionError(log.read_text("utf-8", "replace")[-4000:])


@pytest.mark.parametrize(
    ("world", "enter", "provider"),
    [
        ("main", rooms.room, by_issuer),
        ("java-lists", rooms.lists, by_issuer),
        ("java-later", rooms.later, by_endpoints),
        ("java-national", rooms.national, by_endpoints),
    ],
    ids=["at the production paths", "by the national lists", "six months later", "no standard discovery"],
)
def test_a_product_on_spring(
    bench: Bench,
    classpath: str,
    trusting: list[str],
    tmp_path: Path,
    world: str,
    enter: Enter,
    provider: Callable[[Room], dict[str, str]],
) -> None:
    room = enter(bench, world if world == "main" else f"{world}-spring-{provider.__name__.replace('_', '-')}")
    command = [rooms.tool("java", JDK), *trusting, "-cp", classpath, "product.SpringProduct"]
    with spring(room, command, tmp_path, written(room, provider(room))) as product:
        refused_login(product)
        browser = Browser(room.facts["roots"])
        page = json.loads(product.signed_in(browser).text)
        assert page["name"] == room.professional and page["acr"] == "eidas1"
        assert page["role"][0].endswith("^1.2.250.1.213.1.1.5.5")
        assert json.loads(browser.open(product.url + "/").text)["token"] == page["token"]
        tokens_renewed(product)
        if provider is by_issuer:  # the end_session endpoint is known by discovery only
            signed_out(product, browser)


def test_spring_by_the_configuration_page_and_never_touched_again(
    bench: Bench, classpath: str, trusting: list[str], tmp_path: Path
) -> None:
    """Two providers by the downloaded ``application.yml``; the same process after six months and a new key."""
    room = rooms.room(bench, "java-config")
    page = bench.page(f"/config?world={room.world}&format=spring")
    assert page.ok and 'filename="application.yml"' in page.headers["Content-Disposition"], page.text
    (tmp_path / "application.yml").write_text(page.text, "utf-8")
    command = [rooms.tool("java", JDK), *trusting, "-cp", classpath, "product.SpringProduct"]
    with spring(room, command, tmp_path, [f"--spring.config.location={tmp_path}/application.yml"]) as product:
        offered = Browser(room.facts["roots"]).open(f"{product.url}/")
        assert all(f"/oauth2/authorization/{name}" in offered.text for name in ("psc", "etablissement")), offered.text
        at_psc = f"{product.url}/oauth2/authorization/psc"
        page_of = json.loads(product.signed_in(Browser(room.facts["roots"]), at_psc).text)
        assert page_of["name"] == room.professional
        for path, change in rooms.CHANGES:
            bench.call("POST", f"/worlds/{room.world}{path}", change)
            again = json.loads(product.signed_in(Browser(room.facts["roots"]), at_psc).text)
            assert again["name"] == room.professional and again["token"] != page_of["token"], path


def refused_login(product: Product) -> None:
    browser = Browser(product.room.facts["roots"])
    page = browser.submit(browser.open(product.url + "/"), choice="refuse")
    assert any(step.startswith(product.url) and "error=access_denied" in step for step in page.passed), page.passed
    assert page.url.startswith(f"{product.url}/login?error") and "Login with OAuth 2.0" in page.text, page.text


def tokens_renewed(product: Product) -> None:
    """Spring renews a minute ahead: a token of 30 seconds is too old at each page."""
    browser = Browser(product.room.facts["roots"])
    product.room.settings(psc_access_seconds="30")
    try:
        first = json.loads(product.signed_in(browser).text)["token"]
        second = json.loads(browser.open(product.url + "/").text)["token"]
        third = json.loads(browser.open(product.url + "/").text)["token"]
    finally:
        product.room.settings(psc_access_seconds=None)
    assert len({first, second, third}) == 3


def signed_out(product: Product, browser: Browser) -> None:
    out = browser.open(product.url + "/logout")
    assert out.url == f"{product.url}/goodbye" and out.text == "signed out"
    assert any("/protocol/openid-connect/logout" in step and "id_token_hint" in step for step in out.passed)
    assert "Who signs in?" in browser.open(product.url + "/").text
