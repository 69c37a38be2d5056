"""``journal tail | show``: what went over the wire; identifiers that look real are masked."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import Control, Refusal, world_path
from simulators.population.guard import masked_text
from simulators.population.masking import mask_of

NOTED = ("adopted", "forced", "faults", "real_identifiers")
DIFFERENCES = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    tail = add_verb(verbs, "tail", "the newest exchanges, one line each")
    tail.add_argument("--count", type=int, default=20, metavar="N", help="at most 1000")
    tail.add_argument("--follow", "-f", action="store_true")
    show = add_verb(verbs, "show", "one exchange: verdict, diff with the last good one, bytes")
    show.add_argument("number", type=int)
    show.add_argument("--json", action="store_true")
    show.add_argument("--raw", choices=["request", "answer"], help="the exact bytes on standard output")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    base = f"{world_path(options.world)}/exchanges"
    return _tail(remote, base, options) if options.verb == "tail" else _show(remote, base, options)


def _tail(remote: Control, base: str, options: argparse.Namespace) -> int:
    newest = remote.call("GET", f"{base}?last={max(options.count, 1)}")
    for row in newest["exchanges"] if options.count > 0 else ():
        print(line(row), flush=True)
    cursor = newest["cursor"]
    while options.follow:
        waited = remote.call("POST", f"{base}/wait", {"since": cursor, "timeout": 30, "expect": {}})
        cursor = waited["cursor"]
        if waited["exchange"]:
            print(line(waited["exchange"]), flush=True)
    return PASS


def line(row: dict[str, Any]) -> str:
    """One exchange on one line: number, time, who, operation, outcome, rules."""
    rules = ",".join(f["rule"] for f in row["verdict"]["findings"])
    who = row["who"].get("structure") or row["who"].get("address", "?")
    text = f"{row['number']:>6} {row['wire_time'][11:23]} {who:18} {row['operation']:16} {row['outcome']:9} {rules}"
    noted = [name for name in NOTED if row.get("marks", {}).get(name)]
    text += f"  ({', '.join(noted)})" if noted else ""
    return masked_text(text.rstrip())


def _show(remote: Control, base: str, options: argparse.Namespace) -> int:
    if options.raw:
        sys.stdout.buffer.write(remote.raw("GET", f"{base}/{options.number}/{options.raw}"))
        return PASS
    row = remote.call("GET", f"{base}/{options.number}")
    if options.json:
        print(json.dumps(row, ensure_ascii=False, indent=1))
        return PASS
    mask = mask_of(remote.raw("GET", f"{base}/{options.number}/request"))
    print(mask(line(row)))
    for name, value in row["marks"].items():
        if name != "vihf_diff":
            print(mask(f"  {name:8} {', '.join(map(str, value)) if isinstance(value, list) else value}"))
    for finding in row["verdict"]["findings"]:
        print(mask(explain(finding)))
    if row["outcome"] == "refused":
        for difference in _differences(remote, f"{base}/{options.number}/diff"):
            print(mask(difference))
    return PASS


def _differences(remote: Control, path: str) -> list[str]:
    """What changed since the last good one, when there is one; identifiers and instants left out."""
    try:
        found = remote.call("GET", path)
    except Refusal as refusal:
        if refusal.status == 404:
            return []
        raise
    lasting = [d for d in found["differences"] if not d["volatile"]]
    lines = [f"  against {found['against']}, the last one accepted: {len(lasting)} difference(s)"]
    lines += [f"    {d['where']}\n      - {d['old']}\n      + {d['new']}" for d in lasting[:DIFFERENCES]]
    return lines + (["    ..."] if len(lasting) > DIFFERENCES else [])


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
