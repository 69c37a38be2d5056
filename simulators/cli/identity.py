"""``identity``: the identity repository; each command tells the subscribers by IHE PAM France."""

from __future__ import annotations

import argparse
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import Control, world_path

_LIST, _SHOW, _REPLAY, _CREATE = "list", "show", "replay", "create"
_COMMANDS = {
    _CREATE: "A28: a new identity (family=... given=... birth_date=YYYYMMDD sex=F)",
    "update": "A31: other traits, another state, the DMP",
    "qualify": "A31: PID-32 VALI with the INS (ins=...)",
    "demote": "A47: PID-32 PROV, the INS is taken away",
    "withdraw_ins": "A47: the INS is taken away",
    "change_identifier": "A47: another IPP (ipp=...) or INS (ins=...)",
    "merge": "A40: other=... is merged into the patient",
    "admit": "A01 (unit=..., class=I, answers=consents, feed=..., consult=...)",
    "preadmit": "A05",
    "register": "A04: outpatient (class=O) or emergency (class=E)",
    "transfer": "A02 (unit=...)",
    "cancel_transfer": "A12",
    "discharge": "A03",
    "cancel_admit": "A11",
    "cancel_discharge": "A13",
    "correct": "Z99 over a movement (movement=..., unit=...)",
    "consent": "A31, or Z99 with by=Z99 (feed=NA|IO|INO consult=NA|INC|IC, or answers=...)",
}
WAIT_S = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_verb(verbs, _LIST, "every identity, who is told, what waits")
    add_verb(verbs, _SHOW, "one identity with its history").add_argument("patient")
    for name, help in _COMMANDS.items():
        verb = add_verb(verbs, name, help)
        if name != _CREATE:
            verb.add_argument("patient", help="IPP, INS or reference name")
        verb.add_argument("fields", nargs="*", metavar="NAME=VALUE", help="what the command is about")
        verb.add_argument(
            "--break",
            dest="breaks",
            action="append",
            default=[],
            metavar="WHERE=VALUE",
            help="a defect on purpose, for example ZBE-3=20260309 (a segment without = is removed)",
        )
        _add_to(verb)
    _add_to(add_verb(verbs, _REPLAY, "every identity and open stay again, to a new subscriber"))


def _add_to(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--to", action="append", default=[], metavar="URL", help="these subscribers only: [NAME=]mllp://…"
    )


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"{world_path(options.world)}/identity"
    if options.verb == _LIST:
        _list(remote.call("GET", path))
    elif options.verb == _SHOW:
        _show(remote.call("GET", f"{path}/{options.patient}"))
    elif options.verb == _REPLAY:
        done = remote.call("POST", f"{path}/{_REPLAY}", {"to": options.to})
        print(f"{done['messages_each']} message(s) for {', '.join(done['subscribers']) or 'nobody'}")
    else:
        _command(remote, path, options)
    return PASS


def _command(remote: Control, path: str, options: argparse.Namespace) -> None:
    body: dict[str, Any] = dict(_pair(text) for text in options.fields)
    if options.verb != _CREATE:
        body["patient"] = options.patient
    breaks = {where: value if said else None for where, said, value in (one.partition("=") for one in options.breaks)}
    done = remote.call("POST", f"{path}/{options.verb}", {**body, "break": breaks, "to": options.to, "wait": WAIT_S})
    print(_line(done["identity"]))
    for message in done["messages"]:
        print(_sent(message))
    if not done["messages"]:
        print("nobody is told: set identity.subscribers, or give --to / personne n'est prévenu")


def _pair(text: str) -> tuple[str, str]:
    """Raises ``ValueError``."""
    name, said, value = text.partition("=")
    if not said:
        raise ValueError(f"{text!r}: write NAME=VALUE")
    return name, value


def _list(found: dict[str, Any]) -> None:
    for identity in found["identities"]:
        print(_line(identity))
    for subscriber in found["subscribers"]:
        print(f"told     {subscriber['name']}  {subscriber['url']}")
    for message in found["waiting"]:
        print(_sent(message))


def _show(found: dict[str, Any]) -> None:
    print(_line(found["identity"]))
    for told in found["history"]:
        print(f"{told['number']:>5}  {told['at']}  {told['event']}  {told['command']}")
        for message in told["messages"]:
            print(f"       {_sent(message)}")


def _line(identity: dict[str, Any]) -> str:
    stay = identity["stay"]
    named = f"{identity['family']} {identity['given']}"
    consent = f"feed {identity['feed']}  consult {identity['consult']}"
    where = f"  {stay['state']} {stay['number']}" if stay else ""
    return f"{identity['ipp']}  {identity['status']:4}  {identity['ins'] or '-':15}  {named}  {consent}{where}"


def _sent(message: dict[str, Any]) -> str:
    told = "".join(f"\n         {error}" for error in message["told"])
    answer = message["ack"] or message["state"]
    return f"{message['event']}  {message['msh10']}  -> {message['subscriber']}  {answer}{told}"
