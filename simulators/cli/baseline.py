"""``baseline record | check``: known findings do not fail a suite until a date; new ones do.

In a command that ``exec`` runs, the world is the command's own unless ``--world`` says another.
"""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path

from simulators.cli.codes import FAILED, PASS
from simulators.cli.gate import collected, gate
from simulators.cli.pins import add_pin, pin_holds
from simulators.cli.remote import add_endpoints, add_verb, running
from simulators.clients.control import Control
from simulators.scenario.baseline import Entry, Seen, dumps, load, recorded
from simulators.scenario.report import junit

REASON = "not looked at yet / pas encore examiné"


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    record = add_verb(verbs, "record", "add what a world's journal holds to a baseline", world=False)
    record.add_argument("--out", type=Path, required=True, metavar="FILE", help="entries that are there stay")
    record.add_argument("--until", type=_day, required=True, metavar="DATE", help="last day, such as 2027-03-31")
    record.add_argument("--reason", default=REASON, metavar="TEXT")
    check = add_verb(verbs, "check", "0 when every finding is known and not expired, else 1", world=False)
    check.add_argument("--baseline", type=Path, required=True, metavar="FILE")
    check.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit report")
    add_pin(check)
    for verb in (record, check):
        verb.add_argument(
            "--world", action="append", metavar="NAME", help="world, several times for several (default: main)"
        )
        verb.add_argument("--since", type=int, default=0, metavar="N", help="exchanges after this number only")


def run(options: argparse.Namespace) -> int:
    control = running(options.endpoints)
    if options.verb == "record":
        return _record(control, options)
    if not pin_holds(control, options.rules_pin):
        return FAILED
    passed, cases = gate(control, options.baseline, _seen(control, options))
    if options.junit:
        options.junit.parent.mkdir(parents=True, exist_ok=True)
        options.junit.write_bytes(junit(findings=cases))
    return PASS if passed else FAILED


def _record(control: Control, options: argparse.Namespace) -> int:
    before: list[Entry] = load(options.out) if options.out.exists() else []
    entries = recorded(before, _seen(control, options), options.until, options.reason)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(dumps(entries), "utf-8")
    for entry in entries[len(before) :]:
        print(entry)
    print(f"{options.out}: {len(entries) - len(before)} added, {len(before)} kept")
    return PASS


def _seen(control: Control, options: argparse.Namespace) -> list[Seen]:
    worlds = options.world or [os.environ.get("SEGUR_WORLD") or "main"]
    return collected(control, dict.fromkeys(worlds, options.since))


def _day(text: str) -> date:
    return date.fromisoformat(text)
