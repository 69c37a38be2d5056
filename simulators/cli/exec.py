"""``exec -- CMD ARGS``: a private sandbox for as long as one command runs; its exit code is the command's.

The command finds the sandbox by the variables of :mod:`simulators.clients.variables` and by
``SEGUR_SANDBOX_ENDPOINTS``, which every other ``segur-sandbox`` command follows too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import ENDPOINTS_VARIABLE, endpoints_file
from simulators.cli.child import Child
from simulators.cli.codes import FAILED, PASS
from simulators.cli.pins import add_pin, pin_holds
from simulators.cli.remote import add_world
from simulators.cli.up import add_settings, settings
from simulators.clients.control import Control, world_path
from simulators.clients.variables import trusting, variables
from simulators.core.errors import SandboxError

USAGE = "%(prog)s [--world NAME] [options of up] -- CMD ARGS"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = USAGE
    add_world(parser)
    parser.add_argument("--structure", metavar="NAME", default="hospital", help="whose certificates are named")
    parser.add_argument("--trust-env", action="store_true", help="SSL_CERT_FILE and the like name our roots too")
    parser.add_argument("--attach", action="store_true", help="use the sandbox that is running")
    add_pin(parser)
    add_settings(parser, endpoints="use the running sandbox of this endpoints.json instead")
    parser.set_defaults(base_port=None)
    parser.add_argument("command_line", nargs=argparse.REMAINDER, metavar="-- CMD ARGS")


def run(options: argparse.Namespace) -> int:
    command = options.command_line[1:] if options.command_line[:1] == ["--"] else options.command_line
    if not command:
        raise SandboxError("exec: give a command after --")
    with Child() as child, _sandbox(options) as (control, file), _world(control, options.world):
        if not pin_holds(control, options.rules_pin):
            return FAILED
        described = control.call("GET", f"{world_path(options.world)}?certificates=true")
        given = {ENDPOINTS_VARIABLE: str(file), **variables(control.document, described, options.structure)}
        if options.trust_env:
            given |= trusting(given["SEGUR_ROOTS"])
        print(f"SIMULATION: {given['SEGUR_CONSOLE_URL']}, world {options.world}", file=sys.stderr, flush=True)
        code = child.run(command, {**os.environ, **given})
        if code != PASS:
            _tell(control, options.world)
    return code


@contextlib.contextmanager
def _sandbox(options: argparse.Namespace) -> Iterator[tuple[Control, Path]]:
    """The sandbox of the command and the endpoints file that names it."""
    if options.attach or options.endpoints:
        file = endpoints_file(options.endpoints, os.environ)
        yield Control.of_file(file), file
        return
    from simulators.sandbox import Sandbox

    with tempfile.TemporaryDirectory(prefix="segur-sandbox-") as folder:
        options.endpoints = Path(folder) / "endpoints.json"
        options.random_ports = options.base_port is None
        options.base_port = options.base_port or 0
        with Sandbox(settings(options, publish=False)) as sandbox:
            yield Control(endpoints(sandbox)), options.endpoints


@contextlib.contextmanager
def _world(control: Control, name: str) -> Iterator[None]:
    """The world exists in the block; one that was made for the command goes with it."""
    if name in control.call("GET", "/worlds")["worlds"]:
        yield
        return
    control.call("POST", "/worlds", {"name": name})
    try:
        yield
    finally:
        control.call("DELETE", world_path(name))


def _tell(control: Control, world: str) -> None:
    """After a failure, why the sandbox refused what it refused."""
    from simulators.scenario.refusals import told

    text = told(control, world)
    if text:
        print(f"\nsegur-sandbox: the last refused exchanges of world {world}\n{text}", file=sys.stderr, flush=True)
