"""The model as plain JSON and back, for stores and exports: ``from_json(kind, to_json(x)) == x``.

Keys are the field names of the model; values equal to the default are left out; the source element is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, TypeVar

from simulators.documents.errors import DocumentError
from simulators.documents.xds.model import Association, Author, Code, DocumentEntry, SubmissionSet

Stored = TypeVar("Stored", DocumentEntry, SubmissionSet, Association)

_CODE = frozenset({"class_code", "type_code", "format_code", "facility_code", "practice_code", "content_type"})
_CODES = frozenset({"confidentiality_codes", "event_codes"})
_SLOTS = frozenset({"extra_slots", "slots"})


def to_json(item: DocumentEntry | SubmissionSet | Association) -> dict[str, Any]:
    """Plain JSON of one registry object."""
    blank = type(item)("")
    values = {field.name: getattr(item, field.name) for field in fields(item) if field.name != "source"}
    return {name: _plain(value) for name, value in values.items() if value != getattr(blank, name)}


def from_json(kind: type[Stored], data: Mapping[str, Any]) -> Stored:
    """The object again. Raises :class:`DocumentError` for data of another shape."""
    known = {field.name for field in fields(kind)} - {"source"}
    if not data.keys() <= known:
        raise DocumentError(f"unknown fields of {kind.__name__}: {sorted(data.keys() - known)}")
    try:
        return kind(**{name: _typed(name, value) for name, value in data.items()})
    except (TypeError, KeyError, AttributeError) as error:
        raise DocumentError(f"not the JSON of a {kind.__name__}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, (Code, Author)):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: list(texts) for name, texts in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _typed(name: str, value: Any) -> Any:
    if name in _CODE:
        return Code(**value)
    if name in _CODES:
        return tuple(Code(**one) for one in value)
    if name == "authors":
        return tuple(_author(one) for one in value)
    if name in _SLOTS:
        return MappingProxyType({slot: tuple(texts) for slot, texts in value.items()})
    return tuple(value) if isinstance(value, list) else value


def _author(data: Mapping[str, Any]) -> Author:
    return Author(data["person"], *(tuple(data[name]) for name in ("institutions", "roles", "specialties")))
