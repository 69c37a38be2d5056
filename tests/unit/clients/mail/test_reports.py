"""Notifications and error mails: what is built is read back; the slips of the published example are read and named."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from simulators.clients.mail.error_mail import build_error_mail, read_error_mail
from simulators.clients.mail.mdn import (
    ACTION_MODES,
    SENDING_MODES,
    TYPES,
    Disposition,
    ErrorCode,
    Mdn,
    build_mdn,
    files_again,
    integrated,
    read_mdn,
)
from simulators.core.mail import attachment, container, read_mail, text_body, write_mail
from simulators.core.mail.words import Mailbox
from tests.support.mails import PUBLISHED_SLIPS

APP, ORG = Mailbox("PFI", "service-y.auto@ch-b.mssante.test"), Mailbox("Service Y", "service-y@ch-b.mssante.test")
WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SUBJECT = "XDM/1.0/DDM+Échographie CORSE FIGATELLIX 12/10/1988"
ORIGINAL = write_mail(
    (("From", "a@ch-a.mssante.test"), ("Message-ID", "<one@ch-a.mssante.test>"), ("Subject", "x")),
    container("mixed", [text_body("corps"), attachment(b"PK", "application/zip", "IHE_XDM.ZIP")], "=_o"),
)
LABELS = st.text(st.sampled_from("abcDEF éèêàç'()-0123456789"), max_size=90).map(lambda text: " ".join(text.split()))
ERRORS = st.none() | st.builds(ErrorCode, st.from_regex(r"[0-9]{3}", fullmatch=True), LABELS)
MDNS = st.builds(
    Mdn,
    final_recipient=st.just(APP.address),
    original_message_id=st.just("<one@ch-a.mssante.test>"),
    disposition=st.builds(
        Disposition, st.sampled_from(TYPES), st.sampled_from(ACTION_MODES), st.sampled_from(SENDING_MODES), ERRORS
    ),
    original_recipient=st.sampled_from(["", ORG.address]),
    reporting_ua=LABELS,
    text=LABELS.filter(bool),
)


def built(mdn: Mdn, *, strict: bool = False, original: bytes = ORIGINAL) -> bytes:
    return build_mdn(
        mdn,
        sender=APP,
        recipient=ORG,
        subject=SUBJECT,
        message_id="<mdn@ch-b.mssante.test>",
        date=WHEN,
        strict=strict,
        original=original,
    )


@given(MDNS, st.booleans(), st.booleans())
def test_a_notification_comes_back(mdn: Mdn, strict: bool, with_original: bool) -> None:
    raw = built(mdn, strict=strict, original=ORIGINAL if with_original else b"")
    found = read_mdn(read_mail(raw))
    assert found is not None
    assert found.mdn == mdn
    assert (found.original is not None) is with_original
    assert [slip.kind for slip in found.slips] == (["parts"] if with_original and not strict else [])


def test_the_form_of_the_volet() -> None:
    error = ErrorCode("902", "Identifiant patient inconnu")
    raw = built(Mdn(APP.address, "<one@ch-a.mssante.test>", integrated(error), ORG.address))
    assert (
        b"\r\nDisposition: automatic-action/MDN-sent-automatically; processed/Error: 902^Identifiant patient inconnu"
        in raw
    )
    mail = read_mail(raw)
    assert mail.text("Subject") == f"[KO Intégration système !][902] {SUBJECT}"
    kinds = [part.media.kind for part in mail.children]
    assert kinds == ["text/plain", "message/disposition-notification", "message/rfc822", "application/zip"]
    assert "902" in mail.children[0].shown[0]
    assert mail.children[3].content == b"PK"
    assert mail.children[2].body == ORIGINAL


def test_the_form_of_the_rfc() -> None:
    error = ErrorCode("901", "Auteur non autorisé à remplacer")
    raw = built(Mdn(APP.address, "<one@ch-a.mssante.test>", integrated(error)), strict=True)
    assert b"; processed/error\r\nError: " in raw
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects
    assert len(list(mail.iter_parts())) == 3
    assert str(mail["Subject"]) == SUBJECT


def test_a_success_keeps_the_subject() -> None:
    assert read_mail(built(Mdn(APP.address, "<a@b>", integrated()))).text("Subject") == SUBJECT


def test_the_slips_of_the_published_example_are_read_and_named() -> None:
    mail = read_mail(PUBLISHED_SLIPS)
    found = read_mdn(mail)
    assert found is not None
    assert found.mdn.disposition == integrated(ErrorCode("902", "Identifiant inconnu"))
    assert found.mdn.original_message_id == "<one@ch-a.mssante.test>"
    assert (found.mdn.final_recipient, found.mdn.original_recipient) == (
        "app@ch-b.mssante.test",
        "org@ch-b.mssante.test",
    )
    assert {slip.kind for slip in found.slips} >= {
        "no-blank-line",
        "closing-delimiter",
        "misspelt",
        "text-type",
        "parts",
        "message-id-blanks",
        "disposition-suffix",
    }
    assert mail.children[3].content == b"PK"


def test_what_is_no_notification_is_told() -> None:
    assert read_mdn(read_mail(ORIGINAL)) is None
    raw = PUBLISHED_SLIPS.replace(b"multipart/report", b"multipart/mixed").replace(b"Final-Recipient", b"X-Other")
    found = read_mdn(read_mail(raw.replace(b"processed/Error", b"eaten/Error")))
    assert found is not None
    kinds = [slip.kind for slip in found.slips]
    assert {"report-type", "missing", "disposition-syntax"} <= set(kinds)


@given(st.binary(max_size=300))
def test_any_notification_is_read(content: bytes) -> None:
    head = b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
    part = b"Content-Type: message/disposition-notification\r\n\r\n"
    assert read_mdn(read_mail(head + part + content + b"\r\n--b--\r\n")) is not None


@given(st.from_regex(r"9[0-9]{2}", fullmatch=True), LABELS.filter(bool))
def test_an_error_mail_comes_back(code: str, label: str) -> None:
    raw = build_error_mail(
        ErrorCode(code, label),
        sender=APP,
        recipient=ORG,
        subject=SUBJECT,
        message_id="<e@ch-b.mssante.test>",
        date=WHEN,
        original=ORIGINAL,
    )
    found = read_error_mail(read_mail(raw))
    assert found is not None
    assert (found.error, found.subject) == (ErrorCode(code, label), SUBJECT)
    assert (found.code_in_text, found.label_in_text) == (True, True)
    assert found.original is not None


def test_octets_in_the_name_of_a_file_are_carried_as_question_marks() -> None:
    name = 'Content-Disposition: attachment; filename="é.pdf"'
    raw = f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{name}\r\n\r\nx\r\n--b--\r\n"
    (file,) = files_again(raw.encode())
    assert file.headers == (("Content-Disposition", 'attachment; filename="?.pdf"'),)


def test_a_code_in_the_subject_only() -> None:
    raw = write_mail((("Subject", "[Erreur d'integration !][902] XDM/1.0/DDM+x"),), text_body("rien"))
    found = read_error_mail(read_mail(raw))
    assert found is not None
    assert (found.error.code, found.code_in_text, found.label_in_text) == ("902", False, False)
    assert read_error_mail(read_mail(ORIGINAL)) is None
