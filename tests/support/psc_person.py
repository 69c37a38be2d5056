"""A person with a browser in front of a running sandbox: cookies, forms and redirections over real HTTPS."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from simulators.assembly.endpoints import trust_files
from simulators.sandbox import Sandbox

BACK = "https://produit.test/retour"
PERSON, OTHER = "899700000021", "899700000039"
CONNECT = "/auth/realms/esante-wallet/protocol/openid-connect"


class Person:
    """``world`` is named by the address unless ``prefixed`` is false: then by the client alone."""

    def __init__(self, sandbox: Sandbox, world: str = "main", *, prefixed: bool = True) -> None:
        prefix = f"/w/{world}" if prefixed else ""
        self.wallet, self.provider = sandbox.url("wallet") + prefix, sandbox.url("psc") + prefix
        self.client = sandbox.describe(world, certificates=False)["clients"][0]
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.verify = str(trust_files(sandbox)["roots"])
        self.page = requests.Response()

    def asked(self, **given: str) -> dict[str, str]:
        usual = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": BACK,
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "state": "etat",
            "nonce": "nonce",
        }
        return {name: value for name, value in {**usual, **given}.items() if value}

    def authorize(self, **given: str) -> requests.Response:
        return self.get(f"{self.wallet}/auth", self.asked(**given))

    def get(self, address: str, query: dict[str, str] | None = None, **more: Any) -> requests.Response:
        self.page = self.web.get(address, params=query, allow_redirects=False, timeout=20, **more)
        return self.page

    def post(self, address: str, form: Any, **more: Any) -> requests.Response:
        self.page = self.web.post(address, data=form, allow_redirects=False, timeout=20, **more)
        return self.page

    def form(self, choice: str, **given: str) -> tuple[str, dict[str, str]]:
        """Where the form of the page goes, and its fields filled in."""
        action = re.findall(r'<form method="post" action="([^"]*)"', self.page.text)[0]
        hidden = re.findall(r'<input type="hidden" name="(login|client_id)" value="([^"]*)"', self.page.text)
        fields = {name: html.unescape(value) for name, value in hidden}
        return urljoin(self.page.url, html.unescape(action)), {**fields, "means": "CARD", "choice": choice, **given}

    def choose(self, choice: str, **given: str) -> requests.Response:
        return self.post(*self.form(choice, **given))

    def sign_in(self, person: str = PERSON) -> dict[str, str]:
        """Through the page; what the product is told."""
        assert self.authorize(prompt="login").status_code == 200
        self.choose(person)
        return self.told

    @property
    def told(self) -> dict[str, str]:
        """The parameters of the redirection."""
        return dict(parse_qsl(urlsplit(self.page.headers["Location"]).query))

    def token(self, **form: str) -> dict[str, Any]:
        """An answer of the token endpoint, to the client of the world."""
        known = {"client_id": self.client["client_id"], "client_secret": self.client["secret"]}
        answer = self.web.post(f"{self.provider}{CONNECT}/token", data={**known, **form}, timeout=20)
        found: dict[str, Any] = answer.json()
        return found

    def exchange(self, code: str) -> dict[str, Any]:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=BACK)
