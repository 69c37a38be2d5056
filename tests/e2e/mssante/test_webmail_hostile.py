"""Hostile mails at the webmail: every page that shows them answers, as text, under a policy that lets nothing run."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from lxml import html

from simulators.mssante import folders, messages
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, House
from tests.support.hostile_mails import HOSTILE, MARK
from tests.support.webmail import Webmail

PATIENCE_S = 10.0
OURS = {"style", "iframe"}


@pytest.fixture
def webmail(sandbox: Sandbox, world: str) -> Webmail:
    return Webmail(sandbox, world)


def store(house: House, raw: bytes) -> str:
    """Put there as a client puts a mail over IMAP: no rule of submission in the way."""
    address = house.box("PER", GENERALIST)
    with house.sandbox.store.write(house.world) as tx:
        folder = folders.get(tx, address, folders.INBOX)
        messages.append(tx, folder.folder, raw, received=house.sandbox.now())
    return address


def harmless(webmail: Webmail) -> None:
    """A page of ours: only our own elements, and MARK nowhere but in texts."""
    tree: Any = html.fromstring(webmail.page.text)
    assert not tree.xpath("//script | //img | //svg | //base | //object | //embed | //meta[@http-equiv]")
    assert not tree.xpath("//@*[starts-with(name(), 'on')] | //@*[contains(., 'javascript:')][name() != 'value']")
    assert all(form.action.startswith("/mail/") for form in tree.forms)
    assert len(tree.xpath("//style")) == 2
    assert all(frame.get("sandbox") == "" for frame in tree.xpath("//iframe"))
    policy = webmail.page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "script-src" not in policy


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_shown_harmless(house: House, webmail: Webmail, name: str) -> None:
    address, begun = store(house, HOSTILE[name]), time.monotonic()
    webmail.open(address)
    harmless(webmail)
    webmail.newest(address)
    harmless(webmail)
    links = {str(link) for link in webmail.tree.xpath("//a/@href | //iframe/@src")}
    inside = sorted(link for link in links if re.search(r"/(raw|parts|open|html|documents|archives)(/|$)", link))
    for link in inside[:12]:
        content(webmail, link)
    for link in (link for link in links if "/reply" in link):
        webmail.open(link)
        harmless(webmail)
    assert time.monotonic() - begun < PATIENCE_S


def content(webmail: Webmail, link: str) -> None:
    """A download, or a frame in a sandbox of its own."""
    answer = webmail.web.get(webmail.sandbox.console_url.rstrip("/") + link, timeout=20)
    assert answer.status_code == 200, (link, answer.text[:500])
    policy, disposition = answer.headers["Content-Security-Policy"], answer.headers.get("Content-Disposition", "")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src" not in policy and "default-src 'none'" in policy
    if "/html/" in link or re.search(r"/documents/\d+/\d+(\?|$)", link):
        assert policy.startswith("sandbox;")
    elif answer.headers["Content-Type"] == "application/pdf":
        assert answer.content.startswith(b"%PDF-")
    else:
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert re.fullmatch(r"attachment; filename=\"[^\"\\/\x00-\x1f]+\"; filename\*=UTF-8''[\w.%~-]+", disposition)
    if "/documents/" in link and "/pdf" not in link:
        tree: Any = html.fromstring(answer.text)
        assert not tree.xpath("//script | //iframe | //object | //a | //img")
        assert not [name for name in tree.xpath("//@*[. != '']/..") if MARK in "".join(name.attrib.values())]


def test_a_page_of_documents_keeps_what_is_meant(house: House, webmail: Webmail) -> None:
    address = store(house, HOSTILE["cda-narrative"])
    webmail.newest(address)
    assert "the hash is not that of the document" in webmail.text
    (frame,) = webmail.tree.xpath("//iframe[@class='cda']/@src")
    page = webmail.open(frame)
    assert "<b>texte</b>" in page or "<p>texte</p>" in page
    assert "<u>lien</u>" in page and "cellule" in page and "<ol><li>un</li></ol>" in page
    assert "Titre &lt;b&gt;" in page and 'rowspan="2"' in page and "99999999" not in page


def test_a_zip_bomb_is_told(house: House, webmail: Webmail) -> None:
    webmail.newest(store(house, HOSTILE["bomb"]))
    assert "The archive does not open" in webmail.text


def test_too_many_parts_are_told(house: House, webmail: Webmail) -> None:
    webmail.newest(store(house, HOSTILE["parts"]))
    assert "Attachments not shown: 39" in webmail.text and "too-many-parts" in webmail.text


def test_receipts_for_hostile_mails(house: House, webmail: Webmail) -> None:
    """Refused or sent, never a failure of ours; nothing of the mail becomes a header."""
    for name in ("receipt", "cda-narrative"):
        webmail.newest(store(house, HOSTILE[name]))
        action = webmail.tree.xpath("//form[@class='receipt']/@action")
        word = webmail.tree.xpath("//input[@name='csrf']/@value")[0]
        answer = webmail.web.post(
            webmail.sandbox.console_url.rstrip("/") + str(action[0]),
            data={"csrf": word, "kind": "error 906"},
            timeout=60,
        )
        assert answer.status_code in {200, 422}, answer.text[:500]


def test_addresses_and_numbers_of_no_message(house: House, webmail: Webmail) -> None:
    address = store(house, HOSTILE["html"])
    webmail.newest(address)
    base = webmail.page.url.removeprefix(house.sandbox.console_url.rstrip("/")).partition("?")[0]
    for rest in ("parts/9", "parts/1.2.3", "html/9", "open/x", "documents/0/0", "documents/9/9/pdf", "archives/7/7"):
        webmail.open(f"{base}/{rest}", 404)
    webmail.open(f"{base}9999999999999999999999", 404)
    webmail.open(f"{address}/99999999999999999999/1", 404)
    webmail.open(f"{address}/1/1", 404)
    webmail.open("%3Cscript%3E@x/1", 404)
    assert "<script" not in webmail.page.text
