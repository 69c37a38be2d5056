"""``clock``: show | advance P6M | freeze T | unfreeze."""

from __future__ import annotations

import argparse
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_world, running


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("show", help="wire time, business time, what is due")
    verbs.add_parser("advance", help="business time forward, for example P6M").add_argument("period")
    verbs.add_parser("freeze", help="wire time stands still").add_argument("instant")
    verbs.add_parser("unfreeze", help="wire time is the wall clock again")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"/worlds/{options.world}/clock"
    bodies: dict[str, dict[str, Any]] = {
        "advance": {"advance": getattr(options, "period", "")},
        "unfreeze": {"unfreeze": True},
    }
    bodies["freeze"] = {"freeze": getattr(options, "instant", "")}
    if options.verb == "show":
        clock = remote.call("GET", path)
    else:
        clock = remote.call("POST", path, bodies[options.verb])
    print(f"wire     {clock['wire']}{'  (frozen)' if clock['frozen'] else ''}")
    print(f"business {clock['business']}")
    for row in clock.get("fired", ()):
        print(f"fired    {row['at']}  {row['kind']}  {row['state']}")
    for row in clock["due"]:
        print(f"due      {row['at']}  {row['kind']}")
    return PASS
