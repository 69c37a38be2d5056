"""Faults and forced refusals over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core.faults.catalogue import FAULTS
from simulators.core.rules import Example

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

PLACE = ("where", "found", "expected")
STRING = {"type": "string"}
OBJECT = {"type": "object"}


def catalogue(sandbox: Sandbox, values: Values) -> Any:
    return {"faults": [fault.as_json() for fault in FAULTS.values()]}


def list_faults(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"faults": [t.as_json() for t in sandbox.faults.list(world, "fault")]}


def add_fault(sandbox: Sandbox, values: Values, world: str) -> Any:
    name = values.text("name")
    return {"id": sandbox.faults.add_fault(world, name, values.mapping("match"), values.mapping("params"))}


def list_refusals(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"refusals": [t.as_json() for t in sandbox.faults.list(world, "refusal")]}


def add_refusal(sandbox: Sandbox, values: Values, world: str) -> Any:
    example = _example(values.mapping("example"))
    return {"id": sandbox.faults.add_refusal(world, values.text("rule"), values.mapping("match"), example)}


def _example(given: Mapping[str, Any]) -> Example | None:
    unknown = [name for name in given if name not in PLACE]
    if unknown:
        raise Problem(400, f"example: unknown field {unknown[0]!r}: expected {', '.join(PLACE)}")
    if not given:
        return None
    return Example(*(str(given.get(name, "/" if name == "where" else "")) for name in PLACE))


def remove_fault(sandbox: Sandbox, values: Values, world: str, trigger: str) -> Any:
    return _removed(sandbox, world, "fault", trigger)


def remove_refusal(sandbox: Sandbox, values: Values, world: str, trigger: str) -> Any:
    return _removed(sandbox, world, "refusal", trigger)


def _removed(sandbox: Sandbox, world: str, kind: str, trigger: str) -> Any:
    if trigger not in {t.id for t in sandbox.faults.list(world, kind)} or not sandbox.faults.remove(world, trigger):
        raise Problem(404, f"world {world} has no {kind} {trigger}")
    return {"removed": trigger}


def clear_faults(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"removed": sandbox.faults.clear(world, "fault")}


def clear_refusals(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"removed": sandbox.faults.clear(world, "refusal")}


FAULT = {"name": STRING, "match": OBJECT, "params": OBJECT}
REFUSAL = {"rule": STRING, "match": OBJECT, "example": OBJECT}

ROUTES = (
    Route("GET", "/faults", "The faults that can be asked for", catalogue),
    Route("GET", "/worlds/<world>/faults", "The faults of a world", list_faults),
    Route("POST", "/worlds/<world>/faults", "Adds a fault", add_fault, FAULT, {}, ("name",), 201),
    Route("DELETE", "/worlds/<world>/faults", "Removes every fault", clear_faults),
    Route("DELETE", "/worlds/<world>/faults/<trigger>", "Removes one fault", remove_fault),
    Route("GET", "/worlds/<world>/refusals", "The forced refusals of a world", list_refusals),
    Route("POST", "/worlds/<world>/refusals", "Forces the verdict of a rule", add_refusal, REFUSAL, {}, ("rule",), 201),
    Route("DELETE", "/worlds/<world>/refusals", "Removes every forced refusal", clear_refusals),
    Route("DELETE", "/worlds/<world>/refusals/<trigger>", "Removes one forced refusal", remove_refusal),
)
