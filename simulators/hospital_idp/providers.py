"""The providers of a world: ``chu`` at birth, any number added while running."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Column, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.hospital_idp import records
from simulators.hospital_idp.names import PROVIDER_NAME

ALGORITHMS: Final = ("RS256", "ES256")
PLACES: Final = ("both", "id_token", "userinfo")
LONGEST_LIFE: Final = 366 * 24 * 3600
_CLAIM: Final = re.compile(r"[A-Za-z][\w:/.-]{0,99}", re.ASCII)
_TAKEN: Final = frozenset(
    (
        *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "auth_time", "sid", "azp", "at_hash", "acr", "amr"),
        *("typ", "scope", "client_id", "name", "given_name", "family_name", "email", "email_verified"),
    )
)
_providers = world_table("idp_providers", Column("name", Text), Column("data", Text, nullable=False), key=("name",))


@dataclass(frozen=True)
class Provider:
    """One OpenID provider. ``*_claim`` are the names under which its tokens tell login, RPPS and groups (empty: not
    told); ``claims_in`` says where identity claims are: both, id_token or userinfo; ``*_seconds`` are lives in wire
    time; ``auto_login`` is a user who is signed in without any page (unattended tests)."""

    name: str
    title: str = ""
    algorithm: str = "RS256"
    pkce_required: bool = False
    login_claim: str = "uid"
    rpps_claim: str = "rpps"
    groups_claim: str = "groups"
    claims_in: str = "both"
    code_seconds: int = 60
    access_seconds: int = 300
    refresh_seconds: int = 28_800
    session_seconds: int = 28_800
    login_seconds: int = 1_800
    auto_login: str = ""

    def to_json(self) -> dict[str, Any]:
        return records.to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` on an unknown field, a wrong type or a value that can never work."""
        provider = records.build(cls, data)
        if not PROVIDER_NAME.fullmatch(provider.name):
            raise ValueError(f"name: expected lower-case letters, digits and - (at most 30), found {provider.name!r}")
        for name, given, allowed in (
            ("algorithm", provider.algorithm, ALGORITHMS),
            ("claims_in", provider.claims_in, PLACES),
        ):
            if given not in allowed:
                raise ValueError(f"{name}: expected {', '.join(allowed)}, found {given!r}")
        for name in _LIVES:
            if not 1 <= getattr(provider, name) <= LONGEST_LIFE:
                raise ValueError(f"{name}: expected 1 to {LONGEST_LIFE} seconds, found {getattr(provider, name)}")
        _check_claims([provider.login_claim, provider.rpps_claim, provider.groups_claim])
        return provider


_LIVES: Final = ("code_seconds", "access_seconds", "refresh_seconds", "session_seconds", "login_seconds")


def _check_claims(names: list[str]) -> None:
    named = [name for name in names if name]
    for name in named:
        if not _CLAIM.fullmatch(name) or name in _TAKEN:
            raise ValueError(f"claim {name!r}: expected a name of letters, digits and _ : / . - that OIDC does not use")
    if len(set(named)) < len(named):
        raise ValueError("two claims have one name")


def find(tx: Tx, name: str) -> Provider | None:
    row = tx.get(_providers, name=name)
    return records.build(Provider, json.loads(row.data)) if row is not None else None


def every(tx: Tx) -> Iterator[Provider]:
    """Every provider of the world, by name."""
    for row in tx.find(_providers):
        yield records.build(Provider, json.loads(row.data))


def save(tx: Tx, provider: Provider) -> None:
    """Registers or replaces; it serves from the commit on."""
    tx.put(_providers, name=provider.name, data=records.dump(provider))


def remove(tx: Tx, name: str) -> bool:
    """Says whether there was one."""
    return tx.delete(_providers, name=name) > 0
