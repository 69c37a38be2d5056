"""Every error has its status; what nobody foresaw is logged."""

from __future__ import annotations

import json
import logging

import pytest
from werkzeug.exceptions import NotFound

from simulators.console.problems import Problem, of_error, render
from simulators.core.errors import ClockMovesForwardOnly, RoutingConflict, SandboxError, StoreClosed, WorldGone


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Problem(418, "tea"), 418),
        (NotFound(), 404),
        (WorldGone("w"), 404),
        (StoreClosed("x"), 503),
        (ValueError("v"), 400),
        (ClockMovesForwardOnly("c"), 409),
        (RoutingConflict("r"), 409),
        (SandboxError("s"), 409),
        (KeyError("k"), 500),
        (TypeError("t"), 500),
    ],
)
def test_statuses(error: Exception, status: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "simulators"):
        assert of_error(error)[0] == status
    assert bool(caplog.records) is (status == 500)


def test_the_document() -> None:
    answer = render(409, "déjà là")
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert json.loads(answer.data) == {
        "type": "about:blank",
        "title": "The state does not allow it",
        "status": 409,
        "detail": "déjà là",
    }
