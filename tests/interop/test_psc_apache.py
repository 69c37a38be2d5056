"""Debian's mod_auth_openidc in a real Apache: a page behind Pro Santé Connect.

Once with the directives integrators use, once with those that the configuration page hands out.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

import pytest
from lxml import html

from tests.interop.psc import room as rooms
from tests.interop.psc.browser import Browser, Shown, spki
from tests.interop.psc.room import Bench, Room
from tests.support.chromium import Chromium

pytestmark = pytest.mark.interop

SOURCES = rooms.HERE / "apache"
MODULES = Path("/usr/lib/apache2/modules")
PACKAGES = "Debian packages apache2 and libapache2-mod-auth-openidc"
ATTEMPTS = 3
Directives = Callable[[Room], str]


@dataclass(frozen=True)
class Product:
    """A running Apache; ``root`` is its folder."""

    room: Room
    url: str
    root: Path

    def browser(self) -> Browser:
        return Browser(self.room.facts["roots"])

    def log(self) -> str:
        file = self.root / "error.log"
        return file.read_text("utf-8", "replace")[-4000:] if file.is_file() else ""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with rooms.bench(tmp_path_factory.mktemp("psc-apache")) as running:
        yield running


def integrated(room: Room) -> str:
    """The directives of integrators."""
    return (SOURCES / "psc.conf").read_text("utf-8")


def downloaded(room: Room) -> str:
    """``segur-psc.conf`` of the configuration page, and after it what it leaves to the product."""
    page = room.bench.page(f"/config?world={room.world}&format=mod_auth_openidc")
    assert page.ok and 'filename="segur-psc.conf"' in page.headers["Content-Disposition"], page.text
    return page.text.replace("$", "$$") + (SOURCES / "own.conf").read_text("utf-8")


@pytest.fixture(
    scope="module",
    params=[
        ("main", rooms.room, integrated),
        ("apache-here", rooms.room, integrated),
        ("apache-later", rooms.later, integrated),
        ("apache-national", rooms.national, integrated),
        ("apache-config", rooms.room, downloaded),
    ],
    ids=[
        "at the production paths",
        "in a world of its own",
        "six months later",
        "by the national document",
        "by the configuration page",
    ],
)
def product(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Product]:
    world, enter, directives = request.param
    with running(enter(bench, world), directives) as found:
        yield found


@contextmanager
def running(room: Room, directives: Directives) -> Iterator[Product]:
    """An Apache for one room, stopped at the end."""
    apache = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if apache is None or not (MODULES / "mod_auth_openidc.so").is_file():
        rooms.missing(f"no Apache with mod_auth_openidc on this machine: {PACKAGES}")
    assert apache is not None
    # Apache's children run as another user when the test is root's: pytest's own folders are closed to them.
    with tempfile.TemporaryDirectory(prefix="segur-apache-") as name:
        root = Path(name)
        url = _started(apache, room, root, directives)
        try:
            yield Product(room, url, root)
        finally:
            _run(apache, root, "stop")
            _gone(root)


def _started(apache: str, room: Room, root: Path, directives: Directives) -> str:
    """The address it answers at; another port when somebody took the one that was free."""
    user = _prepared(room, root)
    said = ""
    for _ in range(ATTEMPTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        values = {
            "root": root,
            "port": port,
            "user": user,
            "modules": MODULES,
            "discovery": room.psc["discovery"],
            "authorization": room.psc["authorization"],
            "client_id": room.client["client_id"],
            "client_secret": room.client["secret"],
            "certificate": root / "client.pem",
            "key": root / "client.key",
            "roots": root / "roots.pem",
        }
        for name, text in (("httpd.conf", (SOURCES / "httpd.conf").read_text("utf-8")), ("psc.conf", directives(room))):
            (root / name).write_text(Template(text).substitute(values), "utf-8")
        done = _run(apache, root, "start")
        if done.returncode == 0:
            return f"http://localhost:{port}"
        said = done.stdout
    raise AssertionError(f"Apache did not start:\n{said}")


def _prepared(room: Room, root: Path) -> str:
    """Pages, certificate and roots in Apache's folder; the directives that name who runs it."""
    for place in ("htdocs/secure/renewed", "htdocs"):
        (root / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCES / "page.html", root / place / "index.html")
    shutil.copy(SOURCES / "page.html", root / "htdocs/secure/index.html")
    (root / "htdocs/goodbye.html").write_text("<!doctype html><title>Goodbye</title><p>signed out</p>", "utf-8")
    certificate, key = room.certificate
    for source, target in ((certificate, "client.pem"), (key, "client.key"), (room.facts["roots"], "roots.pem")):
        shutil.copy(source, root / target)
    if os.geteuid() != 0:
        return ""
    who = pwd.getpwnam("www-data")
    for path in (root, *root.rglob("*")):
        os.chown(path, who.pw_uid, who.pw_gid)
    return "User www-data\nGroup www-data"


def _run(apache: str, root: Path, what: str) -> subprocess.CompletedProcess[str]:
    return rooms.run([apache, "-d", str(root), "-f", str(root / "httpd.conf"), "-k", what], root, 60)


def _gone(root: Path) -> None:
    """Waits until the stop is over: the folder is about to go."""
    pause = threading.Event()
    for _ in range(100):
        if not (root / "httpd.pid").is_file():
            return
        pause.wait(0.1)


def field(page: Shown, name: str) -> str:
    found: Any = html.fromstring(page.text).xpath(f"//p[@id='{name}']/text()")
    return str(found[0])


def signed_in(product: Product, browser: Browser, path: str = "/secure/") -> Shown:
    """Through the wallet page to the product's page."""
    wallet = browser.open(product.url + path)
    assert "Who signs in?" in wallet.text, wallet.text[:3000] + product.log()
    assert wallet.url.startswith(product.room.psc["authorization"])
    assert wallet.query["acr_values"] == "eidas1" and wallet.query["code_challenge_method"] == "S256"
    page = browser.submit(wallet, choice=product.room.professional, means="CARD")
    assert page.status == 200 and page.url.startswith(product.url), page.text + product.log()
    return page


def test_a_protected_page_shows_who_signed_in(product: Product) -> None:
    page = signed_in(product, product.browser())
    assert page.url == f"{product.url}/secure/"
    assert field(page, "name") == field(page, "user") == product.room.professional
    assert field(page, "role").endswith("^1.2.250.1.213.1.1.5.5")
    assert field(page, "acr") == "eidas1"
    rows = product.room.bench.call("GET", f"/worlds/{product.room.world}/exchanges?last=50")["exchanges"]
    tokens = [row for row in rows if row["operation"] == "pro_sante_connect.token"]
    assert tokens and all(row["who"]["certificate"] for row in tokens)


def test_a_second_page_asks_nobody(product: Product) -> None:
    browser = product.browser()
    signed_in(product, browser)
    again = browser.open(f"{product.url}/secure/")
    assert again.passed == () and field(again, "name") == product.room.professional


def test_tokens_are_renewed_when_old(product: Product) -> None:
    browser = product.browser()
    first = field(signed_in(product, browser), "token")
    second = field(browser.open(f"{product.url}/secure/renewed/"), "token")
    third = field(browser.open(f"{product.url}/secure/renewed/"), "token")
    assert len({first, second, third}) == 3


def test_logout_leads_back_and_ends_the_session(product: Product) -> None:
    browser = product.browser()
    signed_in(product, browser)
    goodbye = f"{product.url}/goodbye.html"
    out = browser.open(f"{product.url}/secure/psc/redirect?logout={quote(goodbye, safe='')}")
    assert out.status == 200 and "signed out" in out.text
    assert any("/protocol/openid-connect/logout" in step and "id_token_hint" in step for step in out.passed)
    assert "Who signs in?" in browser.open(f"{product.url}/secure/").text


def test_a_refused_login_shows_no_page(product: Product) -> None:
    """The error reaches the product, but Debian 12's module takes ``iss`` (RFC 9207) in an answer without a code for a
    login that somebody else begins, and asks again: integrators meet the same with any provider that sends it."""
    browser = product.browser()
    wallet = browser.open(f"{product.url}/secure/")
    after = browser.submit(wallet, choice="refuse")
    assert any(step.startswith(product.url) and "error=access_denied" in step for step in after.passed)
    assert after.url.startswith(product.room.psc["authorization"]) and "Who signs in?" in after.text
    assert "Who signs in?" in browser.open(f"{product.url}/secure/").text


def test_nobody_comes_in_without_a_session(product: Product) -> None:
    page = product.browser().open(f"{product.url}/secure/")
    assert page.url.startswith(product.room.psc["authorization"]) and page.status == 200


@pytest.mark.parametrize("directives", [integrated, downloaded])
def test_the_same_apache_six_months_later_and_after_a_rotation(bench: Bench, directives: Directives) -> None:
    room = rooms.room(bench, f"apache-unchanged-{directives.__name__}")
    with running(room, directives) as product:
        signed_in(product, product.browser())
        for path, change in rooms.CHANGES:
            bench.call("POST", f"/worlds/{room.world}{path}", change)
            page = signed_in(product, product.browser())
            assert field(page, "name") == room.professional, path


def test_a_real_browser_signs_in(bench: Bench, tmp_path: Path) -> None:
    """Chromium, whose rules about cookies between two sites are those of the field."""
    program = rooms.tool("chromium", "Debian package chromium")
    room = rooms.room(bench, "apache-chromium")
    trusted = [spki(room.psc[name]) for name in ("authorization", "token")]
    with (
        running(room, downloaded) as product,
        Chromium(program, tmp_path / "profile", trusted_keys=trusted, language="en") as browser,
    ):
        browser.open(f"{product.url}/secure/")
        assert "Who signs in?" in browser.text, browser.text + product.log()
        browser.choose(f"input[value='{room.professional}']")
        ended = browser.click("fieldset#choice ~ p button.main")
        assert ended == f"{product.url}/secure/" and room.professional in browser.text, browser.text + product.log()
        for path, change in rooms.CHANGES:
            bench.call("POST", f"/worlds/{room.world}{path}", change)
            assert browser.open(f"{product.url}/secure/") == f"{product.url}/secure/", path
            assert room.professional in browser.text, path
        goodbye = quote(f"{product.url}/goodbye.html", safe="")
        assert browser.open(f"{product.url}/secure/psc/redirect?logout={goodbye}") == f"{product.url}/goodbye.html"
        browser.open(f"{product.url}/secure/")
        assert "Who signs in?" in browser.text
        assert not browser.violations
