"""Where a scenario plays, and what each of its steps gave."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simulators.clients.control import Control, world_path
from simulators.clients.dmp.access import dmp_client
from simulators.clients.dmp.client import DmpClient
from simulators.core.errors import SandboxError


class CannotPlay(SandboxError):
    """The scenario names something that its world or an earlier step does not have."""


@dataclass
class Outcome:
    """What a step gave: ``values`` is what ``expect`` looks at; ``number`` its journal row, if any."""

    values: dict[str, Any]
    verdict: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None
    near: tuple[Mapping[str, Any], ...] = ()
    nothing_came: bool = False


@dataclass
class Saved:
    """A document that a step fed, under the name it was saved as."""

    unique_id: str
    content: bytes


@dataclass
class Stage:
    """Where a scenario plays: one world of one running sandbox. ``own`` numbers the rows it made itself."""

    control: Control
    world: dict[str, Any]
    actors: Mapping[str, Mapping[str, str]]
    ids: Callable[[], uuid.UUID]
    now: Callable[[], datetime]
    cursor: int = 0
    own: set[int] = field(default_factory=set)
    saved: dict[str, Saved] = field(default_factory=dict)
    clients: dict[str, DmpClient] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return world_path(self.world["name"])

    def client(self, actor: str) -> DmpClient:
        """The actor's client, one connection each. Raises :class:`CannotPlay`."""
        if actor not in self.actors:
            raise CannotPlay(f"there is no actor {actor!r}")
        if actor not in self.clients:
            part = self.actors[actor]
            roots = Path(self.control.document["trust"]["roots"])
            self.clients[actor] = dmp_client(
                self.world, roots, part["structure"], part["professional"], ids=self.ids, now=self.now
            )
        return self.clients[actor]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
