"""Signing keys of a provider, in the store: several processes on one database sign alike.

The ``kid`` is a routing key: a bearer token leads to the world of the key it claims, where it is then verified.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

from simulators.core.oidc.jose import SigningKey, public_jwk, thumbprint
from simulators.core.routing import claim, routed_elsewhere
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.world import identifier

ROUTE: Final = "oidc-key"

_keys = world_table(
    "oidc_keys",
    Column("provider", Text),
    Column("kid", Text),
    Column("seq", BigInteger, nullable=False),
    Column("alg", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("published", Integer, nullable=False),
    key=("provider", "kid"),
)


def signing_key(tx: Tx, provider: str, new_key: Callable[[], bytes], alg: str = "RS256") -> SigningKey:
    """The newest key of ``provider`` for ``alg``, made at the first call."""
    return _newest(tx, provider, alg) or rotate(tx, provider, new_key, alg)


def hmac_key(tx: Tx, provider: str) -> SigningKey:
    """The HS256 secret of ``provider``, never published: refresh tokens are read by nobody else."""
    found = _newest(tx, provider, "HS256")
    if found is not None:
        return found
    seed = f"{tx.world}:{identifier(tx, f'{provider}-secret')}:{identifier(tx, f'{provider}-secret')}".encode()
    secret = hashlib.sha256(seed).digest()
    kid = base64.urlsafe_b64encode(hashlib.sha256(b"kid" + secret).digest()).decode().rstrip("=")
    return _add(tx, provider, SigningKey(kid, "HS256", secret), published=0)


def rotate(tx: Tx, provider: str, new_key: Callable[[], bytes], alg: str = "RS256") -> SigningKey:
    """A new key signs from now on; the older ones stay published and keep verifying. ``new_key`` makes one that suits
    ``alg``."""
    pem = new_key()
    return _add(tx, provider, SigningKey(thumbprint(pem, alg), alg, pem), published=1)


def withdraw(tx: Tx, provider: str, kid: str) -> bool:
    """Takes a key out of the set: what it signed verifies no more. Says whether there was one."""
    return tx.update(_keys, {"published": -1}, provider=provider, kid=kid) > 0


def find(tx: Tx, provider: str, kid: str) -> SigningKey | None:
    """The key of that name, unless it was withdrawn."""
    row = tx.get(_keys, provider=provider, kid=kid)
    return SigningKey(row.kid, row.alg, bytes(row.secret)) if row is not None and row.published >= 0 else None


def jwks(tx: Tx, provider: str, *, everywhere: bool = False) -> dict[str, Any]:
    """The JWK set (RFC 7517 §5), newest key first.

    ``everywhere`` adds the keys of the other worlds: an address without a world serves whoever a client_id or a token
    leads elsewhere, and publishes one set for all of them.
    """
    rows = sorted(tx.find(_keys, provider=provider, published=1), key=lambda row: -row.seq)
    more = routed_elsewhere(tx, ROUTE, _keys, "kid", provider=provider, published=1) if everywhere else ()
    found = [*rows, *more]
    return {"keys": [public_jwk(SigningKey(row.kid, row.alg, bytes(row.secret))) for row in found]}


def _newest(tx: Tx, provider: str, alg: str) -> SigningKey | None:
    rows = [row for row in tx.find(_keys, provider=provider, alg=alg) if row.published >= 0]
    row = max(rows, key=lambda row: row.seq, default=None)
    return SigningKey(row.kid, row.alg, bytes(row.secret)) if row is not None else None


def _add(tx: Tx, provider: str, key: SigningKey, *, published: int) -> SigningKey:
    claim(tx, ROUTE, key.kid)
    seq = tx.counter(f"oidc-keys:{provider}")
    tx.insert(_keys, provider=provider, kid=key.kid, seq=seq, alg=key.alg, secret=key.secret, published=published)
    return key
