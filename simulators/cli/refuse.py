"""``refuse``: force the verdict of a rule: RULE_ID --on ... | list | clear."""

from __future__ import annotations

import argparse

from simulators.cli.codes import PASS
from simulators.cli.fault import match
from simulators.cli.remote import add_endpoints, add_world, running


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    parser.add_argument("rule", metavar="RULE_ID|list|clear")
    parser.add_argument("--on", metavar="SIMULATOR.OPERATION", help="for example dmp.TD2.1")
    parser.add_argument("--structure", metavar="ID")
    parser.add_argument("--patient", metavar="INS")
    parser.add_argument("--nth", type=int, metavar="N")
    parser.add_argument("--between", metavar="A,B")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"/worlds/{options.world}/refusals"
    if options.rule == "list":
        for trigger in remote.call("GET", path)["refusals"]:
            print(f"{trigger['id']}  {trigger['name']}  {trigger['match']}")
    elif options.rule == "clear":
        print(f"{remote.call('DELETE', path)['removed']} removed")
    else:
        if not options.on:
            raise ValueError("--on is required: for example --on dmp.TD2.1")
        print(remote.call("POST", path, {"rule": options.rule, "match": match(options)})["id"])
    return PASS
