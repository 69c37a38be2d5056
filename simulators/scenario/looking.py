"""``until``: looks at something again and again until it is as expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from simulators.scenario.mailing import opened
from simulators.scenario.peers import document_seen
from simulators.scenario.references import resolved, resolver
from simulators.scenario.stage import Outcome, Stage

OWNERS: Final[Mapping[str, str]] = {"document": "dpi", "received": "dpi", "orders": "pfi"}
"""Whose own knowledge a look asks for: when the product plays that part, only its screens tell."""


def until(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    """What is there now; the expectation of the step decides whether to look again. Raises :class:`CannotPlay` and what
    the control API refuses."""
    given = {name: value for name, value in step["until"].items() if name not in {"expect", "within"}}
    kind, what = next(iter(given.items()), ("journal", None))
    owner = OWNERS.get(kind, "")
    if stage.played_by_product(owner):
        why = f"{owner} is the product under test: {step['say'][stage.lang]}"
        return Outcome({"outcome": "done"}, skipped=why)

    def look() -> dict[str, Any]:
        return {**LOOKS[kind](stage, what), "outcome": "done"}

    return Outcome(look(), again=look)


def _document(stage: Stage, what: Any) -> dict[str, Any]:
    return document_seen(stage, stage.document(str(what)).number)


def _mailbox(stage: Stage, what: Any) -> dict[str, Any]:
    """The messages of a mailbox, opened, the newest first."""
    box = f"{stage.path}/mailboxes/{quote(str(resolver(stage)(what)), safe='@')}"
    listed = stage.control.call("GET", f"{box}/messages")["messages"]
    found = [opened(stage.control.raw("GET", f"{box}/messages/{one['uid']}")) for one in reversed(listed)]
    return {"messages": found, "count": len(found)}


def _got(path: str) -> Callable[[Stage, Any], dict[str, Any]]:
    def get(stage: Stage, what: Any) -> dict[str, Any]:
        found: dict[str, Any] = stage.control.call("GET", f"{stage.path}/{path or resolved(stage, what)}")
        return found

    return get


def _nothing(stage: Stage, what: Any) -> dict[str, Any]:
    return {}


LOOKS: Final[Mapping[str, Callable[[Stage, Any], dict[str, Any]]]] = {
    "document": _document,
    "received": _got("dpi/received"),
    "orders": _got("pfi/orders"),
    "mailbox": _mailbox,
    "get": _got(""),
    "journal": _nothing,
}
