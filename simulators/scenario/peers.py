"""What our peers are told to do - DPI, PFI, identity repository, people who act on the DMP themselves - and what the
product does when it takes the place of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulators.clients.control import Refusal
from simulators.clients.dmp.access import NotInWorld
from simulators.scenario.awaiting import awaited, remember
from simulators.scenario.references import matricule, resolved
from simulators.scenario.stage import CannotPlay, Outcome, Saved, Stage

PATIENCE: Final = "5m"
"""How long the product, and whoever sits at it, may take unless the step says otherwise."""
REFUSED: Final = (403, 409, 422)
WAIT_S: Final = 10

_FIRST, _AGAIN, _LAST = (["pfi.MDM^T02", "pfi.ORU^R01"], ["pfi.MDM^T10", "pfi.ORU^R01"], ["pfi.MDM^T04", "pfi.ORU^R01"])
ON_THE_WIRE: Final[Mapping[str, Mapping[str, list[str]]]] = {
    "dpi": {"validate": _FIRST, "resend": _FIRST, "replace": _AGAIN, "visibility": _AGAIN, "delete": _LAST},
    "identity": {
        verb: [f"{receiver}.ADT^{event}" for event in events for receiver in ("dpi", "pfi")]
        for verb, events in {
            "create": ("A28",),
            "update": ("A31",),
            "qualify": ("A31",),
            "demote": ("A47", "A31"),
            "withdraw_ins": ("A47",),
            "change_identifier": ("A47",),
            "merge": ("A40",),
            "consent": ("A31", "Z99"),
            "preadmit": ("A05",),
            "admit": ("A01", "A04"),
            "register": ("A04",),
            "transfer": ("A02",),
            "cancel_transfer": ("A12",),
            "discharge": ("A03",),
            "cancel_admit": ("A11",),
            "cancel_discharge": ("A13",),
            "correct": ("Z99",),
        }.items()
    },
    "pfi": {},
}
"""What the product sends when it plays the part: operations of the journal, one of which is awaited. What is not here
happens on its screens alone."""


def peer(stage: Stage, step: Mapping[str, Any], role: str) -> Outcome:
    """A step of ``dpi``, ``identity`` or ``pfi``. Raises :class:`CannotPlay` and what the control API refuses."""
    given = step[role]
    verb, what = (given, {}) if isinstance(given, str) else next(iter(given.items()))
    if stage.played_by_product(role):
        return by_product(stage, step, role, verb, what)
    outcome = PLAYED[role](stage, verb, what)
    if "save" in step and "document_id" in outcome.values:
        stage.saved[step["save"]] = _kept(outcome.values)
    return outcome


def _kept(told: Mapping[str, Any]) -> Saved:
    return Saved(str(told["document_id"]), number=int(told.get("id", 0)))


def by_product(stage: Stage, step: Mapping[str, Any], role: str, verb: str, what: Any) -> Outcome:
    """Says what is to be done, and waits for what the product then sends."""
    operations = ON_THE_WIRE[role].get(verb)
    wanted = step.get("sut") or ({"operation": operations} if operations else None)
    say = step["say"][stage.lang]
    if wanted is None:
        return Outcome({"outcome": "done"}, skipped=f"{role} is the product under test: {say}")
    if stage.tell:
        stage.tell(f"  → {role}: {say}")
    outcome = awaited(stage, {"within": PATIENCE, **resolved(stage, wanted)}, say, role)
    remember(stage, step.get("save", "") or _document_named(what), outcome)
    return outcome


def _document_named(what: Any) -> str:
    return what if isinstance(what, str) else str(what.get("document", ""))


def asked(stage: Stage, path: str, body: Mapping[str, Any]) -> Outcome:
    """One request to the control API; a refusal by the peer itself is an outcome, any other is an error."""
    try:
        answer = stage.control.call("POST", f"{stage.path}/{path}", dict(body))
    except Refusal as refusal:
        if refusal.status not in REFUSED:
            raise
        return Outcome({"outcome": "refused", "code": str(refusal.status), "text": str(refusal)})
    return Outcome({"outcome": "done", **(answer if isinstance(answer, dict) else {})})


def _dpi(stage: Stage, verb: str, what: Any) -> Outcome:
    body = {} if isinstance(what, str) else _people(stage, what)
    if verb == "import":
        return asked(stage, f"dpi/received/{_refused_number(stage, body.pop('number', None))}/import", body)
    if verb == "write":
        outcome = asked(stage, "dpi/documents", body)
        number = int(outcome.values.get("id", 0))
    else:
        number = stage.document(_document_named(what)).number
        body.pop("document", None)
        outcome = asked(stage, f"dpi/documents/{number}/{verb}", body)
    done = outcome.values["outcome"]
    outcome.again = lambda: {**document_seen(stage, number), "outcome": done} if done == "done" else outcome.values
    return outcome


def document_seen(stage: Stage, number: int) -> dict[str, Any]:
    """A document of the DPI, with its versions, messages and receipts."""
    found: dict[str, Any] = stage.control.call("GET", f"{stage.path}/dpi/documents/{number}")
    return found


def _refused_number(stage: Stage, number: Any) -> int:
    """The document named, else the last that the DPI has refused and nobody imported."""
    if number is not None:
        return int(number)
    refused = stage.control.call("GET", f"{stage.path}/dpi/received")["refused"]
    waiting = [int(one["number"]) for one in refused if not one["imported"]]
    if not waiting:
        raise CannotPlay("the DPI has refused no document: there is nothing to import by hand")
    return max(waiting)


def _identity(stage: Stage, verb: str, what: Any) -> Outcome:
    """Answers once the others have acknowledged, or after a while."""
    return asked(stage, f"identity/{verb}", {"wait": WAIT_S, **_people(stage, what)})


def _pfi(stage: Stage, verb: str, what: Any) -> Outcome:
    return asked(stage, {"poll": "pfi/poll", "retry": "pfi/orders/retry"}[verb], {})


def third_party(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    """Somebody else acts on the DMP: a laboratory publishes, a patient masks."""
    body = _people(stage, step["third_party"])
    if "document" in body:
        body["document"] = stage.document(str(body["document"])).unique_id
    outcome = asked(stage, "dmp/acts", body)
    if "save" in step and outcome.values.get("document"):
        stage.saved[step["save"]] = Saved(str(outcome.values["document"]))
    return outcome


def _people(stage: Stage, what: Mapping[str, Any]) -> dict[str, Any]:
    """References replaced; a patient of the population goes by the matricule."""
    body: dict[str, Any] = resolved(stage, what)
    for name in ("patient", "other"):
        if name in body:
            body[name] = _patient(stage, str(body[name]))
    return body


def _patient(stage: Stage, name: str) -> str:
    """Somebody whom the identity repository has created has its number and is none of the world's population."""
    try:
        return matricule(stage, name)
    except NotInWorld:
        return name


PLAYED: Final = {"dpi": _dpi, "identity": _identity, "pfi": _pfi}

__all__ = ["ON_THE_WIRE", "asked", "document_seen", "peer", "third_party"]
