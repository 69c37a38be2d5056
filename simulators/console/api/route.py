"""A route as a value: registered in Flask and described in OpenAPI from the same object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.console.problems import Problem
from simulators.core.store.text import storable

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """``path`` uses Flask's ``<name>``; ``body`` and ``query`` map a field to its JSON schema;
    ``handler(sandbox, request_values, **path_values)`` returns a JSON value, or a Flask response; ``raw`` is the
    media type of the latter; ``open`` routes want no token; ``largest``: octets of a body larger than usual."""

    method: str
    path: str
    summary: str
    handler: Handler
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    status: int = 200
    raw: str = ""
    open: bool = False
    largest: int = 0


TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
LARGEST_NUMBER = 1_000_000_000


class Values:
    """The JSON body and the query of one request, read with plain messages."""

    def __init__(self, body: Mapping[str, Any], query: Mapping[str, str]) -> None:
        self._body, self._query = body, query

    def check(self, route: Route) -> None:
        """Refuses unknown and missing fields, and other types: a misspelt one must not be silently ignored."""
        for given, known in ((self._body, route.body), (self._query, route.query)):
            for name in given:
                if name not in known:
                    raise Problem(400, f"unknown field {name!r}: expected {', '.join(known) or 'no field'}")
        for name, value in self._body.items():
            _check_type(name, value, route.body[name].get("type", ""))
        for name in route.required:
            if self._body.get(name) in (None, ""):
                raise Problem(400, f"field {name!r} is required")

    def text(self, name: str, default: str = "") -> str:
        value = self._given(name, default)
        text = value if isinstance(value, str) else str(value)
        if text != storable(text):
            raise Problem(400, f"{name}: a text without U+0000 and half characters is expected")
        return text

    def number(self, name: str, default: int, *, low: int = 0, high: int = LARGEST_NUMBER) -> int:
        value = self._given(name, default)
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise Problem(400, f"{name}: expected a whole number, found {value!r}") from None
        if not low <= number <= high:
            raise Problem(400, f"{name}: expected {low} to {high}, found {number}")
        return number

    def seconds(self, name: str, default: float, *, high: float) -> float:
        value = float(self._given(name, default))
        if not 0 <= value <= high:  # written so that NaN fails it too
            raise Problem(400, f"{name}: expected 0 to {high:g} seconds, found {value}")
        return value

    def flag(self, name: str) -> bool:
        value = self._given(name, False)
        if isinstance(value, str) and value not in _FLAGS:
            raise Problem(400, f"{name}: expected true or false, found {value!r}")
        return _FLAGS[value] if isinstance(value, str) else bool(value)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._given(name, None) is not None

    def _given(self, name: str, default: Any) -> Any:
        value = self._body.get(name, self._query.get(name))
        return default if value is None else value

    def items(self, name: str) -> list[Any]:
        value: list[Any] = self._given(name, [])
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = self._given(name, {})
        return value


_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def _check_type(name: str, value: Any, wanted: str) -> None:
    if value is None:
        return
    right = isinstance(value, TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
    if not right:
        raise Problem(400, f"{name}: expected {wanted}, found {str(value)[:60]!r}")
