"""The form of the wallet page: once, from the page and the browser it was given to, by a person who exists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.core.oidc.params import MOST
from simulators.core.rules import Level, Policy
from simulators.population import registry
from simulators.population.model import Professional
from simulators.pro_sante_connect.rules import login as rules
from simulators.pro_sante_connect.rules.authorization import SCOPE_ALL
from tests.support.psc_browser import OWN, Browser
from tests.support.psc_room import BACK, PERSON, Room, Seen, assert_forced, claims, code_exchange, refresh

OTHER = "899700000039"


@pytest.fixture
def browser(room: Room) -> Browser:
    """At the page."""
    made = Browser(room)
    assert made.authorize().answer.status == 200
    return made


def identity(room: Room, seen: Seen) -> dict[str, object]:
    """The ID token that the code of a redirection gives."""
    return claims(room.send(code_exchange(seen.sent_back["code"])).json["id_token"])


def someone(room: Room, number: str, world: str = "main") -> Professional:
    with room.store.read(world) as tx:
        found = registry.professional(tx, number)
    assert found is not None
    return found


@pytest.mark.parametrize("means", ["CARD", "MOBILE"])
def test_the_chosen_person_signs_in_by_the_chosen_means(browser: Browser, room: Room, means: str) -> None:
    seen = browser.choose(PERSON, means=means)
    assert seen.answer.headers["Location"].startswith(BACK + "?")
    assert seen.sent_back["state"] == "etat" and seen.sent_back["iss"] == "https://psc.test/auth/realms/esante-wallet"
    assert seen.row.marks["signed_in_by"] == "wallet page" and seen.row.who["professional"] == PERSON
    token = identity(room, seen)
    assert (token["preferred_username"], token["authMode"], token["nonce"]) == (PERSON, means, "nonce")


def test_the_means_of_the_world_where_the_form_says_none(room: Room) -> None:
    world = room.world(Policy(settings={"psc.means": "MOBILE"}))
    room.client(world, client_id="essai")
    browser = Browser(room)
    browser.authorize("essai")
    assert 'name="means" value="MOBILE"' in browser.page
    seen = browser.choose(PERSON, means="")
    token = claims(room.send(code_exchange(seen.sent_back["code"], "essai")).json["id_token"])
    assert token["authMode"] == "MOBILE"


# --- refusal of the person


def test_a_refusal_is_told_to_the_product_and_ends_the_sign_in(browser: Browser, room: Room) -> None:
    form = browser.form("refuse")
    seen = browser.send(form)
    assert seen.sent_back["error"] == "access_denied" and seen.sent_back["state"] == "etat"
    assert seen.answer.headers["Location"].startswith(BACK + "?") and seen.rules == [rules.DENIED.id]
    assert browser.send(form).rules == [rules.LOGIN_OVER.id]
    browser.authorize()
    assert_forced(room, browser.dressed(browser.form(PERSON)), rules.DENIED, seen)


# --- nobody, or nobody possible


def test_nothing_selected_is_told_on_the_page(browser: Browser, room: Room) -> None:
    seen = browser.choose("")
    assert seen.answer.status == 400 and seen.rules == [rules.CHOICE.id]
    assert seen.finding(rules.CHOICE)["where"] == "body.choice"
    assert browser.problem("choice") == "Choisissez un professionnel de la liste."
    assert 'role="alert"' in browser.page and browser.page.count('aria-invalid="true"') == 1
    assert_forced(room, browser.dressed(browser.form(PERSON)), rules.CHOICE, seen)
    assert "code" in browser.choose(PERSON).sent_back


@pytest.mark.parametrize("choice", ["899700099999", "new\x01", "../../etc", "<script>", "9" * 5000])
def test_nobody_of_the_list(browser: Browser, choice: str) -> None:
    seen = browser.choose(choice)
    assert seen.rules == [rules.CHOICE.id] and seen.answer.status == 400
    assert "<script" not in browser.page
    assert "code" in browser.choose(PERSON).sent_back


@pytest.mark.parametrize("means", ["DELEGATION", "card", "x"])
def test_a_means_that_is_not_played(browser: Browser, means: str) -> None:
    seen = browser.choose(PERSON, means=means)
    assert seen.finding(rules.CHOICE)["where"] == "body.means" and "Choisissez e-CPS ou carte" in browser.page


# --- once


def test_a_form_sent_twice_gives_one_code(browser: Browser) -> None:
    form = browser.form(PERSON)
    assert "code" in browser.send(form).sent_back
    again = browser.send(form)
    assert again.rules == [rules.LOGIN_OVER.id] and again.answer.status == 400
    assert "Location" not in again.answer.headers and "Recommencez depuis votre logiciel" in browser.page
    assert browser.send(replace(form, body=None, query=form.body or {})).rules == [rules.LOGIN_OVER.id]


def test_a_sign_in_that_never_began(browser: Browser, room: Room) -> None:
    seen = browser.choose(PERSON, login="")
    assert seen.rules == [rules.LOGIN_OVER.id] and seen.finding(rules.LOGIN_OVER)["where"] == "body.login"
    browser.authorize()
    assert_forced(room, browser.dressed(browser.form(PERSON)), rules.LOGIN_OVER, seen)
    assert "code" in browser.choose(PERSON).sent_back


@pytest.mark.parametrize(("setting", "life"), [({}, 1800), ({"psc.login-seconds": "180"}, 180)])
def test_a_sign_in_lasts_so_long(room: Room, setting: dict[str, str], life: int) -> None:
    world = room.world(Policy(settings=setting))
    room.client(world, client_id="essai")
    quick, slow = Browser(room), Browser(room)
    quick.authorize("essai")
    slow.authorize("essai")
    form = slow.form(PERSON)
    room.pass_time(life - 1)
    assert "code" in quick.choose(PERSON).sent_back
    room.pass_time(1)
    assert slow.send(form).rules == [rules.LOGIN_OVER.id]
    assert slow.send(form).rules == [rules.LOGIN_OVER.id]


# --- from the browser it was given to, and from our page


def test_a_form_from_another_browser(browser: Browser, room: Room) -> None:
    """Login CSRF: somebody makes a victim's browser send the form of a sign-in of his own."""
    form = browser.form(PERSON)
    victim = Browser(room)
    seen = victim.send(form)
    assert seen.rules == [rules.LOGIN_FOREIGN.id] and seen.finding(rules.LOGIN_FOREIGN)["where"] == "cookie"
    assert not victim.cookies and "Location" not in seen.answer.headers
    assert_forced(room, browser.dressed(form), rules.LOGIN_FOREIGN, seen)
    victim.authorize()
    assert victim.send(form).rules == [rules.LOGIN_FOREIGN.id]
    assert "code" in browser.send(form).sent_back


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({}, True),
        ({"Origin": "https://wallet.test", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "HTTPS://WALLET.TEST", "Referer": "https://wallet.test/auth?x=1"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://voleur.test"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://wallet.test.voleur.test"}, False),
        ({"Origin": "https://[wallet.test"}, False),
        ({"Referer": "https://voleur.test/wallet.test"}, False),
        ({"Origin": "https://wallet.test", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_a_form_says_where_it_comes_from(browser: Browser, headers: dict[str, str], accepted: bool) -> None:
    form = replace(browser.form(PERSON), headers=headers)
    seen = browser.send(form)
    assert ("code" in seen.sent_back) if accepted else (seen.rules == [rules.LOGIN_FOREIGN.id])
    if not accepted:
        assert seen.finding(rules.LOGIN_FOREIGN)["where"].startswith("header.")
        assert "code" in browser.send(replace(form, headers=OWN)).sent_back


@pytest.mark.parametrize("planted", ["segur_psc_main", "segur_psc_login_main"])
def test_a_planted_cookie_never_becomes_a_session(room: Room, planted: str) -> None:
    """Session fixation: what the browser held before the sign-in says nothing after it."""
    browser, thief = Browser(room), Browser(room)
    for each in (browser, thief):
        each.cookies[planted] = "0123456789abcdef" * 4
    browser.authorize()
    browser.choose(PERSON)
    assert browser.cookies["segur_psc_main"] not in {"", "0123456789abcdef" * 4}
    assert thief.authorize(prompt="none").sent_back["error"] == "login_required"
    assert thief.authorize().answer.status == 200
    assert browser.authorize(prompt="none").sent_back["session_state"]


@pytest.mark.parametrize("cookie", ["\xff\xfe", "é", "a=b=c;;;", '"unterminated', "\ud800", "x" * 9000])
def test_a_broken_cookie_is_a_foreign_one(browser: Browser, cookie: str) -> None:
    form = browser.form(PERSON)
    browser.cookies["segur_psc_login_main"] = cookie
    assert browser.send(form).rules == [rules.LOGIN_FOREIGN.id]


def test_the_session_of_before_is_renewed(browser: Browser, room: Room) -> None:
    browser.choose(PERSON)
    first = browser.cookies["segur_psc_main"]
    browser.authorize(prompt="login")
    browser.choose(PERSON)
    assert browser.cookies["segur_psc_main"] != first
    browser.cookies["segur_psc_main"] = first
    assert browser.authorize(prompt="none").sent_back["session_state"]  # same person: what products hold goes on


def test_somebody_else_in_the_browser_ends_the_first_session(browser: Browser, room: Room) -> None:
    tokens = room.send(code_exchange(browser.choose(PERSON).sent_back["code"])).json
    first = browser.cookies["segur_psc_main"]
    browser.authorize(prompt="select_account")
    assert browser.choose(OTHER).row.who["professional"] == OTHER
    browser.cookies["segur_psc_main"] = first
    assert browser.authorize(prompt="none").sent_back["error"] == "login_required"
    refused = room.send(refresh(tokens["refresh_token"], "produit"))
    assert refused.json["error_description"] == "Session not active"


# --- a professional made up


def test_a_new_professional_is_made_and_signed_in(browser: Browser, room: Room) -> None:
    fields = {
        "family": "NOUVEAU-FICTIF",
        "given": "ÉLÉONORE",
        "civility": "MME",
        "profession": "10",
        "specialty": "SM26",
        "structure1": "0B0999009",
        "structure2": "300000999300015",
        "sector2": "SA08",
        "structure4": "10B0999025",
    }
    seen = browser.choose("new", **fields)
    number = str(seen.row.marks["created"])
    assert number.startswith("8997") and "code" in seen.sent_back
    made = someone(room, number)
    assert (made.family, made.given, made.civility, made.as_received) == ("NOUVEAU-FICTIF", "ÉLÉONORE", "MME", False)
    assert [(a.structure.value, a.sector) for a in made.activities] == [
        ("10B0999009", "SA01"),
        ("300000999300015", "SA08"),
        ("10B0999025", "SA25"),
    ]
    token = room.send(code_exchange(seen.sent_back["code"])).json
    assert claims(token["id_token"])["family_name"] == "NOUVEAU-FICTIF"
    browser.authorize(prompt="login")
    assert number in browser.listed


def test_two_new_professionals_differ(room: Room) -> None:
    numbers = []
    for _ in range(2):
        browser = Browser(room)
        browser.authorize()
        numbers.append(browser.choose("new", family="FICTIF").row.marks["created"])
    assert len(set(numbers)) == 2


def test_someone_who_practises_nowhere(browser: Browser, room: Room) -> None:
    seen = browser.choose("new", family="SANS-EXERCICE-FICTIF", identifier="ANS20231102171512")
    made = someone(room, "ANS20231102171512")
    assert made.activities == () and made.as_received and "code" in seen.sent_back


@pytest.mark.parametrize(
    ("typed", "kept", "as_received"),
    [
        ("99700123451", "899700123451", True),
        ("899700123451", "899700123451", True),
        ("0991234567", "0991234567", False),
    ],
)
def test_ones_own_identifier(browser: Browser, room: Room, typed: str, kept: str, as_received: bool) -> None:
    browser.choose("new", family="FICTIF", identifier=typed)
    assert someone(room, kept).as_received == as_received


WRONG = [
    ({"family": ""}, "family", "Le nom d'exercice est nécessaire."),
    ({"family": "x" * 81}, "family", "Un nom a au plus 80 caractères, tous imprimables."),
    ({"given": "a\x07b"}, "given", "Un nom a au plus 80 caractères, tous imprimables."),
    ({"civility": "DUC"}, "civility", "Choisissez la civilité dans la liste."),
    ({"identifier": "dupont"}, "identifier", "Identifiant : 8 + RPPS (11 chiffres)"),
    ({"identifier": PERSON}, "identifier", "Ce professionnel existe déjà dans ce monde"),
    ({"profession": "99", "structure1": "10B0999009"}, "profession", "Choisissez la profession dans la liste."),
    ({"structure1": "10B0999009"}, "profession", "Choisissez une profession."),
    ({"profession": "10"}, "structure1", "1. Indiquez au moins une structure"),
    ({"specialty": "SM26"}, "specialty", "Une spécialité va avec une profession."),
    ({"profession": "10", "structure1": "10B0999009", "specialty": "?"}, "specialty", "Un code de spécialité"),
    ({"profession": "10", "structure1": "zz"}, "structure1", "1. FINESS (9 caractères)"),
    ({"profession": "10", "structure3": "x", "structure1": "10B0999009"}, "structure3", "3. FINESS"),
    ({"profession": "10", "sector2": "SA01", "structure1": "10B0999009"}, "structure2", "2. FINESS"),
    ({"profession": "10", "structure1": "10B0123456"}, "sector1", "1. Choisissez le secteur"),
    ({"profession": "10", "structure1": "10B0999009", "sector1": "SA00"}, "sector1", "1. Choisissez le secteur"),
]


@pytest.mark.parametrize(("fields", "field", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_field_is_told_beside_it(
    browser: Browser, room: Room, fields: dict[str, str], field: str, said: str
) -> None:
    seen = browser.choose("new", **{"family": "FICTIF", **fields})
    assert seen.rules == [rules.CHOICE.id] and seen.answer.status == 400
    assert seen.finding(rules.CHOICE)["where"] == f"body.{field}"
    assert browser.problem(field).startswith(said)
    assert f'<a href="#{field}">' in browser.page
    for name, value in fields.items():
        if value.isprintable() and name not in {"profession", "civility"} and not name.startswith("sector"):
            assert f'name="{name}" value="{value}"' in browser.page
    assert '<details id="new" open>' in browser.page
    mended = {"family": "FICTIF", "profession": "", "structure1": "", "sector1": "", "specialty": "", "identifier": ""}
    assert "code" in browser.choose("new", **mended).sent_back


def test_every_wrong_field_is_told_at_once_and_nothing_is_kept(browser: Browser, room: Room) -> None:
    before = [someone(room, number).ps_idnat.value for number in browser.listed]
    seen = browser.choose("new", identifier="x", specialty="?", structure1="10B0123456", structure2="y")
    places = [finding["where"] for finding in seen.row.verdict["findings"]]
    assert places == ["body.identifier", "body.family", "body.specialty", "body.sector1", "body.structure2"]
    assert browser.listed == before and "adopted" not in seen.row.marks


def test_an_unknown_structure_is_the_worlds_affair(room: Room) -> None:
    fields = {"family": "FICTIF", "profession": "10", "structure1": "10B0123456", "sector1": "SA01"}
    for choice in ("adopt", "refuse"):
        world = room.world(Policy(unknown={"structures": choice}))
        room.client(world, client_id=f"essai-{choice}")
        browser = Browser(room)
        browser.authorize(f"essai-{choice}")
        seen = browser.choose("new", **fields)
        if choice == "adopt":
            assert "structures:10B0123456" in seen.row.marks["adopted"]
        else:
            assert seen.finding(rules.CHOICE)["where"] == "body.structure1"
            assert browser.problem("structure1")


def test_a_form_bomb_is_refused(browser: Browser) -> None:
    form = browser.form(PERSON)
    bomb = replace(form, body={**(form.body or {}), **{f"p{n}": "x" for n in range(MOST)}})
    assert browser.send(bomb).rules == ["PSC-PARAMETERS"]
    big = replace(form, body={**(form.body or {}), "family": "x" * 70_000})
    assert browser.send(big).rules == ["PSC-PARAMETERS"]
    assert "code" in browser.send(form).sent_back


def test_warnings_of_the_request_do_not_come_back(room: Room) -> None:
    world = room.world(Policy(overrides={SCOPE_ALL.id: Level.WARN}))
    room.client(world, client_id="essai")
    browser = Browser(room)
    assert browser.authorize("essai", scope="openid").rules == [SCOPE_ALL.id]
    assert browser.choose(PERSON).rules == []
