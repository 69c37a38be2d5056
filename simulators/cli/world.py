"""``world``: create, list, reset, snapshot, restore, delete."""

from __future__ import annotations

import argparse

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, running
from simulators.clients.control import Control


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", help="a new world with its own structures and certificates")
    create.add_argument("name")
    create.add_argument("--seed", type=int, default=0)
    create.add_argument("--unknown", choices=["adopt", "warn", "refuse"], default="adopt")
    create.add_argument("--profile", choices=["default", "strict"], default="default")
    verbs.add_parser("list", help="the names of the worlds")
    for name in ("reset", "delete"):
        verbs.add_parser(name).add_argument("name")
    for name in ("snapshot", "restore"):
        verb = verbs.add_parser(name)
        verb.add_argument("name")
        verb.add_argument("label")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    if options.verb == "list":
        print("\n".join(remote.call("GET", "/worlds")["worlds"]))
    elif options.verb == "create":
        body = {"name": options.name, "seed": options.seed, "unknown": options.unknown, "profile": options.profile}
        made = remote.call("POST", "/worlds", body)
        print(f"world {made['name']}")
        for structure in made["structures"]:
            print(f"  {structure['id']:16} {structure['name']}")
        for label, url in made["services"].get("dmp", {}).items():
            print(f"  dmp.{label:16} {url}")
    elif options.verb == "delete":
        remote.call("DELETE", f"/worlds/{options.name}")
        print(f"deleted {options.name}")
    else:
        print(_change(remote, options))
    return PASS


def _change(remote: Control, options: argparse.Namespace) -> str:
    path = f"/worlds/{options.name}"
    if options.verb == "reset":
        return f"{options.name} reset, epoch {remote.call('POST', path + '/reset')['epoch']}"
    if options.verb == "snapshot":
        remote.call("POST", path + "/snapshots", {"name": options.label})
        return f"{options.name} saved as {options.label}"
    epoch = remote.call("POST", path + "/restore", {"name": options.label})["epoch"]
    return f"{options.name} restored from {options.label}, epoch {epoch}"
