"""Exchanges of our own actors with the DMP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from simulators.clients.dmp.access import patient_of
from simulators.clients.dmp.answers import DmpAnswer
from simulators.clients.dmp.client import DmpClient
from simulators.clients.dmp.messages import quoted
from simulators.clients.transport import WireProblem
from simulators.documents.papers import paper
from simulators.population.model import Patient
from simulators.scenario.awaiting import judged
from simulators.scenario.stage import CannotPlay, Outcome, Saved, Stage

SLOTS = {
    "typeCode": ("$XDSDocumentEntryTypeCode", "^^2.16.840.1.113883.6.1"),
    "classCode": ("$XDSDocumentEntryClassCode", "^^1.2.250.1.213.1.1.4.1"),
    "formatCode": ("$XDSDocumentEntryFormatCode", ""),
    "createdFrom": ("$XDSDocumentEntryCreationTimeFrom", ""),
    "createdTo": ("$XDSDocumentEntryCreationTimeTo", ""),
}
DATES = {"createdFrom", "createdTo"}


def exchange(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    """One transaction by one of the scenario's actors. Raises :class:`CannotPlay`, ``NotInWorld``."""
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
        outcome.values |= judged(row)
    return outcome


def _journal_row(stage: Stage, message_id: str) -> Mapping[str, Any] | None:
    found = stage.control.call("GET", f"{stage.path}/exchanges?key={quote(f'message:{message_id}')}")["exchanges"]
    return found[-1] if found else None


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
    saved = stage.document(step.get("retrieve", ""))
    answer = client.retrieve(patient.ins, [saved.unique_id])
    found = answer.documents.get(saved.unique_id)
    return answer, {"identical": found == saved.content, "retrieved": found is not None}


OPERATIONS: Mapping[str, Callable[[Stage, DmpClient, Patient, Mapping[str, Any]], tuple[DmpAnswer, Any]]] = {
    "dmp.TD0.2": _existence,
    "dmp.TD0.3": _authorise,
    "dmp.TD2.1": _feed,
    "dmp.TD3.1": _search,
    "dmp.TD3.2": _retrieve,
}
