"""The clients of a provider: declared or adopted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Column, Text

from simulators.core.errors import RoutingConflict
from simulators.core.oidc import redirects
from simulators.core.routing import claim, release
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.hospital_idp import records
from simulators.hospital_idp.names import CLIENT_ROUTE, NAME

METHODS: Final = ("any", "client_secret_basic", "client_secret_post", "private_key_jwt", "none")
LONGEST_ID: Final = 255
_clients = world_table(
    "idp_clients",
    Column("provider", Text),
    Column("client_id", Text),
    Column("data", Text, nullable=False),
    key=("provider", "client_id"),
)


@dataclass(frozen=True)
class Client:
    """One relying party of one provider.

    ``auth`` is one of :data:`METHODS` (``any``: the secret, by header or body; ``none``: public, with PKCE). ``jwks``
    is the JSON text of the public keys of ``private_key_jwt``. An adopted client learns its secret from the first one
    it shows. Addresses are compared character by character.
    """

    client_id: str
    name: str = ""
    secret: str = ""
    auth: str = "any"
    jwks: str = ""
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    pkce_required: bool = False
    adopted: bool = False

    @property
    def title(self) -> str:
        return self.name or self.client_id

    def to_json(self) -> dict[str, Any]:
        return records.to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` on an unknown field, a wrong type or a value that can never work."""
        client = records.build(cls, data)
        if odd(client.client_id):
            raise ValueError(f"client_id: expected 1 to {LONGEST_ID} visible characters, found {client.client_id!r}")
        if client.auth not in METHODS:
            raise ValueError(f"auth: expected {', '.join(METHODS)}, found {client.auth!r}")
        if client.jwks:
            _check_jwks(client.jwks)
        for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
            if redirects.problem(uri):
                raise ValueError(f"redirect URI {uri!r}: {redirects.problem(uri)}")
        return client


def odd(client_id: str) -> bool:
    """Whether a text can be no client_id (RFC 6749 appendix A.1), or is too long for one of ours."""
    return not 0 < len(client_id) <= LONGEST_ID or any(not "!" <= c <= "~" for c in client_id)


def _check_jwks(text: str) -> None:
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        data = json.loads(text)
        KeySet.import_key_set(data)
        private = any("d" in key or "k" in key for key in data["keys"])
    except (ValueError, TypeError, KeyError, RecursionError, JoseError) as problem:
        raise ValueError(f"jwks: expected a JWK set (RFC 7517) as text, found {type(problem).__name__}") from None
    if private:
        raise ValueError("jwks: expected public keys only")


def find(tx: Tx, provider: str, client_id: str) -> Client | None:
    row = tx.get(_clients, provider=provider, client_id=client_id) if client_id else None
    return records.build(Client, json.loads(row.data)) if row is not None else None


def every(tx: Tx, provider: str) -> Iterator[Client]:
    """Every client of a provider, by client_id."""
    for row in tx.find(_clients, provider=provider):
        yield records.build(Client, json.loads(row.data))


def described(tx: Tx) -> list[dict[str, Any]]:
    """The clients of every provider, for the endpoints file."""
    rows = ((row.provider, records.build(Client, json.loads(row.data))) for row in tx.find(_clients))
    return [{"provider": NAME, "idp": provider, **client.to_json()} for provider, client in rows]


def save(tx: Tx, provider: str, client: Client) -> None:
    """Registers or replaces. A client_id that leads to another world is then reached by this world's address only."""
    with suppress(RoutingConflict):
        claim(tx, CLIENT_ROUTE, client.client_id)
    tx.put(_clients, provider=provider, client_id=client.client_id, data=records.dump(client))


def remove(tx: Tx, provider: str, client_id: str) -> bool:
    """Says whether there was one."""
    gone = tx.delete(_clients, provider=provider, client_id=client_id) > 0
    if gone and not tx.find(_clients, client_id=client_id):
        release(tx, CLIENT_ROUTE, client_id)
    return gone
