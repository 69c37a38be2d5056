"""Ready means: one real exchange per protocol succeeded, in a hidden world dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from simulators.assembly.endpoints import certificate_files, describe_world, service_urls, trust_files
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.core.errors import EnvironmentProblem, SandboxError, WorldGone

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SELF_CHECK = "-selfcheck"


def prove(sandbox: Sandbox) -> None:
    """Speaks to each service as a product would. Raises :class:`EnvironmentProblem`.

    One process at a time: those that share a database share the hidden world too.
    """
    with sandbox.store.exclusive(SELF_CHECK):
        with contextlib.suppress(WorldGone):
            sandbox.delete_world(SELF_CHECK)
        sandbox.worlds.create(SELF_CHECK)
        try:
            for service in sandbox.services:
                if service.name not in PROOFS:
                    raise EnvironmentProblem(f"no exchange is known that proves {service.name}")
                PROOFS[service.name](sandbox)
        except SandboxError as problem:
            raise EnvironmentProblem(f"not ready: {problem}") from problem
        finally:
            sandbox.delete_world(SELF_CHECK)


def _dmp(sandbox: Sandbox) -> None:
    """TD0.2 over mutual TLS; the certificate alone leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    described["services"] = {"dmp": service_urls(sandbox, "dmp", base=sandbox.local_url("dmp"))}
    hospital = next(s for s in described["structures"] if s["slug"] == "hospital")
    hospital["certificates"] = certificate_files(sandbox, SELF_CHECK, hospital["id"])
    roots = Path(trust_files(sandbox)["roots"])
    ids = replayable_ids(SELF_CHECK)
    with dmp_client(described, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now) as client:
        answer = client.exists(patient_of(described, "adult").ins)
    if answer.values.get("state") != "active":
        raise EnvironmentProblem(f"the DMP answered {answer.outcome} {answer.code} {answer.text}")


PROOFS: Mapping[str, Callable[[Sandbox], None]] = {"dmp": _dmp}
