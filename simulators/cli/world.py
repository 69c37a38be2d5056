"""``world``: create, list, reset, snapshot, restore, delete."""

from __future__ import annotations

import argparse

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, running
from simulators.clients.control import Control, world_path


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = add_verb(verbs, "create", "a new world with its own structures and certificates", world=False)
    create.add_argument("name")
    create.add_argument("--seed", type=int, default=0, metavar="N")
    create.add_argument("--unknown", choices=["adopt", "warn", "refuse"], default="adopt")
    create.add_argument("--profile", choices=["default", "strict"], default="default")
    add_verb(verbs, "list", "the names of the worlds", world=False)
    for name, help in (("reset", "back to its seed; late writers fail"), ("delete", "with its journal")):
        add_verb(verbs, name, help, world=False).add_argument("name")
    for name, help in (("snapshot", "copy it under a label"), ("restore", "put a copy back")):
        verb = add_verb(verbs, name, help, world=False)
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
        for service, urls in made["services"].items():
            for label, url in urls.items():
                print(f"  {service}.{label:16} {url}")
    elif options.verb == "delete":
        remote.call("DELETE", world_path(options.name))
        print(f"deleted {options.name}")
    else:
        print(_change(remote, options))
    return PASS


def _change(remote: Control, options: argparse.Namespace) -> str:
    path = world_path(options.name)
    if options.verb == "reset":
        return f"{options.name} reset, epoch {remote.call('POST', path + '/reset')['epoch']}"
    if options.verb == "snapshot":
        remote.call("POST", path + "/snapshots", {"name": options.label})
        return f"{options.name} saved as {options.label}"
    epoch = remote.call("POST", path + "/restore", {"name": options.label})["epoch"]
    return f"{options.name} restored from {options.label}, epoch {epoch}"
