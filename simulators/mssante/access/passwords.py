"""The password of a mailbox, for desktop programs: none unless somebody sets one (a deviation, told each time)."""

from __future__ import annotations

import hmac
from typing import Final

from sqlalchemy import Column, Text

from simulators.core.listeners.environ import TlsFacts
from simulators.core.routing import held_anywhere
from simulators.core.store.api import Store, Tx
from simulators.core.store.schema import world_table
from simulators.mssante.mailboxes import get, normal

_passwords: Final = world_table(
    "mssante_passwords", Column("address", Text), Column("password", Text, nullable=False), key=("address",)
)


def set_password(tx: Tx, address: str, password: str) -> None:
    """Switches the password on; an empty one switches it off. Raises ``NoSuchMailbox``."""
    get(tx, address)
    if password:
        tx.put(_passwords, address=normal(address), password=password)
    else:
        tx.delete(_passwords, address=normal(address))


def password_of(tx: Tx, address: str) -> str:
    """Empty when it is off."""
    row = tx.get(_passwords, address=normal(address))
    return "" if row is None else str(row.password)


def in_use(store: Store) -> bool:
    """Whether any mailbox of any world has one: whoever connects has no world yet."""
    return held_anywhere(store, _passwords)


def offered(store: Store, tls: TlsFacts | None) -> tuple[str, ...]:
    """The SASL mechanisms announced on a connection: none in clear; EXTERNAL to who showed a certificate; PLAIN and
    LOGIN only while some mailbox has a password."""
    if tls is None:
        return ()
    external = ("EXTERNAL",) if tls.client_cert_der is not None else ()
    desktop = ("PLAIN", "LOGIN") if in_use(store) else ()
    return ("XOAUTH2", "OAUTHBEARER", *external, *desktop)


def matches(kept: str, shown: str) -> bool:
    """Compares without telling how far two texts agree."""
    return hmac.compare_digest(kept.encode(), shown.encode())
