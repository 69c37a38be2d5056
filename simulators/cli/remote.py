"""How a command finds the running sandbox."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from simulators.assembly.settings import endpoints_file
from simulators.clients.control import Control


def running(given: Path | None) -> Control:
    """The control API that ``endpoints.json`` names. Raises ``EnvironmentProblem``: none, or silent."""
    return Control.of_file(endpoints_file(given, os.environ))


def add_endpoints(parser: argparse.ArgumentParser, default: Any = None) -> None:
    """``--endpoints FILE``: which running sandbox."""
    parser.add_argument(
        "--endpoints", type=Path, metavar="FILE", default=default, help="endpoints.json of the running sandbox"
    )


def add_world(parser: argparse.ArgumentParser, default: Any = "main") -> None:
    """``--world NAME``: the world spoken of."""
    parser.add_argument("--world", metavar="NAME", default=default, help="world name (default: main)")


def add_verb(verbs: Any, name: str, help: str, *, world: bool = True) -> argparse.ArgumentParser:
    """A verb that takes ``--endpoints`` and ``--world`` too: they may stand before it or after it."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
    add_endpoints(parser, argparse.SUPPRESS)
    if world:
        add_world(parser, argparse.SUPPRESS)
    return parser
