"""The pieces of the webmail that need no sandbox: texts, subjects, answers, drafts."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.clients.mail.compose import compose
from simulators.console.mail import safe
from simulators.console.mail.boxes import Subject, head_of, subject_of
from simulators.console.mail.composing import Draft, _check
from simulators.console.mail.plain import one_line, plain
from simulators.console.mail.submission import Handed, Unsendable
from simulators.core.mail import read_mail
from simulators.core.mail.words import encoded
from tests.support.hostile_mails import HOSTILE
from tests.support.mails import plan

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)


@given(ANY_TEXT)
def test_what_is_shown_can_be_written_and_turns_nothing(text: str) -> None:
    shown = plain(text)
    shown.encode("utf-8")
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert "\n" not in one_line(text)


def test_long_texts_are_cut() -> None:
    assert plain("a" * 10, 4) == "aaaa…"
    assert plain("a\r\nb") == "a\nb"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("XDM/1.0/DDM+Compte rendu NOM Prénom 01/01/1980", Subject("Compte rendu NOM Prénom 01/01/1980", True)),
        ("xdm/1.0/ddm + Lettre", Subject("Lettre", True)),
        ("XDM/1.0/DDM", Subject("", True)),
        ("[KO Intégration système !][902] XDM/1.0/DDM+Lettre", Subject("Lettre", True, "902")),
        ("[Erreur d'intégration !][904] Question", Subject("Question", False, "904")),
        ("Re: XDM/1.0/DDM+Lettre", Subject("Re: XDM/1.0/DDM+Lettre")),
        ("", Subject("")),
    ],
)
def test_the_prefix_of_documents_is_a_label(subject: str, expected: Subject) -> None:
    raw = f"Subject: {encoded(subject, 9)}\r\n\r\nx".encode()
    assert subject_of(read_mail(raw)) == expected


@pytest.mark.parametrize("kind", ["delivery-status", "disposition-notification"])
def test_reports_are_told(kind: str) -> None:
    raw = f"Subject: x\r\nContent-Type: multipart/report; report-type={kind}; boundary=b\r\n\r\n--b--".encode()
    assert subject_of(head_of(raw)).report == kind


@pytest.mark.parametrize("name", HOSTILE)
def test_a_list_reads_headers_alone(name: str) -> None:
    assert subject_of(head_of(HOSTILE[name])).text.encode("utf-8") is not None
    assert len(head_of(HOSTILE[name]).body) <= 64 * 1024


def test_a_list_does_not_read_the_files() -> None:
    raw = compose(plan())
    assert head_of(raw).fields == read_mail(raw).fields
    assert head_of(raw).body == b""


@given(ANY_TEXT)
def test_a_download_names_a_file_and_nothing_else(name: str) -> None:
    answer = safe.download(b"x", name)
    disposition = answer.headers["Content-Disposition"]
    found = re.fullmatch(r"attachment; filename=\"([\x20-\x7e]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)", disposition)
    assert found and not set(found[1]) & set('"\\/;%')
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


def test_only_a_pdf_is_opened() -> None:
    opened = safe.pdf(b"%PDF-1.4\n", "a.pdf").headers
    assert (opened["Content-Type"], opened["Content-Disposition"][:6]) == ("application/pdf", "inline")
    kept = safe.pdf(b"<script>", "a.pdf").headers
    assert (kept["Content-Type"], kept["Content-Disposition"][:10]) == ("application/octet-stream", "attachment")
    for headers in (opened, kept):
        assert headers["X-Content-Type-Options"] == "nosniff" and "script-src" not in headers["Content-Security-Policy"]


def test_a_frame_has_no_right() -> None:
    policy = safe.framed("<script>", "'unsafe-inline'").headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "sandbox" and "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
    assert not [part for part in policy if part.startswith(("script-src", "sandbox "))]


def test_a_draft_of_a_form() -> None:
    draft = Draft.read({"to": " a@x.test, b@x.test;c@x.test\r\na@x.test ", "subject": " s ", "end": "1"})
    assert draft.recipients == ["a@x.test", "b@x.test", "c@x.test"]
    assert (draft.subject, draft.end, draft.read_receipt, draft.document) == ("s", True, False, "discharge-letter")


@pytest.mark.parametrize(
    ("draft", "key"),
    [
        (Draft(subject="s"), "mail_to_wrong"),
        (Draft(to="<a@b.c>", subject="s"), "mail_to_wrong"),
        (Draft(to="é@b.c", subject="s"), "mail_to_wrong"),
        (Draft(to=",".join(f"a{n}@b.c" for n in range(101)), subject="s"), "mail_to_wrong"),
        (Draft(to="a@b.c"), "mail_no_subject"),
        (Draft(to="a@b.c", subject="s", document="x"), "mail_form_wrong"),
        (Draft(to="a@b.c", subject="s", text="x" * 200_001), "mail_form_wrong"),
    ],
)
def test_what_cannot_be_sent_is_said(draft: Draft, key: str) -> None:
    with pytest.raises(Unsendable) as refused:
        _check(draft)
    assert refused.value.key == key


def test_the_operator_s_word_leads_to_its_exchange() -> None:
    assert Handed(550, "5.7.1 no [RULE] http://localhost:1/exchanges/main/37").exchange == ("main", 37)
    assert Handed(250, "2.0.0 Ok: queued as 1").exchange is None
    assert (Handed(250, "").accepted, Handed(451, "").accepted, Handed(0, "").accepted) == (True, False, False)
