"""A person at the webmail of a running sandbox: links followed, forms as they stand in the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html

from simulators.sandbox import Sandbox


class Webmail:
    """One browser without scripts, in one world."""

    def __init__(self, sandbox: Sandbox, world: str, language: str = "en") -> None:
        self.sandbox, self.world = sandbox, world
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.headers["Accept-Language"] = language
        self.page = requests.Response()

    def open(self, path: str, status: int = 200) -> str:
        """A page below the webmail of the world, or an absolute path."""
        at = path if path.startswith("/") else f"/mail/{self.world}/{path}".rstrip("/")
        self.page = self.web.get(urljoin(self.sandbox.console_url, at), timeout=60)
        assert self.page.status_code == status, (self.page.status_code, self.page.text[-2000:])
        return self.page.text

    def newest(self, address: str, row: int = 1) -> str:
        """The page of the newest message of the INBOX of a mailbox."""
        self.open(address)
        (link,) = self.tree.xpath(f"//table[@class='messages']//tr[{row + 1}]//td[@class='subject']/a/@href")
        return self.open(str(link))

    @property
    def tree(self) -> Any:
        return html.fromstring(self.page.text)

    @property
    def text(self) -> str:
        return " ".join(self.tree.text_content().split())

    def send(self, action: str, status: int = 200, **fields: str) -> str:
        """Sends the form whose action ends so; ``fields`` replace what stands in it."""
        form = next(f for f in self.tree.forms if (f.action or "").partition("?")[0].endswith(action))
        given = {**dict(form.form_values()), **fields}
        return self.post(form.action, given, status)

    def post(self, action: str, given: dict[str, str], status: int = 200, **headers: str) -> str:
        """Anything, as a browser of this console would."""
        origin = {"Origin": self.sandbox.console_url.rstrip("/"), **headers}
        self.page = self.web.post(urljoin(self.page.url, action), data=given, headers=origin, timeout=60)
        assert self.page.status_code == status, (self.page.status_code, self._said)
        return self.page.text

    @property
    def _said(self) -> str:
        found = self.tree.xpath("//*[@role='alert']") or [self.tree]
        return " ".join(found[0].text_content().split())[:2000]
