"""The configuration page: its values work as typed, its lights tell what came."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from simulators.assembly.configuration.downloads import FORMATS
from simulators.assembly.endpoints import trust_files
from simulators.sandbox import Sandbox


@pytest.fixture
def browser() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def lights(sandbox: Sandbox, browser: requests.Session, world: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"{sandbox.console_url}/config/lights", params={"world": world}).json()
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_shows_every_value_of_the_world(
    sandbox: Sandbox, browser: requests.Session, world: str, language: str
) -> None:
    page = browser.get(f"{sandbox.console_url}/config", params={"world": world, "lang": language})
    assert page.status_code == 200 and "SIMULATION" in page.text and "built-in" not in page.text
    values = browser.get(f"{sandbox.console_url}/config", params={"world": world, "format": "json"}).json()
    assert f"segur-sandbox-{world}" == values["PSC_CLIENT_ID"] and values["PSC_ISSUER"] in page.text
    assert values["STRUCT_IDNAT"] in page.text and "unsafe" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", FORMATS)
def test_each_download_is_a_file(sandbox: Sandbox, browser: requests.Session, name: str) -> None:
    answer = browser.get(f"{sandbox.console_url}/config", params={"format": name})
    assert answer.status_code == 200 and FORMATS[name][0] in answer.headers["Content-Disposition"]


def test_a_line_turns_red_with_its_reason_then_green(sandbox: Sandbox, browser: requests.Session, world: str) -> None:
    values = browser.get(f"{sandbox.console_url}/config", params={"world": world, "format": "json"}).json()
    assert lights(sandbox, browser, world)["PSC_AUTHORIZATION_URL"]["state"] == "grey"
    asked = {
        "response_type": "token",
        "client_id": values["PSC_CLIENT_ID"],
        "redirect_uri": values["PSC_REDIRECT_URI"],
        "scope": values["PSC_SCOPE"],
        "acr_values": values["PSC_ACR_VALUES"],
        "login_hint": values["PS_IDNAT"],
    }
    browser.verify = trust_files(sandbox)["roots"]
    browser.get(values["PSC_AUTHORIZATION_URL"], params=asked, allow_redirects=False)
    red = lights(sandbox, browser, world)["PSC_AUTHORIZATION_URL"]
    assert red["state"] == "red" and "query.response_type" in red["reason"]["fr"]
    good = {**asked, "response_type": "code"}
    browser.get(values["PSC_AUTHORIZATION_URL"], params=good, allow_redirects=False)
    assert lights(sandbox, browser, world)["PSC_AUTHORIZATION_URL"]["state"] == "green"


def test_the_certificates_handed_out_are_taken_by_the_dmp_port(
    sandbox: Sandbox, browser: requests.Session, world: str, tmp_path: Any
) -> None:
    where = f"{sandbox.console_url}/config/certificates/auth_cli"
    for form in ("certificate", "key", "chain", "der", "pkcs12", "pkcs12_legacy"):
        answer = browser.get(f"{where}/{form}", params={"world": world})
        assert answer.status_code == 200 and answer.content
        (tmp_path / form).write_bytes(answer.content)
    context = ssl.create_default_context(cafile=trust_files(sandbox)["roots"])
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    parts = urlsplit(sandbox.url("dmp"))
    with socket.create_connection((parts.hostname, parts.port)) as plain:
        with context.wrap_socket(plain, server_hostname=parts.hostname) as secure:
            assert secure.version()


@pytest.mark.parametrize(
    "path",
    ["/config?world=absent", "/config?format=exe", "/config/certificates/auth_cli/fingerprint", "/config?world=-"],
)
def test_what_is_not_there_is_said(sandbox: Sandbox, browser: requests.Session, path: str) -> None:
    answer = browser.get(sandbox.console_url + path)
    assert answer.status_code in {400, 404} and "Traceback" not in answer.text
