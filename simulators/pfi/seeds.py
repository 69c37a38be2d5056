"""What a new world has of its PFI, and what is told of it."""

from __future__ import annotations

from typing import Any

from simulators.core.hl7 import claim_facility
from simulators.core.store.api import Tx
from simulators.core.world import World, load
from simulators.pfi import boxes
from simulators.pfi.names import APPLICATION
from simulators.pfi.settings import ERROR_FORM


def seed(tx: Tx, world: World) -> None:
    """MSH-6 that names the world leads to it."""
    claim_facility(tx, world)


def described(tx: Tx) -> list[dict[str, Any]]:
    """How it names itself on the wire, and its mailboxes: the setting that a proof has to show (MSS/UX.12)."""
    policy, here = load(tx).policy, boxes.hospital(tx)
    return [
        {
            "application": APPLICATION,
            "facility": here.finess.value if here is not None and here.finess is not None else tx.world,
            "mailbox": boxes.mailbox(tx, policy),
            "error_mailbox": boxes.error_mailbox(tx, policy),
            "error_form": ERROR_FORM.text(policy),
        }
    ]
