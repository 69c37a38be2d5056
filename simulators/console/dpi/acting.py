"""The forms one sends: a new document, an act on a document, an import by hand, a notice that was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, abort, g, redirect, request

from simulators.console import forms
from simulators.console.dpi.views import DOCUMENT, FLAGS, HOME, LARGEST, RECEIVED, document, new, received, world_of
from simulators.core.errors import SandboxError
from simulators.core.store.api import Tx
from simulators.dpi import acts, integrated, integration
from simulators.dpi.acts import Change
from simulators.dpi.house import Moment
from simulators.dpi.life import Act, NotNow
from simulators.dpi.produced import Order

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

REFUSED = 422


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds them; each looks at its form first."""
    forms.register(
        app,
        sandbox,
        {
            f"{HOME}/new": _write,
            f"{HOME}/notices/<int:notice>/seen": _seen,
            f"{DOCUMENT}/<act>": _act,
            f"{RECEIVED}/import": _import,
        },
    )


def _write(sandbox: Sandbox, world: str) -> Response:
    given = request.form

    def done(tx: Tx, moment: Moment) -> int:
        told = {"title": given.get("title", ""), "text": given.get("text", "")}
        order = _order()
        draft = acts.write(tx, moment, given.get("patient", ""), given.get("kind", ""), order, **told)
        if given.get("validate"):
            acts.act(tx, moment, draft.document, Act.VALIDATE)
        return draft.document

    number = _done(sandbox, world, done)
    if isinstance(number, str):
        return new(sandbox, world, REFUSED, number, **given.to_dict())
    return _go(f"/dpi/{world}/documents/{number}")


def _act(sandbox: Sandbox, world: str, document: int, act: str) -> Response:
    """The worklist sends its buttons here too, and wants to be shown again (``back``)."""
    if act not in set(Act) or document >= LARGEST:
        abort(404, act)
    what, given = Act(act), request.form
    change = Change(title=given.get("title"), text=given.get("text"))
    if what is Act.VISIBILITY:
        change = Change(flags={name: bool(given.get(name)) for name in FLAGS})
    problem = _done(sandbox, world, lambda tx, moment: acts.act(tx, moment, document, what, change))
    if isinstance(problem, str):
        return _shown_again(sandbox, world, document, problem)
    return _go(f"/dpi/{world}" if given.get("back") else f"/dpi/{world}/documents/{document}")


def _shown_again(sandbox: Sandbox, world: str, number: int, problem: str) -> Response:
    return document(sandbox, world, number, REFUSED, problem)


def _import(sandbox: Sandbox, world: str, number: int) -> Response:
    if number >= LARGEST:
        abort(404, str(number))
    patient = request.form.get("patient", "")
    problem = _done(sandbox, world, lambda tx, moment: integration.by_hand(tx, moment, number, patient).number)
    if isinstance(problem, str):
        return received(sandbox, world, number, REFUSED, problem)
    return _go(f"/dpi/{world}/received/{problem}")


def _seen(sandbox: Sandbox, world: str, notice: int) -> Response:
    if notice < LARGEST:
        _done(sandbox, world, lambda tx, moment: integrated.seen(tx, notice))
    return _go(f"/dpi/{world}")


def _done(sandbox: Sandbox, world: str, action: Callable[[Tx, Moment], Any]) -> Any:
    """What ``action`` gives; a text says in the language of the page why it was not possible."""
    here = world_of(sandbox, world)
    try:
        with sandbox.store.write(world, here.epoch) as tx:
            return action(tx, Moment.of(here, sandbox.now()))
    except NotNow as refused:
        return refused.why.fr if g.lang == "fr" else refused.why.en
    except (SandboxError, ValueError) as refused:
        return str(refused)


def _order() -> Order:
    given = request.form
    chosen = {name: True for name in FLAGS if given.get(name)}
    return Order(
        recipients=tuple(filter(None, given.get("recipients", "").replace(",", " ").replace(";", " ").split())),
        to_patient=bool(given.get("to_patient")),
        flags={**chosen, "destdmp": bool(given.get("destdmp"))},
        reply_to=given.get("reply_to", "").strip(),
        ack_reception=bool(given.get("ack_reception")),
        ack_lecture=bool(given.get("ack_lecture")),
        fin=bool(given.get("fin")),
    )


def _go(path: str) -> Response:
    return cast("Response", redirect(f"{path}?lang={g.lang}", 303))
