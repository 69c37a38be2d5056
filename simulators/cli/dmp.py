"""``dmp``: what third parties do in the DMP, over the real wire: a laboratory publishes, replaces, deletes, masks."""

from __future__ import annotations

import argparse
from typing import Any

from simulators.cli.codes import FAILED, PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import world_path

ACTS = {
    "publish": "a new document",
    "replace": "another version of a document, with another text or the same",
    "delete": "a document is deleted (TD3.3c)",
    "mask": "masked to professionals: replaced with the code MASQUE_PS",
    "unmask": "the opposite",
    "show": "visible to the patient and to the guardians",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, help in ACTS.items():
        act = add_verb(verbs, name, help)
        if name == "publish":
            act.add_argument("--patient", default="adult", metavar="NAME", help="reference name or INS (default adult)")
        else:
            act.add_argument("document", metavar="UNIQUE_ID", help="the uniqueId of the document")
        act.add_argument("--by", default="laboratory", metavar="STRUCTURE", help="who acts (default laboratory)")
        if name in ("publish", "replace"):
            for option in ("kind", "title", "text"):
                act.add_argument(f"--{option}", default="", help=f"{option} of the document")


def run(options: argparse.Namespace) -> int:
    asked = {name: getattr(options, name, "") for name in ("by", "patient", "document", "kind", "title", "text")}
    body = {"act": options.verb, **{name: value for name, value in asked.items() if value}}
    told = running(options.endpoints).call("POST", f"{world_path(options.world)}/dmp/acts", body)
    print(line(told))
    return PASS if told["outcome"] == "accepted" else FAILED


def line(told: dict[str, Any]) -> str:
    """One act on one line: how it went, the document in force, the exchange to look at."""
    if told["outcome"] == "accepted":
        said = told["document"] or "-"
    else:
        said = f"{told['code']} {told['rule']} {told['text']}".strip()
    return f"{told['act']}  {told['outcome']}  {said}  exchange {told['exchange']}"
