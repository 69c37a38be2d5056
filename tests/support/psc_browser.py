"""A browser without a screen in front of the room of ``psc_room``: it keeps cookies and reads forms."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlsplit

from simulators.pro_sante_connect.names import WALLET
from tests.support.psc_room import Ask, Room, Seen, authorization


@dataclass
class Browser:
    """One person's browser. ``last`` is the page it shows; every form it sends says where it comes from."""

    room: Room
    language: str = "fr"
    cookies: dict[str, str] = field(default_factory=dict)
    last: Seen | None = None

    def send(self, ask: Ask) -> Seen:
        self.last = self.room.send(self.dressed(ask))
        for name, cookie in SimpleCookie(self.last.answer.headers.get("Set-Cookie", "")).items():
            if cookie["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = cookie.value
        return self.last

    def dressed(self, ask: Ask) -> Ask:
        """The request with what this browser adds to it."""
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        added = {"Accept-Language": self.language, **({"Cookie": kept} if kept else {})}
        return replace(ask, headers={**added, **ask.headers})

    def authorize(self, client_id: str = "produit", world: str | None = None, **given: str) -> Seen:
        """The product's request; without a hint, so that the page is shown."""
        return self.send(authorization(client_id, world=world, **{"login_hint": "", **given}))

    def choose(self, choice: str, **given: str) -> Seen:
        """Sends a form of the page shown last."""
        return self.send(self.form(choice, **given))

    def form(self, choice: str, **given: str) -> Ask:
        """The form of the page shown last, filled in; an empty choice is nobody."""
        hidden = self.hidden
        fields = {**hidden, "means": "CARD", **({"choice": choice} if choice else {}), **given}
        return replace(self.follow(self.action), body={k: v for k, v in fields.items() if v}, headers=OWN)

    def follow(self, href: str) -> Ask:
        """A link of the wallet host."""
        parts = urlsplit(html.unescape(href))
        return Ask(parts.path, dict(parse_qsl(parts.query)), listener=WALLET)

    @property
    def page(self) -> str:
        assert self.last is not None
        return self.last.answer.body.decode()

    @property
    def action(self) -> str:
        return str(re.findall(r'<form method="post" action="([^"]*)"', self.page)[0])

    @property
    def hidden(self) -> Mapping[str, str]:
        found = re.findall(r'<input type="hidden" name="(login|client_id)" value="([^"]*)"', self.page)
        return {name: html.unescape(value) for name, value in found}

    @property
    def listed(self) -> list[str]:
        """The professionals of the page."""
        return re.findall(r'type="radio" name="choice" value="([^"]*)"', self.page)

    @property
    def checked(self) -> list[str]:
        return re.findall(r'name="choice" value="([^"]*)" checked', self.page)

    def problem(self, name: str) -> str:
        """What the page says of one field."""
        found = re.search(rf'id="{name}-problem">([^<]*)<', self.page)
        return html.unescape(found[1]) if found else ""


OWN = {"Origin": "https://wallet.test", "Sec-Fetch-Site": "same-origin"}
