"""The phone page: one person's requests, answered in the browser that opened it and nowhere else."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from simulators.core.rules import Level, Policy
from simulators.pro_sante_connect import ciba_store
from simulators.pro_sante_connect.names import WALLET
from simulators.pro_sante_connect.rules import ciba as ciba_rules
from simulators.pro_sante_connect.rules import polling as rules
from tests.support.psc_ciba import answer, asked, kept, poll, said
from tests.support.psc_room import PERSON, Ask, Room, Seen, assert_forced

HOSTILE = "<script>alert(1)</script>"


class Phone:
    """A browser that opened somebody's phone."""

    def __init__(self, room: Room, person: str = PERSON, world: str = "main") -> None:
        self.room, self.person, self.world = room, person, world
        self.cookie = ""
        self.seen = self.open()

    def open(self, **query: str) -> Seen:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        whole = {"person": self.person, **query}
        self.seen = self.room.send(Ask(f"/w/{self.world}/phone", whole, headers=headers, listener=WALLET))
        self.cookie = self.seen.answer.headers["Set-Cookie"].partition(";")[0]
        return self.seen

    @property
    def page(self) -> str:
        return self.seen.answer.body.decode()

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of the first form."""
        form = self.page.partition('<form method="post"')[2].partition("</form>")[0]
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
        return {name: html.unescape(value) for name, value in found}

    def press(self, name: str, value: str) -> Ask:
        """The request of a button."""
        headers = {"Cookie": self.cookie, "Origin": f"https://{WALLET}.test", "Sec-Fetch-Site": "same-origin"}
        body = {**self.fields, name: value}
        return Ask(f"/w/{self.world}/phone", {"lang": "fr"}, body, headers, WALLET)


def test_a_request_is_shown_with_its_number_and_what_can_be_done(room: Room) -> None:
    room.client(name="Logiciel Démo")
    asked(room, binding_message="07")
    room.pass_time(20)
    page = Phone(room).page
    assert "Logiciel Démo" in page and '<p class="number">07</p>' in page and "100 s" in page
    assert "e-CPS simulée" in page and "SIMULATION" in page
    assert re.findall(r'name="answer" value="([^"]*)"', page) == [
        *("approve", "refuse", "ignore", "pin-blocked", "offline")
    ]
    assert not re.search(r"<script|javascript:|\son\w+=|type=.?password", page)


def test_the_card_is_labelled_as_such_and_pages_speak_english(room: Room) -> None:
    asked(room, channel="CARD")
    phone = Phone(room)
    assert "CPS-Gestion simulé" in phone.page
    assert "Simulated device of" in phone.open(lang="en").answer.body.decode()
    assert "simulated CPS-Gestion" in phone.page


@pytest.mark.parametrize(
    ("given", "state"),
    [("approve", "approved"), ("refuse", "refused"), ("ignore", "ignored"), ("offline", "unheard")],
)
def test_a_button_answers_the_request(room: Room, given: str, state: str) -> None:
    number = asked(room)
    seen = room.send(Phone(room).press("answer", given))
    assert seen.answer.status == 302
    assert seen.answer.headers["Location"] == f"/w/main/phone?person={PERSON}&lang=fr"
    assert kept(room, number).state == state and seen.row.marks["answer"] == given
    assert 'name="answer"' not in Phone(room).page


def test_approving_gives_the_tokens(room: Room) -> None:
    number = asked(room)
    room.send(Phone(room).press("answer", "approve"))
    assert room.send(poll(number)).answer.status == 200


def test_a_blocked_pin_outlasts_the_request_until_the_device_is_ready(room: Room) -> None:
    number = asked(room)
    room.send(Phone(room).press("answer", "pin-blocked"))
    assert said(room.send(poll(number)))[1] == "access_denied"
    phone = Phone(room)
    assert "bloqué" in phone.page
    assert room.send(phone.press("device", "ready")).answer.status == 302
    assert "En service" in Phone(room).page
    room.send(Phone(room).press("device", "offline"))
    with room.store.read("main") as tx:
        assert ciba_store.devices(tx) == {PERSON: "offline"}


def test_the_countdown_reloads_itself_and_stops(room: Room) -> None:
    phone = Phone(room)
    refresh = phone.seen.answer.headers["Refresh"]
    assert refresh == f"5; url=/w/main/phone?person={PERSON}&lang=fr&left=59"
    assert phone.open(left="1").answer.headers["Refresh"].endswith("left=0")
    assert "Refresh" not in phone.open(left="0").answer.headers
    for odd in ("-1", "x", "1e9", "٣"):
        assert "Refresh" not in phone.open(left=odd).answer.headers
    assert phone.open(left="999").answer.headers["Refresh"].endswith("left=59")


def test_the_list_of_people_counts_what_waits(room: Room) -> None:
    asked(room)
    page = room.send(Ask("/phone", listener=WALLET)).answer.body.decode()
    assert f"/w/main/phone?person={PERSON}&amp;lang=fr" in page and "1 en attente" in page


def test_strict_headers_and_cookie(room: Room) -> None:
    headers = Phone(room).seen.answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("segur_phone_main=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_hostile_texts_stay_texts(room: Room) -> None:
    world = room.world(Policy(overrides={ciba_rules.BINDING.id: Level.OFF}))
    room.client(world, client_id="autre", name=HOSTILE)
    asked(room, "autre", binding_message=HOSTILE)
    for page in (Phone(room, world=world).page, Phone(room, person=HOSTILE).page):
        assert "<script" not in page and "&lt;script&gt;" in page


def test_a_form_without_the_cookie_or_from_elsewhere(room: Room) -> None:
    number = asked(room)
    ask = Phone(room).press("answer", "approve")
    other = Phone(room)
    assert other.cookie != ask.headers["Cookie"]
    wrong = [
        ask.with_("header.Cookie", None),
        ask.with_("header.Cookie", other.cookie),
        ask.with_("header.Cookie", "segur_phone_main="),
        ask.with_("body.token", "0" * 64),
        ask.with_("body.token", None),
        ask.with_("body.token", "é"),
    ]
    for one in wrong:
        seen = room.send(one)
        assert seen.answer.status == 403 and seen.rules == [rules.FORM.id]
    for name, value in (("Origin", "https://evil.test"), ("Sec-Fetch-Site", "cross-site"), ("Origin", "null")):
        seen = room.send(ask.with_(f"header.{name}", value))
        assert seen.answer.status >= 400 and seen.row.outcome == "refused"
    assert kept(room, number).state == ciba_store.PENDING
    assert_forced(room, ask, rules.FORM, room.send(ask.with_("body.token", "0" * 64)))
    assert room.send(ask).answer.status == 302


def test_a_get_changes_nothing(room: Room) -> None:
    number = asked(room)
    phone = Phone(room)
    phone.open(**phone.fields, answer="approve")
    assert kept(room, number).state == ciba_store.PENDING


def test_the_cookie_of_one_world_is_nothing_in_another(room: Room) -> None:
    world = room.world()
    room.client(world, client_id="autre")
    number = asked(room, "autre")
    ask = Phone(room, world=world).press("answer", "approve")
    cookie = ask.headers["Cookie"].replace(world, "main")
    seen = room.send(replace(ask, path="/w/main/phone", headers={**ask.headers, "Cookie": cookie}))
    assert seen.rules == [rules.FORM.id]
    mine = Phone(room).press("answer", "approve").with_("body.request", kept(room, number, world).id)
    assert kept(room, number, world).state == ciba_store.PENDING
    assert room.send(mine).rules == [rules.OVER.id]


def test_what_the_form_cannot_say(room: Room) -> None:
    number = asked(room)
    ask = Phone(room).press("answer", "approve")
    for place, value in (("body.answer", "oui"), ("body.answer", None), ("body.device", "broken")):
        seen = room.send(ask.with_(place, value))
        assert seen.answer.status == 400 and seen.rules == [rules.CHOICE.id]
    assert kept(room, number).state == ciba_store.PENDING
    unknown = ask.with_("body.device", "offline").with_("body.person", "899700000997")
    assert room.send(unknown).rules == [rules.CHOICE.id]
    assert_forced(room, ask, rules.CHOICE, room.send(ask.with_("body.answer", "oui")))


@pytest.mark.parametrize("how", ["answered", "expired", "unknown"])
def test_too_late(room: Room, how: str) -> None:
    number = asked(room)
    ask = Phone(room).press("answer", "approve")
    if how == "answered":
        answer(room, number, "refuse")
    elif how == "expired":
        room.pass_time(120)
    else:
        ask = ask.with_("body.request", "nothing")
    assert room.send(ask).rules == [rules.OVER.id]
    assert kept(room, number).state != ciba_store.APPROVED
