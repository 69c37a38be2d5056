"""One case for each rule of the room: a request that the rule lets pass and one, or a state of the world, that it does
not. Each is made in a world of its own, always asked at the world's own address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulators.core.oidc import keys
from simulators.core.oidc.jose import sign
from simulators.core.pki import IssuedCertificate
from simulators.core.rules import Level, Policy, Rule
from simulators.pro_sante_connect import ciba_store, sessions
from simulators.pro_sante_connect.names import CONNECT, DISCOVERY, NAME, STANDARD_DISCOVERY
from simulators.pro_sante_connect.rules import authorization, bearer, ciba, client, login, polling, request, token
from tests.support.dmp_room import Certificates
from tests.support.psc_browser import Browser
from tests.support.psc_ciba import answer, backchannel, poll
from tests.support.psc_room import PERSON, Ask, Room, basic, claims, code_exchange, form, refresh
from tests.support.psc_room import authorization as authorize

VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
LOGOUT_BACK = "https://produit.test/adieu"
STRUCTURE, OTHER = "10B0999009", "10B0999017"
NOBODY = "899700000997"


@dataclass
class Scene:
    """The room, the world of one side of a case, and the certificates of structures."""

    room: Room
    world: str
    issued: Certificates

    def there(self, ask: Ask) -> Ask:
        return replace(ask, world=self.world)

    def code(self, **given: str) -> str:
        return self.room.code("produit", self.world, **given)

    def tokens(self, **given: str) -> dict[str, Any]:
        return self.room.tokens("produit", self.world, **given)

    def send(self, ask: Ask) -> Any:
        return self.room.send(self.there(ask))

    def declare(self, **fields: Any) -> None:
        """The product's client, replaced."""
        self.room.client(self.world, **fields)

    def other(self) -> str:
        self.room.client(self.world, client_id="autre")
        return "autre"


Make = Callable[[Scene], Ask]


@dataclass(frozen=True)
class Case:
    """``then`` are the rules that may refuse when this one is switched off; ``quoted`` when the answer shows values of
    the request or of the world, which a forced refusal must be given; ``forced`` is what it is asked of, the good
    request unless given."""

    rule: Rule
    good: Make
    bad: Make
    policy: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    then: tuple[Rule, ...] = ()
    quoted: bool = False
    forced: Make | None = None

    @property
    def id(self) -> str:
        return self.rule.id

    def world(self, level: Level | None = None) -> Policy:
        """The policy of the case, with the rule at ``level`` where it can be switched."""
        overrides = {self.rule.id: level} if level is not None and self.rule.switchable else {}
        return Policy(overrides=overrides, **self.policy)


def edited(rule: Rule, good: Make, place: str, broken: str | None, **more: Any) -> Case:
    """A case whose bad side is the good request with another value at one place."""
    return Case(rule, good, lambda scene: good(scene).with_(place, broken), **more)


# --- the usual good requests


def asking(**given: str) -> Make:
    return lambda scene: authorize(world=scene.world, **given)


def exchanging(code_given: Mapping[str, str] | None = None, **given: str) -> Make:
    return lambda scene: code_exchange(scene.code(**(code_given or {})), world=scene.world, **given)


def renewing(**given: str) -> Make:
    return lambda scene: scene.there(refresh(scene.tokens()["refresh_token"], **given))


def bearing(value: str = "", **given: str) -> Make:
    def made(scene: Scene) -> Ask:
        shown = value or scene.tokens(**given)["access_token"]
        return scene.there(Ask(f"{CONNECT}/userinfo", headers={"Authorization": f"Bearer {shown}"}))

    return made


def asking_of(endpoint: str, kind: str = "access_token", **given: str) -> Make:
    """A form about a token of ours: introspection, revocation."""

    def made(scene: Scene) -> Ask:
        known = {"token": scene.tokens()[kind], "client_id": "produit", "client_secret": "s3cret"}
        return form(endpoint, scene.world, **{**known, **given})

    return made


def leaving(scene: Scene) -> Ask:
    hint = scene.tokens()["id_token"]
    return scene.there(Ask(f"{CONNECT}/logout", {"id_token_hint": hint, "client_id": "produit"}))


def leaving_for(where: str, *, hinted: bool = True) -> Make:
    def made(scene: Scene) -> Ask:
        hint = {"id_token_hint": scene.tokens()["id_token"]} if hinted else {}
        return scene.there(Ask(f"{CONNECT}/logout", {**hint, "post_logout_redirect_uri": where}))

    return made


def backing(**given: str) -> Make:
    return lambda scene: backchannel(world=scene.world, **given)


def number(scene: Scene, **given: str) -> str:
    return str(scene.send(backchannel(**given)).json["auth_req_id"])


def polling_for(given: str = "approve", *, seconds: int = 0) -> Make:
    def made(scene: Scene) -> Ask:
        asked = number(scene)
        if given:
            answer(scene.room, asked, given, scene.world)
        scene.room.pass_time(seconds)
        return poll(asked, world=scene.world)

    return made


# --- states of the world


def after(first: Make, then: Make | None = None) -> Make:
    """The same request once more, or another, after ``first`` was served."""

    def made(scene: Scene) -> Ask:
        ask = first(scene)
        scene.room.send(ask)
        return then(scene) if then is not None else ask

    return made


def late(make: Make, seconds: int) -> Make:
    def made(scene: Scene) -> Ask:
        ask = make(scene)
        scene.room.pass_time(seconds)
        return ask

    return made


def closed(make: Make) -> Make:
    """The person signed out before."""

    def made(scene: Scene) -> Ask:
        ask = make(scene)
        with scene.room.store.write(scene.world) as tx:
            for session in sessions.open_sessions(tx):
                sessions.close_session(tx, session.sid, "logout")
        return ask

    return made


def ended(make: Make, place: str) -> Make:
    """The token at that place was revoked alone."""

    def made(scene: Scene) -> Ask:
        ask = make(scene)
        with scene.room.store.write(scene.world) as tx:
            sessions.set_token(tx, claims((ask.value(place) or "").rpartition(" ")[2])["jti"], "revoked")
        return ask

    return made


def declared(make: Make, **fields: Any) -> Make:
    """The client changed before the request leaves."""

    def made(scene: Scene) -> Ask:
        ask = make(scene)
        scene.declare(**fields)
        return ask

    return made


def by_other(make: Make) -> Make:
    return lambda scene: make(scene).with_("body.client_id", scene.other())


def device(state: str) -> Make:
    def made(scene: Scene) -> Ask:
        with scene.room.store.write(scene.world) as tx:
            ciba_store.set_device(tx, PERSON, state)
        return backchannel(world=scene.world)

    return made


def presenting(certificate: Callable[[Certificates], IssuedCertificate | None]) -> Make:
    def made(scene: Scene) -> Ask:
        shown = certificate(scene.issued)
        ask = exchanging()(scene).with_("body.client_secret", None)
        return replace(ask, certificate=shown.der() if shown is not None else None)

    return made


def revoked(issued: Certificates) -> IssuedCertificate:
    return issued.revoke(issued.pki.issue_auth_cli(OTHER, "REVOQUE", now=issued.now))


def page_form(choice: str = PERSON, **given: str) -> Make:
    """The wallet page's form, as a browser sends it."""

    def made(scene: Scene) -> Ask:
        browser = Browser(scene.room)
        browser.authorize(world=scene.world)
        return scene.there(browser.dressed(browser.form(choice, **given)))

    return made


def phone_form(name: str = "answer", value: str = "approve", *, answered: bool = False) -> Make:
    """A button of the phone page."""

    def made(scene: Scene) -> Ask:
        from tests.unit.pro_sante_connect.test_phone import Phone

        asked = number(scene)
        ask = Phone(scene.room, world=scene.world).press(name, value)
        if answered:
            answer(scene.room, asked, "refuse", scene.world)
        return ask

    return made


def forged(scene: Scene) -> Ask:
    """A number of ours that stands for no request."""
    number(scene)
    with scene.room.store.write(scene.world) as tx:
        value = sign({"typ": "CIBA", "jti": "0"}, keys.hmac_key(tx, NAME))
    return poll(value, world=scene.world)


def signed_in(ask: Make) -> Make:
    """From a browser where somebody is signed in."""

    def made(scene: Scene) -> Ask:
        browser = Browser(scene.room)
        browser.send(authorize(world=scene.world))
        return browser.dressed(ask(scene))

    return made


def at(path: str, **query: str) -> Make:
    return lambda scene: scene.there(Ask(path, query))


BY_CERTIFICATE = {"auth": "tls_client_auth", "secret": ""}
CLOSED = {"unknown": {"*": "refuse"}}
QUICK = {"settings": {"psc.ciba-interval": "0"}}
SILENT = asking(login_hint="", prompt="none")

REQUEST = [
    edited(request.PARAMETERS, exchanging(), "header.Content-Type", "application/json"),
    edited(request.REPEATED, exchanging(), "query.grant_type", "authorization_code"),
    Case(
        request.METHOD,
        exchanging(),
        lambda scene: replace(exchanging()(scene), method="GET", body=None),
    ),
    Case(request.PATH, at(DISCOVERY), at("/auth/realms/esante-wallet/token")),
    Case(
        request.STANDARD_NAME,
        at(DISCOVERY),
        at(STANDARD_DISCOVERY),
        policy={"settings": {"psc.standard-discovery": "false"}},
    ),
    Case(request.NOT_OFFERED, at(f"{CONNECT}/certs"), at(f"{CONNECT}/auth/device")),
]
CLIENT = [
    edited(client.MISSING, exchanging(), "body.client_id", None),
    edited(client.UNKNOWN, exchanging(), "body.client_id", "inconnu", policy=CLOSED),
    edited(client.HEADER, exchanging(), "header.Authorization", "Basic"),
    Case(
        client.TWICE,
        exchanging(),
        lambda scene: replace(exchanging()(scene), headers=basic("produit", "s3cret")),
    ),
    edited(client.SECRET_MISSING, exchanging(), "body.client_secret", None),
    edited(client.SECRET, exchanging(), "body.client_secret", "autre"),
    Case(
        client.METHOD,
        lambda scene: replace(
            exchanging()(scene).with_("body.client_secret", None), headers=basic("produit", "s3cret")
        ),
        exchanging(),
        client={"auth": "client_secret_basic"},
    ),
    Case(
        client.CERTIFICATE_MISSING,
        presenting(lambda issued: issued.client(STRUCTURE)),
        presenting(lambda issued: None),
        client=BY_CERTIFICATE,
    ),
    Case(
        client.CERTIFICATE_CHAIN,
        presenting(lambda issued: issued.client(STRUCTURE)),
        presenting(revoked),
        client=BY_CERTIFICATE,
    ),
    Case(
        client.CERTIFICATE_USAGE,
        presenting(lambda issued: issued.client(STRUCTURE)),
        presenting(lambda issued: issued.signer(STRUCTURE)),
        client=BY_CERTIFICATE,
    ),
    Case(
        client.CERTIFICATE,
        presenting(lambda issued: issued.client(STRUCTURE)),
        after(
            presenting(lambda issued: issued.client(STRUCTURE)),
            presenting(lambda issued: issued.client(OTHER)),
        ),
        client=BY_CERTIFICATE,
    ),
]
AUTHORIZATION = [
    edited(authorization.CLIENT_MISSING, asking(), "query.client_id", None),
    edited(authorization.CLIENT, asking(), "query.client_id", "inconnu", policy={"unknown": {"clients": "refuse"}}),
    edited(authorization.REDIRECT_MISSING, asking(), "query.redirect_uri", None),
    edited(authorization.REDIRECT_FORM, asking(), "query.redirect_uri", "javascript:alert(1)"),
    edited(
        authorization.REDIRECT,
        asking(),
        "query.redirect_uri",
        "https://produit.test/autre",
        policy={"unknown": {"redirects": "refuse"}},
        quoted=True,
    ),
    edited(authorization.REQUEST_OBJECT, asking(), "query.request", "eyJhbGciOiJub25lIn0.e30."),
    edited(authorization.RESPONSE_MODE, asking(), "query.response_mode", "web_message"),
    edited(authorization.RESPONSE_TYPE_MISSING, asking(), "query.response_type", None),
    edited(authorization.RESPONSE_TYPE, asking(), "query.response_type", "token"),
    edited(authorization.SCOPE, asking(), "query.scope", "openid,scope_all"),
    edited(authorization.OPENID, asking(), "query.scope", "scope_all"),
    edited(authorization.SCOPE_ALL, asking(), "query.scope", "openid"),
    edited(authorization.ACR_NAME, asking(), "query.acr", "eidas1"),
    edited(authorization.ACR_MISSING, asking(), "query.acr_values", None),
    edited(authorization.ACR, asking(), "query.acr_values", "eidas2"),
    Case(authorization.STATE, asking(), asking(state=""), forced=asking(state="")),
    edited(authorization.NONCE, asking(), "query.nonce", None),
    Case(authorization.PKCE_MISSING, asking(**PKCE), asking(), client={"pkce_required": True}),
    Case(authorization.PKCE_ABSENT, asking(**PKCE), asking()),
    edited(authorization.PKCE_METHOD, asking(**PKCE), "query.code_challenge_method", "SHA256"),
    edited(authorization.PKCE_PLAIN, asking(**PKCE), "query.code_challenge_method", "plain"),
    edited(authorization.PKCE_CHALLENGE, asking(**PKCE), "query.code_challenge", "abc"),
    edited(authorization.PROMPT, asking(), "query.prompt", "none login", then=(authorization.LOGIN_REQUIRED,)),
    edited(authorization.MAX_AGE, asking(), "query.max_age", "-1"),
    Case(authorization.LOGIN_REQUIRED, signed_in(SILENT), SILENT),
    edited(
        authorization.HINT,
        asking(),
        "query.login_hint",
        NOBODY,
        policy={"unknown": {"professionals": "refuse"}},
        then=(authorization.HINT,),
    ),
    edited(authorization.HINT_FORM, asking(), "query.login_hint", "dupont"),
    Case(login.DENIED, page_form(), page_form("refuse")),
    Case(login.LOGIN_OVER, page_form(), after(page_form())),
    edited(login.LOGIN_FOREIGN, page_form(), "header.Cookie", None),
    Case(login.CHOICE, page_form(), page_form("")),
]
TOKEN = [
    edited(token.GRANT_MISSING, exchanging(), "body.grant_type", None),
    edited(token.GRANT, exchanging(), "body.grant_type", "password"),
    edited(token.CODE_MISSING, exchanging(), "body.code", None),
    edited(token.CODE, exchanging(), "body.code", "abc"),
    Case(token.CODE_REPLAYED, exchanging(), after(exchanging())),
    Case(token.CODE_EXPIRED, late(exchanging(), 59), late(exchanging(), 60)),
    Case(token.CODE_CLIENT, exchanging(), by_other(exchanging())),
    edited(token.CODE_REDIRECT, exchanging(), "body.redirect_uri", "https://produit.test/autre"),
    edited(token.VERIFIER_MISSING, exchanging(PKCE, code_verifier=VERIFIER), "body.code_verifier", None),
    edited(token.VERIFIER, exchanging(PKCE, code_verifier=VERIFIER), "body.code_verifier", "w" * 43),
    edited(token.VERIFIER_ALONE, exchanging(), "body.code_verifier", VERIFIER),
    Case(token.SESSION_OVER, renewing(), closed(renewing())),
    edited(token.REFRESH_MISSING, renewing(), "body.refresh_token", None),
    edited(token.REFRESH, renewing(), "body.refresh_token", "abc"),
    Case(token.REFRESH_CLIENT, renewing(), by_other(renewing())),
    Case(token.REFRESH_EXPIRED, renewing(), ended(renewing(), "body.refresh_token")),
    Case(token.REFRESH_REUSED, renewing(), after(renewing())),
    edited(token.REFRESH_SCOPE, renewing(), "body.scope", "openid scope_all phone"),
]
BEARER = [
    edited(bearer.MISSING, bearing(), "header.Authorization", None),
    Case(bearer.INVALID, bearing(), bearing("abc")),
    Case(bearer.EXPIRED, late(bearing(), 119), late(bearing(), 120)),
    Case(bearer.REVOKED, bearing(), ended(bearing(), "header.Authorization")),
    Case(bearer.SCOPE, bearing(), bearing(scope="scope_all")),
    Case(
        bearer.QUERY,
        bearing(),
        lambda scene: scene.there(Ask(f"{CONNECT}/userinfo", {"access_token": scene.tokens()["access_token"]})),
    ),
    edited(bearer.TOKEN_MISSING, asking_of("token/introspect"), "body.token", None),
    edited(bearer.INACTIVE, asking_of("token/introspect"), "body.token", "abc"),
    Case(
        bearer.INTROSPECTION,
        asking_of("token/introspect"),
        declared(asking_of("token/introspect"), introspection=False),
    ),
    Case(bearer.REVOCATION_CLIENT, asking_of("revoke"), by_other(asking_of("revoke"))),
    edited(bearer.LOGOUT_HINT, leaving, "query.id_token_hint", "abc"),
    edited(bearer.LOGOUT_CLIENT, leaving, "query.client_id", "autre", quoted=True),
    Case(bearer.LOGOUT_WHO, leaving_for(LOGOUT_BACK), leaving_for(LOGOUT_BACK, hinted=False)),
    Case(
        bearer.LOGOUT_REDIRECT,
        leaving_for(LOGOUT_BACK),
        leaving_for("https://produit.test/autre"),
        policy={"unknown": {"redirects": "refuse"}},
        client={"post_logout_redirect_uris": (LOGOUT_BACK,)},
        quoted=True,
    ),
]
PING = {"delivery": "ping", "notification_endpoint": "https://produit.test/ping"}
TOLD = backing(client_notification_token="jeton-1")
CIBA = [
    Case(ciba.NOT_ALLOWED, backing(), declared(backing(), ciba=False)),
    edited(ciba.HINT_MISSING, backing(), "body.login_hint", None),
    edited(ciba.HINTS, backing(), "body.login_hint_token", "eyJhbGciOiJub25lIn0.e30."),
    edited(ciba.USER, backing(), "body.login_hint", NOBODY, policy=CLOSED, then=(ciba.USER,)),
    edited(ciba.USER_FORM, backing(), "body.login_hint", "dupont"),
    edited(
        ciba.SPEC_USER,
        backing(),
        "body.login_hint",
        NOBODY,
        policy={**CLOSED, "settings": {"psc.ciba-spec-errors": "true"}},
    ),
    edited(ciba.SCOPE_MISSING, backing(), "body.scope", None),
    edited(ciba.SCOPE, backing(), "body.scope", "openid,scope_all"),
    edited(ciba.OPENID, backing(), "body.scope", "scope_all"),
    edited(ciba.SCOPE_ALL, backing(), "body.scope", "openid"),
    edited(ciba.BINDING, backing(), "body.binding_message", "code 42"),
    edited(ciba.DIGITS, backing(), "body.binding_message", "bonjour"),
    edited(ciba.ACR_MISSING, backing(), "body.acr_values", None),
    edited(ciba.ACR, backing(), "body.acr_values", "eidas2"),
    edited(ciba.CHANNEL, backing(), "body.channel", "PHONE"),
    edited(ciba.NOTIFICATION_MISSING, TOLD, "body.client_notification_token", None, client=PING),
    edited(ciba.NOTIFICATION_POLL, backing(), "body.client_notification_token", "jeton-1"),
    edited(ciba.NOTIFICATION_LONG, TOLD, "body.client_notification_token", "j" * 1025, client=PING),
    Case(ciba.NOTIFICATION_WHERE, TOLD, declared(TOLD, **{**PING, "notification_endpoint": ""}), client=PING),
    edited(ciba.USER_CODE, backing(), "body.user_code", "1234"),
    edited(ciba.EXPIRY, backing(), "body.requested_expiry", "2 minutes"),
    edited(ciba.REQUEST_OBJECT, backing(), "body.request", "eyJhbGciOiJub25lIn0.e30."),
    Case(ciba.ALONE, after(exchanging(), backing()), backing()),
    Case(ciba.UNREACHED, backing(), device(ciba_store.OFFLINE)),
    Case(ciba.LOCKED, backing(), device(ciba_store.PIN_BLOCKED)),
]
POLLING = [
    Case(polling.NOT_ALLOWED, polling_for(), declared(polling_for(), ciba=False)),
    edited(polling.MISSING, polling_for(), "body.auth_req_id", None),
    edited(polling.UNREADABLE, polling_for(), "body.auth_req_id", "abc"),
    Case(polling.UNKNOWN, polling_for(), forged),
    Case(polling.USED, polling_for(), after(polling_for())),
    Case(polling.FOREIGN, polling_for(), by_other(polling_for())),
    Case(polling.EXPIRED, polling_for(seconds=119), polling_for(seconds=120)),
    Case(polling.SLOW_DOWN, polling_for(""), after(polling_for(""))),
    Case(polling.DENIED, polling_for(), polling_for("refuse")),
    edited(polling.FORM, phone_form(), "body.token", "0" * 64),
    Case(polling.CHOICE, phone_form(), phone_form("answer", "oui")),
    Case(polling.OVER, phone_form(), phone_form(answered=True), quoted=True),
]
CASES = [*REQUEST, *CLIENT, *AUTHORIZATION, *TOKEN, *BEARER, *CIBA, *POLLING]
