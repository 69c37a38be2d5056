"""``journal tail | show | diff | replay``: what went over the wire; identifiers that look real are masked."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from simulators.cli.codes import FAILED, PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.cli.replay import Sent, replayer_of
from simulators.clients.control import Control, Refusal, world_path
from simulators.population.guard import masked_text
from simulators.population.masking import mask_of

NOTED = ("adopted", "forced", "faults", "real_identifiers")
DIFFERENCES = 20
WAIT_S = 10
AGAINST = {"client": "our client's own / celui de notre client"}
Send = Callable[[Control, Mapping[str, Any], bytes], Sent]


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
    diff = add_verb(verbs, "diff", "where one exchange differs from another")
    diff.add_argument("number", type=int)
    diff.add_argument(
        "--against", default="good", metavar="good|client|M", help="last accepted one (default), our client's, or row M"
    )
    diff.add_argument("--all", action="store_true", help="identifiers, instants and signatures too")
    diff.add_argument("--json", action="store_true")
    replay = add_verb(verbs, "replay", "one exchange as a curl line and a raw file, or sent again")
    replay.add_argument("number", type=int)
    replay.add_argument("--curl", action="store_true", help="print the line (default without --raw and --send)")
    replay.add_argument("--raw", type=Path, metavar="FILE", help="write the exact request body here")
    replay.add_argument("--send", action="store_true", help="send it again and show both verdicts")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    base = f"{world_path(options.world)}/exchanges"
    return VERBS[options.verb](remote, base, options)


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


def _diff(remote: Control, base: str, options: argparse.Namespace) -> int:
    """0 when nothing but identifiers, instants and signatures differs, else 1."""
    found = remote.call("GET", f"{base}/{options.number}/diff?against={quote(options.against, safe='')}")
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        mask = mask_of(remote.raw("GET", f"{base}/{options.number}/request"))
        shown = [d for d in found["differences"] if options.all or not d["volatile"]]
        print(f"{found['exchange']} against {AGAINST.get(found['against'], found['against'])}:")
        print(mask("\n".join(map(_difference, shown)) or "  no lasting difference / aucune différence durable"))
    return FAILED if any(not d["volatile"] for d in found["differences"]) else PASS


def _difference(found: dict[str, Any]) -> str:
    old, new = (" (absent)" if found[side] is None else f" {found[side]}" for side in ("old", "new"))
    return f"    {found['where']}\n      -{old}\n      +{new}"


def _replay(remote: Control, base: str, options: argparse.Namespace) -> int:
    row = remote.call("GET", f"{base}/{options.number}")
    replayer = replayer_of(row)
    body = remote.raw("GET", f"{base}/{options.number}/request")
    if options.curl or not (options.raw or options.send):
        # What is pasted must be found wherever it is pasted.
        file = (options.raw or Path(f"{row['world']}-{row['number']}.request.bin")).absolute()
        if body or options.raw:
            file.write_bytes(body)
        print(replayer.line(remote, row, file))
    elif options.raw:
        options.raw.write_bytes(body)
        print(f"{options.raw}: {len(body)} bytes")
    if not options.send:
        return PASS
    return _sent_again(remote, base, row, replayer.send, body)


def _sent_again(remote: Control, base: str, row: dict[str, Any], send: Send, body: bytes) -> int:
    """Both verdicts; 0 when both say the same."""
    before = remote.call("GET", f"{base}?last=1")["cursor"]
    sent = send(remote, row, body)
    expect = {"who.address": sent.address}
    waited = remote.call("POST", f"{base}/wait", {"since": before, "timeout": WAIT_S, "expect": expect})
    print(line(row))
    if waited["exchange"] is None:
        print(f"  sent again: status {sent.status}, not in the journal of world {row['world']}")
        return FAILED
    again = remote.call("GET", f"{base}/{waited['exchange']['number']}")
    print(line(again))
    for finding in again["verdict"]["findings"]:
        print(mask_of(body)(explain(finding)))
    return PASS if _verdict(row) == _verdict(again) else FAILED


def _verdict(row: dict[str, Any]) -> tuple[str, list[str]]:
    return row["outcome"], [finding["rule"] for finding in row["verdict"]["findings"]]


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
    lines += map(_difference, lasting[:DIFFERENCES])
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


VERBS: Mapping[str, Callable[[Control, str, argparse.Namespace], int]] = {
    "tail": _tail,
    "show": _show,
    "diff": _diff,
    "replay": _replay,
}
