"""The identity repository over HTTP: the identities of a world, the commands of their life, who has been told.

Its rooms are imported by the handlers: in a sandbox started without it (``--only``) they must not declare tables.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.identity_repository.deliveries import Delivery
    from simulators.sandbox import Sandbox

NAME = "identity_repository"
LONGEST_WAIT_S = 60.0
STRING = {"type": "string"}


def list_identities(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Every identity, who is told, what waits for an answer."""
    _played(sandbox)
    from simulators.core.world import load
    from simulators.identity_repository import deliveries, records
    from simulators.identity_repository.stays import COMMANDS
    from simulators.identity_repository.subscribers import subscribers

    with sandbox.store.read(world) as tx:
        told = subscribers(load(tx).policy, sandbox.runtime.local)
        return {
            "identities": [one.to_json() for one in records.every(tx)],
            "subscribers": [{"name": one.name, "url": one.url} for one in told],
            "waiting": [one.to_json() for one in deliveries.waiting(tx)],
            "commands": [*COMMANDS, "replay"],
        }


def one_identity(sandbox: Sandbox, values: Values, world: str, patient: str) -> Any:
    """By IPP, INS or reference name, with its history."""
    _played(sandbox)
    from simulators.identity_repository import deliveries, records
    from simulators.identity_repository.errors import UnknownPatient

    with sandbox.store.read(world) as tx:
        try:
            record = records.find(tx, patient)
        except UnknownPatient as unknown:
            raise Problem(404, str(unknown)) from unknown
        history = [
            {**told.to_json(), "messages": [one.to_json() for one in deliveries.of_event(tx, told.number)]}
            for told in records.history(tx, record.ipp)
        ]
    return {"identity": record.to_json(), "history": history}


def command_identity(sandbox: Sandbox, values: Values, world: str, command: str) -> Any:
    """Carries a command out and has the subscribers told; ``wait`` seconds for their answers."""
    _played(sandbox)
    from simulators.identity_repository.errors import CommandRefused, NotNow, UnknownPatient

    try:
        return _commanded(sandbox, values, world, command)
    except UnknownPatient as unknown:
        raise Problem(404, str(unknown)) from unknown
    except NotNow as refused:
        raise Problem(409, str(refused)) from refused
    except CommandRefused as refused:
        raise Problem(400, str(refused)) from refused


# --- below


def _played(sandbox: Sandbox) -> None:
    if all(service.name != NAME for service in sandbox.services):
        raise Problem(404, "this sandbox does not play the identity repository")


def _commanded(sandbox: Sandbox, values: Values, world: str, command: str) -> dict[str, Any]:
    from simulators.core.world import load
    from simulators.identity_repository import deliveries, office
    from simulators.identity_repository.scene import Scene
    from simulators.identity_repository.subscribers import named, subscribers

    to = named([str(one) for one in values.items("to")])
    patience = values.seconds("wait", 0.0, high=LONGEST_WAIT_S)
    with sandbox.store.write(world) as tx:
        here = load(tx)
        scene, told = Scene.of(tx, here, sandbox.now()), to or subscribers(here.policy, sandbox.runtime.local)
        if command == "replay":
            return {"messages_each": office.replay(scene, told), "subscribers": [one.name for one in told]}
        order = office.Order(command, values.text("patient"), _asked(values), _breaks(values))
        record, number = office.perform(scene, order, told)
        octets = {one.number: tx.blob_bytes(one.blob) for one in deliveries.of_event(tx, number)}
    sent = _awaited(sandbox, world, number, patience)
    shown = [{**one.to_json(), "hl7": octets[one.number].decode("utf-8", "replace")} for one in sent]
    return {"identity": record.to_json(), "number": number, "messages": shown}


def _asked(values: Values) -> dict[str, str]:
    return {name: values.text(name) for name in FIELDS if values.has(name)}


def _breaks(values: Values) -> dict[str, str | None]:
    found = values.mapping("break")
    if any(value is not None and not isinstance(value, str) for value in found.values()):
        raise Problem(400, "break: expected a text for each field, or null to remove a segment")
    return found


def _awaited(sandbox: Sandbox, world: str, number: int, seconds: float) -> list[Delivery]:
    """The messages of a command, once each is answered or time is over."""
    from simulators.identity_repository import deliveries
    from simulators.identity_repository.names import CHANNEL

    end, channel = time.monotonic() + seconds, f"{CHANNEL}:{world}"
    while True:
        seen = sandbox.store.bell.count(channel)
        with sandbox.store.read(world) as tx:
            sent = deliveries.of_event(tx, number)
        left = end - time.monotonic()
        if left <= 0 or sandbox.stopping or all(one.state is not deliveries.State.WAITING for one in sent):
            return sent
        sandbox.store.wait(channel, seen, min(left, 1.0))


FIELDS = (
    *("family", "given", "given_list", "used_name", "birth_date", "sex", "birth_place"),
    *("line", "postal_code", "city", "phone", "mail"),
    *("ins", "ins_oid", "status", "obtained_by", "proof", "ipp", "other"),
    *("class", "unit", "movement", "feed", "consult", "answers", "by", "dmp_status", "dmp_closed"),
)
BODY = {
    "patient": STRING,
    **dict.fromkeys(FIELDS, STRING),
    "break": {"type": "object"},
    "to": {"type": "array", "items": STRING},
    "wait": {"type": "number"},
}
ROUTES = (
    Route("GET", "/worlds/<world>/identity", "The identities of the hospital, and who is told", list_identities),
    Route("GET", "/worlds/<world>/identity/<patient>", "One identity with its history", one_identity),
    Route(
        "POST",
        "/worlds/<world>/identity/<command>",
        "A command of the life of an identity: its message goes to each subscriber",
        command_identity,
        body=BODY,
    ),
)
