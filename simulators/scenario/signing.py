"""A professional at Pro Santé Connect: signs in through a client of the scenario's own, or answers on the phone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography import x509

from simulators.clients.dmp.access import NotInWorld, named
from simulators.clients.oidc import OidcClient, OidcRefused, PageShown, claims_of
from simulators.clients.transport import WireProblem
from simulators.core.pki import Trust, client_context

if TYPE_CHECKING:
    from simulators.scenario.stage import Stage

CIBA_GRANT: Final = "urn:openid:params:grant-type:ciba"
BACK: Final = "https://localhost/scenario"
SCOPE: Final = "openid scope_all"
_NATIONAL_ID: Final = re.compile(r"[0-9][0-9A-Z/]{8,}")


@dataclass(frozen=True)
class Signed:
    """What a step gave; ``row`` is its last row of the journal, ``rows`` the numbers of all it made."""

    values: dict[str, Any]
    row: Mapping[str, Any] | None
    rows: frozenset[int]


def sign_in(stage: Stage, wanted: Mapping[str, Any], broken: Mapping[str, str]) -> Signed:
    """By the code flow, or by CIBA with the person's answer. ``broken`` replaces parameters of the request.

    Raises ``NotInWorld`` and what the control API refuses.
    """
    person = _person(stage, wanted["professional"])
    since = stage.control.call("GET", f"{stage.path}/exchanges?last=1")["cursor"]
    with _client(stage) as client:
        try:
            if wanted.get("by", "code") == "ciba":
                tokens = _by_ciba(stage, client, person, wanted.get("answer", "approve"), broken)
            else:
                asked: dict[str, str] = {"scope": SCOPE, "acr_values": "eidas1", **broken}
                tokens = client.sign_in(asked.pop("login_hint", person), **asked)
            values = _told(client, tokens)
        except PageShown as shown:
            values = {"outcome": "page", "text": str(shown)}
        except OidcRefused as refused:
            outcome = "pending" if refused.error == "authorization_pending" else "refused"
            values = {"outcome": outcome, "code": refused.error, "text": str(refused)}
        except WireProblem as problem:
            values = {"outcome": "failed", "wire": str(problem)}
        rows = stage.control.call("GET", f"{stage.path}/exchanges?since={since}")["exchanges"]
    names = {client.client_id, broken.get("client_id", client.client_id)}
    own = [row for row in rows if row["who"].get("client") in names]
    if own and values["outcome"] == "page" and own[-1]["outcome"] == "refused":
        values["outcome"] = "refused"
    return Signed(values, own[-1] if own else None, frozenset(row["number"] for row in own))


def answer(stage: Stage, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the person does with the request that awaits an answer, whoever sent it. Raises ``NotInWorld`` and what the
    control API refuses: nothing awaits an answer."""
    body = {"answer": wanted["answer"]}
    if "professional" in wanted:
        body["person"] = _person(stage, wanted["professional"])
    request = stage.control.call("POST", f"{stage.path}/psc/ciba/answer", body)["request"]
    shown = ("state", "person", "channel", "binding_message")
    return {"outcome": "done", "client": request["client_id"], **{name: request[name] for name in shown}}


def _person(stage: Stage, name: str) -> str:
    """The national identifier behind a reference name; one the world does not know yet stands for itself."""
    known = {name for one in stage.world["professionals"] for name in (one["slug"], one["id"])}
    if name not in known and _NATIONAL_ID.fullmatch(name):
        return name
    return str(named(stage.world, "professionals", name)["id"])


def _client(stage: Stage) -> OidcClient:
    """A client that only this scenario uses, declared anew: its exchanges are told from the product's by its name."""
    places = _places(stage)
    made = {"client_id": f"scenario-{stage.world['name']}", "secret": stage.ids().hex, "redirect_uris": [BACK]}
    stage.control.call("POST", f"{stage.path}/psc/clients", {**made, "name": "Scenario"})
    metadata = {
        "issuer": places["issuer"],
        "authorization_endpoint": places["authorization"],
        "token_endpoint": places["token"],
        "userinfo_endpoint": places["userinfo"],
        "backchannel_authentication_endpoint": places["ciba"],
    }
    roots = stage.control.document["trust"]["pem"].encode()  # the sandbox may be on another machine
    trust = Trust(roots=tuple(x509.load_pem_x509_certificates(roots)), intermediates=(), crls=())
    hosts = {urlsplit(places[name]).hostname or "" for name in ("authorization", "token")}
    secret = str(made["secret"])
    return OidcClient(
        metadata, str(made["client_id"]), secret, BACK, client_context(trust), stage.ids, tuple(sorted(hosts))
    )


def _places(stage: Stage) -> Mapping[str, str]:
    """Where Pro Santé Connect is for the world. Raises ``NotInWorld`` when the sandbox runs without it."""
    found: Mapping[str, str] | None = stage.world["services"].get("pro_sante_connect")
    if found is None:
        raise NotInWorld("Pro Santé Connect does not run in this sandbox: start it without --only, or name it there")
    return found


def _by_ciba(stage: Stage, client: OidcClient, person: str, given: str, broken: Mapping[str, str]) -> dict[str, Any]:
    asked = {
        "scope": SCOPE,
        "login_hint": person,
        "binding_message": f"{stage.ids().int % 100:02}",
        "acr_values": "eidas1",
        "channel": "MOBILE",
        **broken,
    }
    number = client.call("backchannel_authentication_endpoint", asked)["auth_req_id"]
    stage.control.call("POST", f"{stage.path}/psc/ciba/answer", {"answer": given, "auth_req_id": number})
    return client.token({"grant_type": CIBA_GRANT, "auth_req_id": number})


def _told(client: OidcClient, tokens: Mapping[str, Any]) -> dict[str, Any]:
    claims, person = claims_of(str(tokens["id_token"])), client.userinfo(str(tokens["access_token"]))
    return {
        "outcome": "accepted",
        "person": person.get("SubjectNameID", ""),
        "acr": claims.get("acr", ""),
        "means": claims.get("authMode", ""),
        "scope": tokens.get("scope", ""),
    }
