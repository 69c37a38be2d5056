"""Rows that hold a value as JSON: reading what a user wrote, with plain messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, TypeVar

Record = TypeVar("Record")
_TYPES: Mapping[str, tuple[type, str]] = {
    "str": (str, "a text"),
    "bool": (bool, "true or false"),
    "int": (int, "a whole number"),
    "tuple[str, ...]": (list, "a list of texts"),
}


def build(kind: type[Record], data: Mapping[str, Any]) -> Record:
    """A frozen dataclass from its JSON form. Raises ``ValueError``: unknown or missing field, wrong type."""
    known = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    for name in data:
        if name not in known:
            raise ValueError(f"unknown field {name!r}: expected {', '.join(known)}")
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name not in data and field.default is MISSING:
            raise ValueError(f"{field.name}: missing")
    return kind(**{name: _typed(name, known[name], value) for name, value in data.items()})


def to_json(record: Any) -> dict[str, Any]:
    """The inverse of :func:`build`."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(record).items()}


def dump(record: Any) -> str:
    """The JSON text of a row."""
    return json.dumps(to_json(record), ensure_ascii=False, separators=(",", ":"))


def _typed(name: str, wanted: str, value: Any) -> Any:
    kind, said = _TYPES[wanted]
    if kind is list:
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{name}: expected {said}")
        return tuple(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name}: expected {said}")
    return value
