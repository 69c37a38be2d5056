"""What third parties do in the DMP: a laboratory publishes, replaces, deletes, masks, all over the real wire.

Our own client speaks, with the structure's certificates, in indirect authentication as structures do. There nobody
masks, unmasks or shows by TD3.3: the author replaces the document with other visibility codes (facts dmp §1.13).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.clients.dmp.answers import DmpAnswer
    from simulators.clients.dmp.client import DmpClient
    from simulators.core.world import World
    from simulators.dmp.registry_store import Stored
    from simulators.population.model import Patient, Professional, Structure
    from simulators.sandbox import Sandbox

NAME: Final = "dmp"
MASK: Final = "MASQUE_PS"
KINDS: Final = {"laboratory": "biology-report", "imaging-centre": "imaging-report", "pharmacy": "prescription"}
"""What a kind of structure publishes unless told otherwise."""
OTHER_KIND: Final = "discharge-letter"


@dataclass(frozen=True)
class Act:
    """One act about to be played. ``held`` and ``content`` are the document acted on and its bytes."""

    client: DmpClient
    patient: Patient
    held: Stored | None
    content: bytes
    paper: Mapping[str, str]

    def fresh(self) -> bytes:
        """A document of the structure, new."""
        from simulators.documents.papers import paper

        author, place = self.client.professional, self.client.structure
        return paper(self.paper, self.patient, author, place, self.client.oid(), self.client.now())


def play_dmp_act(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The last exchange tells how it went; ``document`` is the uniqueId in force afterwards, empty when there is
    none."""
    from simulators.clients.outbound import OutboundDenied
    from simulators.clients.transport import WireProblem
    from simulators.core import journal

    _played(sandbox)
    act = values.text("act")
    if act not in ACTS:
        raise Problem(400, f"act: expected {', '.join(ACTS)}, found {act!r}")
    if (act == "publish") == values.has("document"):
        raise Problem(400, "document: the uniqueId acted on, for every act but publish")
    asked = _act(sandbox, values, world)
    with asked.client:
        try:
            answer, document = ACTS[act](asked)
        except (WireProblem, OutboundDenied) as problem:
            raise Problem(409, f"the DMP of this sandbox does not answer: {problem}") from problem
    rows = journal.read(sandbox.store, world, key=f"message:{asked.client.last_message_id}")
    told = {"outcome": answer.outcome, "code": answer.code, "text": answer.text, "rule": answer.rule}
    accepted = document if answer.outcome == "accepted" else values.text("document")
    return {"world": world, "act": act, **told, "document": accepted, "exchange": rows[-1].number if rows else None}


def _publish(act: Act) -> tuple[DmpAnswer, str]:
    return act.client.feed(act.patient.ins, [act.fresh()])


def _delete(act: Act) -> tuple[DmpAnswer, str]:
    held = _held(act)
    return act.client.delete(act.patient.ins, held.unique_id, old=held.status), ""


def _replace(act: Act) -> tuple[DmpAnswer, str]:
    """New content when some is told, else the same again."""
    return _next(act, act.fresh() if act.paper.get("text") or act.paper.get("title") else act.content, _flags(act))


def _mask(act: Act) -> tuple[DmpAnswer, str]:
    return _next(act, act.content, {*_flags(act), MASK})


def _unmask(act: Act) -> tuple[DmpAnswer, str]:
    return _next(act, act.content, _flags(act) - {MASK})


def _show(act: Act) -> tuple[DmpAnswer, str]:
    """Visible to the patient and to the guardians; masked to professionals as before."""
    return _next(act, act.content, _flags(act) & {MASK})


ACTS: Final[Mapping[str, Callable[[Act], tuple[DmpAnswer, str]]]] = {
    "publish": _publish,
    "replace": _replace,
    "delete": _delete,
    "mask": _mask,
    "unmask": _unmask,
    "show": _show,
}


def _next(act: Act, content: bytes, flags: set[str]) -> tuple[DmpAnswer, str]:
    """Feeds the next version of the document, with these visibility codes and no other."""
    from simulators.clients.dmp.next_version import next_version
    from simulators.clients.dmp.updates import FLAGS

    held, client = _held(act), act.client
    version = next_version(content, client.oid(), client.now(), replaced=held.unique_id)
    codes = [FLAGS[name] for name in FLAGS if name in flags]
    replaces = client.in_force(act.patient.ins, held.unique_id)
    if not isinstance(replaces, str):
        return replaces, ""
    return client.feed(act.patient.ins, [version], replaces=replaces, visibility=codes)


def _held(act: Act) -> Stored:
    assert act.held is not None  # every act but publish names a document
    return act.held


def _flags(act: Act) -> set[str]:
    from simulators.clients.dmp.updates import FLAGS

    return {code.code for code in _held(act).entry.confidentiality_codes} & FLAGS.keys()


# --- who acts, on what


def _played(sandbox: Sandbox) -> None:
    if all(service.name != NAME for service in sandbox.services):
        raise Problem(404, "this sandbox does not play the DMP")


def _act(sandbox: Sandbox, values: Values, world: str) -> Act:
    from simulators.core.world import load
    from simulators.dmp import registry_store
    from simulators.population import registry

    kind = values.text("kind")
    unique_id = values.text("document")
    with sandbox.store.read(world) as tx:
        state, people = load(tx), registry.export(tx)
        held = registry_store.current(tx, unique_id) if unique_id else None
        if unique_id and held is None:
            raise Problem(404, f"the DMPs of world {world} hold no document {unique_id!r}")
        content = tx.blob_bytes(held.sha256) if held else b""
    named = values.text("by", "laboratory")
    structure = _one(people.structures, named, lambda one: one.struct_idnat.value, "structure")
    whose = values.text("patient") or (held.matricule if held else "")
    patient = _one(people.patients, whose, lambda one: one.ins.matricule, "patient")
    professional = _author(people.professionals, structure)
    client = _client(sandbox, state, structure, professional)
    told = {name: values.text(name) for name in ("title", "text") if values.text(name)}
    return Act(client, patient, held, content, {"kind": _kind(kind, structure), **told})


def _one(members: Any, name: str, identifier: Callable[[Any], str], family: str) -> Any:
    found = next((one for one in members if name in {one.slug, identifier(one)}), None)
    if found is None:
        raise Problem(404, f"the world has no {family} {name!r}")
    return found


def _author(professionals: Any, structure: Structure) -> Professional:
    for person in professionals:
        if any(activity.structure == structure.struct_idnat for activity in person.activities):
            author: Professional = person
            return author
    raise Problem(409, f"nobody works at {structure.slug}: no author to publish as")


def _kind(asked: str, structure: Structure) -> str:
    from simulators.documents.papers import KINDS as PAPERS

    chosen = asked or KINDS.get(structure.kind, OTHER_KIND)
    if chosen not in PAPERS:
        raise Problem(400, f"kind: expected {', '.join(PAPERS)}, found {chosen!r}")
    return chosen


def _client(sandbox: Sandbox, world: World, structure: Structure, professional: Professional) -> DmpClient:
    from urllib.parse import urlsplit

    from simulators.clients.dmp.access import plain_client, replayable_ids
    from simulators.core.world import identifier

    with sandbox.store.write(world.name) as tx:
        seed = identifier(tx, "dmp-act")
    pair = sandbox.holders.pair(world.name, structure.struct_idnat.value)
    url = f"{sandbox.local_url(NAME)}/w/{world.name}"
    return plain_client(
        url,
        sandbox.trusted.at(sandbox.now()),
        pair.auth_cli,
        pair.sign,
        structure,
        professional,
        ids=replayable_ids(f"dmp-act:{seed}"),
        now=lambda: world.wire(sandbox.now()),
        named=[urlsplit(url).hostname or ""],
    )


STRING = {"type": "string"}
BODY = dict.fromkeys(("act", "by", "patient", "document", "kind", "title", "text"), STRING)

ROUTES = (
    Route(
        "POST",
        "/worlds/<world>/dmp/acts",
        "A structure publishes, replaces, deletes, masks, unmasks or shows a document",
        play_dmp_act,
        BODY,
        {},
        ("act",),
    ),
)
