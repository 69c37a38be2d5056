"""OIDC clients as a family of data: a vendor brings its own in a CSV or JSON file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulators.core.routing import claim
from simulators.core.rules import Text
from simulators.core.store.api import Tx
from simulators.population.exchange_formats import cells
from simulators.population.exchange_formats.family import Column, Family
from simulators.population.exchange_formats.standing import ADOPTED
from simulators.pro_sante_connect import clients
from simulators.pro_sante_connect.clients import METHODS, Client
from simulators.pro_sante_connect.names import CLIENT_ROUTE
from simulators.pro_sante_connect.seeds import own_client_id

_URIS: Final = Text("séparées par |, comparées exactement", "separated by |, compared exactly")
_COLUMNS: Final = (
    Column("client_id", "client_id", cells.IDENTIFIER, Text("Identifiant", "Identifier"), "mon-dpi", required=True),
    Column("nom", "name", cells.TEXT, Text("Nom montré sur le wallet", "Name shown on the wallet"), "Mon DPI"),
    Column("secret", "secret", cells.TEXT, Text("client_secret", "client_secret"), aliases=("client_secret",)),
    Column(
        "authentification",
        "auth",
        cells.choice({m: m for m in METHODS}),
        Text(" | ".join(METHODS), " | ".join(METHODS)),
        "any",
    ),
    Column(
        "dn_certificat",
        "subject_dn",
        cells.TEXT,
        Text("Sujet du certificat, RFC 4514", "Subject of the certificate, RFC 4514"),
    ),
    Column(
        "redirect_uris",
        "redirect_uris",
        cells.LIST,
        _URIS,
        "https://localhost:8443/callback",
        aliases=("redirect_uri",),
    ),
    Column("post_logout_redirect_uris", "post_logout_redirect_uris", cells.LIST, _URIS),
    Column("pkce_exige", "pkce_required", cells.FLAG, Text("oui : PKCE exigé", "oui: PKCE required")),
    Column("ciba", "ciba", cells.FLAG, Text("oui : CIBA ouvert", "oui: CIBA open"), "oui"),
    Column("introspection", "introspection", cells.FLAG, Text("oui : habilité", "oui: entitled"), "oui"),
    ADOPTED,
)
_TEXT: Final = {"type": "string"}
_LIST: Final = {"type": "array", "items": _TEXT}
_FLAG: Final = {"type": "boolean"}


def _schema() -> Mapping[str, Any]:
    lists = dict.fromkeys(("redirect_uris", "post_logout_redirect_uris", "default_scopes"), _LIST)
    flags = dict.fromkeys(("pkce_required", "ciba", "introspection", "adopted"), _FLAG)
    texts = ("client_id", "name", "secret", "subject_dn", "fingerprint", "notification_endpoint")
    return {
        "type": "object",
        "required": ["client_id"],
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(texts, _TEXT),
            **lists,
            **flags,
            "auth": {"enum": list(METHODS)},
            "delivery": {"enum": ["poll", "ping"]},
        },
    }


def _claim(tx: Tx, client: Client) -> None:
    claim(tx, CLIENT_ROUTE, client.client_id)


def _carried(tx: Tx) -> list[Client]:
    """All but those the world was born with, whose client_id leads to this world for ever."""
    born_with = own_client_id(tx.world)
    found = clients.every(tx)
    return [c for c in found if c.client_id != born_with and not c.client_id.startswith(clients.OURS)]


CLIENTS: Final = Family(
    name="clients",
    title=Text("Clients Pro Santé Connect", "Pro Santé Connect clients"),
    columns=_COLUMNS,
    schema=_schema,
    load=Client.from_json,
    dump=Client.to_json,
    key=lambda member: str(member.get("client_id") or ""),
    find=clients.find,
    keep=clients.keep,
    every=_carried,
    new=lambda given: {"ciba": True, "introspection": True},
    claim=_claim,
    standing=("adopted",),
)
