from __future__ import annotations

import email
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mssante.envelope import Recipient
from simulators.mssante.reports.dsn import Outcome, Report, dsn, headers, message_id

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ORIGINAL = b"From: <a@b.c>\r\nMessage-ID:\r\n <un@test>\r\nSubject: =?utf-8?Q?=C3=A9?=\r\n\r\ncorps\r\n"
TO = Recipient("d@e.f", frozenset({"SUCCESS"}), "rfc822;d@e.f")


def _report(action: str, **more: Any) -> Any:
    outcome = Outcome(TO, action, "5.1.1" if action == "failed" else "2.0.0", "550 5.1.1 personne é")
    made = dsn(Report("a@b.c", "mta.test", "jeton", NOW, NOW, [outcome], **more), ORIGINAL)
    assert b"\n" not in made.replace(b"\r\n", b"")
    return email.message_from_bytes(made)


def test_a_failure_holds_the_message() -> None:
    message = _report("failed", envid="E1")
    assert message["subject"] == "Undelivered Mail Returned to Sender"
    assert message["auto-submitted"] == "auto-replied"
    assert message["references"] == "<un@test>"
    assert message.get_param("report-type") == "delivery-status"
    human, status, original = message.get_payload()
    assert "Message non distribué" in human.get_payload(decode=True).decode()
    about, one = status.get_payload()
    assert (about["reporting-mta"], about["original-envelope-id"]) == ("dns; mta.test", "E1")
    assert (one["action"], one["status"], one["original-recipient"]) == ("failed", "5.1.1", "rfc822;d@e.f")
    assert one["diagnostic-code"] == "smtp; 550 5.1.1 personne e"
    assert original.get_content_type() == "message/rfc822"
    assert original.get_payload(0)["message-id"].strip() == "<un@test>"


@pytest.mark.parametrize(("action", "ret"), [("failed", "HDRS"), ("delivered", "FULL"), ("delayed", "")])
def test_headers_alone(action: str, ret: str) -> None:
    part = _report(action, ret=ret).get_payload(2)
    assert part.get_content_type() == "text/rfc822-headers"
    assert "corps" not in part.as_string()


def test_a_large_message_is_not_sent_back() -> None:
    outcome = Outcome(TO, "failed", "5.3.4")
    made = dsn(Report("a@b.c", "mta.test", "jeton", NOW, NOW, [outcome]), ORIGINAL + b"x" * (1 << 20))
    assert len(made) < 4_000


def test_delayed_tells_until_when() -> None:
    status = _report("delayed", retry_until=NOW).get_payload(1)
    assert status.get_payload(1)["will-retry-until"] == "Mon, 05 Jan 2026 09:00:00 +0000"


@given(st.binary(max_size=300))
def test_any_message_can_be_reported(message: bytes) -> None:
    made = dsn(Report("a@b.c", "mta.test", "jeton", NOW, NOW, [Outcome(TO, "delivered", "2.0.0")]), message)
    assert email.message_from_bytes(made).get_content_type() == "multipart/report"
    assert message_id(message).isascii()
    assert len(headers(message)) <= len(message)
