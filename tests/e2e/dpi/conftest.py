"""A world whose hospital record speaks to a scripted PFI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from simulators.clients.control import Control
from simulators.core.rules import Policy
from simulators.sandbox import Sandbox
from tests.support.scripted_pfi import ScriptedPfi, send


@dataclass
class Ward:
    """A world, its control API, and the PFI at the other end."""

    sandbox: Sandbox
    control: Control
    world: str
    pfi: ScriptedPfi

    def call(self, method: str, path: str, **body: Any) -> Any:
        """The control API of the record."""
        return self.control.call(method, f"/worlds/{self.world}/dpi{path}", body if method == "POST" else None)

    def write(self, **more: Any) -> int:
        """A document of the adult patient, validated unless told otherwise; its number."""
        body = {"patient": "adult", "kind": "discharge-letter", "validate": True, **more}
        made: int = self.call("POST", "/documents", **body)["id"]
        return made

    def settle(self, period: str = "PT0S") -> None:
        """Business time goes on, and everything due is done."""
        self.control.call("POST", f"/worlds/{self.world}/clock", {"advance": period})

    def document(self, number: int) -> Any:
        return self.call("GET", f"/documents/{number}")

    def tell(self, message: bytes) -> str:
        """A message to the record, of this world: MSH-6 names it. The acknowledgement."""
        lines = message.decode().split("\r")
        head = lines[0].split("|")
        head[5] = self.world
        lines[0] = "|".join(head)
        return send(self.sandbox.local_url("dpi_mllp"), "\r".join(lines).encode()).decode()


@pytest.fixture
def ward(sandbox: Sandbox, control: Control, world: str) -> Iterator[Ward]:
    with ScriptedPfi() as pfi:
        sandbox.worlds.set_policy(world, Policy(settings={"dpi.pfi": pfi.url, "dpi.pfi-seconds": "5"}))
        yield Ward(sandbox, control, world, pfi)


@pytest.fixture
def setting(ward: Ward) -> Callable[..., None]:
    """Changes settings of the record, by their name without prefix."""

    def change(**values: str) -> None:
        kept = dict(ward.sandbox.worlds.get(ward.world).policy.settings)
        named = {f"dpi.{name.replace('_', '-')}": value for name, value in values.items()}
        ward.sandbox.worlds.set_policy(ward.world, Policy(settings={**kept, **named}))

    return change
