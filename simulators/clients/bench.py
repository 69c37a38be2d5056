"""The world of one test, as its test bench sees it. Imports nothing heavy; usable without pytest too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from simulators.clients.control import Control, world_path
from simulators.clients.variables import addresses, base_url

SLICE_S = 30.0


class NothingCame(AssertionError):
    """No exchange matched in time; the message explains the nearest ones. ``near`` are they, as JSON."""

    def __init__(self, message: str, near: list[dict[str, Any]]) -> None:
        self.near = near
        super().__init__(message)


class Bench:
    """One world of a running sandbox. ``description`` is what ``POST /worlds`` answered, with certificates."""

    def __init__(self, control: Control, description: dict[str, Any]) -> None:
        self.control = control
        self.description = description
        self.world: str = description["name"]
        self._path = world_path(self.world)
        self._cursor = 0

    @property
    def services(self) -> Mapping[str, Mapping[str, str]]:
        """Per simulator its addresses in this world, by name."""
        return addresses(self.control.document, self.description)

    def url(self, service: str, name: str = "") -> str:
        """One address of a service, else its scheme, host, port and world prefix. Raises ``KeyError``."""
        urls = _named(self.services, service, "service")
        return str(_named(urls, name, "address")) if name else base_url(urls, self.world)

    @property
    def roots(self) -> Path:
        """The PEM file of the root certificates to trust."""
        return Path(self.control.document["trust"]["roots"])

    @property
    def roots_pem(self) -> str:
        """The same as text, for a product that shares no folder with the sandbox."""
        return str(self.control.document["trust"]["pem"])

    def structure(self, name: str) -> Mapping[str, Any]:
        """A structure by reference name or identifier. ``["certificates"]["auth_cli"|"sign"]`` holds the paths of
        ``certificate``, ``key`` and ``chain``, and ``["certificates"]["pem"]`` their texts. Raises ``KeyError``."""
        found = self._member("structures", name)
        if "auth_cli" not in found.get("certificates", {"auth_cli": None}):
            self._describe()  # the files are written when they are asked for
        return self._member("structures", name)

    def patient(self, name: str) -> Mapping[str, Any]:
        """A patient by reference name (``adult``) or matricule. Raises ``KeyError``."""
        return self._member("patients", name)

    def professional(self, name: str) -> Mapping[str, Any]:
        """A professional by reference name or PS_IdNat. Raises ``KeyError``."""
        return self._member("professionals", name)

    def import_population(self, population: Mapping[str, Any] | Path) -> Mapping[str, Any]:
        """Adds patients, professionals and structures (``seed_data/population/schema.json``), all or nothing; how
        many of each. Raises ``Refusal``."""
        given = json.loads(population.read_text("utf-8")) if isinstance(population, Path) else dict(population)
        counts: Mapping[str, Any] = self.control.call("PUT", f"{self._path}/population", given)
        self._describe()
        return counts

    def advance(self, period: str) -> list[Mapping[str, Any]]:
        """Moves business time by an ISO 8601 period (``P6M``); what fired. Wire time and tokens stay."""
        fired: list[Mapping[str, Any]] = self.control.call("POST", f"{self._path}/clock", {"advance": period})["fired"]
        return fired

    def freeze(self, at: datetime | None) -> None:
        """Freezes the world's wire time at an aware instant; ``None`` thaws it."""
        body = {"unfreeze": True} if at is None else {"freeze": at.isoformat()}
        self.control.call("POST", f"{self._path}/clock", body)

    def fault(self, name: str, on: str, *, params: Mapping[str, Any] | None = None, **match: Any) -> str:
        """A fault on an operation (``dmp.TD2.1``), narrowed by ``structure``, ``patient``, ``nth``...; its id."""
        body = {"name": name, "match": {"on": on, **match}, "params": dict(params or {})}
        return str(self.control.call("POST", f"{self._path}/faults", body)["id"])

    def refuse(self, rule: str, on: str, **match: Any) -> str:
        """Forces the refusal of a rule on an operation; its id."""
        body = {"rule": rule, "match": {"on": on, **match}}
        return str(self.control.call("POST", f"{self._path}/refusals", body)["id"])

    def clear(self) -> None:
        """Takes every fault and every forced refusal away."""
        for family in ("faults", "refusals"):
            self.control.call("DELETE", f"{self._path}/{family}")

    def journal(self, since: int = 0) -> list[Mapping[str, Any]]:
        """The exchanges of this world, in order; at most 1000 after number ``since``."""
        path = f"{self._path}/exchanges?since={since}&limit=1000"
        found: list[Mapping[str, Any]] = self.control.call("GET", path)["exchanges"]
        return found

    def wait(self, expect: Mapping[str, Any] | None = None, timeout: float = 30.0, **more: Any) -> Mapping[str, Any]:
        """The next exchange that matches, after the one that the last call gave.

        ``expect`` maps dotted paths of an exchange (``operation``, ``outcome``, ``rule``, ``who.structure``) to values;
        keywords are paths without a dot. ``timeout`` in seconds. Raises :class:`NothingCame`.
        """
        wanted = {**(expect or {}), **more}
        near: list[dict[str, Any]] = []
        since, left = self._cursor, timeout
        while True:
            body = {"since": since, "timeout": min(left, SLICE_S), "expect": wanted}
            waited = self.control.call("POST", f"{self._path}/exchanges/wait", body)
            if waited["exchange"] is not None:
                self._cursor = waited["cursor"]
                found: Mapping[str, Any] = waited["exchange"]
                return found
            since, left, near = waited["cursor"], left - SLICE_S, [*near, *waited["near"]]
            if left <= 0:
                raise NothingCame(_explained(wanted, timeout, near), near)

    def drop(self) -> None:
        """Deletes the world and its journal."""
        self.control.call("DELETE", self._path)

    def _describe(self) -> None:
        self.description = self.control.call("GET", f"{self._path}?certificates=true")

    def _member(self, family: str, name: str) -> Mapping[str, Any]:
        members = self.description[family]
        by_name = {member["id"]: member for member in members} | {member["slug"]: member for member in members}
        found: Mapping[str, Any] = _named(by_name, name, family)
        return found


def _named(values: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in values:
        raise KeyError(f"no {name!r} among {what}: {', '.join(values)}")
    return values[name]


def _explained(wanted: Mapping[str, Any], timeout: float, near: list[dict[str, Any]]) -> str:
    asked = ", ".join(f"{path}={value!r}" for path, value in wanted.items()) or "any exchange"
    lines = [
        f"nothing with {asked} within {timeout:g} s"
        + ("; what came:" if near else "; no exchange came since the last one awaited")
    ]
    for miss in near:
        lines.append(f"  exchange {miss['number']}, {miss['operation']}")
        told = miss["misses"].items()
        lines += [f"    {path}: expected {why['expected']!r}, found {why['found']!r}" for path, why in told]
    return "\n".join(lines)
