"""The first day of a vendor who knows one address: the configuration page that ``up`` prints.

Everything below is a product of its own: it reads the page's downloads over HTTP, types their values in, signs a
professional in at Pro Santé Connect and feeds the DMP with identifiers never seen before, and looks at the page's
lights. It imports nothing of the sandbox, holds no token and opens no file of the sandbox's. A vendor with a FINESS of
its own adds one command, ``cert issue``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import re
import secrets
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from tests.interop.psc import room as rooms
from tests.interop.psc.browser import Browser
from tests.interop.python import cda, metadata, soap
from tests.interop.python.client import DmpClient, Pair, Services
from tests.interop.python.identity import Identity, Structure, new_identity
from tests.interop.python.samples import LIAISON_LETTER, archive
from tests.interop.python.vihf import Credential

pytestmark = pytest.mark.interop

START_S = 60.0
STOP_S = 20.0
PSC_PAGES = ("AUTHORIZATION", "CIBA", "DISCOVERY", "PHONE", "STANDARD_DISCOVERY", "TOKEN", "USERINFO")
PSC_LINES = {"PSC_ISSUER", *(f"PSC_{name}_URL" for name in PSC_PAGES)}
DMP_LINES = {f"DMP_URL_{name}" for name in ("PATIENTS", "HABILITATIONS", "REPOSITORY", "REGISTRY")}
CERTIFICATE_LINES = {"AUTH_CLI_CERTIFICATE", "SIGN_CERTIFICATE"}


@dataclass(frozen=True)
class Installed:
    """``segur-sandbox`` running in a folder of its own; ``page`` is the address that ``up`` printed."""

    command: str
    environment: dict[str, str]
    folder: Path
    page: str = ""

    def __call__(self, *arguments: str) -> None:
        """Another command of the same installation, which finds the running sandbox by itself."""
        done = rooms.run([self.command, *arguments], self.folder, 60, **self.environment)
        assert done.returncode == 0, done.stdout


@contextmanager
def up(folder: Path) -> Iterator[Installed]:
    """``segur-sandbox up`` until it is ready."""
    command = rooms.tool("segur-sandbox", "pip install -e .", str(Path(sys.executable).parent))
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "SEGUR_SANDBOX_ENDPOINTS": "", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [command, "up", "--random-ports"],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        yield Installed(command, environment, folder, _printed(process, watchdog))
    finally:
        watchdog.cancel()
        process.terminate()
        process.communicate(timeout=STOP_S)


def _printed(process: subprocess.Popen[str], watchdog: threading.Timer) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready"):
            watchdog.cancel()
            (page,) = re.findall(r"^settings +(\S+)$", "".join(said), re.MULTILINE)
            return str(page)
    raise AssertionError("".join(said))


@dataclass(frozen=True)
class Page:
    """The configuration page of one world, as a browser without a token reads it."""

    url: str
    world: str

    def get(self, path: str = "", **query: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(self.url + path, params={"world": self.world, **query}, timeout=30)
        assert answer.ok, f"{answer.url}: {answer.status_code} {answer.text[:2000]}"
        return answer

    def values(self) -> dict[str, str]:
        """The settings, the same by each of the three plain downloads."""
        told: dict[str, str] = self.get(format="json").json()
        told.pop("notice")
        lines = [line for line in self.get(format="env").text.splitlines() if not line.startswith("#")]
        assert {name: shlex.split(value)[0] for name, _, value in (line.partition("=") for line in lines)} == told
        text = self.get(format="properties").content.decode("ascii")
        assert java_properties(text) == {f"segur.{k.lower().replace('_', '.')}": v for k, v in told.items()}
        return told

    def lights(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/lights").json()
        return found

    def pair(self) -> Pair:
        """Both certificates, as the page hands them out."""
        return Pair(*(self._credential(use) for use in ("auth_cli", "sign")))

    def _credential(self, use: str) -> Credential:
        texts = (self.get(f"/certificates/{use}/{form}").text for form in ("certificate", "key", "chain"))
        return Credential(*texts)


def java_properties(text: str) -> dict[str, str]:
    """What ``java.util.Properties`` makes of ``key=value`` lines."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    parts = (line.partition("=") for line in lines)
    return {key: re.sub(r"\\(u([0-9a-fA-F]{4})|.)", _character, value) for key, _, value in parts}


def _character(found: re.Match[str]) -> str:
    return chr(int(found[2], 16)) if found[2] else found[1]


@dataclass(frozen=True)
class Product:
    """A product with the page's values typed in, in the hands of ``who``."""

    values: dict[str, str]
    pair: Pair
    roots: Path
    who: Identity

    def dmp(self, folder: Path) -> DmpClient:
        named = ("PATIENTS", "HABILITATIONS", "REGISTRY", "REPOSITORY")
        services = Services(*(self.values[f"DMP_URL_{name}"] for name in named))
        return DmpClient(self.who, services, self.pair.session(self.roots, folder), self.pair)

    def http(self) -> requests.Session:
        return soap.new_session(self.roots, None, None)

    def tokens(self, grant: dict[str, str], by: tuple[str, str]) -> dict[str, Any]:
        answer = self.http().post(self.values["PSC_TOKEN_URL"], data=grant, auth=by, timeout=30)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def client(self) -> tuple[str, str]:
        return self.values["PSC_CLIENT_ID"], self.values["PSC_CLIENT_SECRET"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with up(tmp_path_factory.mktemp("first-day")) as running:
        yield running


@pytest.fixture
def page(installed: Installed) -> Page:
    return Page(installed.page, "main")


@pytest.fixture
def product(page: Page, tmp_path: Path) -> Product:
    return configured(page, tmp_path)


def configured(page: Page, folder: Path) -> Product:
    """The page's values and files; a professional, a patient and document numbers nobody has seen."""
    seed = int(os.environ.get("SEGUR_INTEROP_SEED") or secrets.randbits(32))
    print(f"SEGUR_INTEROP_SEED={seed}")
    values = page.values()
    roots = folder / "roots.pem"
    roots.write_bytes(rooms.fetched(values["ROOTS_PEM_URL"]))
    sector = values["SECTEUR_ACTIVITE"].partition("^")[0]
    structure = Structure(values["STRUCT_IDNAT"], "HOPITAL DU PREMIER JOUR", sector)
    return Product(values, page.pair(), roots, replace(new_identity(random.Random(seed)), structure=structure))


def states(page: Page, keys: set[str]) -> set[str]:
    found = page.lights()
    return {found[key]["state"] for key in keys}


def test_pro_sante_connect_and_the_dmp_are_green_on_the_first_day(page: Page, product: Product, tmp_path: Path) -> None:
    assert states(page, PSC_LINES | DMP_LINES | CERTIFICATE_LINES) == {"grey"}
    signs_in(product)
    signs_in_by_phone(product)
    assert states(page, PSC_LINES) == {"green"}
    feeds_and_reads(product, tmp_path)
    all_green(page)


def test_a_vendor_with_its_own_finess_client_and_world(installed: Installed, tmp_path: Path) -> None:
    installed("world", "create", "premier-jour")
    page = Page(installed.page, "premier-jour")
    given = configured(page, tmp_path)
    who = new_identity(random.Random(given.who.root))
    installed("cert", "issue", "--world", page.world, "--structure", who.structure.national_id, "--out", str(tmp_path))
    texts = ((tmp_path / f"auth_cli.{form}.pem", tmp_path / f"sign.{form}.pem") for form in ("crt", "key", "chain"))
    auth_cli, sign = zip(*((one.read_text("ascii"), other.read_text("ascii")) for one, other in texts), strict=True)
    typed = {"PSC_CLIENT_ID": f"dpi-{secrets.token_hex(4)}", "PSC_CLIENT_SECRET": secrets.token_urlsafe(24)}
    typed["PSC_REDIRECT_URI"] = "http://localhost:9/connexion/retour?fournisseur=psc"
    product = replace(given, values=given.values | typed, who=who, pair=Pair(Credential(*auth_cli), Credential(*sign)))
    signs_in(product)
    signs_in_by_phone(product)
    feeds_and_reads(product, tmp_path)
    all_green(page)


def all_green(page: Page) -> None:
    """Every light of Pro Santé Connect, the DMP and the certificates."""
    lights = page.lights()
    for key in PSC_LINES | DMP_LINES | CERTIFICATE_LINES:
        assert lights[key]["state"] == "green" and lights[key]["exchange"] > 0, (key, lights[key])
    assert 'class="dot red"' not in page.get(lang="fr").text


def signs_in(product: Product) -> None:
    """A code flow of the new professional, who is not in the list of the wallet page."""
    values = product.values
    told = product.http().get(values["PSC_DISCOVERY_URL"], timeout=30).json()
    standard = product.http().get(values["PSC_STANDARD_DISCOVERY_URL"], timeout=30).json()
    assert told == standard and told["issuer"] == values["PSC_ISSUER"]
    assert told["authorization_endpoint"] == values["PSC_AUTHORIZATION_URL"]
    verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
    asked = {
        "response_type": "code",
        "client_id": values["PSC_CLIENT_ID"],
        "redirect_uri": values["PSC_REDIRECT_URI"],
        "scope": values["PSC_SCOPE"],
        "acr_values": values["PSC_ACR_VALUES"],
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
        "state": state,
        "nonce": nonce,
        "login_hint": product.who.professional.national_id,
    }
    browser = Browser(product.roots, values["PSC_REDIRECT_URI"])
    back = browser.open(f"{values['PSC_AUTHORIZATION_URL']}?{urlencode(asked)}")
    assert (back.query.get("state"), back.query.get("iss")) == (state, values["PSC_ISSUER"]), back
    grant = {"grant_type": "authorization_code", "code": back.query["code"], "code_verifier": verifier}
    tokens = product.tokens({**grant, "redirect_uri": values["PSC_REDIRECT_URI"]}, product.client)
    claims = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))
    assert (claims["nonce"], claims["acr"]) == (nonce, values["PSC_ACR_VALUES"])
    is_the_new_one(product, tokens)


def signs_in_by_phone(product: Product) -> None:
    """CIBA: the person approves on the page that plays the phone."""
    values, person = product.values, product.who.professional.national_id
    asked = {"scope": values["PSC_SCOPE"], "login_hint": person, "binding_message": "42", "channel": "MOBILE"}
    form = {**asked, "acr_values": values["PSC_ACR_VALUES"]}
    begun = product.http().post(values["PSC_CIBA_URL"], data=form, auth=product.client, timeout=30)
    assert begun.ok, begun.text
    browser = Browser(product.roots)
    phone = browser.open(f"{values['PSC_PHONE_URL']}?{urlencode({'person': person})}")
    assert ">42<" in phone.text
    assert browser.submit(phone, answer="approve").status == 200
    grant = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": begun.json()["auth_req_id"]}
    is_the_new_one(product, product.tokens(grant, product.client))


def is_the_new_one(product: Product, tokens: dict[str, Any]) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    person = product.http().get(product.values["PSC_USERINFO_URL"], headers=bearer, timeout=30).json()
    assert person["SubjectNameID"] == product.who.professional.national_id


def feeds_and_reads(product: Product, folder: Path) -> None:
    """TD0.2, TD0.3, TD2.1, TD3.1 and TD3.2 about a patient and a document that nobody has seen."""
    who, client = product.who, product.dmp(folder)
    assert client.existence().active
    assert client.authorise().status == "DMPOk"
    published = archive(LIAISON_LETTER)
    content = cda.rewrite(published.document, who, f"{who.root}.2.1")
    entry = metadata.from_cda(content, metadata.from_archive(published.metadata), who)
    client.feed([(entry, content)])
    (found,) = client.find()
    assert found.unique_id == entry.unique_id
    repository = product.values["DMP_REPOSITORY_UNIQUE_ID"]
    assert found.slot("repositoryUniqueId") == repository
    assert client.retrieve([(repository, found.unique_id)])[found.unique_id].content == content


def test_a_wrong_value_turns_its_light_red_with_the_reason_and_the_right_one_green(
    page: Page, product: Product, tmp_path: Path
) -> None:
    other = new_identity(random.Random(product.who.root)).structure
    mistaken = replace(product, who=replace(product.who, structure=other))
    with pytest.raises(soap.SoapFault):
        mistaken.dmp(tmp_path).existence()
    light = page.lights()["DMP_URL_PATIENTS"]
    assert light["state"] == "red" and light["reason"]["fr"] != light["reason"]["en"]
    assert "Identifiant_Structure" in light["reason"]["fr"] and "Identifiant_Structure" in light["reason"]["en"]
    assert product.dmp(tmp_path).existence().active
    assert states(page, {"DMP_URL_PATIENTS", "AUTH_CLI_CERTIFICATE"}) == {"green"}

    with pytest.raises(AssertionError, match="unauthorized_client"):
        product.tokens({"grant_type": "refresh_token", "refresh_token": "none"}, (product.client[0], "mistyped"))
    light = page.lights()["PSC_TOKEN_URL"]
    assert light["state"] == "red" and light["reason"]["fr"] and light["reason"]["en"]
    signs_in(product)
    assert states(page, {"PSC_TOKEN_URL", "PSC_ISSUER"}) == {"green"}


def test_the_page_serves_every_form_of_the_certificates(page: Page, product: Product) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    password = product.values["P12_PASSWORD"].encode()
    for use, credential in (("auth_cli", product.pair.auth_cli), ("sign", product.pair.sign)):
        der = page.get(f"/certificates/{use}/der").content
        assert x509.load_der_x509_certificate(der) == credential.x509
        for form in ("pkcs12", "pkcs12_legacy"):
            bundle = pkcs12.load_pkcs12(page.get(f"/certificates/{use}/{form}").content, password)
            assert bundle.cert is not None and bundle.cert.certificate == credential.x509, (use, form)
            assert bundle.key is not None, (use, form)
    assert product.values["STRUCT_IDNAT"] == "1" + product.values["FINESS_EG"]
    for credential in (product.pair.auth_cli, product.pair.sign):
        assert f"OU={product.values['STRUCT_IDNAT']}" in credential.distinguished_name
