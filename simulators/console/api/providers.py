"""Hospital identity providers of a world: added, changed and removed while running, with their clients and accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core.oidc.keys import jwks, withdraw
from simulators.core.store.api import Tx
from simulators.core.world import load
from simulators.hospital_idp import clients, providers, sessions, users
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.discovery import new_key
from simulators.hospital_idp.names import LISTENER, NAME, ROOT, keyring
from simulators.hospital_idp.operations import DISCOVERY
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.users import User

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

T = TypeVar("T")
STRING, INTEGER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
TEXTS = {"type": "array", "items": STRING}


def list_providers(sandbox: Sandbox, values: Values, world: str) -> Any:
    with sandbox.store.read(world) as tx:
        return {"providers": [_shown(sandbox, world, provider) for provider in providers.every(tx)]}


def show_provider(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    with sandbox.store.read(world) as tx:
        return {**_shown(sandbox, world, _provider(tx, provider)), **jwks(tx, keyring(provider))}


def add_provider(sandbox: Sandbox, values: Values, world: str) -> Any:
    """It answers on its own issuer from now on."""
    wanted = Provider.from_json(_given(values, PROVIDER))
    with sandbox.store.write(world) as tx:
        if providers.find(tx, wanted.name) is not None:
            raise Problem(409, f"world {world} has a provider {wanted.name}")
        providers.save(tx, wanted)
    return _shown(sandbox, world, wanted)


def change_provider(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    with sandbox.store.write(world) as tx:
        changed = Provider.from_json({**_provider(tx, provider).to_json(), **_given(values, PROVIDER_CHANGE)})
        providers.save(tx, changed)
    return _shown(sandbox, world, changed)


def remove_provider(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    with sandbox.store.write(world) as tx:
        _provider(tx, provider)
        for client in list(clients.every(tx, provider)):
            clients.remove(tx, provider, client.client_id)
        sessions.forget(tx, provider)
        providers.remove(tx, provider)
    return {"removed": provider}


def rotate_keys(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    """Another key signs; ``withdraw`` takes the older ones out of the set: what they signed verifies no more."""
    with sandbox.store.write(world) as tx:
        found, ring = _provider(tx, provider), keyring(provider)
        older = [key["kid"] for key in jwks(tx, ring)["keys"]]
        key = new_key(tx, found, sandbox.runtime.new_key)
        gone = older if values.flag("withdraw") else []
        for kid in gone:
            withdraw(tx, ring, kid)
    return {"kid": key.kid, "alg": key.alg, "withdrawn": gone}


def expire_now(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    """Ends something now, as if its time were over."""
    kind, sid = values.text("kind"), values.text("session")
    if kind not in KINDS:
        raise Problem(400, f"kind: expected {', '.join(KINDS)}, found {kind!r}")
    with sandbox.store.write(world) as tx:
        _provider(tx, provider)
        if kind == "code":
            ended = sessions.expire_codes(tx, provider, load(tx).wire(sandbox.now()))
        elif kind == "session":
            ended = _close(tx, provider, sid)
        else:
            ended = sessions.expire(tx, provider, kind=kind, sid=sid)
    return {"expired": ended}


def list_provider_sessions(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    with sandbox.store.read(world) as tx:
        _provider(tx, provider)
        found = sessions.sessions_of(tx, provider)
    shown = ({"session": s.sid, "user": s.user, "since": s.login.isoformat(), "closed": s.closed} for s in found)
    return {"sessions": list(shown)}


def list_provider_clients(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    with sandbox.store.read(world) as tx:
        _provider(tx, provider)
        return {"clients": [client.to_json() for client in clients.every(tx, provider)]}


def add_provider_client(sandbox: Sandbox, values: Values, world: str, provider: str) -> Any:
    wanted = Client.from_json(_given(values, CLIENT))
    with sandbox.store.write(world) as tx:
        _provider(tx, provider)
        if clients.find(tx, provider, wanted.client_id) is not None:
            raise Problem(409, f"provider {provider} has a client {wanted.client_id}")
        clients.save(tx, provider, wanted)
    return wanted.to_json()


def change_provider_client(sandbox: Sandbox, values: Values, world: str, provider: str, client_id: str) -> Any:
    """A client that was adopted is declared from now on."""
    with sandbox.store.write(world) as tx:
        known = _found(clients.find(tx, provider, client_id), f"provider {provider} has no client {client_id}")
        changed = Client.from_json({**known.to_json(), "adopted": False, **_given(values, CLIENT_CHANGE)})
        clients.save(tx, provider, changed)
    return changed.to_json()


def remove_provider_client(sandbox: Sandbox, values: Values, world: str, provider: str, client_id: str) -> Any:
    with sandbox.store.write(world) as tx:
        if not clients.remove(tx, provider, client_id):
            raise Problem(404, f"provider {provider} has no client {client_id}")
    return {"removed": client_id}


def list_hospital_users(sandbox: Sandbox, values: Values, world: str) -> Any:
    with sandbox.store.read(world) as tx:
        return {"users": [user.to_json() for user in users.every(tx)]}


def add_hospital_user(sandbox: Sandbox, values: Values, world: str) -> Any:
    wanted = users.new_user(_given(values, USER))
    with sandbox.store.write(world) as tx:
        if users.named(tx, wanted.login) is not None:
            raise Problem(409, f"world {world} has an account {wanted.login}")
        users.save(tx, wanted)
    return wanted.to_json()


def change_hospital_user(sandbox: Sandbox, values: Values, world: str, user: str) -> Any:
    with sandbox.store.write(world) as tx:
        known = _found(users.named(tx, user), f"world {world} has no account {user}")
        changed = User.from_json({**known.to_json(), **_given(values, USER_CHANGE)})
        users.save(tx, changed)
    return changed.to_json()


def remove_hospital_user(sandbox: Sandbox, values: Values, world: str, user: str) -> Any:
    """The account of a professional of the population is then as at first."""
    with sandbox.store.write(world) as tx:
        known = _found(users.named(tx, user), f"world {world} has no account {user}")
        if not users.remove(tx, known.key):
            raise Problem(409, f"account {user} is that of a professional: disable it instead")
    return {"removed": known.login}


def _provider(tx: Tx, name: str) -> Provider:
    return _found(providers.find(tx, name), f"world {tx.world} has no provider {name}")


def _found(value: T | None, said: str) -> T:
    if value is None:
        raise Problem(404, said)
    return value


def _close(tx: Tx, provider: str, sid: str) -> int:
    open_now = [s.sid for s in sessions.sessions_of(tx, provider) if not s.closed and sid in {"", s.sid}]
    for one in open_now:
        sessions.close_session(tx, one, "expired on command")
    return len(open_now)


def _shown(sandbox: Sandbox, world: str, provider: Provider) -> dict[str, Any]:
    """A provider with the addresses a product is configured with; null when this sandbox does not serve it."""
    served = any(service.name == NAME for service in sandbox.services)
    issuer = f"{sandbox.url(LISTENER)}/w/{world}{ROOT}/{provider.name}" if served else None
    discovery = f"{issuer}{DISCOVERY.path}" if served else None
    return {**provider.to_json(), "issuer": issuer, "discovery": discovery}


def _given(values: Values, fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The fields that are there, each by its type."""
    readers: dict[str, Callable[[str], Any]] = {
        "string": values.text,
        "integer": lambda name: values.number(name, 0),
        "boolean": values.flag,
        "array": values.items,
    }
    return {name: readers[str(schema["type"])](name) for name, schema in fields.items() if values.has(name)}


KINDS = ("access", "id", "refresh", "code", "session")
PROVIDER_CHANGE: dict[str, Mapping[str, Any]] = {
    **dict.fromkeys(("title", "algorithm", "login_claim", "rpps_claim", "groups_claim", "claims_in"), STRING),
    "auto_login": STRING,
    "pkce_required": FLAG,
    **dict.fromkeys(("code_seconds", "access_seconds", "refresh_seconds", "session_seconds", "login_seconds"), INTEGER),
}
PROVIDER = {"name": STRING, **PROVIDER_CHANGE}
CLIENT_CHANGE: dict[str, Mapping[str, Any]] = {
    **dict.fromkeys(("name", "secret", "auth", "jwks"), STRING),
    **dict.fromkeys(("redirect_uris", "post_logout_redirect_uris"), TEXTS),
    "pkce_required": FLAG,
}
CLIENT = {"client_id": STRING, **CLIENT_CHANGE}
USER_CHANGE: dict[str, Mapping[str, Any]] = {
    **dict.fromkeys(("family", "given", "mail", "rpps"), STRING),
    "groups": TEXTS,
    "disabled": FLAG,
}
USER = {"login": STRING, **USER_CHANGE}
_ALL, _ONE = "/worlds/<world>/providers", "/worlds/<world>/providers/<provider>"
_CLIENTS, _CLIENT = f"{_ONE}/clients", f"{_ONE}/clients/<client_id>"
_USERS, _USER = "/worlds/<world>/hospital-users", "/worlds/<world>/hospital-users/<user>"

ROUTES = (
    Route("GET", _ALL, "Hospital identity providers of a world", list_providers),
    Route("POST", _ALL, "Adds a provider, which serves at once", add_provider, PROVIDER, {}, ("name",), 201),
    Route("GET", _ONE, "One provider with its public keys", show_provider),
    Route("PATCH", _ONE, "Changes a provider", change_provider, PROVIDER_CHANGE),
    Route("DELETE", _ONE, "Removes a provider and all it gave", remove_provider),
    Route("POST", f"{_ONE}/keys", "Rotates the signing key of a provider", rotate_keys, {"withdraw": FLAG}),
    Route("GET", f"{_ONE}/sessions", "Sessions of a provider", list_provider_sessions),
    Route(
        "POST",
        f"{_ONE}/expire",
        "Ends tokens, codes or sessions of a provider now",
        expire_now,
        {"kind": STRING, "session": STRING},
        {},
        ("kind",),
    ),
    Route("GET", _CLIENTS, "Clients of a provider, with their secrets", list_provider_clients),
    Route("POST", _CLIENTS, "Declares a client to a provider", add_provider_client, CLIENT, {}, ("client_id",), 201),
    Route("PATCH", _CLIENT, "Changes a client of a provider", change_provider_client, CLIENT_CHANGE),
    Route("DELETE", _CLIENT, "Removes a client of a provider", remove_provider_client),
    Route("GET", _USERS, "Accounts of the hospital of a world", list_hospital_users),
    Route("POST", _USERS, "Creates an account", add_hospital_user, USER, {}, ("login", "family"), 201),
    Route("PATCH", _USER, "Changes or disables an account", change_hospital_user, USER_CHANGE),
    Route("DELETE", _USER, "Removes an account", remove_hospital_user),
)
