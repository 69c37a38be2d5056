"""A browser of a few lines for products that have pages: cookies, redirections, forms as they stand in the page."""

from __future__ import annotations

import base64
import hashlib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import html

PRODUCT = "product.test"
HOPS = 12
TIMEOUT_S = 30


def spki(url: str) -> str:
    """What a headless Chromium wants to know a server's key by: SHA-256 of its SubjectPublicKeyInfo, in base64."""
    parts = urlsplit(url)
    pem = ssl.get_server_certificate((str(parts.hostname), int(parts.port or 443)))
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(told).digest()).decode()


@dataclass(frozen=True)
class Shown:
    """Where the browser stopped: a page, or an address of the product that it does not call."""

    url: str
    status: int = 0
    text: str = ""
    passed: tuple[str, ...] = field(default=(), compare=False)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


class Browser:
    """``roots`` is the PEM file it trusts; ``product`` begins the addresses it stops at besides ``product.test``."""

    def __init__(self, roots: str | Path, product: str | None = None) -> None:
        self._product = product
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(roots)
        self._session.headers["Accept-Language"] = "en"
        self._session.headers["Accept"] = "text/html,*/*"

    def open(self, url: str) -> Shown:
        """Follows redirections to a page, or to the product's address."""
        return self._go("GET", url, None, {})

    def submit(self, page: Shown, **chosen: str) -> Shown:
        """Sends the first posted form of a page with what is chosen in it."""
        document: Any = html.fromstring(page.text)  # typed as an element without forms
        form = next(form for form in document.forms if form.method == "POST")
        fields = {i.name: i.value or "" for i in form.inputs if i.name and i.get("type") == "hidden"}
        target = urljoin(page.url, form.action)
        parts = urlsplit(target)
        return self._go("POST", target, {**fields, **chosen}, {"Origin": f"{parts.scheme}://{parts.netloc}"})

    def _go(self, method: str, url: str, form: dict[str, str] | None, headers: dict[str, str]) -> Shown:
        passed: list[str] = []
        for _ in range(HOPS):
            if urlsplit(url).hostname == PRODUCT or (self._product and url.startswith(self._product)):
                return Shown(url, passed=tuple(passed))
            answer = self._session.request(
                method, url, data=form, headers=headers, allow_redirects=False, timeout=TIMEOUT_S
            )
            if not answer.is_redirect:
                return Shown(url, answer.status_code, answer.text, tuple(passed))
            passed.append(url)
            if answer.status_code != 307:
                method, form, headers = "GET", None, {}
            url = urljoin(url, answer.headers["Location"])
        raise AssertionError(f"more than {HOPS} redirections: {passed}")
