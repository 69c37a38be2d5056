"""Who may speak to the control API."""

from __future__ import annotations

import pytest
from flask import Flask, request

from simulators.console.access import Access

ACCESS = Access("secret", ("localhost", "127.0.0.1", "::1", "Sandbox.Test"), ("/_sandbox/health",))
APP = Flask("test")


def status(path: str = "/_sandbox/worlds", host: str = "localhost:18000", **headers: str) -> int:
    """0 when the request is let in."""
    with APP.test_request_context(path, headers={"Host": host, **headers}):
        problem = ACCESS.problem(request)
    return 0 if problem is None else problem[0]


TOKEN = {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("Bearer secret", 0),
        ("bearer secret", 0),
        ("Bearer  secret ", 0),
        ("Bearer Secret", 401),
        ("Basic secret", 401),
        ("secret", 401),
        ("Bearer", 401),
        ("", 401),
        ("Bearer \xe9", 401),
    ],
)
def test_the_token(authorization: str, expected: int) -> None:
    assert status(Authorization=authorization) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", 0),
        ("LOCALHOST:1", 0),
        ("127.0.0.1:18000", 0),
        ("[::1]:18000", 0),
        ("[::1]", 0),
        ("sandbox.test:80", 0),
        ("evil.example", 421),
        ("localhost.evil.example:18000", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_the_host(host: str, expected: int) -> None:
    assert status(host=host, **TOKEN) == expected
    assert status("/", host=host) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:18000", 0),
        ("https://sandbox.test", 0),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://localhost.evil.example", 403),
    ],
)
def test_the_origin(origin: str, expected: int) -> None:
    assert status(Origin=origin, **TOKEN) == expected


def test_pages_and_open_paths_want_no_token() -> None:
    for path in ("/", "/worlds/main", "/_sandbox/health"):
        assert status(path) == 0
    for path in ("/_sandbox/healthy", "/_sandbox/", "/_sandbox/health/x"):
        assert status(path) == 401
