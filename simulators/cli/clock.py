"""``clock``: show | advance P6M | freeze T | unfreeze."""

from __future__ import annotations

import argparse
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import world_path


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_verb(verbs, "show", "wire time, business time, what is due")
    add_verb(verbs, "advance", "business time forward, for example P6M").add_argument("period")
    add_verb(verbs, "freeze", "wire time stands still").add_argument("instant")
    add_verb(verbs, "unfreeze", "wire time is the wall clock again")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"{world_path(options.world)}/clock"
    clock = remote.call("GET", path) if options.verb == "show" else remote.call("POST", path, _change(options))
    print(f"wire     {clock['wire']}{'  (frozen)' if clock['frozen'] else ''}")
    print(f"business {clock['business']}")
    for row in clock.get("fired", ()):
        print(f"fired    {row['at']}  {row['kind']}  {row['state']}")
    for row in clock["due"]:
        print(f"due      {row['at']}  {row['kind']}")
    return PASS


def _change(options: argparse.Namespace) -> dict[str, Any]:
    if options.verb == "advance":
        return {"advance": options.period}
    return {"freeze": options.instant} if options.verb == "freeze" else {"unfreeze": True}
