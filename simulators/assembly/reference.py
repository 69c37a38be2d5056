"""The reference client's message of an operation: our own client speaks it on demand, over the wire, in the hidden
world, with the people of the exchange it is to be compared with.

A readable copy would grow old; what our client sends today is what this version of the sandbox accepts.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.assembly.endpoints import certificate_files, describe_world, service_urls, trust_files
from simulators.assembly.readiness import PROOFS, SELF_CHECK
from simulators.clients.dmp.access import dmp_client
from simulators.clients.dmp.client import DmpClient
from simulators.core import journal
from simulators.core.errors import SandboxError, WorldGone
from simulators.documents.papers import paper
from simulators.population import registry
from simulators.population.model import Patient

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

LOOKED_AT = 50


class NoReference(SandboxError):
    """Our client does not speak this operation."""


def reference_request(sandbox: Sandbox, exchange: journal.Exchange) -> tuple[str, bytes]:
    """Head and body of our client's request for the operation of ``exchange``; about a second.

    Raises :class:`NoReference`, and what the wire raises.
    """
    service = next((s for s in sandbox.services if exchange.operation in s.operations), None)
    speak = SPEAKERS.get(exchange.operation)
    if service is None or (speak is None and service.name not in PROOFS):
        raise NoReference(f"our client does not speak {exchange.operation}")
    with _hidden_world(sandbox, exchange.world):
        if speak is not None:
            _as_dmp_client(sandbox, exchange, speak)
        else:
            PROOFS[service.name](sandbox)
        rows = journal.last(sandbox.store, SELF_CHECK, LOOKED_AT)
        # A token comes by several grants: the same one is compared.
        grant = exchange.who.get("grant")
        same = [r for r in rows if r.operation == exchange.operation and (not grant or r.who.get("grant") == grant)]
        if not same:
            raise NoReference(f"our client does not speak {exchange.operation} {grant or ''}".rstrip())
        return same[-1].request_head, journal.bodies(sandbox.store, SELF_CHECK, same[-1].number)[0]


@contextlib.contextmanager
def _hidden_world(sandbox: Sandbox, like: str) -> Iterator[None]:
    """A world nobody sees, with everybody of the world ``like``."""
    with sandbox.store.read(like) as tx:
        everybody = registry.export(tx)
    with sandbox.store.exclusive(SELF_CHECK):
        with contextlib.suppress(WorldGone):
            sandbox.delete_world(SELF_CHECK)
        sandbox.worlds.create(SELF_CHECK)
        try:
            with sandbox.store.write(SELF_CHECK) as tx:
                registry.merge(tx, everybody)
            yield
        finally:
            sandbox.delete_world(SELF_CHECK)


Speak = Callable[[DmpClient, Patient], object]


def _as_dmp_client(sandbox: Sandbox, exchange: journal.Exchange, speak: Speak) -> None:
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    described["services"] = {"dmp": service_urls(sandbox, "dmp", base=sandbox.local_url("dmp"))}
    structure = _member(described["structures"], exchange.who.get("structure", ""), "hospital")
    structure["certificates"] = certificate_files(sandbox, SELF_CHECK, structure["id"])
    active = [person for person in described["professionals"] if person["activities"]]
    person = _member(active, exchange.who.get("professional", ""), "hospital-specialist")
    patients = [key.removeprefix("patient:").partition("^")[0] for key in exchange.keys if key.startswith("patient:")]
    patient = Patient.from_json(_member(described["patients"], patients[0] if patients else "", "adult"))
    roots = Path(trust_files(sandbox)["roots"])
    with dmp_client(described, roots, structure["id"], person["id"], ids=uuid.uuid4, now=sandbox.now) as client:
        speak(client, patient)


def _member(members: list[dict[str, Any]], wanted: str, otherwise: str) -> dict[str, Any]:
    """The member of that identifier, else the one of that reference name."""
    return next((m for m in members if wanted and m["id"] == wanted), None) or next(
        m for m in members if m["slug"] == otherwise
    )


def _feed(client: DmpClient, patient: Patient) -> str:
    plan = {"kind": "discharge-letter"}
    content = paper(plan, patient, client.professional, client.structure, client.oid(), client.now())
    return client.feed(patient.ins, [content])[1]


def _mask(client: DmpClient, patient: Patient) -> None:
    client.authorise(patient.ins)
    client.mask(patient.ins, _feed(client, patient))


def _archive(client: DmpClient, patient: Patient) -> None:
    client.authorise(patient.ins)
    client.archive(patient.ins, _feed(client, patient))


SPEAKERS: Mapping[str, Speak] = {
    "dmp.TD0.2": lambda client, patient: client.exists(patient.ins),
    "dmp.TD0.3": lambda client, patient: client.authorise(patient.ins),
    "dmp.TD2.1": _feed,
    "dmp.TD3.1": lambda client, patient: client.search(patient.ins),
    "dmp.TD3.2": lambda client, patient: client.retrieve(patient.ins, [_feed(client, patient)]),
    "dmp.TD3.3a": _mask,
    "dmp.TD3.3c": lambda client, patient: client.delete(patient.ins, _feed(client, patient)),
    "dmp.TD3.3d": _archive,
}
