"""``demo``: start, play the first journey in world ``demo``, stay up."""

from __future__ import annotations

import argparse

from simulators.assembly.endpoints import endpoints
from simulators.cli.network import warn_of_takeover
from simulators.cli.playing import Playing
from simulators.cli.stopping import interruptible, wait_for_stop
from simulators.cli.up import add_settings, print_places, settings
from simulators.clients.control import Control
from simulators.core.shipped import shipped
from simulators.scenario.load import load

SCENARIO = "first-document.yaml"


def arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument("--exit", action="store_true", help="stop after the journey: 0 or 1")
    parser.add_argument("--lang", choices=["fr", "en"], default="fr")


def run(options: argparse.Namespace) -> int:
    from simulators.cli.main import BANNER
    from simulators.sandbox import Sandbox

    print(BANNER, flush=True)
    # One that ends by itself must not take the place of the one that is up.
    wanted = settings(options, "demo", publish=not options.exit)
    warn_of_takeover(wanted)
    with interruptible(), Sandbox(wanted) as sandbox:
        playing = Playing(Control(endpoints(sandbox)), options.lang)
        code = playing.play([load(shipped("scenarios", SCENARIO))])
        print(f"\n{playing.summary()}\n")
        if not options.exit:
            print_places(sandbox)
            wait_for_stop()
    return code
