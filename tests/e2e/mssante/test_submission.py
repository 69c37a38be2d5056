"""Submission and reports over the real wire, with smtplib as the product."""

from __future__ import annotations

import email
import smtplib
from email.message import Message

import pytest

from simulators.core.mail.eicar import eicar
from tests.e2e.mssante.conftest import GENERALIST, RADIOLOGIST, SPECIALIST, House, b64, mail, xoauth2


def _rule(house: House, operation: str) -> str:
    found = [f["rule"] for row in house.journal(operation) for f in row.verdict["findings"] if f["level"] == "refuse"]
    return str(found[-1])


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("listener", ["submission", "submissions"])
def test_professional_sends_with_a_token(house: House, listener: str, initial: bool) -> None:
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    response = xoauth2(sender, house.token())
    client = house.smtp(listener)
    if initial:
        code, text = client.docmd("AUTH", f"XOAUTH2 {response}")
    else:
        assert client.docmd("AUTH", "XOAUTH2") == (334, b"")
        code, text = client.docmd(response)
    assert code == 235, text
    raw = mail(sender, to, body="corps é\r\n.point")
    assert client.sendmail(sender, [to], raw, mail_options=["BODY=8BITMIME"]) == {}
    client.quit()
    (stored,) = house.inbox(to)
    assert stored.endswith(raw)
    assert stored.startswith(f"Return-Path: <{sender}>\r\nReceived: ".encode())
    (row,) = house.journal("MESSAGE")
    assert (row.outcome, row.status, row.who["professional"]) == ("accepted", "250", SPECIALIST)


def test_oauthbearer(house: House) -> None:
    sender = house.box("PER", SPECIALIST)
    response = b64(f"n,a={sender},\x01host=h\x01port=1\x01auth=Bearer {house.token()}\x01\x01".encode())
    client = house.smtp()
    assert client.docmd("AUTH", f"OAUTHBEARER {response}")[0] == 235


def test_another_s_mailbox_is_refused(house: House) -> None:
    client = house.smtp()
    code, text = client.docmd("AUTH", f"XOAUTH2 {xoauth2(house.box('PER', GENERALIST), house.token())}")
    assert code == 334  # the JSON challenge; the polite server waits for an empty line
    code, text = client.docmd("")
    assert (code, text.split()[0]) == (535, b"5.7.8")
    assert b"MSS-AUTH-RIGHTS" in text
    assert _rule(house, "AUTH") == "MSS-AUTH-RIGHTS"
    assert client.noop()[0] == 250


def test_declared_users_open_an_organisation_s_mailbox(house: House) -> None:
    organisation = house.box("ORG", house.structure("hospital"))
    assert house.smtp().docmd("AUTH", f"XOAUTH2 {xoauth2(organisation, house.token())}")[0] == 235
    client = house.smtp()
    assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(organisation, house.token(RADIOLOGIST))}")[0] == 334
    assert client.docmd("")[0] == 535


def test_abrupt_refusal(house: House) -> None:
    house.sandbox.faults.add_refusal(house.world, "MSS-AUTH-ABRUPT", {"on": "mssante.AUTH"})
    client = house.smtp()
    response = xoauth2(house.box("PER", SPECIALIST), house.token())
    assert client.docmd("AUTH", f"XOAUTH2 {response}")[0] == 334
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.docmd("")


def test_expired_token(house: House, sandbox: object) -> None:
    client = house.smtp()
    assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(house.box('PER', SPECIALIST), 'a.b.c')}")[0] == 334
    assert client.docmd("")[0] == 535
    assert _rule(house, "AUTH") == "MSS-AUTH-TOKEN"


def test_certificate_opens_the_applicative_mailbox_only(house: House) -> None:
    client, _ = house.applicative()
    assert client.noop()[0] == 250
    structure = house.structure("hospital")
    named_by_certificate = house.smtp(structure=structure)
    assert named_by_certificate.docmd("AUTH", "EXTERNAL =")[0] == 235
    organisation = house.smtp(structure=structure)
    assert organisation.docmd("AUTH", f"EXTERNAL {b64(house.box('ORG', structure).encode())}")[0] == 535
    assert _rule(house, "AUTH") == "MSS-AUTH-NOT-CERTIFICATE"
    other = house.smtp(structure=house.structure("laboratory"))
    assert other.docmd("AUTH", f"EXTERNAL {b64(house.box('APP', structure).encode())}")[0] == 535
    assert _rule(house, "AUTH") == "MSS-AUTH-STRUCTURE"


def test_clear_text_opens_nothing(house: House) -> None:
    from urllib.parse import urlsplit

    at = urlsplit(house.sandbox.url("submission"))
    client = smtplib.SMTP(at.hostname or "", at.port or 0, timeout=20)
    client.ehlo()
    assert not client.has_extn("auth")
    assert client.docmd("AUTH", "XOAUTH2")[0] == 530
    assert client.docmd("MAIL", "FROM:<a@b.c>")[0] == 530


def test_recipients(house: House) -> None:
    client, sender = house.applicative()
    assert client.docmd("MAIL", f"FROM:<x{sender}>")[0] == 553
    assert client.docmd("MAIL", f"FROM:<{sender}>")[0] == 250
    assert client.docmd("RCPT", f"TO:<nobody@{sender.partition('@')[2]}>")[0] == 550
    assert _rule(house, "RCPT") == "MSS-RCPT-UNKNOWN"
    assert client.docmd("RCPT", "TO:<x@example.org>")[0] == 550
    assert _rule(house, "RCPT") == "MSS-RCPT-OUTSIDE"
    assert client.docmd("RCPT", "TO:<nowhere>")[0] == 501
    assert client.docmd("DATA")[0] == 503
    assert client.docmd("RCPT", f"TO:<dr.essai@cabinet-{house.world}.formation.mssante.fr>")[0] == 250


def test_an_unknown_correspondent_is_adopted(house: House) -> None:
    client, sender = house.applicative()
    to = f"dr.essai@cabinet-{house.world}.formation.mssante.fr"
    client.sendmail(sender, [to], mail(sender, to))
    assert len(house.inbox(to)) == 1
    assert house.journal("MESSAGE")[-1].marks["adopted"] == [f"mailboxes:{to}"]


def _report(house: House, address: str) -> tuple[Message, dict[str, str]]:
    message = email.message_from_bytes(house.inbox(address)[-1])
    assert message.get_content_type() == "multipart/report"
    status = message.get_payload(1).get_payload()  # type: ignore[union-attr]
    return message, {name.lower(): value for block in status for name, value in block.items()}  # type: ignore[union-attr,misc]


def test_return_receipt_to_and_notify(house: House) -> None:
    client, sender = house.applicative()
    to = house.box("PER", GENERALIST)
    client.sendmail(sender, [to], mail(sender, to, extra=f"Return-Receipt-To: <{sender}>\r\n"))
    message, told = _report(house, sender)
    assert (told["action"], told["status"], told["final-recipient"]) == ("delivered", "2.0.0", f"rfc822; {to}")
    assert message["in-reply-to"] == "<a@test>"
    client.sendmail(
        sender,
        [to],
        mail(sender, to),
        mail_options=["RET=HDRS", "ENVID=E+2BI"],
        rcpt_options=["NOTIFY=SUCCESS", f"ORCPT=rfc822;{to}"],
    )
    _, told = _report(house, sender)
    assert (told["original-envelope-id"], told["original-recipient"]) == ("E+I", f"rfc822;{to}")
    client.sendmail(sender, [to], mail(sender, to), rcpt_options=["NOTIFY=NEVER"])
    assert len(house.inbox(sender)) == 2


def test_citizens(house: House) -> None:
    client, sender = house.applicative()
    adult, closed = "185010099900171@patient.mssante.fr", "258070099900677@patient.mssante.test"
    client.sendmail(sender, [adult], mail(sender, adult))
    assert len(house.inbox(adult.replace(".fr", ".test"))) == 1
    for address, status in ((closed, "5.2.1"), ("123@patient.mssante.fr", "5.1.3")):
        client.sendmail(sender, [address], mail(sender, address))
        message, told = _report(house, sender)
        assert (message["subject"], told["status"]) == ("Undelivered Mail Returned to Sender", status)
    heavy = mail(sender, adult, body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 360_000)
    client.sendmail(sender, [adult], heavy)
    assert _report(house, sender)[1]["status"] == "5.3.4"


def test_conversation_with_a_citizen(house: House) -> None:
    from simulators.mssante import citizen

    client, sender = house.applicative()
    adult = "185010099900171@patient.mssante.test"
    service = house.box("ORG", house.structure("hospital"))
    client.sendmail(sender, [adult], mail(sender, adult, extra=f"Reply-To: <{service}>\r\n"))
    client.sendmail(sender, [adult], mail(sender, adult, extra="X-MSS-MES: FIN\r\n"))
    with house.sandbox.store.read(house.world) as tx:
        assert [one.open for one in citizen.conversations(tx, adult)] == [True, False]
        assert citizen.may_write(tx, adult, service)
        assert not citizen.may_write(tx, adult, sender)
    client.sendmail(sender, [adult], mail(sender, adult, subject="[FIN]"))
    with house.sandbox.store.read(house.world) as tx:
        assert not citizen.may_write(tx, adult, service)


def test_the_server_rule_of_an_organisation(house: House) -> None:
    client, sender = house.applicative("laboratory")
    hospital = house.structure("hospital")
    organisation, application = house.box("ORG", hospital), house.box("APP", hospital)
    client.sendmail(sender, [organisation], mail(sender, organisation))
    assert house.inbox(application) == []
    client.sendmail(sender, [organisation], mail(sender, organisation, "XDM/1.0/DDM+CR CORSE FIGATELLIX"))
    (copy,) = house.inbox(application)
    assert email.message_from_bytes(copy)["from"] == f"<{organisation}>"


def test_eicar_is_refused(house: House) -> None:
    client, sender = house.applicative()
    for text in (eicar().decode(), b64(b"a" + eicar() + b"bc")):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail(sender, [sender], mail(sender, sender, body=text))
        assert refused.value.smtp_code == 554
    assert house.inbox(sender) == []


def test_faults_and_forced_refusals(house: House) -> None:
    client, sender = house.applicative()
    house.sandbox.faults.add_refusal(house.world, "MSS-RCPT-FULL", {"on": "mssante.RCPT", "nth": 1})
    client.docmd("MAIL", f"FROM:<{sender}>")
    assert client.docmd("RCPT", f"TO:<{sender}>")[0] == 452
    assert client.docmd("RCPT", f"TO:<{sender}>")[0] == 250
    client.rset()
    house.sandbox.faults.add_fault(house.world, "after_commit_before_answer", {"on": "mssante.MESSAGE"})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail(sender, [sender], mail(sender, sender))
    assert len(house.inbox(sender)) == 1


def test_a_certificate_of_another_world_is_told(house: House) -> None:
    other = House(house.sandbox, "main")
    client = smtplib.SMTP(*_at(house), timeout=20)
    client.ehlo()
    client.starttls(context=other.context(other.structure("hospital")))
    client.ehlo()
    sender = house.box("PER", SPECIALIST)
    assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(sender, house.token())}")[0] == 235
    findings = house.journal("AUTH")[-1].verdict["findings"]
    assert [(f["rule"], f["level"]) for f in findings] == [("MSS-AUTH-WORLD", "warn")]


def test_a_token_revoked_meanwhile(house: House) -> None:
    from simulators.pro_sante_connect import sessions

    sender, token = house.box("PER", SPECIALIST), house.token()
    assert house.smtp().docmd("AUTH", f"XOAUTH2 {xoauth2(sender, token)}")[0] == 235
    with house.sandbox.store.write(house.world) as tx:
        for session in sessions.open_sessions(tx):
            sessions.close_session(tx, session.sid, "closed on command")
    client = house.smtp()
    assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(sender, token)}")[0] == 334
    assert client.docmd("")[0] == 535


def test_a_foreign_world_s_token(house: House) -> None:
    foreign = House(house.sandbox, "main").token()
    client = house.smtp()
    assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(house.box('PER', SPECIALIST), foreign)}")[0] == 334
    assert client.docmd("")[0] == 535
    assert _rule(house, "AUTH") == "MSS-AUTH-TOKEN"


def _at(house: House) -> tuple[str, int]:
    from urllib.parse import urlsplit

    at = urlsplit(house.sandbox.url("submission"))
    return at.hostname or "", at.port or 0
