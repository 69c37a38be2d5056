"""What a DMP of this sandbox holds, as its registry sees it: every version, whatever its status and visibility."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.dmp.registry_store import Stored
    from simulators.sandbox import Sandbox


def held_documents(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Oldest registration first, without the signatures of the lots; ``patient`` is a matricule or a reference name."""
    if not any(service.name == "dmp" for service in sandbox.services):
        raise Problem(404, "the DMP does not run here")
    from simulators.dmp import registry_store as store
    from simulators.population import registry

    with sandbox.store.read(world) as tx:
        asked = values.text("patient")
        known = {patient.slug: patient.ins.matricule for patient in registry.patients(tx)} if asked else {}
        wanted = [store.documents.c.matricule == known.get(asked, asked)] if asked else []
        held = store.documents_where(tx, store.documents.c.signature == 0, *wanted)
    return {"world": world, "documents": [_shown(one) for one in held]}


def _shown(one: Stored) -> dict[str, Any]:
    entry = one.entry
    return {
        "document": one.unique_id,
        "entry": one.entry_uuid,
        "patient": one.matricule,
        "title": entry.title or "",
        "type": entry.type_code.code if entry.type_code else "",
        "created": entry.creation_time or "",
        "registered": one.registered.isoformat(),
        "status": one.status.rpartition(":")[2],
        "version": int(entry.version or "1"),
        "confidentiality": [code.code for code in entry.confidentiality_codes],
        "size": int(entry.size or "0"),
        "sha256": one.sha256,
    }


ROUTES = (
    Route(
        "GET",
        "/worlds/<world>/dmp/documents",
        "What the DMP holds of a patient, or of all",
        held_documents,
        query={"patient": {"type": "string", "description": "matricule or reference name"}},
    ),
)
