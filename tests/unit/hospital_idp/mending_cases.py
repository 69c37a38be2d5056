"""Every rule that looks at the message: one request that is right, one place that is broken."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.core.rules import Policy, Rule
from simulators.hospital_idp.rules import authorization, bearer, client, login, request, token
from tests.unit.hospital_idp.room import Request
from tests.unit.hospital_idp.stage import Stage

Breaker = Callable[[Request], None]


@dataclass(frozen=True)
class Case:
    """``good`` gives a right request on a stage; ``breaker`` edits it."""

    rule: Rule
    good: Callable[[Stage], Request]
    breaker: Breaker
    policy: Policy | None = None
    provider: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    mender: Breaker | None = None
    """For a defect that is not one value at one place."""

    @property
    def id(self) -> str:
        return self.rule.id


def query(name: str, *values: str) -> Breaker:
    """Gives a parameter of the address these values."""

    def breaker(broken: Request) -> None:
        broken.query = [pair for pair in broken.query if pair[0] != name] + [(name, value) for value in values]

    return breaker


def body(name: str, *values: str) -> Breaker:
    """The same in the form."""

    def breaker(broken: Request) -> None:
        broken.body = [pair for pair in broken.body if pair[0] != name] + [(name, value) for value in values]

    return breaker


def header(name: str, value: str) -> Breaker:
    def breaker(broken: Request) -> None:
        broken.headers = {key: kept for key, kept in broken.headers.items() if key != name}
        if value:
            broken.headers[name] = value

    return breaker


def method(value: str) -> Breaker:
    def breaker(broken: Request) -> None:
        broken.method = value

    return breaker


def path(value: str) -> Breaker:
    def breaker(broken: Request) -> None:
        broken.path = value

    return breaker


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def in_body(stage: Stage) -> Request:
    """A token request with its secret in the form."""
    whole = stage.code_exchange()
    whole.headers.pop("Authorization")
    whole.body += [("client_id", stage.client.client_id), ("client_secret", stage.client.secret)]
    return whole


def pair(broken: Request) -> tuple[str, str]:
    name, _, secret = base64.b64decode(broken.headers["Authorization"].partition(" ")[2]).decode().partition(":")
    return name, secret


def unencoded(broken: Request) -> None:
    broken.headers["Authorization"] = basic(pair(broken)[0], "s+cret")


def wrong_secret(broken: Request) -> None:
    broken.headers["Authorization"] = basic(pair(broken)[0], "wrong")


def to_body(broken: Request) -> None:
    name, secret = pair(broken)
    del broken.headers["Authorization"]
    broken.body += [("client_id", name), ("client_secret", secret)]


def to_header(broken: Request) -> None:
    given = dict(broken.body)
    broken.body = [kept for kept in broken.body if not kept[0].startswith("client_")]
    broken.headers["Authorization"] = basic(given["client_id"], given["client_secret"])


def unasked(stage: Stage) -> Request:
    """A token request without PKCE."""
    code = stage.browser.code(stage.client, code_challenge="", code_challenge_method="")
    return stage.browser.exchanging(stage.client, code, code_verifier="")


def asserted(stage: Stage) -> Request:
    """A token request proved by a signed assertion."""
    from joserfc import jwt
    from joserfc.jwk import ECKey

    key = ECKey.import_key(KEY)
    code = stage.code_exchange()
    code.headers.pop("Authorization", None)
    name, issuer = stage.client.client_id, stage.browser.issuer
    now = int(stage.room.at.timestamp())
    claims = {"iss": name, "sub": name, "aud": issuer, "exp": now + 60, "jti": f"jti-{id(code)}"}
    text = jwt.encode({"alg": "ES256"}, claims, key)
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    kept = [pair for pair in code.body if pair[0] != "client_id"]
    code.body = [*kept, ("client_id", name), ("client_assertion_type", kind), ("client_assertion", text)]
    return code


def _named(stage: Stage) -> Request:
    whole = stage.introspection()
    whole.body.append(("client_id", stage.client.client_id))
    return whole


def _keys() -> tuple[dict[str, Any], str]:
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256")
    return dict(key.as_dict(private=True)), json.dumps({"keys": [key.as_dict(private=False)]})


KEY, JWKS = _keys()
REFUSING = Policy.from_json({"unknown": {"*": "refuse"}})
ASK, TOKEN = Stage.authorization, Stage.code_exchange
CASES = (
    Case(request.PARAMETERS, TOKEN, header("Content-Type", "application/json")),
    Case(request.REPEATED, TOKEN, body("grant_type", "authorization_code", "authorization_code")),
    Case(request.METHOD, TOKEN, method("GET")),
    Case(request.PATH, TOKEN, path("/idp/chu/oauth2/token")),
    Case(client.MISSING, in_body, body("client_id")),
    Case(client.FORM, in_body, body("client_id", "un client")),
    Case(client.HEADER, TOKEN, header("Authorization", "Basic :::")),
    Case(client.TWICE, TOKEN, body("client_secret", "again")),
    Case(client.METHOD, TOKEN, to_body, client={"auth": "client_secret_basic"}, mender=to_header),
    Case(client.SECRET_MISSING, _named, header("Authorization", "")),
    Case(client.SECRET, TOKEN, wrong_secret),
    Case(client.ENCODING, Stage.introspection, unencoded, client={"secret": "s+cret"}),
    Case(
        client.ASSERTION,
        asserted,
        body("client_assertion", "no JWT"),
        client={"auth": "private_key_jwt", "jwks": JWKS, "secret": ""},
    ),
    Case(authorization.REDIRECT_MISSING, ASK, query("redirect_uri")),
    Case(authorization.REDIRECT_FORM, ASK, query("redirect_uri", "javascript:alert(1)")),
    Case(authorization.RESPONSE_TYPE, ASK, query("response_type", "token")),
    Case(authorization.RESPONSE_MODE, ASK, query("response_mode", "web_message")),
    Case(authorization.REQUEST_OBJECT, ASK, query("request", "e30.e30.")),
    Case(authorization.REQUEST_URI, ASK, query("request_uri", "https://dpi.test/request")),
    Case(authorization.SCOPE_OPENID, ASK, query("scope", "profile")),
    Case(authorization.SCOPE_UNKNOWN, ASK, query("scope", "openid scope_all")),
    Case(authorization.STATE, ASK, query("state")),
    Case(authorization.NONCE, ASK, query("nonce")),
    Case(authorization.PKCE_MISSING, ASK, query("code_challenge")),
    Case(authorization.PKCE_METHOD, ASK, query("code_challenge_method", "plain")),
    Case(authorization.PKCE_FORM, ASK, query("code_challenge", "court")),
    Case(authorization.PROMPT, ASK, query("prompt", "none login")),
    Case(authorization.MAX_AGE, ASK, query("max_age", "1h")),
    Case(authorization.LOGIN_HINT, ASK, query("login_hint", "personne")),
    Case(authorization.ID_TOKEN_HINT, ASK, query("id_token_hint", "token")),
    Case(login.CSRF, Stage.choice, body("csrf", "forged")),
    Case(login.USER_UNKNOWN, Stage.choice, body("user", "personne")),
    Case(login.USER_FORM, Stage.creation, body("new_login", "Nouveau Compte")),
    Case(login.HINT, Stage.logout, query("id_token_hint", "token")),
    Case(login.AUDIENCE, Stage.logout, query("client_id", "autre")),
    Case(login.NOBODY, lambda stage: _without_client(stage.logout()), query("id_token_hint")),
    Case(token.GRANT_TYPE, TOKEN, body("grant_type", "password")),
    Case(token.CODE_MISSING, TOKEN, body("code")),
    Case(token.CODE_UNKNOWN, TOKEN, body("code", "forged")),
    Case(token.CODE_REDIRECT, TOKEN, body("redirect_uri", "https://dpi.test/autre")),
    Case(token.VERIFIER_MISSING, TOKEN, body("code_verifier")),
    Case(token.VERIFIER_FORM, TOKEN, body("code_verifier", "short")),
    Case(token.VERIFIER, TOKEN, body("code_verifier", "v" * 43)),
    Case(token.VERIFIER_UNASKED, unasked, body("code_verifier", "v" * 43)),
    Case(token.REFRESH_MISSING, Stage.refresh, body("refresh_token")),
    Case(token.REFRESH_UNKNOWN, Stage.refresh, body("refresh_token", "forged")),
    Case(token.SCOPE_WIDER, Stage.refresh, body("scope", "openid profile email offline_access")),
    Case(token.TOKEN_MISSING, Stage.introspection, body("token")),
    Case(bearer.MISSING, Stage.userinfo, header("Authorization", "")),
    Case(bearer.IN_QUERY, Stage.userinfo, query("access_token", "token")),
    Case(bearer.TWICE, lambda stage: _posted(stage.userinfo()), body("access_token", "token")),
    Case(bearer.TOKEN, Stage.userinfo, header("Authorization", "Bearer no token")),
)


def _without_client(whole: Request) -> Request:
    whole.query = [pair for pair in whole.query if pair[0] != "client_id"]
    return whole


def _posted(whole: Request) -> Request:
    whole.method = "POST"
    return whole
