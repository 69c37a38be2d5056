"""``journal tail | show``: what went over the wire; identifiers that look real are masked."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_world, running
from simulators.clients.control import Control
from simulators.population.guard import masked_text


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    tail = verbs.add_parser("tail", help="the newest exchanges, one line each")
    tail.add_argument("--count", type=int, default=20)
    tail.add_argument("--follow", "-f", action="store_true")
    add_world(tail)
    show = verbs.add_parser("show", help="one exchange: verdict, bytes, diff with the last good one")
    show.add_argument("number", type=int)
    show.add_argument("--json", action="store_true")
    show.add_argument("--raw", choices=["request", "answer"], help="the exact bytes on standard output")
    add_world(show)


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    base = f"/worlds/{options.world}/exchanges"
    return _tail(remote, base, options) if options.verb == "tail" else _show(remote, base, options)


def _tail(remote: Control, base: str, options: argparse.Namespace) -> int:
    cursor = 0
    rows: list[dict[str, Any]] = []
    while batch := remote.call("GET", f"{base}?since={cursor}&limit=1000")["exchanges"]:
        cursor, rows = batch[-1]["number"], (rows + batch)[-options.count :]
    for row in rows:
        print(line(row))
    for _ in itertools.count() if options.follow else ():
        body = {"since": cursor, "timeout": 30, "expect": {}}
        waited = remote.call("POST", f"{base}/wait", body)
        if waited["exchange"]:
            cursor = waited["exchange"]["number"]
            print(line(waited["exchange"]), flush=True)
    return PASS


def line(row: dict[str, Any]) -> str:
    """One exchange on one line: number, time, who, operation, outcome, rules."""
    rules = ",".join(f["rule"] for f in row["verdict"]["findings"])
    who = row["who"].get("structure") or row["who"].get("address", "?")
    text = f"{row['number']:>6} {row['wire_time'][11:23]} {who:18} {row['operation']:16} {row['outcome']:9} {rules}"
    return masked_text(text.rstrip())


def _show(remote: Control, base: str, options: argparse.Namespace) -> int:
    if options.raw:
        sys.stdout.buffer.write(remote.raw("GET", f"{base}/{options.number}/{options.raw}"))
        return PASS
    row = remote.call("GET", f"{base}/{options.number}")
    if options.json:
        print(json.dumps(row, ensure_ascii=False, indent=1))
        return PASS
    print(line(row))
    for finding in row["verdict"]["findings"]:
        print(masked_text(explain(finding)))
    return PASS


def explain(finding: dict[str, Any]) -> str:
    """A finding in plain words, both languages."""
    lines = [
        f"  [{finding['level']}] {finding['rule']}  {finding['national'] or finding['sentence']['fr']}",
        f"    where    {finding['where']}",
        f"    found    {finding['found']}",
        f"    expected {finding['expected']}",
        f"    fr       {finding['sentence']['fr']} -> {finding['mend']['fr']}",
        f"    en       {finding['sentence']['en']} -> {finding['mend']['en']}",
        f"    source   {finding['source']} ({finding['grade']})",
    ]
    lines += [f"    {name:8} {value}" for name, value in finding.get("facts", {}).items()]
    return "\n".join(lines)
