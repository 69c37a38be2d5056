"""The worklist as a browser without script uses it: read, send a form, read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
import requests

from simulators.console.dpi.texts import DPI
from tests.e2e.dpi.conftest import Ward
from tests.unit.dpi.dpi_room import LETTER, octets

CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Reader:
    """One person at the worklist of a world."""

    def __init__(self, ward: Ward) -> None:
        self.ward, self.http = ward, requests.Session()
        self.http.trust_env = False
        self.base = f"{ward.sandbox.console_url}/dpi/{ward.world}"

    def get(self, path: str = "", lang: str = "fr") -> requests.Response:
        return self.http.get(f"{self.base}{path}", params={"lang": lang}, timeout=10)

    def post(self, path: str, lang: str = "fr", **fields: str) -> requests.Response:
        csrf = CSRF.search(self.get().text)
        assert csrf or fields.get("csrf") is not None or self.get("/new").ok
        found = csrf or CSRF.search(self.get("/new").text)
        assert found is not None
        headers = {"Origin": self.ward.sandbox.console_url}
        data = {"csrf": found[1], **fields}
        return self.http.post(f"{self.base}{path}", data, params={"lang": lang}, headers=headers, timeout=10)


@pytest.fixture
def reader(ward: Ward) -> Iterator[Reader]:
    yield Reader(ward)


def test_every_page_says_that_it_is_a_simulation_in_both_languages(ward: Ward, reader: Reader) -> None:
    number = ward.write()
    ward.tell(octets())
    ward.settle()
    for path in ("", "/new", f"/documents/{number}", "/received/1"):
        for lang, word in (("fr", "SIMULATION non officielle"), ("en", "SIMULATION")):
            page = reader.get(path, lang)
            assert (page.status_code, word in page.text) == (200, True), path
            assert "<script" not in page.text
            assert "script-src" not in page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_both_languages_have_the_same_sentences() -> None:
    assert DPI["fr"].keys() == DPI["en"].keys()


def test_a_document_is_written_validated_replaced_and_deleted_by_hand(ward: Ward, reader: Reader) -> None:
    fields = {"kind": "discharge-letter", "title": "Lettre <b>A</b>", "text": "x", "recipients": "a@b.mssante.test"}
    page = reader.post("/new", patient="185010099900171", destdmp="1", **fields)
    assert "Lettre &lt;b&gt;A" in page.text
    assert "brouillon" in page.text
    reader.post("/documents/1/hold", back="1")
    assert "suspendu" in reader.get().text
    reader.post("/documents/1/resume")
    reader.post("/documents/1/validate")
    ward.settle()
    assert "accepté par le PFI" in reader.get().text
    reader.post("/documents/1/replace", title="Lettre B", text="y")
    ward.settle()
    reader.post("/documents/1/visibility", masque_ps="1")
    ward.settle()
    reader.post("/documents/1/delete")
    ward.settle()
    told = ward.document(1)
    assert (told["state"], [v["title"] for v in told["versions"]]) == (
        "deleted",
        ["Lettre <b>A</b>", "Lettre B", "Lettre B"],
    )
    assert told["versions"][2]["flags"]["MASQUE_PS"]
    assert "supprimé" in reader.get("/documents/1").text


def test_what_is_not_possible_is_said_in_the_language_of_the_page(ward: Ward, reader: Reader) -> None:
    number = ward.write()
    ward.settle()
    for lang, said in (("fr", "aucun message HL7"), ("en", "no HL7 message")):
        refused = reader.post(f"/documents/{number}/cancel", lang)
        assert (refused.status_code, said in refused.text) == (422, True)
    refused = reader.post("/new", patient="", kind="discharge-letter")
    assert refused.status_code == 422
    assert reader.post("/documents/1/shred").status_code == 404


def test_a_form_of_another_site_does_nothing(ward: Ward, reader: Reader) -> None:
    number = ward.write(validate=False)
    headers = {"Origin": ward.sandbox.console_url}
    path = f"{reader.base}/documents/{number}/validate"
    assert reader.http.post(path, {"csrf": "0" * 64}, headers=headers, timeout=10).status_code == 403
    assert reader.http.post(path, {}, headers={"Origin": "https://evil.example"}, timeout=10).status_code == 403
    assert ward.document(number)["state"] == "draft"


def test_documents_are_shown_in_frames_without_rights(ward: Ward, reader: Reader) -> None:
    number = ward.write()
    evil = LETTER.cda.replace("Lettre de liaison à la sortie".encode(), b"&lt;script&gt;alert(1)&lt;/script&gt;")
    ward.tell(octets(replace(LETTER, cda=evil)))
    page = reader.get("/received/1").text
    assert "<iframe sandbox " in page
    assert "<script" not in page
    for path in ("/received/1/cda", f"/documents/{number}/1/cda"):
        frame = reader.get(path)
        assert frame.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "<script" not in frame.text
    for path in ("/received/1/pdf", f"/documents/{number}/1/pdf"):
        assert reader.get(path).content.startswith(b"%PDF-")


def test_a_refused_document_is_filed_by_hand_with_the_traits_of_its_header(ward: Ward, reader: Reader) -> None:
    stranger = LETTER.cda.replace(b"185010099900171", b"285010099900152").replace(b"19850115", b"19850116")
    answer = ward.tell(octets(replace(LETTER, cda=stranger)))
    assert "MSA|AE" in answer
    assert "À ranger à la main" in reader.get().text
    page = unescape(reader.get("/received/1").text)
    assert "902" in page
    assert all(trait in page for trait in ("SIMULE", "ALIX", "19850116", "75056", "285010099900152"))
    assert reader.post("/received/1/import", patient="nobody").status_code == 422
    done = reader.post("/received/1/import", patient="185010099900171")
    assert (done.status_code, "rangé à la main" in done.text) == (200, True)
    assert "À ranger à la main" not in reader.get().text
    assert "Document rangé à la main" in reader.get().text
    reader.post("/notices/1/seen")
    assert "Document rangé à la main" not in reader.get().text


@pytest.mark.parametrize(
    "path",
    [
        *("/documents/9", "/documents/9/1/cda", "/documents/1099511627776", "/received/9", "/received/9/pdf"),
        *("/received/1099511627776", "/documents/1099511627776/1/cda"),
    ],
)
def test_nothing_there_is_a_404(reader: Reader, path: str) -> None:
    assert reader.get(path).status_code == 404


def test_no_such_world(reader: Reader) -> None:
    for name in ("nowhere", "-"):
        url = f"{reader.ward.sandbox.console_url}/dpi/{name}"
        assert reader.http.get(url, timeout=10).status_code == 404
