"""The OpenAPI document, generated from the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import simulators
from simulators.console.api.route import Route

PROBLEM = {"description": "A problem", "content": {"application/problem+json": {"schema": {"type": "object"}}}}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """OpenAPI 3.1 for the control API under ``/_sandbox``."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Segur sandbox control API",
            "version": simulators.__version__,
            "description": "Unofficial simulation. Every answer is a rehearsal, never evidence.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/_sandbox"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(route: Route) -> dict[str, Any]:
    names = re.findall(r"<(int:)?(\w+)>", route.path)
    parameters: list[dict[str, Any]] = [
        {"name": n, "in": "path", "required": True, "schema": {"type": "integer" if kind else "string"}}
        for kind, n in names
    ]
    parameters += [{"name": n, "in": "query", "schema": schema} for n, schema in route.query.items()]
    kind = route.raw or "application/json"
    answers = {str(route.status): {"description": route.summary, "content": {kind: {"schema": {}}}}, "4XX": PROBLEM}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__name__,
        "parameters": parameters,
        "responses": answers,
    }
    if route.open:
        operation["security"] = []
    if route.body:
        schema = {"type": "object", "properties": dict(route.body), "required": list(route.required)}
        content = {"application/json": {"schema": {**schema, "additionalProperties": False}}}
        operation["requestBody"] = {"required": bool(route.required), "content": content}
    return operation
