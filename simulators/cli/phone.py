"""``phone``: list | approve | refuse | ignore | pin-blocked | offline | ready | auto | qr. The e-CPS device in the box:
what its person would do, from a terminal or a test."""

from __future__ import annotations

import argparse
from typing import Any
from urllib.parse import urlencode

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import Control, world_path

ANSWERS = {
    "approve": "the person approves",
    "refuse": "the person refuses",
    "ignore": "the person does not answer: the request expires",
    "pin-blocked": "the PIN is blocked: refused, and the next requests fail until `phone ready`",
    "offline": "the device is out of reach: no answer, and the next requests fail until `phone ready`",
}
AUTOMATIC = ("approve", "refuse", "pin-blocked", "offline", "off")


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_verb(verbs, "list", "what awaits an answer, and the devices out of service")
    for name, help in ANSWERS.items():
        add_verb(verbs, name, help).add_argument(
            "whom", nargs="?", default="", help="national id of the person, or auth_req_id; default: the only request"
        )
    add_verb(verbs, "ready", "the device of a person serves again").add_argument("person")
    auto = add_verb(verbs, "auto", "every device of the world answers by itself")
    auto.add_argument("answer", choices=AUTOMATIC)
    auto.add_argument(
        "--after-polls", type=int, default=1, metavar="N", help="after N polls without answer (default 1)"
    )
    add_verb(verbs, "qr", "QR code of the phone page, for a real phone in the room").add_argument(
        "--person", metavar="ID", help="open that person's phone"
    )


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"{world_path(options.world)}/psc"
    if options.verb == "list":
        _list(remote.call("GET", f"{path}/ciba"))
    elif options.verb == "ready":
        body = {"person": options.person, "state": "ready"}
        print(f"{remote.call('POST', f'{path}/devices', body)['person']} ready")
    elif options.verb == "auto":
        answer = "" if options.answer == "off" else options.answer
        body = {"answer": answer, "after_polls": options.after_polls}
        remote.call("POST", f"{path}/ciba/auto", body)
        print(f"auto {options.answer}" + (f" after {options.after_polls} poll(s)" if answer else ""))
    elif options.verb == "qr":
        _qr(remote, options.world, options.person)
    else:
        done = remote.call("POST", f"{path}/ciba/answer", {"answer": options.verb, **whom(options.whom)})
        print(told(done["request"]))
    return PASS


def whom(given: str) -> dict[str, str]:
    """A token has dots, a national identifier has none."""
    if not given:
        return {}
    return {"auth_req_id": given} if given.count(".") == 2 else {"person": given}


def told(request: dict[str, Any]) -> str:
    """One request on one line."""
    number = request["binding_message"] or "-"
    shown = (request["person"], f"[{number}]", request["channel"], request["client_id"], request["state"])
    return "  ".join((*shown, f"{request['expires_in']} s"))


def _list(found: dict[str, Any]) -> None:
    for request in found["requests"]:
        print(told(request))
    for person, state in found["devices"].items():
        print(f"{person}  device {state}")


def _qr(remote: Control, world: str, person: str | None) -> None:
    from simulators.console.phone import here_only, terminal_code

    url = remote.call("GET", world_path(world))["services"]["pro_sante_connect"]["phone"]
    if person:
        url = f"{url}?{urlencode({'person': person})}"
    print(terminal_code(url), end="")
    print(url)
    if here_only(url):
        print("this machine only: start with --bind 0.0.0.0 --public-host NAME for a real phone")
        print("cette machine seulement : démarrez avec --bind 0.0.0.0 --public-host NOM pour un vrai téléphone")
