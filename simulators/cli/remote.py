"""How a command finds the running sandbox."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from simulators.assembly.settings import endpoints_file
from simulators.clients.control import Control


def running(given: Path | None) -> Control:
    """The control API that ``endpoints.json`` names. Raises ``EnvironmentProblem``: none, or silent."""
    return Control.of_file(endpoints_file(given, os.environ))


def add_endpoints(parser: argparse.ArgumentParser) -> None:
    """``--endpoints FILE``: which running sandbox."""
    parser.add_argument("--endpoints", type=Path, metavar="FILE", help="endpoints.json of the running sandbox")


def add_world(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--world", default="main", help="world name (default: main)")
