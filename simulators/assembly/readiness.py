"""Ready means: one real exchange per protocol succeeded, in a hidden world dropped afterwards."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from simulators.assembly.endpoints import describe_world, service_urls, trust_files
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.core.errors import EnvironmentProblem, SandboxError, WorldGone

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SELF_CHECK = "-selfcheck"


def prove(sandbox: Sandbox) -> None:
    """Speaks to each service as a product would. Raises :class:`EnvironmentProblem`."""
    with contextlib.suppress(WorldGone):
        sandbox.worlds.delete(SELF_CHECK)
    sandbox.worlds.create(SELF_CHECK)
    try:
        for service in sandbox.services:
            if service.name == "dmp":
                _dmp(sandbox)
    except SandboxError as problem:
        raise EnvironmentProblem(f"not ready: {problem}") from problem
    finally:
        sandbox.worlds.delete(SELF_CHECK)


def _dmp(sandbox: Sandbox) -> None:
    """TD0.2 over mutual TLS; the certificate alone leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK)
    described["services"] = {"dmp": service_urls(sandbox, "dmp")}
    roots = Path(trust_files(sandbox)["roots"])
    ids = replayable_ids(SELF_CHECK)
    with dmp_client(described, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now) as client:
        answer = client.exists(patient_of(described, "adult").ins)
    if answer.values.get("state") != "active":
        raise EnvironmentProblem(f"not ready: the DMP answered {answer.outcome} {answer.code} {answer.text}")
