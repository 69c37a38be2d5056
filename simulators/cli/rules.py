"""``rules``: the catalogue, from the objects themselves; needs no running sandbox."""

from __future__ import annotations

import argparse
import json

import simulators
from simulators.assembly.examine.model import UNREADABLE
from simulators.assembly.incidents import RULES as INCIDENT_RULES
from simulators.assembly.services import load_services
from simulators.cli.codes import PASS
from simulators.console.api.general import rule_json
from simulators.core.own_rules import OWN_RULES
from simulators.core.rules import Catalogue, Rule


def arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="machine-readable")
    form.add_argument("--pin", action="store_true", help="what --rules-pin of run, exec and baseline compares with")


def every_rule() -> Catalogue[Rule]:
    """All rules of this version."""
    return Catalogue([*running_rules(), UNREADABLE])


def running_rules() -> Catalogue[Rule]:
    """The rules of a sandbox with every simulator: those that can meet an exchange."""
    rules = [rule for service in load_services() for rule in service.rules]
    return Catalogue([*rules, *INCIDENT_RULES.values(), *OWN_RULES])


def run(options: argparse.Namespace) -> int:
    if options.pin:
        from simulators.scenario.pin import pin

        print(pin(map(rule_json, running_rules()), simulators.__version__), end="")
        return PASS
    catalogue = every_rule()
    if options.json:
        print(json.dumps([rule_json(rule) for rule in catalogue], ensure_ascii=False, indent=1))
        return PASS
    for rule in catalogue:
        print(f"{rule.id:34} {rule.level:7} {rule.grade:9} {rule.sentence.fr}")
        print(f"{'':52} {rule.sentence.en}")
    print(f"{len(catalogue)} rules / règles")
    return PASS
