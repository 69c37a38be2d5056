"""Forged, foreign and misplaced tokens at every place that takes one: refused with a reason, nothing kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers

from simulators.core import journal
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.test_wallet import kept
from tests.e2e.test_hospital_idp import product as at_the_hospital
from tests.support.psc_person import CONNECT, OTHER, PERSON, Person
from tests.support.psc_room import claims

THIEF: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def header(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def compact(head: Mapping[str, Any], body: Mapping[str, Any], seal: Callable[[bytes], bytes]) -> str:
    whole = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}"
    return f"{whole}.{b64(seal(whole.encode()))}"


def by_thief(data: bytes, key: RSAPrivateKey = THIEF) -> bytes:
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hmac.new(secret, data, hashlib.sha256).digest()


def public_forms(jwk: Mapping[str, str]) -> dict[str, bytes]:
    """Every way to write the published key down as the secret of an HMAC."""
    numbers = [int.from_bytes(base64.urlsafe_b64decode(jwk[n] + "=" * (-len(jwk[n]) % 4)), "big") for n in ("e", "n")]
    key = RSAPublicNumbers(*numbers).public_key()
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    spki, pkcs1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
    return {
        "PEM": key.public_bytes(pem, spki),
        "PEM without its last line": key.public_bytes(pem, spki).rstrip(),
        "PKCS#1": key.public_bytes(pem, pkcs1),
        "DER": key.public_bytes(der, spki),
        "JWK": json.dumps(jwk).encode(),
        "modulus": jwk["n"].encode(),
        "nothing": b"",
    }


def forgeries(token: str, jwk: Mapping[str, str]) -> dict[str, str]:
    """Tokens with the claims of ``token`` (another person's) under every forged header and signature known."""
    kid, body = header(token)["kid"], {**claims(token), "sub": "f:x:1", "SubjectNameID": OTHER}
    own = public_jwk(THIEF)
    unsigned = token.rpartition(".")[0]
    made = {
        f"alg {alg}": compact({"alg": alg, "typ": "JWT", "kid": kid}, body, lambda _: b"")
        for alg in ("none", "None", "NONE", "nOnE", "")
    }
    made |= {
        f"HS256 keyed with the public key as {name}": compact({"alg": "HS256", "kid": kid}, body, hs256(secret))
        for name, secret in public_forms(jwk).items()
    }
    made |= {
        "another key under the same kid": compact({"alg": "RS256", "kid": kid}, body, by_thief),
        "a key of its own": compact({"alg": "RS256", "kid": "voleur", "jwk": own}, body, by_thief),
        "its own key under our kid": compact({"alg": "RS256", "kid": kid, "jwk": own}, body, by_thief),
        "a key to be fetched": compact(
            {"alg": "RS256", "kid": "v", "jku": "http://169.254.169.254/jwks"}, body, by_thief
        ),
        "a key file": compact({"alg": "RS256", "kid": "../../../etc/passwd"}, body, by_thief),
        "a kid that is a query": compact({"alg": "RS256", "kid": "' OR '1'='1"}, body, by_thief),
        "a kid that is no text": compact({"alg": "RS256", "kid": [kid]}, body, by_thief),
        "a kid with a half character": compact({"alg": "RS256", "kid": "\ud800"}, body, by_thief),
        "no kid": compact({"alg": "RS256"}, body, by_thief),
        "RS512": compact({"alg": "RS512", "kid": kid}, body, by_thief),
        "other claims under the true signature": f"{unsigned.partition('.')[0]}.{b64(json.dumps(body).encode())}."
        + token.rpartition(".")[2],
        "the signature taken off": f"{unsigned}.",
        "two parts": unsigned,
        "five parts": f"{token}.a.b",
        "crit": compact({"alg": "RS256", "kid": kid, "crit": ["x"], "x": 1}, body, by_thief),
        "no object": f"{b64(b'[]')}.{b64(b'{}')}.{b64(b'x')}",
        "deep": f"{b64(b'[' * 9000)}.e30.x",
        "endless": "a" * 20_000,
    }
    return made


def public_jwk(key: RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}


class Flow:
    """A product with a person's tokens, and every place that takes a token."""

    def __init__(self, sandbox: Sandbox, world: str) -> None:
        self.person, self.world, self._sandbox = Person(sandbox, world), world, sandbox
        self.tokens = self.person.exchange(self.person.sign_in()["code"])
        self.jwk = self.person.get(f"{self.person.provider}{CONNECT}/certs").json()["keys"][0]

    def bring(self, place: str, token: str) -> requests.Response:
        person, form = self.person, {"client_id": self.person.client["client_id"]}
        form["client_secret"] = person.client["secret"]
        base = f"{person.provider}{CONNECT}"
        if place == "userinfo":
            return person.get(f"{base}/userinfo", headers={"Authorization": f"Bearer {token}"})
        if place == "logout":
            return person.get(f"{base}/logout", {"id_token_hint": token})
        if place in {"introspect", "revoke"}:
            path = {"introspect": "token/introspect", "revoke": "revoke"}[place]
            return person.post(f"{base}/{path}", {**form, "token": token})
        grant = {"refresh": ("refresh_token", "refresh_token"), "ciba": (CIBA, "auth_req_id")}[place]
        return person.post(f"{base}/token", {**form, "grant_type": grant[0], grant[1]: token})

    def still_serves(self) -> None:
        assert self.bring("userinfo", self.tokens["access_token"]).json()["SubjectNameID"] == PERSON
        assert "access_token" in Person(self._sandbox, self.world).exchange(
            Person(self._sandbox, self.world).sign_in()["code"]
        )


CIBA: Final = "urn:openid:params:grant-type:ciba"
PLACES: Final = {
    "userinfo": (401, "invalid_token", "PSC-BEARER-INVALID"),
    "introspect": (200, "", "PSC-TOKEN-INACTIVE"),
    "revoke": (200, "", "PSC-TOKEN-INACTIVE"),
    "refresh": (400, "invalid_grant", "PSC-REFRESH"),
    "ciba": (400, "invalid_grant", "PSC-AUTH-REQ-ID-UNREADABLE"),
    "logout": (400, "page", "PSC-LOGOUT-HINT"),
}


@pytest.fixture
def flow(sandbox: Sandbox, world: str) -> Flow:
    return Flow(sandbox, world)


def refused_there(sandbox: Sandbox, flow: Flow, place: str, name: str, token: str) -> None:
    status, error, rule = PLACES[place]
    before, since = kept(sandbox, flow.world), journal.cursor(sandbox.store, flow.world)
    answer = flow.bring(place, token)
    (row,) = journal.read(sandbox.store, flow.world, since=since)
    assert row.outcome == ("accepted" if status == 200 else "refused"), (name, row.marks.get("traceback"))
    finding = next(f for f in row.verdict["findings"] if f["rule"] == rule)
    assert answer.status_code == status and all(finding["mend"].values()) and finding["found"], name
    if place == "introspect":
        assert answer.json() == {"active": False}, name
    elif error == "page":
        assert answer.headers["Content-Type"].startswith("text/html") and rule in answer.text
    elif error:
        told = answer.json()
        assert told["error"] == error and told["error_description"] and f"/{row.number}" in told["error_uri"], name
        assert OTHER not in answer.text
    assert kept(sandbox, flow.world) == before, name


@pytest.mark.parametrize("place", PLACES)
def test_no_forged_token_is_taken(sandbox: Sandbox, flow: Flow, place: str) -> None:
    kinds = {"refresh": "refresh_token", "logout": "id_token", "ciba": "refresh_token"}
    for name, token in forgeries(flow.tokens[kinds.get(place, "access_token")], flow.jwk).items():
        refused_there(sandbox, flow, place, name, token)
    flow.still_serves()


@pytest.mark.parametrize("place", PLACES)
def test_no_token_of_another_kind_is_taken(sandbox: Sandbox, flow: Flow, place: str) -> None:
    taken = {
        "userinfo": {"access_token"},
        "introspect": {"access_token", "refresh_token"},
        "revoke": {"access_token", "refresh_token"},
        "refresh": {"refresh_token"},
        "ciba": set(),
        "logout": {"id_token"},
    }[place]
    for kind in {"access_token", "refresh_token", "id_token"} - taken:
        refused_there(sandbox, flow, place, kind, flow.tokens[kind])
    flow.still_serves()


@pytest.mark.parametrize("place", PLACES)
def test_no_token_of_another_issuer_is_taken(sandbox: Sandbox, flow: Flow, place: str) -> None:
    """One of another world, one of the hospital's own provider: each good where it was made."""
    sandbox.create_world(f"{flow.world}-b")
    other = Flow(sandbox, f"{flow.world}-b")
    own = next(
        c for c in sandbox.describe(flow.world, certificates=False)["clients"] if c["provider"] == "hospital_idp"
    )
    with at_the_hospital(sandbox, flow.world, "chu", own["client_id"], own["secret"]) as dpi:
        local = dpi.sign_in("nurse")
    for tokens in (other.tokens, local):
        for kind in ("access_token", "refresh_token", "id_token"):
            if kind in tokens and str(tokens[kind]).count(".") == 2:
                refused_there(sandbox, flow, place, kind, tokens[kind])
    flow.still_serves()
    other.still_serves()
