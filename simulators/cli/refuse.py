"""``refuse``: force the verdict of a rule: RULE_ID --on ... | list | clear."""

from __future__ import annotations

import argparse

from simulators.cli.codes import PASS
from simulators.cli.fault import add_match, match, told
from simulators.cli.remote import add_endpoints, add_world, running
from simulators.clients.control import world_path


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    parser.add_argument("rule", metavar="RULE_ID|list|clear")
    add_match(parser)


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"{world_path(options.world)}/refusals"
    if options.rule == "list":
        for trigger in remote.call("GET", path)["refusals"]:
            print(told(trigger))
    elif options.rule == "clear":
        print(f"{remote.call('DELETE', path)['removed']} removed")
    else:
        if not options.on:
            raise ValueError("--on is required: for example --on dmp.TD2.1")
        print(remote.call("POST", path, {"rule": options.rule, "match": match(options)})["id"])
    return PASS
