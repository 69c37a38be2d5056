"""Mails of a product, read by the standard library; locked archives open with their password."""

from __future__ import annotations

import email
import email.message
import email.policy
import io
import zipfile
from pathlib import Path
from typing import cast

import pytest

from simulators.clients.mail.compose import compose, forward
from simulators.clients.mail.locked_zip import PASSWORD, locked
from simulators.clients.mail.terms import pdf_name_of, subject_of
from simulators.clients.mail.variants import VARIANTS, NoSuchVariant, compose_variant
from simulators.core.mail.words import Mailbox
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import CannotBuild
from tests.support.mails import APP, NOW, ORG, cda, plan


def parsed(raw: bytes) -> email.message.EmailMessage:
    return cast("email.message.EmailMessage", email.message_from_bytes(raw, policy=email.policy.default))


def files(raw: bytes) -> dict[str, bytes]:
    found = (part for part in parsed(raw).walk() if part.get_filename())
    return {str(part.get_filename()): cast("bytes", part.get_payload(decode=True)) for part in found}


def test_a_professional_mail() -> None:
    mail = parsed(compose(plan(html="<p>Bonjour</p>")))
    assert str(mail["Subject"]) == "XDM/1.0/DDM+Lettre de liaison à la sortie SIMULE ALIX 15/01/1985"
    assert (mail["X-MSS-CODECDA"], mail["X-MSS-INS"], mail["X-MSS-NIL"]) == ("11490-0", "O", "SIM0001")
    assert mail["Return-Receipt-To"] == mail["Disposition-Notification-To"] == "<pfi@ch-a.mssante.test>"
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html"),
        *("application/zip", "application/pdf"),
    ]
    held = files(mail.as_bytes())
    assert list(held) == ["IHE_XDM.ZIP", "20261119_Lettre_de_liaison_a_la_sortie_SIMULE_ALIX.pdf"]
    with zipfile.ZipFile(io.BytesIO(held["IHE_XDM.ZIP"])) as archive:
        assert archive.read("IHE_XDM/SUBSET01/DOC0001.XML") == cda()
    assert held[pdf_name_of(read_cda(cda()))] == read_cda(cda()).body.content()


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert compose(plan()) == compose(plan())


def test_a_patient_mail_closes_the_conversation() -> None:
    mail = parsed(compose(plan(recipients=(Mailbox("", "185010099900171@patient.mssante.test"),), end=True)))
    assert mail["X-MSS-MES"] == "FIN"


def test_free_text() -> None:
    mail = parsed(compose(plan(documents=(), subject="Bonjour à tous")))
    assert mail.get_content_type() == "text/plain"
    assert "X-MSS-CODECDA" not in mail
    with pytest.raises(CannotBuild):
        compose(plan(documents=()))


def test_a_forward_keeps_the_archive_or_hides_it() -> None:
    original = compose(plan())
    options = {"sender": ORG, "recipient": APP, "message_id": "<f@ch-b.mssante.test>", "date": NOW}
    inline = forward(original, **options)  # type: ignore[arg-type]
    assert files(inline) == files(original)
    whole = parsed(forward(original, inline=False, **options))  # type: ignore[arg-type]
    assert [part.get_content_type() for part in whole.iter_parts()] == ["text/plain", "message/rfc822"]


def test_a_locked_archive_opens_with_its_password() -> None:
    archive = files(compose(plan()))["IHE_XDM.ZIP"]
    with zipfile.ZipFile(io.BytesIO(archive)) as clear, zipfile.ZipFile(io.BytesIO(locked(archive))) as shut:
        names = [name for name in clear.namelist() if not name.endswith("/")]
        assert shut.namelist() == names
        assert all(shut.read(name, pwd=PASSWORD) == clear.read(name) for name in names)
        with pytest.raises(RuntimeError, match="password"):
            shut.read(names[0])


def test_variants_differ_from_the_good_mail() -> None:
    whole = compose(plan())
    assert all(compose_variant(name, plan()) != whole for name in VARIANTS)
    with pytest.raises(NoSuchVariant):
        compose_variant("none", plan())


def test_a_folded_subject_is_read_as_one() -> None:
    subject = str(parsed(compose_variant("subject-folded", plan()))["Subject"])
    assert subject.endswith("SIMULE ALIX 15/01/1985")
    assert subject != subject_of(read_cda(cda()))


def test_the_page_names_every_variant() -> None:
    page = (Path(__file__).resolve().parents[4] / "docs" / "mail-verdict.md").read_text("utf-8")
    assert [name for name in VARIANTS if name not in page] == []
