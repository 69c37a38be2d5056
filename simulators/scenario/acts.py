"""What each kind of step does. One function a kind; each speaks on the wire or to the control API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from simulators.clients.dmp.access import patient_of
from simulators.clients.dmp.answers import DmpAnswer
from simulators.clients.dmp.client import DmpClient
from simulators.clients.dmp.messages import quoted
from simulators.clients.transport import WireProblem
from simulators.population.model import Patient
from simulators.scenario import signing
from simulators.scenario.papers import paper
from simulators.scenario.stage import CannotPlay, Outcome, Saved, Stage

SLOTS = {
    "typeCode": ("$XDSDocumentEntryTypeCode", "^^2.16.840.1.113883.6.1"),
    "classCode": ("$XDSDocumentEntryClassCode", "^^1.2.250.1.213.1.1.4.1"),
    "formatCode": ("$XDSDocumentEntryFormatCode", ""),
    "createdFrom": ("$XDSDocumentEntryCreationTimeFrom", ""),
    "createdTo": ("$XDSDocumentEntryCreationTimeTo", ""),
}
DATES = {"createdFrom", "createdTo"}
SLICE_S = 30.0
CLOSEST = 5


def act(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    """Plays one step. Raises :class:`CannotPlay` and what the control API refuses."""
    if "do" in step:
        return _exchange(stage, step)
    if "advance" in step:
        moved = stage.control.call("POST", f"{stage.path}/clock", {"advance": step["advance"]})
        return Outcome({"outcome": "done", "fired": len(moved["fired"])})
    if "sign_in" in step:
        return _signed_in(stage, step)
    if "phone" in step:
        return Outcome(signing.answer(stage, step["phone"]))
    for kind, path in (("fault", "faults"), ("refuse", "refusals")):
        if kind in step:
            made = stage.control.call("POST", f"{stage.path}/{path}", dict(step[kind]))
            return Outcome({"outcome": "done", "id": made["id"]})
    if "clear" in step:
        removed = stage.control.call("DELETE", f"{stage.path}/{step['clear']}")["removed"]
        return Outcome({"outcome": "done", "removed": removed})
    return _awaited(stage, step["await"], step["say"]["fr"])


def _exchange(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    client = stage.client(step["as"]).broken(step.get("break", {}), step["do"].partition(".")[2])
    patient = patient_of(stage.world, step["patient"])
    try:
        answer, values = OPERATIONS[step["do"]](stage, client, patient, step)
    except WireProblem as problem:
        outcome = Outcome({"outcome": "failed", "wire": str(problem)})
    else:
        told = {"outcome": answer.outcome, "http": answer.http, "code": answer.code, "text": answer.text}
        outcome = Outcome({**told, **answer.values, **values})
    row = _journal_row(stage, client.last_message_id)
    if row is not None:
        stage.own.add(row["number"])
        outcome.number, outcome.verdict = row["number"], row["verdict"]
        outcome.values |= _judged(row)
    return outcome


def _signed_in(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    signed = signing.sign_in(stage, step["sign_in"], step.get("break", {}))
    stage.own |= signed.rows
    if signed.row is None:
        return Outcome(signed.values)
    return Outcome({**signed.values, **_judged(signed.row)}, signed.row["verdict"], signed.row["number"])


def _journal_row(stage: Stage, message_id: str) -> Mapping[str, Any] | None:
    found = stage.control.call("GET", f"{stage.path}/exchanges?key={quote(f'message:{message_id}')}")["exchanges"]
    return found[-1] if found else None


def _judged(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal adds to the wire: the first refusing rule, and how many warnings."""
    findings = row["verdict"]["findings"]
    rule = next((f["rule"] for f in findings if f["level"] == "refuse"), "")
    return {"rule": rule, "warnings": sum(f["level"] == "warn" for f in findings)}


def _existence(stage: Stage, client: DmpClient, patient: Patient, step: Mapping[str, Any]) -> tuple[DmpAnswer, Any]:
    answer = client.exists(patient.ins)
    return answer, {"dmp": answer.values.get("state", "")}


def _authorise(stage: Stage, client: DmpClient, patient: Patient, step: Mapping[str, Any]) -> tuple[DmpAnswer, Any]:
    return client.authorise(patient.ins, step.get("action", "AJOUT"), step.get("role")), {}


def _feed(stage: Stage, client: DmpClient, patient: Patient, step: Mapping[str, Any]) -> tuple[DmpAnswer, Any]:
    plan = step.get("document", {"kind": "discharge-letter"})
    content = paper(plan, patient, client.professional, client.structure, client.oid(), stage.now())
    answer, unique_id = client.feed(patient.ins, [content])
    if "save" in step:
        stage.saved[step["save"]] = Saved(unique_id, content)
    return answer, {"document": unique_id}


def _search(stage: Stage, client: DmpClient, patient: Patient, step: Mapping[str, Any]) -> tuple[DmpAnswer, Any]:
    slots: dict[str, str] = {}
    for name, value in step.get("find", {}).items():
        if name not in SLOTS:
            raise CannotPlay(f"find: {name!r} is none of {', '.join(SLOTS)}")
        slot, scheme = SLOTS[name]
        slots[slot] = value if name in DATES else quoted(value if "^^" in value else value + scheme)
    return client.search(patient.ins, slots, user_act=bool(step.get("user_act", False))), {}


def _retrieve(stage: Stage, client: DmpClient, patient: Patient, step: Mapping[str, Any]) -> tuple[DmpAnswer, Any]:
    name = step.get("retrieve", "")
    if name not in stage.saved:
        raise CannotPlay(f"no earlier step saved a document as {name!r}")
    saved = stage.saved[name]
    answer = client.retrieve(patient.ins, [saved.unique_id])
    return answer, {"identical": answer.documents.get(saved.unique_id) == saved.content}


def _awaited(stage: Stage, wanted: Mapping[str, Any], label: str) -> Outcome:
    """Waits for an exchange that the product under test starts: what our own steps sent does not count."""
    expect = {name: value for name, value in wanted.items() if name != "within"}
    near: dict[int, Mapping[str, Any]] = {}
    start, seen, end = stage.cursor, 0, time.monotonic() + wanted["within"]
    while True:
        left = max(0.0, end - time.monotonic())
        body = {"since": stage.cursor, "timeout": min(left, SLICE_S), "expect": expect, "label": label}
        waited = stage.control.call("POST", f"{stage.path}/exchanges/wait", body)
        stage.cursor, seen = waited["cursor"], seen + waited["seen"]
        near |= {miss["number"]: miss for miss in waited["near"] if miss["number"] not in stage.own}
        row = waited["exchange"]
        if row is not None and row["number"] not in stage.own:
            values = {"outcome": row["outcome"], "operation": row["operation"], **_judged(row)}
            return Outcome(values, row["verdict"], row["number"])
        if row is None and left <= SLICE_S:
            ours = sum(start < number <= stage.cursor for number in stage.own)
            closest = sorted(near.values(), key=lambda miss: (len(miss["misses"]), -miss["number"]))[:CLOSEST]
            return Outcome({"outcome": "nothing"}, near=tuple(closest), nothing_came=seen == ours)


OPERATIONS: Mapping[str, Callable[[Stage, DmpClient, Patient, Mapping[str, Any]], tuple[DmpAnswer, Any]]] = {
    "dmp.TD0.2": _existence,
    "dmp.TD0.3": _authorise,
    "dmp.TD2.1": _feed,
    "dmp.TD3.1": _search,
    "dmp.TD3.2": _retrieve,
}

__all__ = ["CannotPlay", "Outcome", "Stage", "act"]
