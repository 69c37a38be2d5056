"""What a new world's hospital has: one provider, one client of its own, and two accounts that are no professionals."""

from __future__ import annotations

from simulators.core.store.api import Tx
from simulators.core.world import World, identifier
from simulators.hospital_idp import clients, providers, users
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.names import DEFAULT
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.users import ADMINS, DOMAIN, STAFF, User


def own_client(tx: Tx, world: World) -> Client:
    """The client each world is born with: its client_id leads to that world and to no other."""
    secret = identifier(tx, "idp-client-secret").hex
    return Client(f"dpi-{world.name}", "DPI de démonstration", secret)


def seed(tx: Tx, world: World) -> None:
    """Fills a new world."""
    providers.save(tx, Provider(DEFAULT, "CHU fictif, annuaire de l'établissement"))
    clients.save(tx, DEFAULT, own_client(tx, world))
    for login, family, given, groups, disabled in (
        ("admin.dpi", "ADMIN-FICTIF", "DOMINIQUE", (ADMINS,), False),
        ("ancien.agent", "ANCIEN-FICTIF", "CAMILLE", (STAFF,), True),
    ):
        users.save(tx, User(login, login, family, given, f"{login}@{DOMAIN}", "", groups, disabled))
