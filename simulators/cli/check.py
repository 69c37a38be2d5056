"""``check FILE...``: what a file is and every finding: CDA, XDM archive, VIHF, SOAP or HL7 v2 message, mail."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simulators.assembly.settings import Settings
from simulators.cli.codes import FAILED, INVALID, PASS
from simulators.cli.journal import explain
from simulators.cli.stopping import interruptible
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.assembly.examine import Examined


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument("--strict", action="store_true", help="the strict profile")


def run(options: argparse.Namespace) -> int:
    from simulators.assembly.examine import Examiner, NotKnown
    from simulators.core.rules import Policy
    from simulators.sandbox import Sandbox

    examined: list[Examined] = []
    unknown: list[str] = []
    with interruptible(), Sandbox(Settings(random_ports=True, publish=False, readiness=False)) as sandbox:
        examiner = Examiner(sandbox, Policy(profile="strict" if options.strict else "default"))
        for path in options.files:
            try:
                examined.append(examiner.examine(path))
            except (NotKnown, OSError) as problem:
                unknown.append(str(problem))
    if options.json:
        print(json.dumps([found.as_json() for found in examined], ensure_ascii=False, indent=1))
    else:
        for found in examined:
            print(_told(found))
    for line in unknown:
        print(f"segur-sandbox: {line}", file=sys.stderr)
    if unknown:
        return INVALID
    return FAILED if any(found.refused for found in examined) else PASS


def _told(found: Examined) -> str:
    lines: list[str] = []
    for part in found.flat():
        lines.append(f"{part.name}: {part.kind}, {len(part.findings)} finding(s)")
        mask = mask_of(part.data)
        lines += [mask(f"  [fact] {fact}") for fact in part.facts]
        lines += [mask(explain(dict(finding))) for finding in part.findings]
    return "\n".join(lines)
