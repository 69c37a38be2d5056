"""What the description of a world (control API) knows of the names that a picture shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.scenario.picture.model import Known


def known_from(world: Mapping[str, Any]) -> Known:
    """Of a world as ``GET /worlds/<world>`` gives it; simulators that do not run are left out."""
    return Known(
        structures={one["id"]: one["name"] for one in world["structures"]},
        mailboxes={box["address"]: box["kind"] for box in world.get("mailboxes", ())},
        patients={one["ins"]["matricule"]: _name(one) for one in world["patients"]},
    )


def _name(patient: Mapping[str, Any]) -> str:
    return f"{patient['given_names'][0]} {patient['birth_name']}"
