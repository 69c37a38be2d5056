"""Pro Santé Connect over HTTP: its clients, what awaits an answer on a phone, sessions, tokens and keys of a world.

Its rooms are imported by the handlers: in a sandbox started without it (``--only``) they must not declare tables.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core.rules import Policy

if TYPE_CHECKING:
    from simulators.core.store.api import Tx
    from simulators.core.world import World
    from simulators.pro_sante_connect.ciba_store import CibaRequest
    from simulators.sandbox import Sandbox

NAME = "pro_sante_connect"
STRING = {"type": "string"}
BOOLEAN = {"type": "boolean"}
STRINGS = {"type": "array", "items": STRING}


def list_psc_clients(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pro_sante_connect import clients

    with sandbox.store.read(world) as tx:
        return {"clients": [client.to_json() for client in clients.every(tx)]}


def put_psc_client(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Declares a client, or replaces the one of that client_id as a whole."""
    _played(sandbox)
    from simulators.pro_sante_connect import clients

    wanted = clients.Client.from_json({name: _field(values, name) for name in CLIENT if values.has(name)})
    with sandbox.store.write(world) as tx:
        clients.save(tx, wanted)
    return wanted.to_json()


def _field(values: Values, name: str) -> Any:
    if CLIENT[name] is STRINGS:
        return values.items(name)
    return values.flag(name) if CLIENT[name] is BOOLEAN else values.text(name)


def remove_psc_client(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pro_sante_connect import clients

    with sandbox.store.write(world) as tx:
        if not clients.remove(tx, values.text("client_id")):
            raise Problem(404, f"world {world} has no client {values.text('client_id')!r}")
    return {"removed": values.text("client_id")}


def promote_psc_client(sandbox: Sandbox, values: Values, world: str) -> Any:
    """An adopted client counts as declared from now on: what it learnt is kept to."""
    _played(sandbox)
    from simulators.pro_sante_connect import clients

    with sandbox.store.write(world) as tx:
        found = clients.find(tx, values.text("client_id"))
        if found is None:
            raise Problem(404, f"world {world} has no client {values.text('client_id')!r}")
        promoted = replace(found, adopted=False)
        clients.save(tx, promoted)
    return promoted.to_json()


def list_requests(sandbox: Sandbox, values: Values, world: str) -> Any:
    """What awaits an answer, oldest first, and the devices out of service."""
    _played(sandbox)
    from simulators.pro_sante_connect import ciba_store

    with sandbox.store.read(world) as tx:
        now = _now(sandbox, tx)
        waiting = ciba_store.waiting(tx, now, values.text("person"))
        return {"requests": [_request(one, now) for one in waiting], "devices": ciba_store.devices(tx)}


def answer_request(sandbox: Sandbox, values: Values, world: str) -> Any:
    """By auth_req_id (or id), else the newest of the person, else the only one that waits."""
    _played(sandbox)
    from simulators.pro_sante_connect import device

    given = values.text("answer")
    if given not in device.ANSWERS:
        raise Problem(400, f"answer: expected {', '.join(device.ANSWERS)}, found {given!r}")
    with sandbox.store.write(world) as tx:
        now = _now(sandbox, tx)
        found = _chosen(tx, now, values.text("auth_req_id"), values.text("person"))
        return {"answer": given, "request": _request(device.answer(tx, found, given), now)}


def _chosen(tx: Tx, now: datetime, auth_req_id: str, person: str) -> CibaRequest:
    from simulators.pro_sante_connect import ciba_store

    if auth_req_id:
        found = ciba_store.named(tx, auth_req_id)
        if found is None:
            raise Problem(404, f"world {tx.world} has no request {auth_req_id[:60]!r}")
        if not found.awaits(now):
            raise Problem(409, f"request {found.id} awaits no answer: it is {_state(found, now)}")
        return found
    waiting = ciba_store.waiting(tx, now, person)
    if not waiting:
        raise Problem(404, f"no request{f' for {person}' if person else ''} awaits an answer in world {tx.world}")
    if not person and len(waiting) > 1:
        raise Problem(409, f"{len(waiting)} requests await an answer: give auth_req_id or person")
    return waiting[-1]


def set_device(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Puts a person's device in or out of service."""
    _played(sandbox)
    from simulators.population import registry
    from simulators.pro_sante_connect import ciba_store

    person, state = values.text("person"), values.text("state")
    if state not in ciba_store.DEVICES:
        raise Problem(400, f"state: expected {', '.join(ciba_store.DEVICES)}, found {state!r}")
    with sandbox.store.write(world) as tx:
        if registry.professional(tx, person) is None:
            raise Problem(404, f"world {world} has no professional {person!r}")
        ciba_store.set_device(tx, person, state)
    return {"person": person, "state": state}


def set_automatic(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Every device of the world answers by itself; an empty answer ends that."""
    _played(sandbox)
    from simulators.pro_sante_connect import device
    from simulators.pro_sante_connect.settings import CIBA_AUTO, CIBA_AUTO_AFTER

    given, after = values.text("answer"), values.number("after_polls", int(CIBA_AUTO_AFTER.default), high=1000)
    if given not in {"", *device.AUTOMATIC}:
        raise Problem(400, f"answer: expected nothing or {', '.join(device.AUTOMATIC)}, found {given!r}")
    policy = sandbox.worlds.get(world).policy
    wanted = {**policy.settings, CIBA_AUTO.name: given, CIBA_AUTO_AFTER.name: str(after)}
    sandbox.worlds.set_policy(world, Policy.from_json({**policy.as_json(), "settings": wanted}))
    return {"answer": given, "after_polls": after}


def list_psc_sessions(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The sessions that still serve."""
    _played(sandbox)
    from simulators.pro_sante_connect import sessions

    with sandbox.store.read(world) as tx:
        here, now = _world(tx), _now(sandbox, tx)
        live = [one for one in sessions.open_sessions(tx) if not one.over(now, here.policy)]
        return {"sessions": [_session(tx, one) for one in live]}


def _session(tx: Tx, one: Any) -> dict[str, Any]:
    from simulators.pro_sante_connect import sessions

    return {
        "sid": one.sid,
        "person": one.person,
        "means": one.means,
        "browser": bool(one.browser),
        "login": one.login.isoformat(),
        "used": one.used.isoformat(),
        "clients": list(dict.fromkeys(token.client_id for token in sessions.tokens_of(tx, one.sid))),
    }


def close_psc_session(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Ends one session and its tokens now, as if its life were over."""
    _played(sandbox)
    from simulators.pro_sante_connect import sessions

    sid = values.text("sid")
    with sandbox.store.write(world) as tx:
        found = sessions.session(tx, sid)
        if found is None:
            raise Problem(404, f"world {world} has no session {sid!r}")
        sessions.close_session(tx, sid, "closed on command")
    return {"closed": sid, "was_open": not found.closed}


def expire_tokens(sandbox: Sandbox, values: Values, world: str) -> Any:
    """One token now (``token``: the token itself, or its jti), or those of a session (``sid``), of one kind or all."""
    _played(sandbox)
    from simulators.pro_sante_connect import sessions

    kind = values.text("kind")
    if kind not in {"", *KINDS}:
        raise Problem(400, f"kind: expected {', '.join(KINDS)}, found {kind!r}")
    with sandbox.store.write(world) as tx:
        found = _tokens(tx, values.text("token"), values.text("sid"))
        live = [row for row in found if row.state == "live" and kind in {"", row.kind}]
        for row in live:
            sessions.set_token(tx, row.jti, "expired")
    return {"expired": [{"jti": row.jti, "kind": row.kind, "client_id": row.client_id} for row in live]}


def _tokens(tx: Tx, token: str, sid: str) -> list[Any]:
    from simulators.core.oidc import keys
    from simulators.core.oidc.jose import TokenRefused, verify
    from simulators.pro_sante_connect import sessions

    if bool(token) == bool(sid):
        raise Problem(400, "give one of token or sid")
    if sid:
        return sessions.tokens_of(tx, sid)
    row = sessions.token(tx, token)
    if row is None:
        try:
            row = sessions.token(tx, verify(token, lambda kid: keys.find(tx, NAME, kid)).text("jti"))
        except TokenRefused as refused:
            raise Problem(404, f"no token of world {tx.world}: {refused}") from None
    if row is None:
        raise Problem(404, f"world {tx.world} has no such token")
    return [row]


def list_psc_keys(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The published keys, newest first."""
    _played(sandbox)
    from simulators.core.oidc import keys

    with sandbox.store.read(world) as tx:
        return keys.jwks(tx, NAME)


def rotate_psc_keys(sandbox: Sandbox, values: Values, world: str) -> Any:
    """A new key signs from now on; the older ones stay published."""
    _played(sandbox)
    from simulators.core.oidc import keys

    pem = sandbox.runtime.new_key()  # before any transaction: it takes a while
    with sandbox.store.write(world) as tx:
        return {"kid": keys.rotate(tx, NAME, lambda: pem).kid}


def withdraw_psc_key(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Takes a key out of the set: what it signed verifies no more."""
    _played(sandbox)
    from simulators.core.oidc import keys

    kid = values.text("kid")
    with sandbox.store.write(world) as tx:
        if kid not in {key["kid"] for key in keys.jwks(tx, NAME)["keys"]}:
            raise Problem(404, f"world {world} publishes no key {kid!r}")
        keys.withdraw(tx, NAME, kid)
    return {"withdrawn": kid}


def _played(sandbox: Sandbox) -> None:
    if all(service.name != NAME for service in sandbox.services):
        raise Problem(404, "Pro Santé Connect does not run in this sandbox: start it without --only, or name it there")


def _world(tx: Tx) -> World:
    from simulators.core.world import load

    return load(tx)


def _now(sandbox: Sandbox, tx: Tx) -> datetime:
    return _world(tx).wire(sandbox.now())


def _request(one: CibaRequest, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "auth_req_id": one.auth_req_id,
        "client_id": one.client_id,
        "person": one.person,
        "channel": one.channel,
        "binding_message": one.binding_message,
        "scope": one.scope,
        "state": _state(one, now),
        "polls": one.polls,
        "interval": one.interval,
        "asked": one.asked.isoformat(),
        "expires": one.expires.isoformat(),
        "expires_in": max(0, int((one.expires - now).total_seconds())),
    }


def _state(one: CibaRequest, now: datetime) -> str:
    return one.state if now < one.expires else f"{one.state}, expired"


KINDS = ("access", "id", "refresh")
CLIENT = {
    **dict.fromkeys(("client_id", "name", "secret", "auth", "subject_dn", "fingerprint"), STRING),
    **dict.fromkeys(("notification_endpoint", "delivery"), STRING),
    **dict.fromkeys(("redirect_uris", "post_logout_redirect_uris", "default_scopes"), STRINGS),
    **dict.fromkeys(("pkce_required", "ciba", "introspection"), BOOLEAN),
}
ONE = {"client_id": STRING}
ANSWER = {"answer": STRING, "auth_req_id": STRING, "person": STRING}
DEVICE = {"person": STRING, "state": STRING}
AUTOMATIC = {"answer": STRING, "after_polls": {"type": "integer"}}
TOKEN = {"token": STRING, "sid": STRING, "kind": STRING}
BASE = "/worlds/<world>/psc"

ROUTES = (
    Route("GET", f"{BASE}/clients", "The OpenID clients of a world", list_psc_clients),
    Route("POST", f"{BASE}/clients", "Declares or replaces a client", put_psc_client, CLIENT, {}, ("client_id",), 201),
    Route("POST", f"{BASE}/clients/remove", "Removes a client", remove_psc_client, ONE, {}, ("client_id",)),
    Route("POST", f"{BASE}/clients/promote", "Declares an adopted client", promote_psc_client, ONE, {}, ("client_id",)),
    Route("GET", f"{BASE}/ciba", "CIBA requests that await an answer", list_requests, {}, {"person": STRING}),
    Route("POST", f"{BASE}/ciba/answer", "Answers one as its person would", answer_request, ANSWER, {}, ("answer",)),
    Route("POST", f"{BASE}/ciba/auto", "Lets every device answer by itself", set_automatic, AUTOMATIC),
    Route("POST", f"{BASE}/devices", "The state of a device", set_device, DEVICE, {}, ("person", "state")),
    Route("GET", f"{BASE}/sessions", "The open sessions", list_psc_sessions),
    Route("POST", f"{BASE}/sessions/close", "Ends a session now", close_psc_session, {"sid": STRING}, {}, ("sid",)),
    Route("POST", f"{BASE}/tokens/expire", "Expires tokens now", expire_tokens, TOKEN),
    Route("GET", f"{BASE}/keys", "The published keys", list_psc_keys),
    Route("POST", f"{BASE}/keys/rotate", "A new key signs from now on", rotate_psc_keys),
    Route("POST", f"{BASE}/keys/withdraw", "Takes a key away", withdraw_psc_key, {"kid": STRING}, {}, ("kid",)),
)
