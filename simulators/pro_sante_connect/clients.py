"""The OIDC clients of a world: declared, imported or adopted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from sqlalchemy import Column, Text

from simulators.core.errors import RoutingConflict
from simulators.core.oidc import redirects
from simulators.core.routing import claim, release
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.pro_sante_connect.names import CLIENT_ROUTE, NAME

OURS: Final = "sim-"
"""Begins the client_id of another simulator of this sandbox: it is the world's for ever, and nobody else's."""
METHODS: Final = ("any", "client_secret_basic", "client_secret_post", "tls_client_auth", "secret+cert", "none")

_clients = world_table(
    "psc_clients", Column("client_id", Text), Column("data", Text, nullable=False), key=("client_id",)
)


@dataclass(frozen=True)
class Client:
    """One relying party.

    ``auth`` is one of :data:`METHODS` (``any``: secret by either way); an adopted client learns its secret from the
    first one shown. ``subject_dn`` (RFC 4514) and ``fingerprint`` (SHA-256 hex) bind a certificate; without either,
    the first certificate shown is learnt as its fingerprint. ``redirect_uris`` are compared exactly.
    """

    client_id: str
    name: str = ""
    secret: str = ""
    auth: str = "any"
    subject_dn: str = ""
    fingerprint: str = ""
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    pkce_required: bool = False
    ciba: bool = True
    introspection: bool = True
    notification_endpoint: str = ""
    delivery: str = "poll"
    default_scopes: tuple[str, ...] = ()
    adopted: bool = False

    @property
    def title(self) -> str:
        return self.name or self.client_id

    def to_json(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` on an unknown field, a wrong type or a value that can never work."""
        client = cls(**{name: _typed(name, value) for name, value in data.items()})
        if not client.client_id or len(client.client_id) > 255 or any(c <= " " for c in client.client_id):
            raise ValueError(f"client_id: expected 1 to 255 characters without blanks, found {client.client_id!r}")
        if client.auth not in METHODS:
            raise ValueError(f"auth: expected {', '.join(METHODS)}, found {client.auth!r}")
        if client.delivery not in {"poll", "ping"}:
            raise ValueError(f"delivery: expected poll or ping, found {client.delivery!r}")
        for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
            if redirects.problem(uri):
                raise ValueError(f"redirect URI {uri!r}: {redirects.problem(uri)}")
        return client


_TYPES: Final = {field.name: str(field.type) for field in fields(Client)}


def _typed(name: str, value: Any) -> Any:
    wanted = _TYPES.get(name)
    if wanted is None:
        raise ValueError(f"unknown field {name!r}: expected {', '.join(_TYPES)}")
    if wanted.startswith("tuple"):
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{name}: expected a list of texts")
        return tuple(value)
    if not isinstance(value, bool if wanted == "bool" else str):
        raise ValueError(f"{name}: expected {'true or false' if wanted == 'bool' else 'a text'}")
    return value


def find(tx: Tx, client_id: str) -> Client | None:
    row = tx.get(_clients, client_id=client_id) if client_id else None
    return Client.from_json(json.loads(row.data)) if row is not None else None


def every(tx: Tx) -> Iterator[Client]:
    """Every client of the world, by client_id."""
    for row in tx.find(_clients):
        yield Client.from_json(json.loads(row.data))


def described(tx: Tx) -> list[dict[str, Any]]:
    """The product's clients, for the endpoints file."""
    return [{"provider": NAME, **client.to_json()} for client in every(tx) if not client.client_id.startswith(OURS)]


def save(tx: Tx, client: Client) -> None:
    """Registers or replaces. A client_id that leads to another world is then reached by this world's address only."""
    with suppress(RoutingConflict):
        claim(tx, CLIENT_ROUTE, client.client_id)
    keep(tx, client)


def register(tx: Tx, told: Mapping[str, str]) -> None:
    """A client of another simulator of this sandbox: ``client_id`` (see :data:`OURS`), ``secret``, ``name``,
    ``redirect_uri`` if it signs people in."""
    back = tuple(filter(None, (told.get("redirect_uri", ""),)))
    save(tx, Client(told["client_id"], name=told.get("name", ""), secret=told["secret"], redirect_uris=back))


def keep(tx: Tx, client: Client) -> None:
    """Writes the row alone."""
    tx.put(_clients, client_id=client.client_id, data=json.dumps(client.to_json(), ensure_ascii=False))


def remove(tx: Tx, client_id: str) -> bool:
    """Says whether there was one."""
    release(tx, CLIENT_ROUTE, client_id)
    return tx.delete(_clients, client_id=client_id) > 0
