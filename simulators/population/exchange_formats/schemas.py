"""The JSON schema of one member, out of the schema of the whole population, and its findings in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

from simulators.core.shipped import shipped
from simulators.population.exchange_formats import remarks
from simulators.population.exchange_formats.family import Family
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.json_form import Json

_MOST: Final = 20


@cache
def member_schema(name: str) -> Mapping[str, Any]:
    """The schema of ``patient``, ``professional`` or ``structure``."""
    whole = json.loads(shipped("seed_data", "population", "schema.json").read_bytes())
    inlined: dict[str, Any] = _inlined(whole["$defs"][name], whole["$defs"])
    return inlined


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The same schema without references and with ``null`` as a type: following them costs most of a validation."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    made = {name: _inlined(part, definitions) for name, part in schema.items()}
    match made.get("anyOf"):
        case [{"type": str(kind), **more}, {"type": "null"}] if len(made) == 1:
            return {"type": [kind, "null"], **more}
    return made


class Shape:
    """The shape of one family's members, its validator made once."""

    def __init__(self, family: Family) -> None:
        # Only an import needs it, and it takes longer to load than the rest of this room.
        from jsonschema import Draft202012Validator

        checker = Draft202012Validator.FORMAT_CHECKER
        self._validator = Draft202012Validator(family.schema(), format_checker=checker)

    def check(self, member: Json, notes: Notes) -> None:
        """One remark for each place of the member that has not the form expected, at most twenty."""
        for error in islice(self._validator.iter_errors(member), _MOST):
            path = [str(part) for part in error.absolute_path]
            if error.validator == "required":
                for name in error.validator_value:
                    if name not in error.instance:
                        notes.add(remarks.REQUIRED, "/".join([*path, name]), expected=name)
            else:
                notes.add(remarks.VALUE, "/".join(path), found=error.instance, expected=_expected(error))


def _expected(error: Any) -> str:
    value = error.validator_value
    match error.validator:
        case "enum":
            return ", ".join(map(str, value))
        case "maxLength":
            return f"1-{value} characters / caractères"
        case "minLength" | "minItems":
            return "not empty / non vide"
        case "pattern" if "u0000" in str(value):
            return "no control character / pas de caractère de contrôle"
        case "additionalProperties":
            return "known names only / noms connus seulement: " + ", ".join(error.schema.get("properties", ()))
        case "type":
            return str(value)
    return str(error.message)
