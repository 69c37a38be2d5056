"""The webmail of a running sandbox: every kind of sender over the real wire, documents, reports, receipts, patients."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import html

from simulators.assembly.settings import Settings
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, SPECIALIST, House, mail
from tests.support.webmail import Webmail

ADULT = "185010099900171@patient.mssante.test"
MATRICULE = "185010099900171"


@pytest.fixture
def webmail(sandbox: Sandbox, world: str) -> Webmail:
    return Webmail(sandbox, world)


def _compose(webmail: Webmail, sender: str, to: str, status: int = 200, **fields: str) -> str:
    webmail.open(f"{sender}/compose")
    return webmail.send("/compose", status, to=to, **{"subject": "essai", "text": "Bonjour é", **fields})


def test_the_mailboxes_of_a_world(house: House, webmail: Webmail) -> None:
    page = webmail.open("")
    for box in house.boxes:
        assert box["address"] in page
    for words in ("Personal (PER)", "Organisations (ORG)", "Applications (APP)", "Citizens (Mon espace santé)"):
        assert words in page
    assert ">closed<" in page and ">open<" in page
    assert f'href="/mail/{house.world}?lang=en"' in webmail.open(f"/worlds/{house.world}")
    for box in house.boxes:
        assert "This folder is empty." in webmail.open(box["address"])
    webmail.open("/mail/nowhere", 404)
    webmail.open("/mail/-", 404)
    webmail.open("nobody@nowhere.mssante.test", 404)


@pytest.mark.parametrize("kind", ["PER", "ORG", "APP"])
def test_compose_goes_over_the_wire(house: House, webmail: Webmail, kind: str) -> None:
    """The journal shows the authentication and the submission that a product would have made."""
    sender = house.box(kind, SPECIALIST if kind == "PER" else house.structure("hospital"))
    to = house.box("PER", GENERALIST)
    _compose(webmail, sender, to)
    assert "essai" in webmail.text and "/Sent" in re.sub(r" / ", "/", webmail.text)
    webmail.open(sender)
    assert all(name in webmail.text for name in ("Inbox", "Drafts", "Junk", "Sent", "Trash"))
    (stored,) = house.inbox(to)
    assert b"Subject: essai\r\n" in stored and b"X-MSS-NIL: SIM0001\r\n" in stored
    (auth,) = house.journal("AUTH")
    assert (auth.outcome, auth.request_head.count("XOAUTH2")) == ("accepted", 0 if kind == "APP" else 1)
    (row,) = house.journal("MESSAGE")
    assert (row.outcome, row.status, row.who["mailbox"]) == ("accepted", "250", sender)
    assert b"from webmail.mssante.test ([127.0.0.1]) with ESMTPSA" in stored
    page = webmail.newest(to)
    assert f"/exchanges/{house.world}/{row.number}?" in page and "Given by the operator when it accepted it" in page


def test_a_document_is_opened(house: House, webmail: Webmail) -> None:
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    _compose(webmail, sender, to, subject="", patient=MATRICULE, read_receipt="1", delivery_receipt="1")
    webmail.open(to)
    (label,) = webmail.tree.xpath("//td[@class='subject']/span/text()")
    (subject,) = webmail.tree.xpath("//td[@class='subject']/a/text()")
    assert (label, subject.startswith("Lettre de liaison")) == ("XDM", True)
    assert webmail.tree.xpath("//tr[@class='unread']") and "professional" in webmail.text
    page = webmail.newest(to)
    assert "agree with the metadata" in page and f"INS {MATRICULE}" in page
    (frame,) = webmail.tree.xpath("//iframe")
    assert frame.get("sandbox") == ""
    links = [str(link) for link in webmail.tree.xpath("//a/@href")]
    webmail.open(frame.get("src"))
    assert "Lettre de liaison" in webmail.text and MATRICULE in webmail.text
    policy = webmail.page.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'") and "script-src" not in policy
    for link in (one for one in links if one.endswith("/pdf") or "/open/" in one):
        webmail.web.get(webmail.page.url)
        body = webmail.web.get(house.sandbox.console_url.rstrip("/") + link)
        assert body.content.startswith(b"%PDF-") and body.headers["Content-Type"] == "application/pdf"
    assert sum(link.endswith("/pdf") for link in links) == 1
    (raw,) = (link for link in links if link.endswith("/raw"))
    answer = webmail.web.get(house.sandbox.console_url.rstrip("/") + raw)
    assert answer.content == house.inbox(to)[0]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    files = [link for link in links if "/archives/0/" in link]
    assert len(files) == 4
    webmail.newest(to)
    assert webmail.tree.xpath("//button[.='Mark as read']"), "reading changes nothing"
    webmail.send("/seen")
    assert not webmail.tree.xpath("//tr[@class='unread']")


def test_delivery_report_and_notifications_in_plain_words(house: House, webmail: Webmail) -> None:
    sender, to = house.box("APP", house.structure("hospital")), house.box("PER", GENERALIST)
    asked = {"read_receipt": "1", "delivery_receipt": "1", "patient": MATRICULE, "subject": ""}
    _compose(webmail, sender, to, **asked)
    assert "Delivered to the mailbox of" in webmail.newest(sender)
    assert to in webmail.text and "Lettre de liaison" in webmail.text
    for kind, words in (
        ("displayed", "The message was displayed to its recipient"),
        ("processed", "The message was integrated by the recipient's software"),
        ("error 902", "The message could not be integrated 902 Identifiant patient inconnu"),
    ):
        webmail.newest(to)
        webmail.send("/receipt", kind=kind)
        webmail.newest(sender)
        assert words in webmail.text, kind
    assert b"processed/Error: 902^Identifiant patient inconnu" in house.inbox(sender)[-1]
    webmail.open(sender)
    assert [str(x) for x in webmail.tree.xpath("//td[@class='subject']/span/text()")][:3] == [
        "reading",
        "error 902",
        "XDM",
    ]
    assert "A receipt was sent for this message already." in webmail.newest(to)


def test_an_error_without_being_asked_is_the_standard_mail(house: House, webmail: Webmail) -> None:
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    _compose(webmail, sender, to, patient=MATRICULE)
    webmail.newest(to)
    webmail.send("/receipt", 422, kind="displayed")
    assert "The sender did not ask for a notification." in webmail.text
    webmail.send("/receipt", kind="error 904")
    assert "Standard error mail" in webmail.newest(sender) and "904" in webmail.text


def test_a_refusal_is_explained(house: House, webmail: Webmail) -> None:
    sender = house.box("PER", SPECIALIST)
    page = _compose(webmail, sender, "quelquun@example.org", 422, text="gardé")
    assert "Nothing was sent" in page and "MSS-RCPT-OUTSIDE" in page and "How to mend" in page
    assert webmail.tree.xpath("//textarea/text()") == ["gardé"]
    for fields, words in (
        ({"to": ""}, "One to a hundred addresses"),
        ({"to": "é@x.fr"}, "One to a hundred addresses"),
        ({"to": "a@b.c>\r\nRCPT"}, "One to a hundred addresses"),
        ({"to": "a@b.mssante.test", "subject": ""}, "needs a subject"),
        ({"to": "a@b.mssante.test", "patient": "1"}, "not of the world"),
        ({"to": "a@b.mssante.test", "patient": MATRICULE, "document": "x"}, "unknown value"),
    ):
        webmail.open(f"{sender}/compose")
        assert words in webmail.send("/compose", 422, **{"subject": "s", **fields})
    assert [row for row in house.journal("MESSAGE") if row.outcome == "accepted"] == []


def test_a_mailbox_without_owner_cannot_write(house: House, webmail: Webmail) -> None:
    client, _ = house.applicative()
    adopted = f"inconnu@cabinet-{house.world}.formation.mssante.fr"
    client.sendmail(house.box("APP", house.structure("hospital")), [adopted], mail("a@b.c", adopted))
    assert "no known holder" in _compose(webmail, adopted, house.box("PER", SPECIALIST), 422)


def test_a_patient_answers_until_the_conversation_is_closed(house: House, webmail: Webmail) -> None:
    doctor = house.box("PER", SPECIALIST)
    _compose(webmail, doctor, ADULT, subject="Votre rendez-vous")
    assert "Conversation open" in webmail.newest(ADULT) and doctor in webmail.text
    link = next(str(a) for a in webmail.tree.xpath("//a/@href") if "/reply" in str(a))
    webmail.open(link)
    webmail.send("/compose", text="Merci")
    answer = webmail.newest(doctor)
    assert ">patient<" in answer and f"INS {MATRICULE}" in webmail.text
    assert b"In-Reply-To: <" in house.inbox(doctor)[-1]
    webmail.send("/close")
    assert "This message closes the conversation." in webmail.text
    assert b"Subject: [FIN]\r\n" in house.inbox(ADULT)[-1]
    assert "Conversation closed" in webmail.newest(ADULT, 2)
    webmail.open(link)
    page = webmail.send("/compose", 422, text="Encore")
    assert "MSS-MES-OPENS" in page and "as long as the conversation is open" in page
    assert len(house.inbox(doctor)) == 1


def test_the_header_closes_one_message(house: House, webmail: Webmail) -> None:
    _compose(webmail, house.box("PER", SPECIALIST), ADULT, end="1")
    assert "Conversation closed" in webmail.newest(ADULT)
    assert b"X-MSS-MES: FIN\r\n" in house.inbox(ADULT)[0]
    assert "conversation closed" in webmail.open(ADULT)


def test_a_conversation_is_closed_from_the_patient_s_page(house: House, webmail: Webmail) -> None:
    doctor = house.box("PER", SPECIALIST)
    _compose(webmail, doctor, ADULT)
    webmail.newest(ADULT)
    assert f"Close the conversation ([FIN]) as {doctor}" in webmail.text
    webmail.send(f"{doctor}/close")
    assert "Conversation closed" in webmail.newest(ADULT, 2)


def test_forms_are_ours_alone(house: House, webmail: Webmail) -> None:
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    form = {"to": to, "subject": "vol", "text": "x"}
    webmail.open(f"{sender}/compose")
    (word,) = webmail.tree.xpath("//input[@name='csrf']/@value")
    at = webmail.page.url
    webmail.post(at, form, 403)
    webmail.post(at, {**form, "csrf": "0" * 64}, 403)
    webmail.post(at, {**form, "csrf": str(word)}, 403, Origin="http://voleur.test")
    webmail.post(at, {**form, "csrf": str(word)}, 403, Origin="null")
    webmail.post(at, {**form, "csrf": str(word)}, 421, Host="voleur.test")
    house.sandbox.create_world(f"{house.world}-x")
    webmail.post(at.replace(f"/{house.world}/", f"/{house.world}-x/"), {**form, "csrf": str(word)}, 403)
    assert house.inbox(to) == []
    webmail.post(at, {**form, "csrf": str(word)})
    assert len(house.inbox(to)) == 1


def test_both_languages(house: House, sandbox: Sandbox) -> None:
    french = Webmail(sandbox, house.world, "fr")
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    french.open(f"{sender}/compose")
    french.send("/compose", to=to, subject="essai", text="x")
    page = french.newest(to)
    for word in ("Messagerie", "Verdict sur ce message", "Répondre", "professionnel", "Source (.eml)"):
        assert word in page
    assert '<html lang="fr">' in page
    assert html.fromstring(page).xpath("//a[@href='?lang=en']")


def test_the_same_over_the_api(house: House, sandbox: Sandbox) -> None:
    sender, to = house.box("APP", house.structure("hospital")), house.box("PER", GENERALIST)

    def call(method: str, path: str, status: int = 200, **body: Any) -> Any:
        with requests.Session() as web:
            web.trust_env = False
            web.headers["Authorization"] = f"Bearer {sandbox.token}"
            url = f"{sandbox.local_url('console')}/_sandbox/worlds/{house.world}/mailboxes/{path}"
            answer = web.request(method, url, json=body or None, timeout=40)
        assert answer.status_code == status, answer.text
        return answer.json()

    asked = {"to": [to], "patient": MATRICULE, "read_receipt": True}
    assert call("POST", f"{sender}/compose", **asked)["status"] == 250
    (folder,) = (one for one in call("GET", f"{to}/folders")["folders"] if one["name"] == "INBOX")
    assert (folder["messages"], folder["unseen"]) == (1, 1)
    verdict = call("GET", f"{to}/messages/1/verdict")
    assert verdict["findings"] == [] and verdict["exchange"] == house.journal("MESSAGE")[0].number
    assert call("POST", f"{to}/messages/1/receipt", kind="processed")["status"] == 250
    assert b"; processed\r\n" in house.inbox(sender)[0]
    assert "unknown value" in call("POST", f"{to}/messages/1/receipt", 409, kind="error", code="1")["detail"]
    assert call("POST", f"{sender}/compose", to=["a@example.org"], subject="x")["status"] == 550
    call("POST", f"{sender}/compose", 409, to=["a b"])
    call("POST", "nobody@x.test/compose", 404, to=[to])
    call("GET", f"{to}/messages/9/verdict", 404)


def test_a_world_that_adopts_nothing(sandbox: Sandbox) -> None:
    """The operator's client is declared with where its webmail is sent back to."""
    sandbox.create_world("webmail-strict", unknown="refuse")
    house, webmail = House(sandbox, "webmail-strict"), Webmail(sandbox, "webmail-strict")
    _compose(webmail, house.box("PER", SPECIALIST), house.box("PER", GENERALIST))
    assert len(house.inbox(house.box("PER", GENERALIST))) == 1


@pytest.mark.parametrize("alone", ["mssante", "dmp"])
def test_a_sandbox_with_one_simulator(tmp_path: Path, alone: str) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with Sandbox(Settings(random_ports=True, publish=False, only=(alone,), environment=environment)) as running:
        webmail = Webmail(running, "main")
        if alone == "dmp":
            assert "/mail" not in webmail.open("/")
            webmail.open("/mail/main", 404)
            return
        house = House(running, "main")
        page = _compose(webmail, house.box("PER", SPECIALIST), house.box("PER", GENERALIST), 422)
        assert "Pro Santé Connect does not run here" in page
        app = house.box("APP", house.structure("hospital"))
        _compose(webmail, app, house.box("PER", GENERALIST))
