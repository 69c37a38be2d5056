"""The documents this PFI has taken charge of, as chains of versions: what a replacement or deletion is held against.

A document is known from the request that was accepted with it, whatever became of its orders (facts pfi §12). Deleted
documents stay, so that deleting twice can be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Row, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.core.store.text import index_key

_documents: Final = world_table(
    "pfi_documents",
    Column("document", Text),
    Column("replaces", Text, nullable=False),
    Column("successor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("matricule", Text, nullable=False),
    Column("request", BigInteger, nullable=False),
    key=("document",),
)
CURRENT, REPLACED, DELETED = "current", "replaced", "deleted"
LONGEST_CHAIN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Held:
    """One version. ``document`` is the CDA id (``root`` or ``root^extension``), ``owner`` the PRT-8.10 of its sender
    and ``author`` its PRT-5.1; ``successor`` is empty for the latest version; ``request`` the one that brought it."""

    document: str
    replaces: str
    successor: str
    state: str
    owner: str
    author: str
    matricule: str
    request: int


def held(tx: Tx, document: str) -> Held | None:
    """The version with this CDA id, None when no accepted request brought it."""
    row = tx.get(_documents, document=index_key(document))
    return None if row is None else _read(row)


def latest(tx: Tx, document: str) -> Held | None:
    """The last version of the chain this document belongs to, deleted or not."""
    found = held(tx, document)
    for _ in range(LONGEST_CHAIN):
        after = held(tx, found.successor) if found is not None and found.successor else None
        if after is None:
            return found
        found = after
    return found


def keep(tx: Tx, new: Held) -> None:
    """A first version, or one that replaces ``new.replaces``; the same document again keeps its place."""
    before = held(tx, new.document)
    values: dict[str, Any] = {
        "replaces": index_key(new.replaces),
        "successor": before.successor if before else "",
        "state": REPLACED if before and before.successor else CURRENT,
        "owner": new.owner,
        "author": new.author,
        "matricule": new.matricule,
        "request": new.request,
    }
    if before is None:
        tx.insert(_documents, document=index_key(new.document), **values)
    else:
        tx.update(_documents, values, document=index_key(new.document))
    if new.replaces and new.replaces != new.document:
        succeeded = {"successor": index_key(new.document), "state": REPLACED}
        tx.update(_documents, succeeded, document=index_key(new.replaces))


def delete(tx: Tx, document: str) -> None:
    """Marks a version as deleted; one never held stays unknown."""
    tx.update(_documents, {"state": DELETED}, document=index_key(document))


def every(tx: Tx) -> list[Held]:
    """Every version, by CDA id."""
    return [_read(row) for row in tx.find(_documents)]


def _read(row: Row[Any]) -> Held:
    at = (row.document, row.replaces, row.successor, row.state)
    return Held(*at, row.owner, row.author, row.matricule, row.request)
