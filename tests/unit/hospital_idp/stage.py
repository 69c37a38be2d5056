"""A world, its client, and a person's browser: where a case of a mending test plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from simulators.core.rules import Policy
from simulators.hospital_idp import clients, users
from simulators.hospital_idp.clients import Client
from tests.unit.hospital_idp.room import BACK, OUT, Browser, Request, Room, Told


class Stage:
    """``provider`` and ``client`` are values that differ from the usual ones. ES256 keys are quick to make."""

    def __init__(
        self,
        room: Room,
        policy: Policy | None = None,
        provider: Mapping[str, Any] | None = None,
        client: Mapping[str, Any] | None = None,
    ) -> None:
        self.room = room
        self.world = room.world(policy)
        room.provide(self.world, **{"algorithm": "ES256", **(provider or {})})
        self.client: Client = room.declare(self.world, replace(room.client(self.world), **(client or {})))
        self.browser = Browser(room, self.world)

    @cached_property
    def other(self) -> Client:
        """Another client of the same provider."""
        return self.room.declare(self.world, Client("autre", "", "secret2", redirect_uris=(BACK,)))

    @cached_property
    def tokens(self) -> dict[str, Any]:
        return self.browser.tokens(self.client)

    @cached_property
    def page(self) -> Told:
        """The sign-in page, shown once."""
        return self.browser.send(self.browser.asking(self.client))

    def send(self, request: Request) -> Told:
        return self.browser.send(request)

    def disable(self, hint: str) -> None:
        with self.room.store.write(self.world.name) as tx:
            user = users.named(tx, hint)
            assert user is not None
            users.save(tx, replace(user, disabled=True))

    def forget_addresses(self) -> None:
        with self.room.store.write(self.world.name) as tx:
            clients.save(tx, "chu", replace(self.client, redirect_uris=(), post_logout_redirect_uris=()))

    # --- requests that are right

    def authorization(self) -> Request:
        return self.browser.asking(self.client)

    def code_exchange(self) -> Request:
        return self.browser.exchanging(self.client, self.browser.code(self.client))

    def refresh(self) -> Request:
        return self.browser.refreshing(self.client, self.browser.tokens(self.client)["refresh_token"])

    def userinfo(self) -> Request:
        return self.browser.userinfo(self.tokens["access_token"])

    def choice(self) -> Request:
        return self.browser.choosing(self.page, user=self.nurse)

    def creation(self) -> Request:
        new = {"new_login": "nouveau.compte", "new_family": "NOUVEAU", "new_given": "ALIX", "new_groups": "medecins"}
        return self.browser.choosing(self.page, choice="create", **new)

    def logout(self) -> Request:
        query = [("id_token_hint", self.tokens["id_token"]), ("post_logout_redirect_uri", OUT), ("state", "s")]
        return self.browser.request("/logout", query=[*query, ("client_id", self.client.client_id)])

    def introspection(self) -> Request:
        return self.browser.post("/introspect", self.client, {"token": self.tokens["access_token"]})

    @property
    def nurse(self) -> str:
        return "899700000088"
