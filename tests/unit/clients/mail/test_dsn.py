"""Delivery reports read back: our own, those of others, and no report at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.clients.mail.dsn import ReadDsn, Told, read_dsn
from simulators.core.mail import read_mail
from simulators.mssante.envelope import Recipient
from simulators.mssante.reports.dsn import Outcome, Report, dsn

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ORIGINAL = b"From: <a@x.test>\r\nSubject: essai\r\nMessage-ID: <1@x.test>\r\n\r\ncorps\r\n"


def report(*outcomes: Outcome, **more: str) -> ReadDsn:
    made = Report("a@x.test", "op.mssante.test", "t", NOW, NOW, outcomes, retry_until=NOW, **more)  # type: ignore[arg-type]
    found = read_dsn(read_mail(dsn(made, ORIGINAL)))
    assert found is not None
    return found


@pytest.mark.parametrize("action", ["failed", "delayed", "delivered", "relayed"])
def test_our_own(action: str) -> None:
    found = report(Outcome(Recipient("b@y.test"), action, "5.1.1", "550 5.1.1 no", "z.test"), envid="E1")
    (told,) = found.told
    assert (told.recipient, told.action, told.status) == ("b@y.test", action, "5.1.1")
    assert told.diagnostic == "550 5.1.1 no"
    assert (found.reporting, found.envid) == ("op.mssante.test", "E1")
    assert found.original is not None and found.original.text("Subject") == "essai"


def test_several_recipients() -> None:
    found = report(*(Outcome(Recipient(f"{n}@y.test"), "failed", "5.0.0") for n in range(3)))
    assert [told.recipient for told in found.told] == ["0@y.test", "1@y.test", "2@y.test"]


def test_of_another_server() -> None:
    """No space after the type, an address in brackets, LF alone, a comment after the status, folded diagnostic."""
    raw = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\ntexte\n--b\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA:dns;mx.test\n\n"
        b"Final-Recipient:RFC822;<b@y.test>\nAction: Failed\nStatus: 5.2.2 (full)\n"
        b"Diagnostic-Code: smtp; 552\n  full\n--b\nContent-Type: text/rfc822-headers\n\nSubject: essai\n--b--\n"
    )
    found = read_dsn(read_mail(raw))
    assert found is not None and found.original is not None
    assert found.told == (Told("b@y.test", "failed", "5.2.2", "552  full"),)
    assert found.original.text("Subject") == "essai"


def test_no_report() -> None:
    assert read_dsn(read_mail(ORIGINAL)) is None
    assert read_dsn(read_mail(b"")) is None


@given(st.binary(max_size=300))
def test_never_raises(body: bytes) -> None:
    found = read_dsn(read_mail(b"Content-Type: message/delivery-status\r\n\r\n" + body))
    assert found is not None and len(found.told) <= 1000
