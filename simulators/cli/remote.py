"""How a command finds the running sandbox."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
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


def add_lang(parser: argparse.ArgumentParser) -> None:
    """``--lang``: the language of what is said."""
    parser.add_argument("--lang", choices=["fr", "en"], help="default: of the environment (LC_ALL, LANG), else French")


def language(given: str | None, environment: Mapping[str, str]) -> str:
    """``fr`` or ``en``: as asked for, else as the environment says, else French."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    said = given or next((environment[name] for name in names if environment.get(name)), "fr")
    return "fr" if said.lower().startswith("fr") else "en"


def add_verb(verbs: Any, name: str, help: str, *, world: bool = True) -> argparse.ArgumentParser:
    """A verb that takes ``--endpoints`` and ``--world`` too: they may stand before it or after it."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
    add_endpoints(parser, argparse.SUPPRESS)
    if world:
        add_world(parser, argparse.SUPPRESS)
    return parser
