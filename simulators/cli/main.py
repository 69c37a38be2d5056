"""``segur-sandbox``: the table of commands and of exit codes.

=====  ==========================================================
code   meaning
=====  ==========================================================
0      pass
1      an expectation failed, or a file has a refusing finding
2      the scenario, or the command line, is not valid
3      the environment: port, folder, database, no running sandbox
4      nothing came from the product before the first deadline
=====  ==========================================================
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

import simulators
from simulators.cli.codes import ENVIRONMENT, INVALID
from simulators.core.errors import EnvironmentProblem, SandboxError, StoreError

COMMANDS = {
    "up": "start the sandbox and keep it up / démarrer le bac à sable",
    "demo": "start, play the first journey, explain six refusals / la démonstration",
    "run": "play scenario files / jouer des scénarios",
    "check": "say what a file is and every finding / examiner un fichier",
    "rules": "the rule catalogue / le catalogue des règles",
    "journal": "what went over the wire / ce qui est passé sur le fil",
    "world": "create, list, reset, snapshot, restore, delete worlds / les mondes",
    "clock": "both times: show, advance, freeze / les deux temps",
    "fault": "faults on demand / les pannes à la demande",
    "refuse": "forced refusals / les refus forcés",
    "cert": "certificates / les certificats",
}
BANNER = "Ségur sandbox: unofficial SIMULATION, rehearsal only / SIMULATION non officielle, répétition seulement"


def parser() -> argparse.ArgumentParser:
    """The whole command line; each command's file adds its own arguments."""
    top = argparse.ArgumentParser("segur-sandbox", description=BANNER, epilog=__doc__, formatter_class=_Plain)
    top.add_argument("--version", action="version", version=simulators.__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        import_module(f"simulators.cli.{name}").arguments(sub)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = import_module(f"simulators.cli.{options.command}").run(options)
        return code
    except (EnvironmentProblem, StoreError) as problem:
        print(f"segur-sandbox: {problem}", file=sys.stderr)
        return ENVIRONMENT
    except (SandboxError, ValueError) as problem:
        print(f"segur-sandbox: {problem}", file=sys.stderr)
        return INVALID
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def entry() -> None:
    """The console script."""
    sys.exit(main())


class _Plain(argparse.RawDescriptionHelpFormatter):
    pass


if __name__ == "__main__":
    entry()
