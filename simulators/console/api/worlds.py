"""Worlds, their clock, their snapshots and their policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.assembly.endpoints import certificate_files
from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core import due
from simulators.core.clock import parse_instant
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
    return sandbox.describe(name, certificates=values.flag("certificates"))


def show_world(sandbox: Sandbox, values: Values, world: str) -> Any:
    return sandbox.describe(world, certificates=values.flag("certificates"))


def delete_world(sandbox: Sandbox, values: Values, world: str) -> Any:
    sandbox.delete_world(world)
    return {"deleted": world}


def reset_world(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"world": world, "epoch": sandbox.worlds.reset(world).epoch}


def save_snapshot(sandbox: Sandbox, values: Values, world: str) -> Any:
    label = values.text("name")
    sandbox.worlds.snapshot(world, label)
    return {"world": world, "snapshots": sandbox.worlds.snapshots(world), "saved": label}


def list_snapshots(sandbox: Sandbox, values: Values, world: str) -> Any:
    return {"world": world, "snapshots": sandbox.worlds.snapshots(world)}


def restore_snapshot(sandbox: Sandbox, values: Values, world: str) -> Any:
    label = values.text("name")
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
    unknown_rules = [r for r in current["overrides"] if sandbox.catalogue.get(r) is None]
    if unknown_rules:
        raise Problem(400, f"there is no rule {unknown_rules[0]}: see GET /_sandbox/rules")
    return sandbox.worlds.set_policy(world, Policy.from_json(current)).policy.as_json()


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


def issue_certificates(sandbox: Sandbox, values: Values, world: str) -> Any:
    holder = values.text("structure")
    pair = sandbox.holders.pair(world, holder)
    inline = {
        use: {"certificate": i.pem().decode(), "key": i.key_pem().decode(), "chain": i.chain_pem().decode()}
        for use, i in (("auth_cli", pair.auth_cli), ("sign", pair.sign))
    }
    return {
        "world": world,
        "structure": holder,
        "files": certificate_files(sandbox, world, holder, bundles=True),
        **inline,
    }


WORLD = {"name": STRING, "seed": {"type": "integer"}, "unknown": STRING, "profile": STRING}
CLOCK = {"advance": STRING, "to": STRING, "freeze": STRING, "unfreeze": {"type": "boolean"}}
OBJECT = {"type": "object"}
POLICY = {"profile": STRING, "unknown": OBJECT, "overrides": OBJECT, "settings": OBJECT}
FLAG = {"certificates": {"type": "boolean"}}

ROUTES = (
    Route("GET", "/worlds", "The names of the worlds", list_worlds),
    Route("POST", "/worlds", "Creates a world of its own", create_world, {**WORLD, **FLAG}, {}, ("name",), status=201),
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
)
