"""Health, endpoints and the rule catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

import simulators
from simulators.assembly.endpoints import endpoints
from simulators.console.access import API
from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core.rules import Rule

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def health(sandbox: Sandbox, values: Values) -> Any:
    """Ready means that one real exchange per protocol succeeded; the store is asked each time."""
    sandbox.worlds.names()
    if not sandbox.ready or sandbox.stopping:
        raise Problem(503, "the sandbox is not ready")
    return {"status": "ok", "version": simulators.__version__, "notice": "SIMULATION: unofficial"}


def show_endpoints(sandbox: Sandbox, values: Values) -> Any:
    """As the file; the control URL is the one that answered, which works from another container too."""
    document = endpoints(sandbox)
    return {**document, "control": {**document["control"], "url": f"{request.scheme}://{request.host}{API}"}}


def list_rules(sandbox: Sandbox, values: Values) -> Any:
    return {"rules": [rule_json(rule) for rule in sandbox.catalogue]}


def rule_json(rule: Rule) -> dict[str, Any]:
    """One rule as the catalogue shows it."""
    return {
        "id": rule.id,
        "level": str(rule.level),
        "strict": str(rule.strict) if rule.strict else None,
        "looks_at": rule.looks_at,
        "source": rule.source,
        "grade": str(rule.grade),
        "code": rule.code,
        "form": rule.form,
        "national": rule.national,
        "sentence": {"fr": rule.sentence.fr, "en": rule.sentence.en},
        "mend": {"fr": rule.mend.fr, "en": rule.mend.en},
        "switchable": rule.switchable,
        "needs": list(rule.needs),
    }


ROUTES = (
    Route("GET", "/health", "Whether the sandbox is up", health, open=True),
    Route("GET", "/endpoints", "What endpoints.json holds", show_endpoints),
    Route("GET", "/rules", "The rule catalogue", list_rules),
)
