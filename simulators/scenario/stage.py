"""Where a scenario plays, and what each of its steps gave."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulators.clients.control import Control, world_path
from simulators.clients.dmp.access import dmp_client
from simulators.clients.dmp.client import DmpClient
from simulators.core.errors import SandboxError

PAGE = 500
NOTHING = "nothing"
"""The outcome of a wait that was in vain."""


class CannotPlay(SandboxError):
    """The scenario names something that its world or an earlier step does not have."""


@dataclass
class Outcome:
    """What a step gave: ``values`` is what ``expect`` looks at; ``number`` its journal row, if any; ``again`` looks at
    the same thing once more, where that means anything; ``skipped`` says why a step was not played; ``text`` is for
    whoever reads the report."""

    values: dict[str, Any]
    verdict: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None
    near: tuple[Mapping[str, Any], ...] = ()
    nothing_came: bool = False
    again: Callable[[], dict[str, Any]] | None = None
    skipped: str = ""
    text: str = ""


@dataclass
class Saved:
    """A document under the name an earlier step saved it as: its identifier on the wire, its bytes when they are ours,
    its number in the DPI when it is there."""

    unique_id: str
    content: bytes = b""
    number: int = 0


@dataclass
class Stage:
    """Where a scenario plays: one world of one running sandbox. ``own`` numbers the rows it made itself; ``start`` is
    the last row before it, ``since`` the last before the present step; ``say`` and ``tell`` speak to whoever sits
    there: what is to be done, and what came meanwhile."""

    control: Control
    world: dict[str, Any]
    actors: Mapping[str, Mapping[str, str]]
    ids: Callable[[], uuid.UUID]
    now: Callable[[], datetime]
    cursor: int = 0
    own: set[int] = field(default_factory=set)
    saved: dict[str, Saved] = field(default_factory=dict)
    clients: dict[str, DmpClient] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    start: int = 0
    since: int = 0
    number: int = 0
    kept: dict[str, dict[str, Saved]] = field(default_factory=dict)
    tell: Callable[[str], None] | None = None
    pause: Callable[[str], None] | None = None
    lang: str = "fr"

    @property
    def path(self) -> str:
        return world_path(self.world["name"])

    def played_by_product(self, role: str) -> bool:
        return self.roles.get(role) == "sut"

    def client(self, actor: str) -> DmpClient:
        """The actor's client, one connection each. Raises :class:`CannotPlay`."""
        if actor not in self.actors:
            raise CannotPlay(f"there is no actor {actor!r}")
        if actor not in self.clients:
            part = self.actors[actor]
            roots = self.control.document["trust"]["pem"].encode()  # the sandbox may be on another machine
            self.clients[actor] = dmp_client(
                self.world, roots, part["structure"], part["professional"], ids=self.ids, now=self.now
            )
        return self.clients[actor]

    def document(self, name: str) -> Saved:
        """What an earlier step saved. Raises :class:`CannotPlay`."""
        if name not in self.saved:
            raise CannotPlay(f"no earlier step saved a document as {name!r}")
        return self.saved[name]

    def rows(self, since: int) -> Iterator[Mapping[str, Any]]:
        """The exchanges of the world after a number."""
        while True:
            page = self.control.call("GET", f"{self.path}/exchanges?since={since}&limit={PAGE}")
            yield from page["exchanges"]
            if len(page["exchanges"]) < PAGE:
                return
            since = page["cursor"]

    def newest(self) -> int:
        """The number of the newest exchange."""
        found: int = self.control.call("GET", f"{self.path}/exchanges?last=1")["cursor"]
        return found

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
