"""The operator by the control API: mailboxes on demand, the white list, waiting for a code, a citizen who answers."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, SPECIALIST, House, b64, mail

Api = Callable[..., Any]


@pytest.fixture
def api(sandbox: Sandbox, world: str) -> Api:
    def call(method: str, path: str, status: int = 200, **body: Any) -> Any:
        with requests.Session() as web:
            web.trust_env = False
            web.headers["Authorization"] = f"Bearer {sandbox.token}"
            url = f"{sandbox.local_url('console')}/_sandbox/worlds/{world}/{path}"
            answer = web.request(method, url, json=body or None, timeout=40)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.content

    return call


def test_a_mailbox_with_a_password_for_a_desktop_program(house: House, api: Api) -> None:
    address = f"bureau@poste.{house.world}.formation.mssante.fr"
    made = api("POST", "mailboxes", 201, address=address, kind="ORG", owners=[SPECIALIST], password="secret")
    assert (made["kind"], made["owners"], made["state"]) == ("ORG", [SPECIALIST], "open")
    client = house.smtp()
    client.login(address, "secret")
    client.sendmail(address, [address], mail(address, address))
    (message,) = api("GET", f"mailboxes/{address}/messages")["messages"]
    assert b"Bonjour" in api("GET", f"mailboxes/{address}/messages/{message['uid']}")
    api("PATCH", f"mailboxes/{address}", state="suspended", quota_bytes=1000)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        house.smtp().login(address, "secret")
    api("PATCH", f"mailboxes/{address}", state="open", password="", quota_bytes=-1)
    assert house.smtp().docmd("AUTH", f"PLAIN {b64(f'{chr(0)}{address}{chr(0)}secret'.encode())}")[0] == 535
    api("POST", "mailboxes", 409, address=address, kind="ORG")
    api("POST", "mailboxes", 400, address="x@example.org", kind="ORG")
    api("PATCH", "mailboxes/x@y.z", 404, state="open")


def test_a_citizen_answers_and_opens_nothing(house: House, api: Api) -> None:
    client, sender = house.applicative()
    adult, doctor = "185010099900171@patient.mssante.test", house.box("PER", GENERALIST)
    client.sendmail(sender, [adult], mail(sender, adult))
    assert api("GET", f"mailboxes/{adult}/conversations")["conversations"][0]["open"]
    text = f"From: <{adult}>\nTo: <{sender}>\nSubject: Re\n\nmerci é\n"
    assert api("POST", f"mailboxes/{adult}/send", to=[sender], message=text)["status"] == 250
    assert "merci é".encode() in house.inbox(sender)[-1]
    refused = api("POST", f"mailboxes/{adult}/send", to=[doctor], message=text)
    assert (refused["status"], "MSS-MES-OPENS" in refused["reply"]) == (550, True)
    assert house.inbox(doctor) == []


def test_white_list(house: House, api: Api) -> None:
    entry = {"domain": "autre.formation.mssante.fr", "dn": "CN=autre,O=AUTRE,C=FR", "route": "localhost:2525"}
    api("POST", "white-list", **entry)
    told = api("GET", "white-list")
    assert told["white_list"] == [{**entry, "description": ""}]
    api("POST", "white-list", 409, domain=told["hosted"][0])
    api("POST", "white-list", 400, domain="example.org")
    api("DELETE", "white-list/autre.formation.mssante.fr")
    api("DELETE", "white-list/autre.formation.mssante.fr", 404)


def test_waiting_for_the_code(house: House, api: Api) -> None:
    at = urlsplit(house.sandbox.url("internet-mail"))

    def send() -> None:
        client = smtplib.SMTP(at.hostname or "", at.port or 0, timeout=20)
        client.login(house.world, "x")
        client.sendmail("noreply@produit.test", ["moi@example.org"], b"Subject: code\r\n\r\n123456\r\n")

    sender = threading.Timer(0.05, send)
    sender.start()
    (caught,) = api("POST", "caught/wait", to="moi@example.org", timeout=20)["caught"]
    sender.join()
    assert "123456" in caught["text"]
    assert api("GET", f"caught/{caught['number']}").startswith(b"Subject: code")
    assert api("POST", "caught/wait", since=caught["number"], timeout=0.01)["caught"] == []
    api("GET", "caught/99", 404)
