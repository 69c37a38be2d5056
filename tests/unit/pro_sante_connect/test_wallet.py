"""What the wallet page shows, in both languages, and that nothing hostile lives in it."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from simulators.core.rules import Policy
from simulators.population import registry
from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.model import Activity, Coded, Professional
from simulators.pro_sante_connect.wallet import SHOWN
from tests.support.psc_browser import Browser
from tests.support.psc_room import PERSON, Room

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}"


@pytest.fixture
def browser(room: Room) -> Browser:
    made = Browser(room)
    made.authorize()
    return made


def to(browser: Browser, text: str) -> str:
    """The address of the link of that text."""
    found = re.search(rf'<a href="([^"]*)"[^>]*>{text}</a>', browser.page)
    assert found, text
    return found[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("bac à sable Ségur, non officiel", "Qui se connecte ?", "Créer un professionnel", "Refuser")),
        ("en", ("Ségur sandbox, unofficial", "Who signs in?", "Create a professional", "Refuse")),
    ],
)
def test_both_languages(room: Room, language: str, words: tuple[str, ...]) -> None:
    browser = Browser(room, language=language)
    browser.authorize()
    assert f'<html lang="{language}">' in browser.page
    assert all(word in browser.page for word in words)


def test_the_language_can_be_changed_and_stays(browser: Browser) -> None:
    browser.send(browser.follow(to(browser, "English")))
    assert '<html lang="en">' in browser.page and len(browser.listed) == 12
    browser.send(browser.follow(to(browser, "e-CPS")))
    assert '<html lang="en">' in browser.page
    assert browser.choose("").answer.status == 400
    assert browser.problem("choice") == "Choose a professional of the list."
    browser.send(browser.follow(to(browser, "Français")))
    assert '<html lang="fr">' in browser.page and "code" in browser.choose(PERSON).sent_back


@pytest.mark.parametrize(
    ("asked", "shown"), [("en", "en"), ("fr-FR en", "fr"), ("de en-GB", "en"), ("de", "fr"), ("EN", "en")]
)
def test_ui_locales(room: Room, asked: str, shown: str) -> None:
    browser = Browser(room, language="de" if asked == "de" else "fr;q=0.5")
    browser.authorize(ui_locales=asked)
    assert f'<html lang="{shown}">' in browser.page


def test_it_is_plainly_a_simulation(browser: Browser) -> None:
    assert "SIMULATION" in browser.page and "monde main" in browser.page
    assert 'type="password"' not in browser.page
    assert not re.search("<(script|img|svg|iframe|link)", browser.page)


def test_everybody_with_labels(browser: Browser) -> None:
    assert PERSON in browser.listed and "30B0999009/SIM001" in browser.listed
    for text in ("Médecin", "Sage-Femme", "Secrétariat médical", "SA01 Etablissement public de santé", "CENTRE FICTIF"):
        assert text in browser.page
    assert browser.page.count("plusieurs activités") == 1
    assert browser.checked == []


def test_who_practises_nowhere_is_told(room: Room, browser: Browser) -> None:
    browser.choose("new", family="RIEN-FICTIF")
    browser.authorize(prompt="login")
    assert "sans aucun exercice" in browser.page


def test_a_code_without_label_and_a_structure_nobody_knows(room: Room, browser: Browser) -> None:
    activity = Activity(Coded("ZZ", "1.2.3"), None, StructIdNat("10B0999009"), "SA00")
    lost = Activity(Coded("10", "1.2.3"), None, StructIdNat.as_received("10B0777777"), "SA01")
    with room.store.write("main") as tx:
        someone = Professional(
            "x", PsIdNat.as_received("899700123451"), "ZZZ", "", "", (activity, lost), as_received=True
        )
        registry.save_professional(tx, someone)
    browser.authorize()
    assert "ZZ, Médecin" in browser.page and "CENTRE FICTIF (10B0999009) - SA00" in browser.page
    assert "10B0777777 - SA01" in browser.page


# --- tabs


def test_the_means_are_tabs(browser: Browser) -> None:
    assert re.search(r'aria-current="page">Carte CPx<', browser.page)
    browser.send(browser.follow(to(browser, "e-CPS")))
    assert re.search(r'aria-current="page">e-CPS<', browser.page) and "authMode=MOBILE" in browser.page
    assert 'name="means" value="MOBILE"' in browser.page
    browser.send(browser.follow(to(browser, "Délégation")))
    assert "n&#39;est pas jouée" in browser.page or "n'est pas jouée" in browser.page
    assert not browser.listed and 'value="refuse"' in browser.page


def test_an_unknown_tab_is_the_first_one(room: Room) -> None:
    world = room.world(Policy(settings={"psc.means": "PIGEON"}))
    room.client(world, client_id="essai")
    browser = Browser(room)
    browser.authorize("essai")
    assert re.search(r'aria-current="page">Carte CPx<', browser.page) and 'value="CARD"' in browser.page


# --- search


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("double", 1),
        ("DOUBLE alex", 1),
        ("medecin", 6),
        ("médecin centre d'imagerie", 1),
        ("899700000021", 1),
        ("pharmacie", 1),
        ("zzz", 0),
        ("", 12),
        ("%", 0),
        (HOSTILE, 0),
    ],
)
def test_search(browser: Browser, words: str, found: int) -> None:
    action = re.findall(r'<form class="search" method="get" action="([^"]*)"', browser.page)[0]
    browser.send(replace(browser.follow(action), query={**browser.hidden, "q": words, "lang": "fr"}))
    assert len(browser.listed) == found
    if not found:
        browser.send(browser.follow(to(browser, "Tout montrer")))
        assert len(browser.listed) == 12
    assert "code" in browser.choose(PERSON).sent_back


def test_a_crowd_is_cut_and_can_be_searched(room: Room) -> None:
    with room.store.write("main") as tx:
        for number in range(SHOWN + 5):
            identifier = f"89975{number:07d}"
            someone = Professional(
                identifier, PsIdNat.as_received(identifier), f"A-FICTIF-{number}", "", "", (), as_received=True
            )
            registry.save_professional(tx, someone)
    browser = Browser(room)
    browser.authorize()
    assert len(browser.listed) == SHOWN and "et 17 autres" in browser.page
    seen = browser.choose(PERSON)
    assert "code" in seen.sent_back  # in the world though not on the page


# --- hostile texts


def test_nothing_hostile_lives_in_the_page(room: Room) -> None:
    room.client(client_id="hostile", name=HOSTILE)
    browser = Browser(room)
    browser.authorize("hostile", state=HOSTILE, nonce=HOSTILE, redirect_uri="https://produit.test/retour?x='\"<b>")
    assert "&lt;script&gt;" in browser.page
    for text in (HOSTILE, "<script", "<img", "<b>"):
        assert text not in browser.page
    browser.choose("new", family=HOSTILE, identifier=HOSTILE, structure1=HOSTILE, specialty=HOSTILE)
    for text in (HOSTILE, "<script", "<img"):
        assert text not in browser.page
    assert html.unescape(re.findall(r'name="family" value="([^"]*)"', browser.page)[0]) == HOSTILE
    browser.choose("new", family=HOSTILE, given=HOSTILE)
    browser.authorize("hostile", prompt="login")
    assert "<script" not in browser.page and "&lt;script&gt;" in browser.page


# --- for keyboards and screen readers


def test_every_field_has_a_label(browser: Browser) -> None:
    fields = re.findall(r'<(?:input|select) id="([^"]+)"', browser.page)
    labels = re.findall(r'<label for="([^"]+)"', browser.page)
    assert fields and sorted(fields) == sorted(labels) and len(set(fields)) == len(fields)
    assert '<fieldset id="choice"' in browser.page and "<legend>Professionnels de ce monde</legend>" in browser.page
    assert '<a class="skip" href="#main">' in browser.page and '<main id="main">' in browser.page
    assert 'role="search"' in browser.page and "<nav aria-label=" in browser.page
    assert 'tabindex="1' not in browser.page and "onclick" not in browser.page


def test_a_wrong_field_is_tied_to_its_reason(browser: Browser) -> None:
    browser.choose("new", structure2="x", profession="10")
    for field in ("family", "structure2"):
        assert f'aria-describedby="{field}-problem"' in browser.page
        assert f'id="{field}-problem"' in browser.page and f'href="#{field}"' in browser.page
    assert "autofocus" in browser.page
