"""The wallet page over real HTTPS: sign-in, single sign-on, sign-out, two worlds, time."""

from __future__ import annotations

import re

import pytest

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.support.psc_person import BACK, CONNECT, OTHER, PERSON, Person


def rows(control: Control, world: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = control.call("GET", f"/worlds/{world}/exchanges?since=0")["exchanges"]
    return [row for row in found if str(row["operation"]).startswith("pro_sante_connect")]


@pytest.mark.parametrize("prefixed", [True, False])
def test_from_the_page_to_the_userinfo(sandbox: Sandbox, control: Control, world: str, prefixed: bool) -> None:
    person = Person(sandbox, world, prefixed=prefixed)
    told = person.sign_in()
    assert told["state"] == "etat" and person.page.headers["Location"].startswith(BACK)
    discovery = person.get(f"{person.provider}/auth/realms/esante-wallet/.well-known/wallet-openid-configuration")
    assert told["iss"] == discovery.json()["issuer"]
    tokens = person.exchange(told["code"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    claims = person.get(f"{person.provider}{CONNECT}/userinfo", headers=bearer).json()
    assert claims["SubjectNameID"] == PERSON and claims["authMode"] == "CARD"
    assert claims["SubjectOrganization"] == "CABINET FICTIF"
    seen = [(row["operation"], row["outcome"]) for row in rows(control, world)]
    begun = [("pro_sante_connect.authorization", "accepted"), ("pro_sante_connect.login", "accepted")]
    assert seen[:2] == begun and {outcome for _, outcome in seen} == {"accepted"}


def test_someone_made_up_on_the_page(sandbox: Sandbox, control: Control, world: str) -> None:
    person = Person(sandbox, world)
    own = next(s for s in sandbox.describe(world, certificates=False)["structures"] if s["slug"] == "hospital")
    person.authorize()
    person.choose(
        "new",
        family="TERRAIN-FICTIF",
        profession="60",
        structure1=own["id"],
        structure2="300000999300015",
        sector2="SA08",
    )
    tokens = person.exchange(person.told["code"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    claims = person.get(f"{person.provider}{CONNECT}/userinfo", headers=bearer).json()
    (exercise,) = claims["SubjectRefPro"]["exercices"]
    assert exercise["codeProfession"] == "60" and len(exercise["activities"]) == 2
    people = control.call("GET", f"/worlds/{world}/population")["professionals"]
    assert "TERRAIN-FICTIF" in [each["family"] for each in people]
    person.authorize(prompt="login")
    person.choose("new", family="RIEN-FICTIF")
    tokens = person.exchange(person.told["code"])
    claims = person.get(
        f"{person.provider}{CONNECT}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).json()
    assert "SubjectRefPro" not in claims and "SubjectRole" not in claims


def test_single_sign_on_then_out(sandbox: Sandbox, world: str) -> None:
    person = Person(sandbox, world)
    tokens = person.exchange(person.sign_in()["code"])
    assert "code" in (person.authorize(client_id="autre-produit", prompt="none"), person.told)[1]
    leaving = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BACK, "state": "x"}
    assert person.get(f"{person.provider}{CONNECT}/logout", leaving).headers["Location"] == f"{BACK}?state=x"
    person.authorize(prompt="none")
    assert person.told["error"] == "login_required"
    gone = person.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert gone["error_description"] == "Session not active"


def test_six_months_later_nothing_has_changed(sandbox: Sandbox, control: Control, world: str) -> None:
    person = Person(sandbox, world)
    tokens = person.exchange(person.sign_in()["code"])
    control.call("POST", f"/worlds/{world}/clock", {"advance": "P6M"})
    person.authorize(prompt="none", max_age="600")
    assert "code" in person.told
    assert "access_token" in person.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])


def test_two_worlds_in_one_browser(sandbox: Sandbox) -> None:
    for name in ("zone-a", "zone-b"):
        sandbox.create_world(name)
    first, second = Person(sandbox, "zone-a"), Person(sandbox, "zone-b", prefixed=False)
    second.web = first.web
    first.sign_in(PERSON)
    second.authorize(prompt="none")
    assert second.told["error"] == "login_required"
    second.sign_in(OTHER)
    assert set(first.web.cookies.keys()) >= {"segur_psc_zone-a", "segur_psc_zone-b"}
    second.post(f"{sandbox.url('wallet')}/w/zone-b/login-page", {})
    first.authorize(prompt="none")
    assert "code" in first.told
    second.authorize(prompt="none")
    assert second.told["error"] == "login_required"


@pytest.mark.parametrize(
    ("rule", "choice", "operation"),
    [
        ("PSC-AUTHZ-DENIED", "refuse", "login"),
        ("PSC-LOGIN-CHOICE", "", "login"),
        ("PSC-RESPONSE-TYPE", "", "authorization"),
        ("PSC-REDIRECT-FORM", "", "authorization"),
    ],
)
def test_a_forced_refusal_is_the_true_one(
    sandbox: Sandbox, control: Control, world: str, rule: str, choice: str, operation: str
) -> None:
    wrong = {"PSC-RESPONSE-TYPE": {"response_type": "token"}, "PSC-REDIRECT-FORM": {"redirect_uri": "javascript:x"}}
    answers = []
    for forced in (False, True):
        person = Person(sandbox, world)
        person.authorize()
        if forced:
            finding = rows(control, world)[-2]["verdict"]["findings"][0]  # type: ignore[index]
            example = {part: finding[part] for part in ("where", "found", "expected")}
            body = {"rule": rule, "match": {"on": f"pro_sante_connect.{operation}"}, "example": example}
            control.call("POST", f"/worlds/{world}/refusals", body)
        if operation == "login":
            person.choose(PERSON if forced else choice)
        else:
            person.authorize(**({} if forced else wrong[rule]))
        answers.append((person.page.status_code, told(person)))
    control.call("DELETE", f"/worlds/{world}/refusals")
    assert answers[0] == answers[1]
    assert [row["verdict"]["forced"] for row in rows(control, world) if row["outcome"] == "refused"] == [False, True]  # type: ignore[index]


def told(person: Person) -> str:
    """What the browser got, without the identifiers that two exchanges never share."""
    whole = person.page.headers.get("Location", "") + person.page.text
    return re.sub(r"[0-9a-f]{24,}|exchanges(/|%2F)[\w-]+(/|%2F)\d+", "ID", whole)
