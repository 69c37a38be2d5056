"""``fault``: add NAME --on dmp.TD2.1 [...] | list | remove ID | clear."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import world_path


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = add_verb(verbs, "add", "ask for a fault")
    add.add_argument("name")
    add_match(add, required=True)
    add.add_argument("--set", action="append", default=[], metavar="PARAM=VALUE", help="a parameter of the fault")
    add_verb(verbs, "list", "the faults of the world, and those that exist")
    add_verb(verbs, "remove", "take one fault away").add_argument("id")
    add_verb(verbs, "clear", "take every fault away")


def add_match(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """When a fault or a refusal applies."""
    parser.add_argument("--on", required=required, metavar="SIMULATOR.OPERATION", help="for example dmp.TD2.1 or dmp.*")
    parser.add_argument("--structure", metavar="ID")
    parser.add_argument("--patient", metavar="INS")
    parser.add_argument("--nth", type=int, metavar="N", help="the n-th matching call only")
    parser.add_argument("--between", metavar="A,B", help="two business instants, ISO 8601")


def match(options: argparse.Namespace) -> dict[str, Any]:
    """The match of a parsed command line."""
    found: dict[str, Any] = {name: getattr(options, name) for name in ("on", "structure", "patient", "nth")}
    if options.between:
        found["between"] = options.between.split(",")
    return {name: value for name, value in found.items() if value is not None}


def told(trigger: dict[str, Any]) -> str:
    """One fault or forced refusal on one line."""
    shown = (trigger["id"], trigger["name"], _plain(trigger["match"]), _plain(trigger["params"]))
    return "  ".join(part for part in shown if part)


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"{world_path(options.world)}/faults"
    if options.verb == "add":
        body = {"name": options.name, "match": match(options), "params": _params(options.set)}
        print(remote.call("POST", path, body)["id"])
    elif options.verb == "remove":
        print(f"{remote.call('DELETE', path + '/' + quote(options.id, safe=''))['removed']} removed")
    elif options.verb == "clear":
        print(f"{remote.call('DELETE', path)['removed']} removed")
    else:
        for trigger in remote.call("GET", path)["faults"]:
            print(told(trigger))
        print("available / disponibles :")
        for fault in remote.call("GET", "/faults")["faults"]:
            print(f"  {fault['name']:28} {fault['text']['fr']}")
            print(f"  {'':28} {fault['text']['en']}")
    return PASS


def _params(given: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ValueError(f"--set {pair!r}: expected PARAM=VALUE")
        found[name] = value
    return found


def _plain(values: dict[str, Any]) -> str:
    return " ".join(f"{name}={v if isinstance(v, str) else json.dumps(v)}" for name, v in values.items())
