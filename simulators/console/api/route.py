"""A route as a value: registered in Flask and described in OpenAPI from the same object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """``path`` uses Flask's ``<name>``; ``body`` and ``query`` map a field to its JSON schema;
    ``handler(sandbox, request_values, **path_values)`` returns a JSON value, or a Flask response."""

    method: str
    path: str
    summary: str
    handler: Handler
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    status: int = 200
    raw: str = ""


class Values:
    """The JSON body and the query of one request, read with plain messages."""

    def __init__(self, body: Mapping[str, Any], query: Mapping[str, str]) -> None:
        self._body, self._query = body, query

    def check(self, route: Route) -> None:
        """Refuses unknown and missing fields: a misspelt one must not be silently ignored."""
        for name in self._body:
            if name not in route.body:
                raise Problem(400, f"unknown field {name!r}: expected {', '.join(route.body) or 'no field'}")
        for name in route.required:
            if self._body.get(name) in (None, ""):
                raise Problem(400, f"field {name!r} is required")

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self._body.get(name, self._query.get(name, default))
        if value is not None and not isinstance(value, str):
            raise Problem(400, f"{name}: expected a string, found {value!r}")
        return value

    def number(self, name: str, default: int, *, low: int = 0, high: int = 1_000_000_000) -> int:
        value = self._body.get(name, self._query.get(name, default))
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise Problem(400, f"{name}: expected a whole number, found {value!r}") from None
        if not low <= number <= high:
            raise Problem(400, f"{name}: expected {low} to {high}, found {number}")
        return number

    def seconds(self, name: str, default: float, *, high: float) -> float:
        value = self._body.get(name, self._query.get(name, default))
        try:
            return min(max(float(value), 0.0), high)
        except (TypeError, ValueError):
            raise Problem(400, f"{name}: expected seconds, found {value!r}") from None

    def flag(self, name: str) -> bool:
        return self._body.get(name, False) is True or self._query.get(name) in {"1", "true"}

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._body.get(name, {})
        if not isinstance(value, dict):
            raise Problem(400, f"{name}: expected an object")
        return value


SandboxHandler = Callable[["Sandbox", Values], Any]
