"""Fills the registry by SQL: 50 documents a DMP, rows copied from one that was fed. Not the product's way in."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from simulators.core.store.api import Tx
from simulators.dmp.registry_store import documents
from simulators.population.generator import FictitiousIdentifiers
from simulators.population.ins import Ins
from simulators.sandbox import Sandbox

EACH = 50
BATCH = 2_000
_people = FictitiousIdentifiers(424242)
_numbers = itertools.count(1)


def load_documents(sandbox: Sandbox, world: str, total: int) -> Ins:
    """Brings the world to about ``total`` documents; one of the persons added, who has 50."""
    with sandbox.store.read(world) as tx:
        rows = tx.rows(tx.select(documents).where(documents.c.signature == 0))
    template, missing = dict(rows[0]._mapping), max(total - len(rows), EACH)
    person = _people.ins("F", date(1960, 1, 1))
    pending: list[dict[str, Any]] = []
    for start in range(0, missing, EACH):
        owner = person if start == 0 else _people.ins("F", date(1960, 1, 1))
        pending += [_copy(template, owner, n) for n in itertools.islice(_numbers, EACH)]
        if len(pending) >= BATCH:
            _write(sandbox, world, pending)
            pending = []
    _write(sandbox, world, pending)
    return person


def _copy(template: dict[str, Any], owner: Ins, number: int) -> dict[str, Any]:
    uuid, unique_id = f"urn:uuid:00000000-0000-4000-8000-{number:012x}", f"1.2.250.1.999.9.7.{number}"
    data = template["data"].replace(template["entry_uuid"], uuid).replace(template["unique_id"], unique_id)
    data = data.replace(template["matricule"], owner.matricule)
    changed = {
        "entry_uuid": uuid,
        "logical_id": uuid,
        "unique_id": unique_id,
        "matricule": owner.matricule,
        "seq": template["seq"] + 1_000_000 + number,
        "data": data,
    }
    return {**template, **changed}


def _write(sandbox: Sandbox, world: str, rows: list[dict[str, Any]]) -> None:
    tx: Tx
    if rows:
        with sandbox.store.write(world) as tx:
            tx.insert_many(documents, rows)
