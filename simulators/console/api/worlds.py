"""Worlds, their clock, their snapshots and their policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.assembly.doctor.product import ENDPOINTS
from simulators.assembly.endpoints import certificate_files, describe_world, inline
from simulators.clients.outbound import ALLOWED_HOSTS
from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core import due
from simulators.core.clock import parse_instant
from simulators.core.pki import CATALOGUE
from simulators.core.pki import Holder as BadHolder
from simulators.core.rules import Policy
from simulators.core.world import SEED

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

STRING = {"type": "string"}


def list_worlds(sandbox: Sandbox, values: Values) -> Any:
    return {"worlds": sandbox.worlds.names()}


def create_world(sandbox: Sandbox, values: Values) -> Any:
    name, seed = values.text("name"), values.number("seed", 0, high=2**48)
    sandbox.create_world(
        name, seed=seed, unknown=values.text("unknown", "adopt"), profile=values.text("profile", "default")
    )
    return describe_world(sandbox, name, certificates=values.flag("certificates"), files=values.flag("files"))


def show_world(sandbox: Sandbox, values: Values, world: str) -> Any:
    return sandbox.describe(world, certificates=values.flag("certificates"))


def delete_world(sandbox: Sandbox, values: Values, world: str) -> Any:
    sandbox.delete_world(world)
    return {"deleted": world}


def reset_world(sandbox: Sandbox, values: Values, world: str) -> Any:
    return _restored(sandbox, world, SEED)


def save_snapshot(sandbox: Sandbox, values: Values, world: str) -> Any:
    label = values.text("name")
    if label == SEED:
        raise Problem(400, f"snapshot {SEED!r} is what reset goes back to: choose another name")
    sandbox.worlds.snapshot(world, label)
    return {"world": world, "snapshots": sandbox.worlds.snapshots(world), "saved": label}


def list_snapshots(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"world": world, "snapshots": sandbox.worlds.snapshots(world)}


def restore_snapshot(sandbox: Sandbox, values: Values, world: str) -> Any:
    return _restored(sandbox, world, values.text("name"))


def _restored(sandbox: Sandbox, world: str, label: str) -> dict[str, Any]:
    try:
        return {"world": world, "epoch": sandbox.worlds.restore(world, label).epoch}
    except KeyError:
        raise Problem(404, f"world {world} has no snapshot {label}") from None


def set_policy(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Merges what is given into the world's policy; a null takes an entry away (RFC 7396)."""
    current = sandbox.worlds.get(world).policy.as_json()
    if values.has("profile"):
        current["profile"] = values.text("profile")
    for name in ("unknown", "overrides", "settings"):
        merged = {**current[name], **values.mapping(name)}
        current[name] = {key: value for key, value in merged.items() if value is not None}
    _check_policy(sandbox, current)
    return sandbox.worlds.set_policy(world, Policy.from_json(current)).policy.as_json()


def _check_policy(sandbox: Sandbox, wanted: Mapping[str, Any]) -> None:
    """A misspelt name must not be stored and then have no effect."""
    for name in wanted["overrides"]:
        rule = sandbox.catalogue.get(name)
        if rule is None:
            raise Problem(400, f"there is no rule {name}: see GET /_sandbox/rules")
        if not rule.switchable:
            raise Problem(400, f"rule {name} is a guard: it cannot be switched")
    known = {name for service in sandbox.services for name in service.settings} | GENERAL_SETTINGS
    for kind, given, allowed in (("setting", wanted["settings"], known), ("family", wanted["unknown"], FAMILIES)):
        for name in given:
            if name not in allowed:
                raise Problem(400, f"there is no {kind} {name}: {', '.join(sorted(allowed))}")


def show_clock(sandbox: Sandbox, values: Values, world: str) -> Any:
    coming = due.pending(sandbox.store, world)
    clock = sandbox.describe(world, certificates=False)["clock"]
    return {**clock, "due": [{"id": d.id, "kind": d.kind, "at": d.at.isoformat()} for d in coming[:100]]}


def move_clock(sandbox: Sandbox, values: Values, world: str) -> Any:
    fired: list[dict[str, str]] = []
    period, to, freeze = values.text("advance"), values.text("to"), values.text("freeze")
    if period or to:
        rows = sandbox.advance(world, period=period, to=parse_instant(to) if to else None)
        fired = [{"id": r.id, "kind": r.kind, "at": r.at.isoformat(), "state": r.state} for r in rows]
    elif freeze:
        sandbox.worlds.freeze(world, parse_instant(freeze))
    elif values.flag("unfreeze"):
        sandbox.worlds.freeze(world, None)
    else:
        raise Problem(400, "give one of advance, to, freeze or unfreeze")
    return {**show_clock(sandbox, values, world), "fired": fired}


def issue_bad(sandbox: Sandbox, values: Values, world: str) -> Any:
    """A certificate that is wrong on purpose; it routes nowhere and is kept nowhere."""
    name = values.text("name")
    if name not in CATALOGUE:
        raise Problem(400, f"there is no bad certificate {name!r}: {', '.join(CATALOGUE)}")
    bad = CATALOGUE[name]
    issued = bad.make(sandbox.pki, BadHolder(values.text("structure"), "STRUCTURE DE SIMULATION"), sandbox.now())
    sandbox.trust_changed()
    files = {form: str(path) for form, path in issued.write(sandbox.folder / "certificates" / "bad", name).items()}
    purpose = {"fr": bad.purpose.fr, "en": bad.purpose.en}
    return {"name": name, "purpose": purpose, "files": files, **inline(issued)}


def revoke_certificates(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Revokes both certificates of a structure; the next ``issue`` makes new ones."""
    holder = values.text("structure")
    pair = sandbox.holders.withdraw(world, holder)
    for issued in pair:
        sandbox.revoke(issued.serial)
    return {"world": world, "structure": holder, "revoked": [format(issued.serial, "x") for issued in pair]}


def issue_certificates(sandbox: Sandbox, values: Values, world: str) -> Any:
    holder = values.text("structure")
    pair = sandbox.holders.pair(world, holder)
    return {
        "world": world,
        "structure": holder,
        "files": certificate_files(sandbox, world, holder, bundles=True),
        "auth_cli": inline(pair.auth_cli),
        "sign": inline(pair.sign),
    }


WORLD = {"name": STRING, "seed": {"type": "integer"}, "unknown": STRING, "profile": STRING}
GENERAL_SETTINGS = frozenset({ENDPOINTS.name, ALLOWED_HOSTS.name})
FAMILIES = frozenset({"*", "structures", "professionals", "patients", "mailboxes", "clients", "redirects"})
CLOCK = {"advance": STRING, "to": STRING, "freeze": STRING, "unfreeze": {"type": "boolean"}}
OBJECT = {"type": "object"}
POLICY = {"profile": STRING, "unknown": OBJECT, "overrides": OBJECT, "settings": OBJECT}
FLAG = {"certificates": {"type": "boolean"}}
FLAGS = {**FLAG, "files": {"type": "boolean"}}

ROUTES = (
    Route("GET", "/worlds", "The names of the worlds", list_worlds),
    Route("POST", "/worlds", "Creates a world of its own", create_world, {**WORLD, **FLAGS}, {}, ("name",), 201),
    Route("GET", "/worlds/<world>", "All a test needs of a world", show_world, {}, FLAG),
    Route("DELETE", "/worlds/<world>", "Deletes a world and its journal", delete_world),
    Route("POST", "/worlds/<world>/reset", "Back to the seed; late writers fail", reset_world),
    Route("GET", "/worlds/<world>/snapshots", "The snapshots of a world", list_snapshots),
    Route("POST", "/worlds/<world>/snapshots", "Copies a world", save_snapshot, {"name": STRING}, {}, ("name",), 201),
    Route("POST", "/worlds/<world>/restore", "Puts a snapshot back", restore_snapshot, {"name": STRING}, {}, ("name",)),
    Route("PATCH", "/worlds/<world>/policy", "Changes rules and unknown-data choices", set_policy, POLICY),
    Route("GET", "/worlds/<world>/clock", "Both times, and what is due", show_clock),
    Route("POST", "/worlds/<world>/clock", "Advances or freezes; answers after the effects", move_clock, CLOCK),
    Route(
        "POST",
        "/worlds/<world>/certificates",
        "Certificates for any structure id",
        issue_certificates,
        {"structure": STRING},
        {},
        ("structure",),
    ),
    Route(
        "POST",
        "/worlds/<world>/certificates/bad",
        "A certificate that is wrong on purpose",
        issue_bad,
        {"name": STRING, "structure": STRING},
        {},
        ("name", "structure"),
    ),
    Route(
        "POST",
        "/worlds/<world>/certificates/revoke",
        "Revokes the certificates of a structure",
        revoke_certificates,
        {"structure": STRING},
        {},
        ("structure",),
    ),
)
