"""CIBA steps on a :class:`~tests.support.psc_room.Room`."""

from __future__ import annotations

from typing import Any

from simulators.core.rules import Policy
from simulators.pro_sante_connect import ciba_store, device
from simulators.pro_sante_connect.ciba_store import CibaRequest
from simulators.pro_sante_connect.names import CIBA_GRANT
from tests.support.psc_room import PERSON, Ask, Room, Seen, form


def backchannel(client_id: str = "produit", *, world: str | None = None, **given: str) -> Ask:
    """A good backchannel request; an empty value takes a parameter away."""
    asked = {
        "client_id": client_id,
        "client_secret": "s3cret",
        "scope": "openid scope_all",
        "login_hint": PERSON,
        "binding_message": "42",
        "acr_values": "eidas1",
        "channel": "MOBILE",
        **given,
    }
    return form("ext/ciba/auth", world, **{k: v for k, v in asked.items() if v})


def poll(auth_req_id: str, client_id: str = "produit", *, world: str | None = None, **given: str) -> Ask:
    asked = {"client_id": client_id, "client_secret": "s3cret", "auth_req_id": auth_req_id, **given}
    return form("token", world, grant_type=CIBA_GRANT, **asked)


def asked(room: Room, client_id: str = "produit", **given: Any) -> str:
    """The auth_req_id of a good request."""
    seen = room.send(backchannel(client_id, **given))
    assert seen.answer.status == 200, seen.answer.body
    return str(seen.json["auth_req_id"])


def answer(room: Room, auth_req_id: str, given: str, world: str = "main") -> CibaRequest:
    """What the person does on the device."""
    with room.store.write(world) as tx:
        found = ciba_store.named(tx, auth_req_id)
        assert found is not None
        return device.answer(tx, found, given)


def kept(room: Room, auth_req_id: str, world: str = "main") -> CibaRequest:
    with room.store.read(world) as tx:
        found = ciba_store.named(tx, auth_req_id)
    assert found is not None
    return found


def said(seen: Seen) -> tuple[int, str, str]:
    """Status, error and description."""
    return seen.answer.status, seen.json.get("error", ""), seen.json.get("error_description", "")


def settled(room: Room, **settings: str) -> str:
    """A world with these settings and a client ``autre`` of its own."""
    world = room.world(Policy(settings={name.replace("_", "-"): value for name, value in settings.items()}))
    room.client(world, client_id="autre")
    return world
