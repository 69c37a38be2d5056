"""The phone page over real HTTPS: the person behind a CIBA request, in a browser."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from simulators.assembly.endpoints import trust_files
from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.support.psc_product import OTHER, PERSON, Product, Watch

BUTTONS = ["approve", "refuse", "ignore", "pin-blocked", "offline"]


class Phone:
    """A browser on the phone page of one person."""

    def __init__(self, sandbox: Sandbox, world: str, person: str = PERSON) -> None:
        self.address = f"{sandbox.url('wallet')}/w/{world}/phone"
        self.person = person
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.verify = str(trust_files(sandbox)["roots"])
        self.page = self.open()

    def open(self, **query: str) -> requests.Response:
        self.page = self.web.get(self.address, params={"person": self.person, **query}, timeout=20)
        return self.page

    def form(self, number: int = 0) -> tuple[str, dict[str, str]]:
        """Where the form goes, and its hidden fields."""
        one = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', self.page.text, re.S)[number]
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', one[1])
        return urljoin(self.page.url, html.unescape(one[0])), {name: html.unescape(value) for name, value in hidden}

    def press(self, name: str, value: str, number: int = 0, **more: Any) -> requests.Response:
        where, fields = self.form(number)
        return self.post(where, {**fields, name: value}, **more)

    def post(self, where: str, fields: dict[str, str], **more: Any) -> requests.Response:
        self.page = self.web.post(where, data=fields, timeout=20, **more)
        return self.page


@pytest.fixture
def product(sandbox: Sandbox, world: str) -> Product:
    return Product(sandbox, world)


def test_the_person_compares_the_number_and_approves(sandbox: Sandbox, world: str, product: Product) -> None:
    number = product.number(binding_message="07")
    phone = Phone(sandbox, world)
    assert '<p class="number">07</p>' in phone.page.text and "SIMULATION" in phone.page.text
    assert re.findall(r'name="answer" value="([^"]*)"', phone.page.text) == BUTTONS
    after = phone.press("answer", "approve")
    assert after.status_code == 200 and after.history[0].status_code == 302
    assert "Aucune demande en attente" in after.text
    assert product.told(number) == ""


def test_the_newest_request_stands_beside_the_older_one(sandbox: Sandbox, world: str, product: Product) -> None:
    numbers = [product.number(binding_message=message) for message in ("11", "22")]
    phone = Phone(sandbox, world)
    assert re.findall(r'<p class="number">(\d+)</p>', phone.page.text) == ["11", "22"]
    phone.press("answer", "refuse", number=1)
    assert product.told(numbers[1]) == "access_denied" and product.told(numbers[0]) == "authorization_pending"
    assert re.findall(r'<p class="number">(\d+)</p>', phone.page.text) == ["11"]


def test_only_the_persons_own_requests(sandbox: Sandbox, world: str, product: Product) -> None:
    product.number(login_hint=OTHER, binding_message="33")
    assert "33" not in re.findall(r'<p class="number">(\d+)</p>', Phone(sandbox, world).page.text)
    browser = Phone(sandbox, world).web
    choice = browser.get(f"{sandbox.url('wallet')}/w/{world}/phone", timeout=20)
    assert "1 en attente" in choice.text and f"person={OTHER}" in choice.text


def test_the_device_out_of_service_and_back(sandbox: Sandbox, world: str, product: Product) -> None:
    phone = Phone(sandbox, world)
    assert "Hors ligne" in phone.press("device", "offline").text
    refused = product.backchannel()
    assert (refused.status_code, refused.json()["error"]) == (503, "server_error")
    assert "En service" in phone.press("device", "ready").text
    assert product.backchannel().status_code == 200


def test_a_request_that_expired_meanwhile(sandbox: Sandbox, control: Control, world: str, product: Product) -> None:
    watch = Watch(control, world)
    number = product.number()
    phone = Phone(sandbox, world)
    where, fields = phone.form()
    watch.pass_(120)
    assert '<p class="number">' not in phone.open().text
    late = phone.post(where, {**fields, "answer": "approve"})
    assert late.status_code == 400 and "PSC-PHONE-OVER" in late.text
    assert product.told(number) == "expired_token"


def test_english_and_the_way_back(sandbox: Sandbox, world: str, product: Product) -> None:
    product.number(channel="CARD")
    phone = Phone(sandbox, world)
    page = phone.open(lang="en").text
    assert "simulated CPS-Gestion" in page and f"/w/{world}/phone?person={PERSON}&amp;lang=fr" in page
    assert "No request is waiting" in phone.press("answer", "ignore").text


def test_two_worlds_in_one_browser(sandbox: Sandbox, world: str, product: Product) -> None:
    sandbox.create_world(f"{world}-b")
    number = product.number()
    here, there = Phone(sandbox, world), Phone(sandbox, f"{world}-b")
    there.web = here.web
    there.open()
    assert '<p class="number">' not in there.page.text
    where, fields = here.form()
    crossed = there.post(where.replace(f"/w/{world}/", f"/w/{world}-b/"), {**fields, "answer": "approve"})
    assert crossed.status_code == 403 and "PSC-PHONE-FORM" in crossed.text
    assert product.told(number) == "authorization_pending"
    assert here.post(where, {**fields, "answer": "approve"}).status_code == 200
