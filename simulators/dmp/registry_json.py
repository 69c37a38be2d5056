"""Registry objects as plain JSON: what one column of the store holds.

Only what is not the default is written; ``read(kind, written(item)) == item``, the source element left aside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any, TypeVar

from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, SubmissionSet

Item = TypeVar("Item", DocumentEntry, SubmissionSet, Association)

_CODE = frozenset({"class_code", "type_code", "format_code", "facility_code", "practice_code", "content_type"})
_CODES = frozenset({"confidentiality_codes", "event_codes"})
_SLOTS = frozenset({"extra_slots", "slots"})


def written(item: DocumentEntry | SubmissionSet | Association) -> str:
    """Compact JSON text."""
    kept = {f.name: getattr(item, f.name) for f in fields(item) if f.name != "source" and not _is_default(f, item)}
    return json.dumps({name: _plain(value) for name, value in kept.items()}, ensure_ascii=False, separators=(",", ":"))


def read(kind: type[Item], text: str) -> Item:
    """The object of :func:`written`."""
    values: dict[str, Any] = json.loads(text)
    return kind(**{name: _value(name, value) for name, value in values.items()})


def _is_default(field: Any, item: object) -> bool:
    if field.default_factory is not MISSING:
        return not getattr(item, field.name)
    return field.default is not MISSING and getattr(item, field.name) == field.default


def _plain(value: Any) -> Any:
    if isinstance(value, Code):
        return [value.code, value.system, value.display]
    if isinstance(value, Author):
        return [value.person, list(value.institutions), list(value.roles), list(value.specialties)]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: list(texts) for name, texts in value.items()}
    return value


def _value(name: str, value: Any) -> Any:
    if name in _CODE:
        return Code(*value) if value is not None else None
    if name in _CODES:
        return tuple(Code(*one) for one in value)
    if name == "authors":
        return tuple(Author(person, *(tuple(texts) for texts in others)) for person, *others in value)
    if name in _SLOTS:
        return MappingProxyType({slot: tuple(texts) for slot, texts in value.items()})
    return tuple(value) if isinstance(value, list) else value
