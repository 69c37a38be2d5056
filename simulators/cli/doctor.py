"""``doctor``: is everything in place for the product; one line a check, each red one with how to mend it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulators.assembly.doctor import here
from simulators.assembly.doctor.model import Check, Light, any_red, green, red
from simulators.assembly.settings import endpoints_file
from simulators.cli.codes import ENVIRONMENT, FAILED, PASS
from simulators.cli.remote import add_endpoints, add_lang, add_world, language, running
from simulators.clients.control import Control
from simulators.core.clock import system_now
from simulators.core.errors import EnvironmentProblem
from simulators.core.rules import Text
from simulators.population.guard import masked_text

LIGHTS = {
    "fr": {Light.GREEN: "vert ", Light.RED: "ROUGE", Light.GREY: "gris "},
    "en": {Light.GREEN: "green", Light.RED: "RED  ", Light.GREY: "grey "},
}
_START = Text(
    "démarrez-le : « segur-sandbox up », ou donnez --endpoints FICHIER",
    "start it: 'segur-sandbox up', or give --endpoints FILE",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    add_lang(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument(
        "--product",
        action="append",
        default=[],
        metavar="URL",
        help="an endpoint of yours: http(s)://, mllp(s):// or smtp(s)://HOST:PORT (repeatable)",
    )


def run(options: argparse.Namespace) -> int:
    lang = language(options.lang, os.environ)
    try:
        remote = running(options.endpoints)
    except EnvironmentProblem as problem:
        _print([red("sandbox", Text(f"aucun bac à sable : {problem}", str(problem)), _START)], lang, options.json)
        return ENVIRONMENT
    checks = examine(remote, options.world, options.product, options.endpoints, os.environ)
    _print(checks, lang, options.json)
    return FAILED if any_red(checks) else PASS


def examine(
    remote: Control, world: str, products: Sequence[str], given: Path | None, environment: Mapping[str, str]
) -> list[Check]:
    """Both sides, the user's first. Raises ``Refusal``: no such world, a product that is no URL."""
    inside = remote.call("POST", "/doctor", {"world": world, "products": list(products)})
    checks = [_found(remote.document, given, environment), *_others(remote.document, given, environment)]
    checks += here.examine(inside["facts"], environment, system_now())
    return checks + [Check.from_json(check) for check in inside["checks"]]


def _found(document: Mapping[str, Any], given: Path | None, environment: Mapping[str, str]) -> Check:
    path, pid, url = endpoints_file(given, environment), document.get("pid", "?"), document["control"]["url"]
    fr = f"{path} : le processus {pid} répond à {url}"
    return green("sandbox", fr, f"{path}: process {pid} answers at {url}")


def _others(document: Mapping[str, Any], given: Path | None, environment: Mapping[str, str]) -> list[Check]:
    """Another sandbox may hold the place where a command without this one's file looks."""
    checks = []
    for path in {
        endpoints_file(None, environment),
        endpoints_file(None, {**environment, "SEGUR_SANDBOX_ENDPOINTS": ""}),
    }:
        try:
            other = Control.of_file(path).document
        except EnvironmentProblem:
            continue
        if other["control"]["token"] != document["control"]["token"]:
            said = Text(
                f"un autre bac à sable (processus {other.get('pid', '?')}) tient {path}",
                f"another sandbox (process {other.get('pid', '?')}) holds {path}",
            )
            mend = Text(
                "donnez --endpoints FICHIER à chaque commande, ou arrêtez l'un des deux",
                "give --endpoints FILE to each command, or stop one of the two",
            )
            checks.append(red("two-sandboxes", said, mend))
    return checks


def _print(checks: Sequence[Check], lang: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"checks": [check.as_json() for check in checks]}, ensure_ascii=False, indent=1))
        return
    for check in checks:
        print(line(check, lang))
    sys.stdout.flush()


def line(check: Check, lang: str) -> str:
    """One check on one line; identifiers that look real are masked."""
    said, mend = getattr(check.said, lang), getattr(check.mend, lang)
    text = f"{LIGHTS[lang][check.light]}  {check.id:24} {said}" + (f" -> {mend}" if mend else "")
    return masked_text(" ".join(text.splitlines()))
