"""``fault``: add NAME --on dmp.TD2.1 [...] | list | remove ID | clear."""

from __future__ import annotations

import argparse
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_world, running


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser("add", help="ask for a fault")
    add.add_argument("name")
    add_match(add)
    add.add_argument("--set", action="append", default=[], metavar="PARAM=VALUE", help="a parameter of the fault")
    verbs.add_parser("list", help="the faults of the world, and those that exist")
    verbs.add_parser("remove").add_argument("id")
    verbs.add_parser("clear")


def add_match(parser: argparse.ArgumentParser) -> None:
    """When a fault or a refusal applies."""
    parser.add_argument("--on", required=True, metavar="SIMULATOR.OPERATION", help="for example dmp.TD2.1 or dmp.*")
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


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"/worlds/{options.world}/faults"
    if options.verb == "add":
        params = dict(pair.split("=", 1) for pair in options.set if "=" in pair)
        body = {"name": options.name, "match": match(options), "params": params}
        print(remote.call("POST", path, body)["id"])
    elif options.verb == "remove":
        remote.call("DELETE", f"{path}/{options.id}")
    elif options.verb == "clear":
        print(f"{remote.call('DELETE', path)['removed']} removed")
    else:
        for trigger in remote.call("GET", path)["faults"]:
            print(f"{trigger['id']}  {trigger['name']}  {trigger['match']}  {trigger['params']}")
        print("available / disponibles :")
        for fault in remote.call("GET", "/faults")["faults"]:
            print(f"  {fault['name']:28} {fault['text']['fr']}")
            print(f"  {'':28} {fault['text']['en']}")
    return PASS
