"""Names in a scenario that stand for what only the world knows: ``per:general-practitioner`` is a mailbox.

::

    per:NAME    mailbox of a professional          org:NAME  mailbox of a structure
    app:NAME    applicative mailbox of a structure citizen:NAME  mailbox of a patient
    ins:NAME    matricule of a patient             document:NAME  identifier of a saved document
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulators.clients.dmp.access import named
from simulators.scenario.stage import CannotPlay, Stage

_REFERENCE = re.compile(r"(per|org|app|citizen|ins|document):([\w.:/-]{1,80})", re.ASCII)
_BOXES: Final = {"per": "professionals", "org": "structures", "app": "structures", "citizen": "patients"}


def resolver(stage: Stage) -> Callable[[Any], Any]:
    """Gives what a reference names; anything else is itself. Raises :class:`CannotPlay`, ``NotInWorld``."""

    def resolve(value: Any) -> Any:
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return _named(stage, match[1], match[2]) if match else value

    return resolve


def resolved(stage: Stage, data: Any) -> Any:
    """The same data with every reference replaced."""
    if isinstance(data, Mapping):
        return {name: resolved(stage, value) for name, value in data.items()}
    if isinstance(data, list):
        return [resolved(stage, value) for value in data]
    return resolver(stage)(data)


def _named(stage: Stage, kind: str, name: str) -> str:
    if kind == "document":
        return stage.document(name).unique_id
    if kind == "ins":
        return matricule(stage, name)
    return mailbox(stage, kind, name)


def matricule(stage: Stage, name: str) -> str:
    """Of a patient of the world, by reference name or matricule."""
    return str(named(stage.world, "patients", name)["id"])


def mailbox(stage: Stage, kind: str, name: str) -> str:
    """The address of the mailbox that somebody was born with."""
    holder = str(named(stage.world, _BOXES[kind], name)["id"])
    boxes = stage.control.call("GET", f"{stage.path}/mailboxes?kind={kind.upper()}")["mailboxes"]
    mine = [str(box["address"]) for box in boxes if box["owners"][:1] == [holder]]
    if not mine:
        raise CannotPlay(f"{name} has no mailbox of kind {kind}")
    return mine[0]
