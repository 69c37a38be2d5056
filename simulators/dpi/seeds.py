"""What a new world has of its hospital record."""

from __future__ import annotations

from simulators.core.hl7 import claim_facility
from simulators.core.store.api import Tx
from simulators.core.world import World


def seed(tx: Tx, world: World) -> None:
    """MSH-6 that names the world leads to it."""
    claim_facility(tx, world)
