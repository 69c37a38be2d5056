"""``--rules-pin``: a run fails when the rules are no longer those it was written against."""

from __future__ import annotations

import argparse

from simulators.clients.control import Control
from simulators.scenario.pin import differences


def add_pin(parser: argparse.ArgumentParser) -> None:
    """``--rules-pin FILE|HASH``."""
    parser.add_argument(
        "--rules-pin", metavar="FILE|HASH", help="fail when the rules differ from those of segur-sandbox rules --pin"
    )


def pin_holds(control: Control, pinned: str | None) -> bool:
    """Whether the running rules are the pinned ones; prints what differs. Raises ``SandboxError``: no such pin."""
    if pinned is None:
        return True
    found = differences(pinned, control.call("GET", "/rules")["rules"])
    for line in found:
        print(line)
    return not found
