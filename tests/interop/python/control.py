"""The control API of the sandbox as a product's test bench uses it: worlds, certificates, clock, exchanges."""

from __future__ import annotations

from typing import Any

import requests

from tests.interop.endpoints import Endpoints
from tests.interop.python.client import Pair
from tests.interop.python.vihf import Credential


class ControlError(Exception):
    """The control API answered something else than success."""


class Control:
    """Client of the control API named by ``endpoints.json``."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._url = endpoints.control_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {endpoints.control_token}"
        if self._url.startswith("https:"):
            self._session.verify = str(endpoints.roots)

    def create_world(self, name: str) -> Any:
        """POST /worlds: a new world."""
        return self._json("POST", "/worlds", 201, {"name": name})

    def certificates(self, structure_id: str, world: str = "main") -> Pair:
        """POST /worlds/W/certificates: the two key pairs of any structure."""
        made = self._json("POST", f"/worlds/{world}/certificates", None, {"structure": structure_id})
        return Pair(_credential(made["auth_cli"]), _credential(made["sign"]))

    def advance(self, duration: str, world: str = "main") -> Any:
        """POST /worlds/W/clock: move business time forward by an ISO 8601 duration."""
        return self._json("POST", f"/worlds/{world}/clock", None, {"advance": duration})

    def exchanges(self, since: int = 0, world: str = "main") -> Any:
        """GET /worlds/W/exchanges: the journal after the cursor ``since``."""
        return self._json("GET", f"/worlds/{world}/exchanges?since={since}", 200, None)

    def adopted(self, world: str = "main") -> set[str]:
        """Identifiers the journal of ``world`` marks as adopted, whatever their kind."""
        rows = self.exchanges(0, world)["exchanges"]
        return {mark.partition(":")[2] for row in rows for mark in row["marks"].get("adopted", [])}

    def _json(self, method: str, path: str, expected: int | None, body: dict[str, str] | None) -> Any:
        answer = self._session.request(method, self._url + path, json=body, timeout=60)
        if answer.status_code != expected if expected else not answer.ok:
            raise ControlError(f"{method} {path}: HTTP {answer.status_code} {answer.text[:2000]}")
        return answer.json()


def _credential(made: dict[str, Any]) -> Credential:
    chain = made.get("chain") or ""
    return Credential(made["certificate"], made["key"], chain if isinstance(chain, str) else "\n".join(chain))
