"""What a new world's Pro Santé Connect holds: a client of its own, so that a test can begin at once."""

from __future__ import annotations

from simulators.core.store.api import Tx
from simulators.core.world import MAIN, World, identifier
from simulators.pro_sante_connect import clients
from simulators.pro_sante_connect.clients import Client


def own_client_id(world: str) -> str:
    """The client_id every world is born with."""
    return "segur-sandbox" if world == MAIN else f"segur-sandbox-{world}"


def seed(tx: Tx, world: World) -> None:
    secret = identifier(tx, "psc-client-secret").hex
    clients.save(tx, Client(own_client_id(world.name), name="Produit en essai / Product under test", secret=secret))
