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
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import simulators
from simulators.cli.codes import ENVIRONMENT, INTERRUPTED, INVALID, PASS
from simulators.core.errors import EnvironmentProblem, SandboxError, StoreError

COMMANDS = {
    "up": "start the sandbox and keep it up / démarrer le bac à sable",
    "demo": "start, play the first journey, explain six refusals / la démonstration",
    "run": "play scenario files / jouer des scénarios",
    "exec": "a private sandbox while one command runs / un bac à sable le temps d'une commande",
    "baseline": "known findings with an expiry date / les constats connus, jusqu'à une date",
    "check": "say what a file is and every finding / examiner un fichier",
    "rules": "the rule catalogue / le catalogue des règles",
    "journal": "what went over the wire / ce qui est passé sur le fil",
    "doctor": "is everything in place, and how to mend / tout est-il en place",
    "health": "one real exchange per protocol, now: exit 0 or 1 / un vrai échange par protocole",
    "watch": "live: what came, what is awaited, why it does not match / suivre en direct",
    "world": "create, list, reset, snapshot, restore, delete worlds / les mondes",
    "clock": "both times: show, advance, freeze / les deux temps",
    "fault": "faults on demand / les pannes à la demande",
    "refuse": "forced refusals / les refus forcés",
    "cert": "certificates / les certificats",
    "population": "your own data: import, export, adopted, promote, template / vos propres données",
    "identity": "the identity repository: admit, qualify, consent, merge... by IHE PAM / le référentiel d'identités",
    "client": "OpenID clients: list, add, remove, promote / les clients OpenID",
    "phone": "the e-CPS in the box: list, approve, refuse... qr / l'e-CPS simulée",
    "dmp": "third parties in the DMP: publish, replace, delete, mask, show / les tiers dans le DMP",
    "trust": "what makes a product trust the sandbox / faire confiance au bac à sable",
    "hosts": "names of the shared HTTPS port in a hosts file / les noms dans un fichier hosts",
}
BANNER = "Ségur sandbox: unofficial SIMULATION, rehearsal only / SIMULATION non officielle, répétition seulement"


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line; each command's file adds its own arguments. ``only`` spares the import of the others."""
    top = argparse.ArgumentParser("segur-sandbox", description=BANNER, epilog=__doc__, formatter_class=_Plain)
    top.add_argument("--version", action="version", version=simulators.__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        if only in {None, name}:
            import_module(f"simulators.cli.{name}").arguments(sub)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser(given[0] if given and given[0] in COMMANDS else None).parse_args(given)
    try:
        code: int = import_module(f"simulators.cli.{options.command}").run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has left; the interpreter must not stumble over it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PASS
    except (EnvironmentProblem, StoreError, OSError) as problem:
        return _said(problem, ENVIRONMENT)
    except (SandboxError, ValueError) as problem:
        return _said(problem, INVALID)
    except KeyboardInterrupt:
        return INTERRUPTED


def entry() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a character must not end the command
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())


def _said(problem: Exception, code: int) -> int:
    print(f"segur-sandbox: {problem}", file=sys.stderr)
    return code


class _Plain(argparse.RawDescriptionHelpFormatter):
    pass


if __name__ == "__main__":
    entry()
