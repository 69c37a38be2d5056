"""Each rule of access, submission and delivery through the funnel: its own reply code, ASCII, its name, its row."""

from __future__ import annotations

import pytest

from simulators.clients.transport import WireProblem
from simulators.core.listeners import Data
from simulators.core.rules import Rule
from simulators.mssante.access import introspection
from simulators.mssante.rules import access, delivery, submission
from tests.unit.mssante.smtp_room import ME, YOU, Room, b64, mail, xoauth2

SESSION = (*submission.RULES, *delivery.RULES)


@pytest.mark.parametrize("rule", access.RULES, ids=lambda rule: rule.id)
def test_access(smtp_room: Room, rule: Rule) -> None:
    smtp_room.book.add_refusal("main", rule.id, {"on": "mssante.AUTH"})
    dialogue = smtp_room.connect()
    reply = dialogue.play("EHLO x", f"AUTH XOAUTH2 {xoauth2(ME)}")
    if rule is access.ABRUPT:
        assert reply.endswith("<close>")
        return
    if reply.startswith("334"):
        reply = dialogue.say("")
    assert reply.startswith(f"{rule.code} ")
    assert f"[{rule.id}] /_sandbox/worlds/main/exchanges/1" in reply
    (row,) = smtp_room.rows()
    assert (row.outcome, row.verdict["findings"][0]["rule"], row.status) == ("refused", rule.id, rule.code[:3])


@pytest.mark.parametrize("rule", SESSION, ids=lambda rule: rule.id)
@pytest.mark.parametrize("operation", ["MAIL", "RCPT", "MESSAGE"])
def test_session(smtp_room: Room, rule: Rule, operation: str) -> None:
    dialogue = smtp_room.signed_in()
    smtp_room.book.add_refusal("main", rule.id, {"on": f"mssante.{operation}"})
    replies = [dialogue.say(f"MAIL FROM:<{ME}>"), dialogue.say(f"RCPT TO:<{YOU}>"), dialogue.say("DATA")]
    replies.append(dialogue.give(Data(mail())))
    refused = replies[{"MAIL": 0, "RCPT": 1, "MESSAGE": 3}[operation]]
    assert refused.startswith(f"{rule.code} ")
    assert f"[{rule.id}]" in refused
    assert smtp_room.inbox(YOU) == []


def test_every_rule_speaks_both_languages_and_shows_an_example() -> None:
    for rule in (*access.RULES, *SESSION):
        assert rule.example is not None
        assert rule.sentence.fr != rule.sentence.en
        assert rule.sentence.en.isascii()
        assert rule.mend.fr != rule.mend.en
        assert rule.source


def test_pro_sante_connect_does_not_answer(smtp_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise WireProblem("no answer")

    monkeypatch.setattr(introspection, "introspect", broken)
    dialogue = smtp_room.connect()
    assert dialogue.play("EHLO x", f"AUTH XOAUTH2 {xoauth2(ME)}").startswith("454 4.7.0")
    assert smtp_room.last()["found"] == "no answer"
    smtp_room.policy(settings={"mssante.introspection-url": "https://psc.example.org/introspect"})
    assert dialogue.say(f"AUTH XOAUTH2 {xoauth2(ME)}").startswith("454 4.7.0")
    assert "outbound.hosts" in smtp_room.last()["found"]


def test_a_token_without_subject(smtp_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulators.clients.introspection import Introspected

    monkeypatch.setattr(introspection, "introspect", lambda *_, **__: Introspected(True, {}))
    dialogue = smtp_room.connect()
    dialogue.play("EHLO x", f"AUTH XOAUTH2 {xoauth2(ME)}", "")
    assert smtp_room.last()["rule"] == "MSS-AUTH-SUBJECT"


def test_no_mailbox_named(smtp_room: Room) -> None:
    dialogue = smtp_room.connect()
    bearer = b64(b"n,,\x01auth=Bearer t\x01\x01")
    dialogue.play("EHLO x", f"AUTH OAUTHBEARER {bearer}", "")
    assert smtp_room.last()["rule"] == "MSS-AUTH-ADDRESS"


def test_oauthbearer_is_told_in_the_strict_profile(smtp_room: Room) -> None:
    smtp_room.policy(profile="strict")
    dialogue = smtp_room.connect()
    bearer = b64(f"n,a={ME},\x01auth=Bearer t\x01\x01".encode())
    assert dialogue.play("EHLO x", f"AUTH OAUTHBEARER {bearer}").startswith("235")
    assert smtp_room.rows()[-1].verdict["findings"][0]["rule"] == "MSS-AUTH-OAUTHBEARER"
