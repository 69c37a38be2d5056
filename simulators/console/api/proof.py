"""``POST /proof``: the proof of the start once more, for a monitor that wants more than an open port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.console.api.general import health
from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core.errors import EnvironmentProblem

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def prove(sandbox: Sandbox, values: Values) -> Any:
    """One real exchange per protocol, in the hidden world, which is dropped afterwards: nothing is left of it."""
    from simulators.assembly import readiness  # brings all clients, which a start in seconds does without

    told = health(sandbox, values)
    try:
        readiness.prove(sandbox)
    except EnvironmentProblem as problem:
        raise Problem(503, str(problem)) from problem
    return {**told, "proved": [service.name for service in sandbox.services]}


ROUTES = (Route("POST", "/proof", "One real exchange per protocol, now", prove),)
