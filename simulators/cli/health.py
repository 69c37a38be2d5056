"""``health``: one real exchange per protocol with the running sandbox, as at its start; for containers and monitors."""

from __future__ import annotations

import argparse
import sys

from simulators.cli.codes import FAILED, PASS
from simulators.cli.remote import add_endpoints, running
from simulators.clients.control import Refusal


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)


def run(options: argparse.Namespace) -> int:
    """0 when each service answered, 1 with the reason when one did not; 3 when no sandbox answers."""
    try:
        answer = running(options.endpoints).call("POST", "/proof")
    except Refusal as refusal:
        print(f"segur-sandbox: {refusal}", file=sys.stderr)
        return FAILED
    print(f"healthy / en bonne santé: {', '.join(answer['proved'])}")
    return PASS
