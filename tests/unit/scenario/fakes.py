"""A control API that answers from memory, so that a scenario plays without a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from simulators.clients.control import Control, Refusal


def row(
    number: int, operation: str = "dmp.TD2.1", outcome: str = "accepted", *rules: str, **more: Any
) -> dict[str, Any]:
    """A journal row as the control API shows it."""
    findings = [finding(rule) for rule in rules]
    return {
        "number": number,
        "operation": operation,
        "outcome": outcome,
        "verdict": {"outcome": outcome, "forced": False, "findings": findings},
        "keys": [],
        **more,
    }


def finding(rule: str, level: str = "refuse", **more: Any) -> dict[str, Any]:
    """A finding as the control API shows it."""
    return {
        "rule": rule,
        "level": level,
        "where": "/a",
        "found": "f",
        "expected": "e",
        "national": None,
        "sentence": {"fr": "phrase", "en": "sentence"},
        "mend": {"fr": "réparez", "en": "mend"},
        "source": "s",
        "grade": "sourced",
        "facts": {},
        **more,
    }


@dataclass
class FakeControl(Control):
    """``rows`` is the journal; ``waits`` are the answers of the long poll, in order; ``calls`` what was asked."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    worlds: list[str] = field(default_factory=lambda: ["main"])
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    raws: dict[int, bytes] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    on: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        path = unquote(path)
        self.calls.append((method, path, body))
        for end, answer in self.on.items():
            if path.endswith(end):
                return answer(body)
        if path == "/worlds":
            return {"worlds": self.worlds}
        if path.endswith("/exchanges/wait"):
            return self.waits.pop(0)
        if "last=1" in path:
            return {"exchanges": self.rows[-1:], "cursor": self.rows[-1]["number"] if self.rows else 0}
        if "key=" in path:
            key = path.partition("key=")[2]
            return {"exchanges": [found for found in self.rows if key in found["keys"]]}
        if path.endswith("/clock"):
            return {"fired": [1, 2]}
        if method == "DELETE":
            return {"removed": 3}
        if path.endswith(("/faults", "/refusals")):
            return {"id": "F1"}
        if path.startswith("/worlds/"):
            return {"name": path.split("/")[2].partition("?")[0], "epoch": 1, "patients": [], "structures": []}
        raise Refusal(f"{method} {path}", 404)

    def raw(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        return self.raws.get(int(path.split("/")[-2]), b"")


def waited(exchange: dict[str, Any] | None = None, *, cursor: int = 0, seen: int = 0, near: Any = ()) -> dict[str, Any]:
    """One answer of the long poll."""
    return {"exchange": exchange, "cursor": cursor, "seen": seen, "near": list(near)}


def near(number: int, operation: str = "dmp.TD0.2") -> dict[str, Any]:
    """A near miss as the control API shows it."""
    return {"number": number, "operation": operation, "misses": {"operation": {"expected": "x", "found": operation}}}
