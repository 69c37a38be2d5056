"""What each kind of step does. One function a kind; each speaks on the wire or to the control API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from simulators.scenario import signing
from simulators.scenario.awaiting import awaited, judged
from simulators.scenario.looking import until
from simulators.scenario.mailing import mail
from simulators.scenario.peers import peer, third_party
from simulators.scenario.references import resolved
from simulators.scenario.refusals import explanation, last_refused
from simulators.scenario.stage import CannotPlay, Outcome, Stage
from simulators.scenario.wire import exchange

Step = Mapping[str, Any]


def act(stage: Stage, step: Step) -> Outcome:
    """Plays one step. Raises :class:`CannotPlay` and what the control API refuses."""
    kind = next(kind for kind in KINDS if kind in step)
    return KINDS[kind](stage, step)


def _advance(stage: Stage, step: Step) -> Outcome:
    moved = stage.control.call("POST", f"{stage.path}/clock", {"advance": step["advance"]})
    return Outcome({"outcome": "done", "fired": len(moved["fired"])})


def _sign_in(stage: Stage, step: Step) -> Outcome:
    signed = signing.sign_in(stage, step["sign_in"], step.get("break", {}))
    stage.own |= signed.rows
    if signed.row is None:
        return Outcome(signed.values)
    return Outcome({**signed.values, **judged(signed.row)}, signed.row["verdict"], signed.row["number"])


def _phone(stage: Stage, step: Step) -> Outcome:
    return Outcome(signing.answer(stage, step["phone"]))


def _trigger(kind: str, path: str) -> Callable[[Stage, Step], Outcome]:
    def ask(stage: Stage, step: Step) -> Outcome:
        made = stage.control.call("POST", f"{stage.path}/{path}", resolved(stage, step[kind]))
        return Outcome({"outcome": "done", "id": made["id"]})

    return ask


def _clear(stage: Stage, step: Step) -> Outcome:
    removed = stage.control.call("DELETE", f"{stage.path}/{step['clear']}")["removed"]
    return Outcome({"outcome": "done", "removed": removed})


def _await(stage: Stage, step: Step) -> Outcome:
    return awaited(stage, resolved(stage, step["await"]), step["say"][stage.lang])


def _pause(stage: Stage, step: Step) -> Outcome:
    """A trainer goes on when ready; where nobody sits, nothing waits."""
    if stage.pause is None:
        return Outcome({"outcome": "done"}, skipped="nobody is there to go on: the pause was left out")
    stage.pause(step["say"][stage.lang])
    return Outcome({"outcome": "done"})


def _checkpoint(stage: Stage, step: Step) -> Outcome:
    name = str(step["checkpoint"])
    stage.control.call("POST", f"{stage.path}/snapshots", {"name": _label(name)})
    stage.kept[name] = dict(stage.saved)
    return Outcome({"outcome": "done"})


def _restore(stage: Stage, step: Step) -> Outcome:
    """The world as it was, and what the scenario knew then; the journal goes on."""
    name = str(step["restore"])
    if name not in stage.kept:
        raise CannotPlay(f"no earlier step is the checkpoint {name!r}")
    stage.control.call("POST", f"{stage.path}/restore", {"name": _label(name)})
    stage.saved = dict(stage.kept[name])
    return Outcome({"outcome": "done"})


def _label(name: str) -> str:
    return f"scenario-{name}"


def _explain(stage: Stage, step: Step) -> Outcome:
    """The full verdict of the last exchange that was refused, or of the one with that number."""
    wanted = step["explain"]
    row = (
        last_refused(stage.control, stage.world["name"], stage.start)
        if wanted == "last"
        else stage.control.call("GET", f"{stage.path}/exchanges/{int(wanted)}")
    )
    if row is None:
        return Outcome({"outcome": "nothing"}, text="nothing was refused")
    text = explanation(stage.control, row, stage.lang)
    values = {"outcome": row["outcome"], "operation": row["operation"], **judged(row)}
    return Outcome({**values, "text": text}, number=row["number"], text=text)


def _peer(role: str) -> Callable[[Stage, Step], Outcome]:
    return lambda stage, step: peer(stage, step, role)


KINDS: Final[Mapping[str, Callable[[Stage, Step], Outcome]]] = {
    "do": exchange,
    "sign_in": _sign_in,
    "phone": _phone,
    "advance": _advance,
    "fault": _trigger("fault", "faults"),
    "refuse": _trigger("refuse", "refusals"),
    "clear": _clear,
    "await": _await,
    "dpi": _peer("dpi"),
    "identity": _peer("identity"),
    "pfi": _peer("pfi"),
    "mail": mail,
    "third_party": third_party,
    "until": until,
    "pause": _pause,
    "checkpoint": _checkpoint,
    "restore": _restore,
    "explain": _explain,
}

__all__ = ["KINDS", "CannotPlay", "Outcome", "Stage", "act"]
