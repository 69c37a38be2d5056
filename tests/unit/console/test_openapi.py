"""The OpenAPI document is complete, and valid in its structure (OpenAPI 3.1)."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator

from simulators.console.app import ROUTES
from simulators.console.openapi import document

DOCUMENT = document(ROUTES)
OPERATIONS = {
    (path, method): operation for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
}
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
KEYS = {"summary", "operationId", "parameters", "responses", "requestBody", "security"}


def schemas(value: Any) -> list[Any]:
    """Every schema anywhere below."""
    if isinstance(value, list):
        return [found for item in value for found in schemas(item)]
    if not isinstance(value, dict):
        return []
    here = [value["schema"]] if "schema" in value else []
    return here + [found for item in value.values() for found in schemas(item)]


def test_every_route_is_described_once() -> None:
    described = {(method.upper(), re.sub(r"[{}]", "", path)) for path, method in OPERATIONS}
    assert described == {(r.method, re.sub(r"<(?:int:)?(\w+)>", r"\1", r.path)) for r in ROUTES}
    identifiers = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_the_root_is_that_of_openapi() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert {"title", "version"} <= set(DOCUMENT["info"])
    assert set(DOCUMENT) <= {"openapi", "info", "servers", "security", "paths", "components"}
    assert {"name", "identifier"} == set(DOCUMENT["info"]["license"])
    for requirement in DOCUMENT["security"]:
        assert set(requirement) <= set(DOCUMENT["components"]["securitySchemes"])


def test_every_operation_has_its_parts() -> None:
    for (path, method), operation in OPERATIONS.items():
        assert path.startswith("/")
        assert method in METHODS
        assert set(operation) <= KEYS
        assert operation["summary"]
        named = set(re.findall(r"{(\w+)}", path))
        in_path = [p for p in operation["parameters"] if p["in"] == "path"]
        assert {p["name"] for p in in_path} == named
        assert all(p["required"] is True for p in in_path)
        assert len({(p["in"], p["name"]) for p in operation["parameters"]}) == len(operation["parameters"])
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[1-5](\d\d|XX)", status)
            assert answer["description"]
            assert set(answer) <= {"description", "content", "headers"}


def test_every_schema_is_a_schema() -> None:
    found = schemas(DOCUMENT)
    assert found
    for schema in found:
        Draft202012Validator.check_schema(schema)


def test_required_fields_exist() -> None:
    for operation in OPERATIONS.values():
        body = operation.get("requestBody")
        if body:
            schema = body["content"]["application/json"]["schema"]
            assert set(schema["required"]) <= set(schema["properties"])
            assert body["required"] is bool(schema["required"])


def test_only_health_wants_no_token() -> None:
    assert [path for (path, _), operation in OPERATIONS.items() if operation.get("security") == []] == ["/health"]
