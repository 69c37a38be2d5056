"""The wallet page in a real browser, in front of a small product: both languages, both worlds, every response mode.

Chromium is the Debian package, headless, with an empty profile; names under ``.test`` lead to this machine, no other
name leads anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.assembly.endpoints import trust_files
from simulators.assembly.settings import Settings
from simulators.sandbox import Sandbox
from tests.support.chromium import Chromium

REALM = "/auth/realms/esante-wallet/protocol/openid-connect"
PERSON = "899700000021"
Start = Callable[..., Chromium]


class Product:
    """A relying party of ours on plain HTTP: ``/start`` sends to the provider, ``/cb`` exchanges the code and greets,
    ``/far`` does so after a further redirection to another host, ``/trap`` sends a forged form."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.asked: dict[str, str] = {}
        self.provider = (sandbox.url("wallet"), sandbox.url("psc"))
        self.trap = ""
        self.received: list[tuple[str, dict[str, str]]] = []
        self._trust = ssl.create_default_context(cafile=trust_files(sandbox)["roots"])
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def address(self, path: str, host: str = "localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def ask(
        self, client: dict[str, Any], *, back: str = "/cb", host: str = "localhost", world: str = "", **more: str
    ) -> str:
        """Prepares the next request; the address where a person begins."""
        prefix = f"/w/{world}" if world else ""
        self.provider = (self.sandbox.url("wallet") + prefix, self.sandbox.url("psc") + prefix)
        self.client = client
        self.asked = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": self.address(back, host),
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "state": "un état & plus",
            "nonce": "n",
            **more,
        }
        return self.address("/start", host)

    def greeting(self, told: dict[str, str]) -> str:
        if "code" not in told:
            return f"error={told.get('error')} state={told.get('state')}"
        form = {
            "grant_type": "authorization_code",
            "code": told["code"],
            "redirect_uri": self.asked["redirect_uri"],
            "client_id": self.client["client_id"],
            "client_secret": self.client["secret"],
        }
        request = Request(self.provider[1] + f"{REALM}/token", urlencode(form).encode())
        with urlopen(request, context=self._trust, timeout=20) as answer:
            tokens = json.load(answer)
        part = tokens["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        assert claims["iss"] == told["iss"], (claims["iss"], told["iss"])
        return f"hello {claims['preferred_username']} by {claims['authMode']} state={told['state']}"

    def _handler(product) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(dict(parse_qsl(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(dict(parse_qsl(body)))

            def answer(self, told: dict[str, str]) -> None:
                path = urlsplit(self.path).path
                if path == "/start":
                    return self.send(302, f"{product.provider[0]}/auth?{urlencode(product.asked)}")
                if path == "/far":
                    return self.send(302, product.address(f"/cb?{urlencode(told)}", "produit.test"))
                if path == "/trap":
                    return self.send(200, product.trap)
                if path == "/cb" and told:
                    product.received.append((self.command, told))
                    return self.send(200, f"<!doctype html><title>product</title><p>{product.greeting(told)}</p>")
                return self.send(200, "<!doctype html><title>product</title><p>nothing</p>")

            def send(self, status: int, what: str) -> None:
                body = b"" if status == 302 else what.encode()
                self.send_response(status)
                self.send_header("Location" if status == 302 else "X-Product", what if status == 302 else "1")
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        return Handler


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, publish=False, environment=environment)) as running:
        yield running


@pytest.fixture(scope="module")
def product(sandbox: Sandbox) -> Iterator[Product]:
    made = Product(sandbox)
    yield made
    made.close()


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts a browser that speaks a language and trusts this sandbox's servers."""
    program = shutil.which("chromium")
    if program is None:
        why = "no chromium on this machine (Debian package chromium)"
        (pytest.fail if os.environ.get("SEGUR_REQUIRE") == "1" else pytest.skip)(why)
    assert program is not None
    keys = [spki(sandbox.url(name)) for name in ("wallet", "psc")]
    running: list[Chromium] = []

    def begin(language: str = "fr") -> Chromium:
        profile = tmp_path / f"profile-{len(running)}"
        running.append(Chromium(program, profile, trusted_keys=keys, language=language))
        return running[-1]

    yield begin
    for browser in running:
        violations = browser.violations
        browser.close()
        assert not violations


def spki(url: str) -> str:
    """What Chromium wants to know a server's key by."""
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    certificate = x509.load_pem_x509_certificate(ssl.get_server_certificate((parts.hostname, parts.port)).encode())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def client_of(sandbox: Sandbox, world: str = "main") -> dict[str, Any]:
    """The client every world is born with."""
    found: dict[str, Any] = sandbox.describe(world, certificates=False)["clients"][0]
    return found


def pick(person: str) -> str:
    return f"input[value='{person}']"


SIGN_IN = "fieldset#choice ~ p button.main"


@pytest.mark.parametrize(
    ("language", "heading", "tab", "means"),
    [("fr", "Qui se connecte ?", "e-CPS", "MOBILE"), ("en", "Who signs in?", "CPx card", "CARD")],
)
def test_a_person_signs_in(
    start: Start, sandbox: Sandbox, product: Product, tmp_path: Path, language: str, heading: str, tab: str, means: str
) -> None:
    browser = start(language)
    browser.open(product.ask(client_of(sandbox), host="produit.test"))
    assert heading in browser.text and "SIMULATION" in browser.text and "http://produit.test" in browser.text
    browser.click(f".tabs li:nth-child({1 if means == 'MOBILE' else 2}) a")
    assert browser.run("document.querySelector('[aria-current]').innerText") == tab
    browser.fill("q", "sacha")
    browser.click("form.search button")
    assert browser.run("document.querySelectorAll('input[name=choice][type=radio]').length") == 1
    picture(browser, tmp_path / f"wallet-{language}.png")
    browser.choose(pick(PERSON))
    there = browser.click(SIGN_IN)
    assert urlsplit(there).netloc == f"produit.test:{product.port}"
    assert f"hello {PERSON} by {means} state=un état & plus" in browser.text
    cookie = browser.cookies()["segur_psc_main"]
    assert cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Lax"


def picture(browser: Chromium, path: Path) -> None:
    """The page is drawn: our banner, and more than a blank."""
    from PIL import Image

    with Image.open(browser.picture(path)) as drawn:
        colours = drawn.convert("RGB").getcolors(1 << 22) or []
    assert (0x7A, 0x2E, 0x00) in {colour for _, colour in colours} and len(colours) > 20


def test_the_keyboard_is_enough(start: Start, sandbox: Sandbox, product: Product) -> None:
    """Tab to the list, arrows to a person, Tab to the button, Enter."""
    browser = start()
    browser.open(product.ask(client_of(sandbox)))

    def focused() -> str:
        return str(browser.run("document.activeElement.name || document.activeElement.innerText"))

    browser.press("Tab")
    assert focused() == "Aller au contenu"
    passed = [focused()]
    while passed[-1] != "choice" and len(passed) < 30:
        browser.press("Tab")
        passed.append(focused())
    assert passed[-1] == "choice" and "q" in passed and "English" in passed
    browser.press(" ")
    browser.press("ArrowDown")
    chosen = browser.run("document.querySelector('input[name=choice]:checked').value")
    browser.press("Tab")
    assert focused() == "Se connecter"
    browser.press_and_wait("Enter")
    assert f"hello {chosen} by CARD" in browser.text


def test_single_sign_on_portal_and_sign_out(start: Start, sandbox: Sandbox, product: Product) -> None:
    browser = start()
    begin = product.ask(client_of(sandbox), host="produit.test")
    browser.open(begin)
    browser.choose(pick(PERSON))
    browser.click(SIGN_IN)
    browser.open(product.ask({"client_id": "deuxieme", "secret": "s"}, host="deuxieme.test", prompt="none"))
    assert f"hello {PERSON}" in browser.text
    browser.open(sandbox.url("wallet") + "/login-page")
    assert "SACHA SIMULE" in browser.text and "deuxieme" in browser.text
    browser.click("button.main")
    assert "La session est fermée" in browser.text
    assert "segur_psc_main" not in browser.cookies()
    browser.open(product.ask(client_of(sandbox), host="produit.test", prompt="none"))
    assert "error=login_required state=un état & plus" in browser.text


def test_logout_by_the_product(start: Start, sandbox: Sandbox, product: Product) -> None:
    browser = start()
    browser.open(product.ask(client_of(sandbox)))
    browser.choose(pick(PERSON))
    browser.click(SIGN_IN)
    leave = {
        "client_id": client_of(sandbox)["client_id"],
        "post_logout_redirect_uri": product.address("/bye"),
        "state": "x",
    }
    there = browser.open(f"{sandbox.url('psc')}{REALM}/logout?{urlencode(leave)}")
    assert there == product.address("/bye?state=x")
    browser.open(product.ask(client_of(sandbox), prompt="none"))
    assert "error=login_required" in browser.text


@pytest.mark.parametrize("mode", ["form_post", "fragment"])
def test_the_other_response_modes(start: Start, sandbox: Sandbox, product: Product, mode: str) -> None:
    browser = start()
    browser.open(product.ask(client_of(sandbox), response_mode=mode))
    browser.choose(pick(PERSON))
    product.received.clear()
    there = browser.click(SIGN_IN)
    if mode == "form_post":
        wait_for(browser, "hello")
        ((method, told),) = product.received
        assert method == "POST" and set(told) == {"code", "state", "session_state", "iss"}
        assert f"hello {PERSON}" in browser.text
        browser.open(product.ask(client_of(sandbox), response_mode=mode, response_type="token"))
        wait_for(browser, "error=")
        assert "error=unsupported_response_type state=un état & plus" in browser.text
    else:
        told = dict(parse_qsl(urlsplit(there).fragment))
        assert told["state"] == "un état & plus" and product.greeting(told).startswith(f"hello {PERSON}")
        assert not urlsplit(there).query


def wait_for(browser: Chromium, word: str) -> None:
    """The page that posts by itself is a page too: the next one is awaited."""
    while word not in browser.text:
        browser.wait()


def test_a_posted_request(start: Start, sandbox: Sandbox, product: Product) -> None:
    browser = start()
    product.ask(client_of(sandbox))
    fields = "".join(f"<input name='{name}' value='{value}'>" for name, value in product.asked.items())
    product.trap = f"<form method=post action='{product.provider[0]}/auth'>{fields}<button>go</button></form>"
    browser.open(product.address("/trap"))
    browser.click("button")
    browser.choose(pick(PERSON))
    browser.click(SIGN_IN)
    assert f"hello {PERSON}" in browser.text


def test_the_product_may_go_on_to_another_host(start: Start, sandbox: Sandbox, product: Product) -> None:
    """Browsers hold every redirection after a form against the form-action of its page."""
    browser = start()
    browser.open(product.ask(client_of(sandbox), back="/far"))
    browser.choose(pick(PERSON))
    there = browser.click(SIGN_IN)
    assert urlsplit(there).hostname == "produit.test" and f"hello {PERSON}" in browser.text


def test_refusing(start: Start, sandbox: Sandbox, product: Product) -> None:
    browser = start()
    browser.open(product.ask(client_of(sandbox)))
    browser.click("button[value=refuse]")
    assert "error=access_denied state=un état & plus" in browser.text


def test_what_is_wrong_is_shown_then_mended(start: Start, sandbox: Sandbox, product: Product, tmp_path: Path) -> None:
    browser = start()
    browser.open(product.ask(client_of(sandbox)))
    browser.click(SIGN_IN)
    assert "Choisissez un professionnel de la liste." in browser.text
    assert browser.run("document.activeElement.className") == "problems"
    browser.choose("summary")
    browser.fill("specialty", "SM26")
    browser.fill("structure1", "zz")
    browser.click("#new button.main")
    assert "Le nom d'exercice est nécessaire." in browser.text and "1. FINESS (9 caractères)" in browser.text
    picture(browser, tmp_path / "wrong.png")
    browser.fill("family", "NAVIGATEUR-FICTIF")
    browser.fill("profession", "10")
    browser.fill("structure1", "10B0999009")
    browser.click("#new button.main")
    assert "hello 8997" in browser.text


def test_a_sign_in_is_over_once_done(start: Start, sandbox: Sandbox, product: Product, tmp_path: Path) -> None:
    browser = start("en")
    browser.open(product.ask(client_of(sandbox)))
    browser.click(".tabs li:nth-child(1) a")
    page = browser.address
    browser.choose(pick(PERSON))
    browser.click(SIGN_IN)
    browser.open(page)
    assert "Begin again from your software" in browser.text
    picture(browser, tmp_path / "over.png")


def test_a_forged_form_is_refused(start: Start, sandbox: Sandbox, product: Product) -> None:
    """Another site knows a sign-in of its own, and has the victim's browser send its form."""
    browser = start()
    browser.open(product.ask(client_of(sandbox)))
    number = browser.run("document.querySelector('[name=login]').value")
    product.trap = (
        f"<form method=post action='{sandbox.url('wallet')}/login'><input name=login value='{number}'>"
        f"<input name=client_id value=segur-sandbox><input name=choice value='{PERSON}'><button>go</button></form>"
    )
    for host in ("voleur.test", "localhost"):
        browser.open(product.address("/trap", host))
        browser.click("button")
        assert "PSC-LOGIN-FOREIGN" in browser.text
    assert "segur_psc_main" not in browser.cookies()


def test_two_worlds_in_one_browser(start: Start, sandbox: Sandbox, product: Product) -> None:
    browser = start()
    for world in ("alpha", "beta"):
        sandbox.create_world(world)
    browser.open(product.ask(client_of(sandbox, "alpha"), world="alpha"))
    browser.choose(pick(PERSON))
    browser.click(SIGN_IN)
    browser.open(product.ask(client_of(sandbox, "beta"), prompt="none"))
    assert "error=login_required" in browser.text
    browser.open(product.ask(client_of(sandbox, "beta")))
    assert "monde beta" in browser.text
    browser.choose(pick("899700000039"))
    browser.click(SIGN_IN)
    assert "hello 899700000039" in browser.text
    browser.open(f"{sandbox.url('wallet')}/w/beta/login-page")
    browser.click("button.main")
    browser.open(product.ask(client_of(sandbox, "alpha"), world="alpha", prompt="none"))
    assert f"hello {PERSON}" in browser.text
    browser.open(product.ask(client_of(sandbox, "beta"), prompt="none"))
    assert "error=login_required" in browser.text
