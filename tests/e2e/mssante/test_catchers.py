"""Ordinary mail and SMS, caught."""

from __future__ import annotations

import smtplib
from urllib.parse import urlsplit

import requests

from simulators.mssante.catchers import caught
from tests.e2e.mssante.conftest import House
from tests.support.webmail import Webmail


def test_internet_mail(house: House) -> None:
    at = urlsplit(house.sandbox.url("internet-mail"))
    client = smtplib.SMTP(at.hostname or "", at.port or 0, timeout=20)
    client.login(house.world, "n'importe quoi".encode("ascii", "replace").decode())
    client.sendmail("noreply@produit.test", ["patient@example.org"], b"Subject: code\r\n\r\n123456\r\n")
    with house.sandbox.store.read(house.world) as tx:
        (one,) = caught.every(tx, caught.MAIL, "Patient@example.org")
        assert b"123456" in caught.content(tx, one)
    assert house.journal("INTERNET")[0].keys == ("mailto:patient@example.org",)


def test_sms(house: House) -> None:
    url = f"{house.sandbox.url('sms')}/w/{house.world}/v1/messages"
    with requests.Session() as web:
        web.trust_env = False
        answer = web.post(url, json={"to": ["+33639980001"], "message": "code 1234"}, timeout=20)
        assert (answer.status_code, answer.json()["status"]) == (200, "caught")
        assert web.post(url, data={"phone_number": "+33639980001", "text": "é"}, timeout=20).status_code == 200
        refused = web.post(url, data=b"\xff{", timeout=20)
        assert (refused.status_code, refused.json()["rule"]) == (400, "MSS-SMS")
    with house.sandbox.store.read(house.world) as tx:
        texts = [caught.content(tx, one).decode() for one in caught.every(tx, caught.SMS, "+33639980001")]
    assert texts == ["code 1234", "é"]


def test_the_page_shows_both_and_runs_nothing(house: House) -> None:
    at = urlsplit(house.sandbox.url("internet-mail"))
    client = smtplib.SMTP(at.hostname or "", at.port or 0, timeout=20)
    client.login(house.world, "x")
    hostile = b"Subject: <script>alert(1)</script>\r\nContent-Type: text/plain\r\n\r\ncode <b>987654</b>\r\n"
    client.sendmail("noreply@produit.test", ["patient@example.org"], hostile)
    url = f"{house.sandbox.url('sms')}/w/{house.world}/v1/messages"
    page = Webmail(house.sandbox, house.world)
    page.web.post(url, json={"to": "+33639980009", "message": "code 4321"}, timeout=20)
    page.open("")
    (link,) = page.tree.xpath("//a[contains(@href, '/caught')]/@href")
    shown = page.open(str(link))
    assert "code 4321" in page.text and "code <b>987654</b>" in page.text
    assert "<script" not in shown and "<b>" not in shown
    assert page.text.index("SMS") < page.text.index("noreply@produit.test")  # newest first
    (source, _) = reversed(page.tree.xpath("//td[@class='date']/a/@href"))
    page.open(str(source))
    assert page.page.content.endswith(hostile) and "attachment" in page.page.headers["Content-Disposition"]
    page.open("caught/99", 404)
    page.open(f"caught/{1 << 64}", 404)
    assert "attrapés" in page.open(f"/mail/{house.world}/caught?lang=fr")
