"""The session as a score: what is said, what is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulators.core.listeners import Data, TlsFacts
from simulators.mssante import mailboxes
from simulators.mssante.access import passwords
from simulators.mssante.mailboxes import State
from tests.unit.mssante.smtp_room import CITIZEN, ME, YOU, Room, b64, mail, xoauth2


def test_ehlo_before_and_after_tls(smtp_room: Room) -> None:
    clear = smtp_room.connect(tls=None)
    told = clear.say("EHLO produit.test")
    assert "250-STARTTLS" in told or told.endswith("250 STARTTLS")
    assert "AUTH" not in told
    assert "CHUNKING" not in told
    assert clear.say("STARTTLS") == "220 2.0.0 Ready to start TLS\n<tls>"
    clear.session.secured(TlsFacts("TLSv1.3", "x", None))
    assert clear.say("MAIL FROM:<a@b.c>").startswith("503 5.5.1")  # EHLO is forgotten
    told = clear.say("EHLO produit.test")
    assert told.endswith("250 AUTH XOAUTH2 OAUTHBEARER")
    assert "STARTTLS" not in told
    for word in ("PIPELINING", "SIZE 36700160", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"):
        assert f"250-{word}" in told
    assert clear.say("STARTTLS").startswith("503")


def test_helo_names_end_in_headers(smtp_room: Room) -> None:
    assert smtp_room.connect().say("EHLO a b").startswith("501 5.5.4")
    assert smtp_room.connect().say("HELO [127.0.0.1]").startswith("250")


def test_one_mail(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    assert dialogue.say(f"MAIL FROM:<{ME.upper()}> SIZE=100").startswith("250 2.1.0")
    assert dialogue.say(f"RCPT TO:<{YOU}>").startswith("250 2.1.5")
    assert dialogue.say("DATA").endswith("<expect>")
    assert dialogue.give(Data(mail())).startswith("250 2.0.0 Ok: queued as ")
    assert smtp_room.inbox(YOU)[0].endswith(mail())
    assert [row.operation for row in smtp_room.rows()] == ["mssante.AUTH", "mssante.MESSAGE"]
    assert dialogue.say("QUIT").endswith("<close>")


@pytest.mark.parametrize(
    ("line", "reply", "rule"),
    [
        ("BDAT 10 LAST", "502 5.5.1", "MSS-SMTP-COMMAND"),
        ("EXPN x", "502 5.5.1", "MSS-SMTP-COMMAND"),
        ("MAIL FROM:a@b.c", "501 5.5.4", "MSS-SMTP-SYNTAX"),
        ("MAIL FROM:<a@b.c> SIZE=1 SIZE=2", "501 5.5.4", "MSS-SMTP-SYNTAX"),
        ("MAIL FROM:<a@b.c> ENVID=a+0Ab", "501 5.5.4", "MSS-SMTP-SYNTAX"),
        ("MAIL FROM:<a@b.c> BODY=BINARYMIME", "501 5.5.4", "MSS-SMTP-SYNTAX"),
        (f"MAIL FROM:<{YOU}>", "553 5.7.1", "MSS-MAIL-FROM"),
        (f"MAIL FROM:<{ME}> SIZE=40000000", "552 5.3.4", "MSS-SMTP-SIZE"),
        (f"RCPT TO:<{YOU}>", "503 5.5.1", "MSS-SMTP-SEQUENCE"),
        ("DATA", "503 5.5.1", "MSS-SMTP-SEQUENCE"),
        ("AUTH XOAUTH2", "503 5.5.1", "MSS-AUTH-AGAIN"),
    ],
)
def test_refused_commands(smtp_room: Room, line: str, reply: str, rule: str) -> None:
    dialogue = smtp_room.signed_in()
    assert dialogue.say(line).startswith(reply)
    assert smtp_room.last()["rule"] == rule
    assert dialogue.say("NOOP").startswith("250")


@pytest.mark.parametrize(
    ("to", "reply", "rule"),
    [
        ("personne@main.mssante.test", "550 5.1.1", "MSS-RCPT-UNKNOWN"),
        ("x@example.org", "550 5.7.1", "MSS-RCPT-OUTSIDE"),
        ("x@mssante.fr", "550 5.7.1", "MSS-RCPT-OUTSIDE"),
        ("x", "501 5.1.3", "MSS-RCPT-ADDRESS"),
        ("é@main.mssante.test", "553 5.6.7", "MSS-SMTP-UTF8"),
    ],
)
def test_refused_recipients(smtp_room: Room, to: str, reply: str, rule: str) -> None:
    dialogue = smtp_room.signed_in()
    dialogue.say(f"MAIL FROM:<{ME}>")
    assert dialogue.say(f"RCPT TO:<{to}>").startswith(reply)
    assert smtp_room.last()["rule"] == rule
    assert dialogue.say(f"RCPT TO:<{YOU}>").startswith("250")


def test_states_and_quota(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    with smtp_room.store.write("main") as tx:
        mailboxes.set_state(tx, YOU, State.SUSPENDED)
    assert dialogue.play(f"MAIL FROM:<{ME}>", f"RCPT TO:<{YOU}>").startswith("550 5.2.1")
    with smtp_room.store.write("main") as tx:
        mailboxes.set_state(tx, YOU, State.OPEN)
        mailboxes.set_quota(tx, YOU, 0)
    assert dialogue.say(f"RCPT TO:<{YOU}>").startswith("452 4.2.2")
    with smtp_room.store.write("main") as tx:
        mailboxes.set_quota(tx, YOU, 10)  # room for something, not for this mail: accepted, then it comes back
    dialogue.say(f"RCPT TO:<{YOU}>")
    dialogue.say("DATA")
    assert dialogue.give(Data(mail())).startswith("250")
    assert b"Status: 5.2.2" in smtp_room.inbox(ME)[0]
    with smtp_room.store.write("main") as tx:
        mailboxes.set_quota(tx, ME, 0)
    assert dialogue.say(f"MAIL FROM:<{ME}>").startswith("552 5.2.2")


def test_unknown_refused_when_the_world_refuses(smtp_room: Room) -> None:
    smtp_room.policy(unknown={"mailboxes": "refuse"})
    dialogue = smtp_room.signed_in()
    dialogue.say(f"MAIL FROM:<{ME}>")
    assert dialogue.say("RCPT TO:<x@cabinet.formation.mssante.fr>").startswith("550 5.1.2")
    other = smtp_room.connect()
    other.say("EHLO x")
    assert other.say(f"AUTH XOAUTH2 {xoauth2('x@cabinet.formation.mssante.fr')}").startswith("334")
    assert other.say("").startswith("535 5.7.8")


def test_a_thousand_recipients(smtp_room: Room) -> None:
    smtp_room.policy(settings={"mssante.recipients": "3"})
    dialogue = smtp_room.signed_in()
    dialogue.say(f"MAIL FROM:<{ME}>")
    replies = [dialogue.say(f"RCPT TO:<r{n}@cabinet.formation.mssante.fr>")[:9] for n in range(4)]
    assert replies == ["250 2.1.5"] * 3 + ["452 4.5.3"]
    dialogue.say("DATA")
    assert dialogue.give(Data(mail())).startswith("250")
    assert len(smtp_room.inbox("r2@cabinet.formation.mssante.fr")) == 1


def test_violations(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    assert dialogue.violate("bare_line_end", fatal=True).startswith("521 5.5.2")
    assert dialogue.violate("line_too_long").startswith("500 5.5.2")
    assert dialogue.violate("idle", fatal=True).startswith("421 4.4.2")
    assert dialogue.violate("data_too_large").startswith("552 5.3.4")
    assert smtp_room.last()["rule"] == "MSS-SMTP-SIZE"


def test_too_many_errors_end_the_session(smtp_room: Room) -> None:
    dialogue = smtp_room.connect()
    replies = [dialogue.say("BDAT") for _ in range(21)]
    assert replies[-1].endswith("421 4.7.0 Too many errors\n<close>")
    assert "421" not in replies[-2]


def test_null_sender_is_for_receipts(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    assert dialogue.mail("", YOU, mail()).startswith("250")
    assert smtp_room.inbox(YOU)[0].startswith(b"Return-Path: <>\r\n")


def test_sender_gone_after_a_reset(smtp_room: Room) -> None:
    smtp_room.subject = "899700000039"
    dialogue = smtp_room.signed_in("moi@cabinet.formation.mssante.fr")
    smtp_room.worlds.reset("main")
    assert dialogue.say("MAIL FROM:<moi@cabinet.formation.mssante.fr>").startswith("550 5.2.1")


def test_from_header_of_somebody_else_is_told(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    assert dialogue.mail(ME, YOU, mail(sender=YOU)).startswith("250")
    rules = {f["rule"] for f in smtp_room.rows()[-1].verdict["findings"]}
    assert "MSS-DATA-FROM" in rules
    smtp_room.policy(overrides={"MSS-DATA-FROM": "refuse"})
    assert dialogue.mail(ME, YOU, mail(sender=YOU)).startswith("550 5.7.1")
    assert len(smtp_room.inbox(YOU)) == 1


def test_nul_and_loops(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    assert dialogue.mail(ME, YOU, mail() + b"\x00").startswith("554 5.6.0")
    assert dialogue.mail(ME, YOU, b"Received: x\r\n" * 51 + mail()).startswith("554 5.4.6")
    assert smtp_room.inbox(YOU) == []


def test_passwords_are_off_then_a_deviation(smtp_room: Room) -> None:
    dialogue = smtp_room.connect()
    dialogue.say("EHLO x")
    plain = b64(f"\x00{ME}\x00secret".encode())
    assert dialogue.say(f"AUTH PLAIN {plain}").startswith("535 5.7.9")
    with smtp_room.store.write("main") as tx:
        passwords.set_password(tx, ME, "secret")
    assert "AUTH XOAUTH2 OAUTHBEARER PLAIN LOGIN" in dialogue.say("EHLO x")
    assert dialogue.say(f"AUTH PLAIN {b64(f'{chr(0)}{ME}{chr(0)}autre'.encode())}").startswith("535 5.7.8")
    assert dialogue.say(f"AUTH PLAIN {plain}").startswith("235")
    assert smtp_room.rows()[-1].verdict["findings"][0]["rule"] == "MSS-AUTH-DEVIATION"
    login = smtp_room.connect()
    assert login.play("EHLO x", "AUTH LOGIN") == f"334 {b64(b'Username:')}"
    assert login.say(b64(ME.encode())) == f"334 {b64(b'Password:')}"
    assert login.say(b64(b"secret")).startswith("235")


def test_authentication_refused(smtp_room: Room) -> None:
    for mechanism, reply in (("CRAM-MD5", "504 5.5.4"), ("EXTERNAL =", "535 5.7.8"), ("XOAUTH2 %%", "501 5.5.2")):
        dialogue = smtp_room.connect()
        dialogue.say("EHLO x")
        assert dialogue.say(f"AUTH {mechanism}").startswith(reply)
    dialogue = smtp_room.connect()
    assert dialogue.play("EHLO x", "AUTH XOAUTH2", "*").startswith("501 5.7.0")
    smtp_room.subject = ""
    assert dialogue.say(f"AUTH XOAUTH2 {xoauth2(ME)}").startswith("334")
    assert dialogue.say("").startswith("535 5.7.8")
    assert smtp_room.last()["rule"] == "MSS-AUTH-TOKEN"
    clear = smtp_room.connect(tls=None)
    assert clear.play("EHLO x", "AUTH XOAUTH2").startswith("530 5.7.0")


def test_abrupt_by_setting(smtp_room: Room) -> None:
    smtp_room.subject = ""
    smtp_room.policy(settings={"mssante.oauth-refusal": "abrupt"})
    dialogue = smtp_room.connect()
    dialogue.say("EHLO x")
    challenge = b64(b'{"status":"401","schemes":"bearer","scope":"mail"}')
    assert dialogue.say(f"AUTH XOAUTH2 {xoauth2(ME)}") == f"334 {challenge}\n<close>"


def test_kinds_and_states_of_mailboxes(smtp_room: Room) -> None:
    expected = {
        "hospital.app@main.mssante.test": "MSS-AUTH-NOT-TOKEN",
        CITIZEN: "MSS-AUTH-CITIZEN",
        YOU: "MSS-AUTH-RIGHTS",
        "personne@main.mssante.test": "MSS-AUTH-MAILBOX",
    }
    for address, rule in expected.items():
        dialogue = smtp_room.connect()
        dialogue.play("EHLO x", f"AUTH XOAUTH2 {xoauth2(address)}", "")
        assert smtp_room.last()["rule"] == rule
    with smtp_room.store.write("main") as tx:
        mailboxes.set_state(tx, ME, State.CLOSED)
    dialogue.play(f"AUTH XOAUTH2 {xoauth2(ME)}", "")
    assert smtp_room.last()["rule"] == "MSS-AUTH-DISABLED"


def test_a_mailbox_of_a_new_domain_is_adopted(smtp_room: Room) -> None:
    smtp_room.signed_in("dr.essai@cabinet.formation.mssante.fr")
    assert smtp_room.rows()[-1].marks["adopted"] == ["mailboxes:dr.essai@cabinet.formation.mssante.fr"]
    smtp_room.subject = "899700000013"
    dialogue = smtp_room.connect()
    dialogue.play("EHLO x", f"AUTH XOAUTH2 {xoauth2('dr.essai@cabinet.formation.mssante.fr')}", "")
    assert smtp_room.last()["rule"] == "MSS-AUTH-RIGHTS"


def test_two_worlds_by_mail_domain(smtp_room: Room) -> None:
    smtp_room.worlds.create("autre")
    dialogue = smtp_room.signed_in("claude.testeur@autre.mssante.test")
    assert dialogue.mail("claude.testeur@autre.mssante.test", "camille.fictif@autre.mssante.test", mail()).startswith(
        "250"
    )
    assert len(smtp_room.inbox("camille.fictif@autre.mssante.test", "autre")) == 1
    assert smtp_room.rows() == []
    dialogue.say("MAIL FROM:<claude.testeur@autre.mssante.test>")
    assert dialogue.say(f"RCPT TO:<{YOU}>").startswith("550 5.1.2")


def test_forced_refusals_are_the_rules_own(smtp_room: Room) -> None:
    dialogue = smtp_room.signed_in()
    smtp_room.book.add_refusal("main", "MSS-RCPT-DISABLED", {"on": "mssante.RCPT"})
    dialogue.say(f"MAIL FROM:<{ME}>")
    assert dialogue.say(f"RCPT TO:<{YOU}>").startswith("550 5.2.1 the mailbox of the recipient")
    assert smtp_room.rows()[-1].verdict["forced"]


def test_the_catch_all(smtp_room: Room) -> None:
    smtp_room.worlds.create("autre")
    dialogue = smtp_room.connect("internet-mail", tls=None)
    dialogue.say("EHLO x")
    assert dialogue.mail("app@produit.test", "x@example.org", b"Subject: code\r\n\r\n123456\r\n").startswith("250")
    (row,) = smtp_room.rows()
    assert (row.operation, row.keys) == ("mssante.INTERNET", ("mailto:x@example.org",))
    assert dialogue.say(f"AUTH PLAIN {b64(chr(0).encode() + b'autre' + chr(0).encode() + b'x')}").endswith(
        "world autre"
    )
    dialogue.mail("app@produit.test", "y@example.org", b"Subject: code\r\n\r\n123456\r\n")
    assert len(smtp_room.rows("autre")) == 1
    assert dialogue.say("BDAT").startswith("502")


def test_the_token_lapses_in_mid_session(smtp_room: Room) -> None:
    smtp_room.expires = smtp_room.now.timestamp() + 60
    dialogue = smtp_room.signed_in()
    smtp_room.now += timedelta(minutes=2)
    assert dialogue.mail(ME, YOU, mail()).startswith("250")  # by default a session outlives its token
    smtp_room.policy(overrides={"MSS-MAIL-TOKEN-EXPIRED": "refuse"})
    assert dialogue.say(f"MAIL FROM:<{ME}>").startswith("530 5.7.0 the access token expired")


def test_no_copies_without_the_server_rule(smtp_room: Room) -> None:
    org, app = "hospital@main.mssante.test", "hospital.app@main.mssante.test"
    message = mail(to=org).replace(b"essai", b"XDM/1.0/DDM+CR")
    dialogue = smtp_room.signed_in()
    dialogue.mail(ME, org, message)
    assert len(smtp_room.inbox(app)) == 1
    smtp_room.policy(settings={"mssante.forward-xdm": "false"})
    dialogue.mail(ME, org, message)
    assert (len(smtp_room.inbox(app)), len(smtp_room.inbox(org))) == (1, 2)
