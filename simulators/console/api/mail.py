"""The MSSanté operator over HTTP: mailboxes of a world, the white list, what the catchers caught.

Its rooms are imported by the handlers: in a sandbox started without it (``--only``) they must not declare tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.core.store.api import Tx
    from simulators.mssante.catchers.caught import Caught
    from simulators.sandbox import Sandbox

NAME = "mssante"
LONGEST_WAIT_S = 60.0
STRING, FLAG = {"type": "string"}, {"type": "boolean"}
STRINGS = {"type": "array", "items": STRING}


def list_mailboxes(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.mssante import seeds

    with sandbox.store.read(world) as tx:
        found = seeds.described(tx)
    kind = values.text("kind")
    return {"mailboxes": [box for box in found if kind in {"", box["kind"]}]}


def add_mailbox(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.core.world import load
    from simulators.mssante import domains, folders, mailboxes
    from simulators.mssante.addresses import Address, Family

    address = Address.read(values.text("address"))
    if not address.in_trust_space:
        raise Problem(400, f"{address.text!r} is no address of the trust space")
    kind = _choice("kind", values.text("kind"), [kind.value for kind in mailboxes.Kind])
    with sandbox.store.write(world) as tx:
        if address.family is not Family.CITIZEN:
            domains.host(tx, address.domain, adopted=domains.hosting(tx, address.domain) != "seeded")
        created, label = load(tx).wire(sandbox.now()), values.text("label")
        if not mailboxes.create(tx, address.key, mailboxes.Kind(kind), created=created, label=label):
            raise Problem(409, f"world {world} has a mailbox {address.key}")
        folders.create_defaults(tx, address.key)
        _change(tx, values, address.key)
    return _one(sandbox, world, address.key)


def change_mailbox(sandbox: Sandbox, values: Values, world: str, address: str) -> Any:
    """Only what is given; ``quota_bytes`` below zero takes the limit away, an empty password or forward ends it."""
    _played(sandbox)
    with sandbox.store.write(world) as tx:
        _known(tx, address)
        _change(tx, values, address)
    return _one(sandbox, world, address)


def list_messages(sandbox: Sandbox, values: Values, world: str, address: str) -> Any:
    """Of one folder (INBOX unless named), oldest first."""
    _played(sandbox)
    from simulators.mssante import messages

    with sandbox.store.read(world) as tx:
        listed = messages.listing(tx, _folder(tx, address, values.text("folder", "INBOX")))
    shown = [
        {
            "uid": message.uid,
            "received": message.received.isoformat(),
            "size": message.size,
            "sha256": message.sha256,
            "flags": sorted(message.flags),
        }
        for message in listed
    ]
    return {"messages": shown}


def raw_message(sandbox: Sandbox, values: Values, world: str, address: str, uid: int) -> Any:
    _played(sandbox)
    from simulators.mssante import messages

    with sandbox.store.read(world) as tx:
        found = messages.get(tx, _folder(tx, address, values.text("folder", "INBOX")), uid) if uid < 1 << 32 else None
        if found is None:
            raise Problem(404, f"mailbox {address} has no message {uid}")
        content = messages.content(tx, found)
    return _download(content, f"{uid}.eml")


def send_message(sandbox: Sandbox, values: Values, world: str, address: str) -> Any:
    """Writes as the owner of the mailbox: ``message`` is the whole mail, header included."""
    _played(sandbox)
    from simulators.mssante.writing import write

    with sandbox.store.read(world) as tx:
        _known(tx, address)
    recipients = [str(one) for one in values.items("to")]
    if not recipients:
        raise Problem(400, "to: at least one recipient")
    text = values.text("message").replace("\r\n", "\n").replace("\n", "\r\n")
    answer = write(sandbox.runtime, world, address, recipients, text.encode())
    return {"status": answer.status, "reply": answer.body.decode("ascii", "replace").strip()}


def list_conversations(sandbox: Sandbox, values: Values, world: str, address: str) -> Any:
    """Of a citizen: the messages received, and whether each may still be answered."""
    _played(sandbox)
    from simulators.mssante import citizen

    with sandbox.store.read(world) as tx:
        _known(tx, address)
        found = citizen.conversations(tx, address)
    shown = [{"uid": c.uid, "sender": c.sender, "answer_to": c.answer_to, "open": c.open} for c in found]
    return {"conversations": shown}


def list_operators(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.mssante import domains

    with sandbox.store.read(world) as tx:
        entries = domains.white_list(tx)
        hosted = domains.hosted(tx)
    return {
        "hosted": hosted,
        "white_list": [
            {"domain": e.domain, "dn": e.dn, "description": e.description, "route": e.route} for e in entries
        ],
    }


def put_operator(sandbox: Sandbox, values: Values, world: str) -> Any:
    """``route`` is host:port, in place of an MX record."""
    _played(sandbox)
    from simulators.mssante import domains

    named = [values.text(name) for name in ("domain", "dn", "description", "route")]
    entry = domains.Operator(*named)
    with sandbox.store.write(world) as tx:
        if domains.hosting(tx, entry.domain):
            raise Problem(409, f"world {world} hosts {entry.domain} itself")
        domains.list_operator(tx, entry)
    return {"domain": entry.domain, "dn": entry.dn, "description": entry.description, "route": entry.route}


def remove_operator(sandbox: Sandbox, values: Values, world: str, domain: str) -> Any:
    _played(sandbox)
    from simulators.mssante import domains

    with sandbox.store.write(world) as tx:
        if not domains.unlist(tx, domain):
            raise Problem(404, f"the white list of world {world} has no domain {domain!r}")
    return {"removed": domain}


def list_caught(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    return {"caught": _caught(sandbox, values, world)}


def wait_caught(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Until something comes for that recipient after ``since``, or time is over: then the list is empty."""
    import time

    _played(sandbox)
    end = time.monotonic() + values.seconds("timeout", 30.0, high=LONGEST_WAIT_S)
    channel = f"mssante-caught:{world}"
    while True:
        seen = sandbox.store.bell.count(channel)
        found = _caught(sandbox, values, world)
        left = end - time.monotonic()
        if found or left <= 0 or sandbox.stopping:
            return {"caught": found}
        sandbox.store.wait(channel, seen, min(left, 1.0))


def raw_caught(sandbox: Sandbox, values: Values, world: str, number: int) -> Any:
    _played(sandbox)
    from simulators.mssante.catchers import caught

    with sandbox.store.read(world) as tx:
        found = caught.numbered(tx, number)
        if found is None:
            raise Problem(404, f"nothing of number {number} was caught in world {world}")
        content = caught.content(tx, found)
    return _download(content, f"{number}.{'eml' if found.channel == caught.MAIL else 'txt'}")


# --- below


def _played(sandbox: Sandbox) -> None:
    if all(service.name != NAME for service in sandbox.services):
        raise Problem(404, "this sandbox does not play the MSSanté operator")


def _known(tx: Tx, address: str) -> None:
    from simulators.mssante import mailboxes

    if mailboxes.find(tx, address) is None:
        raise Problem(404, f"world {tx.world} has no mailbox {address!r}")


def _one(sandbox: Sandbox, world: str, address: str) -> dict[str, Any]:
    from simulators.mssante import seeds
    from simulators.mssante.mailboxes import normal

    with sandbox.store.read(world) as tx:
        return next(box for box in seeds.described(tx) if box["address"] == normal(address))


def _change(tx: Tx, values: Values, address: str) -> None:
    from simulators.mssante import forwarding, mailboxes
    from simulators.mssante.access import passwords

    if values.has("state"):
        state = _choice("state", values.text("state"), [state.value for state in mailboxes.State])
        mailboxes.set_state(tx, address, mailboxes.State(state))
    if values.has("quota_bytes"):
        quota = values.number("quota_bytes", -1, low=-1, high=1 << 40)
        mailboxes.set_quota(tx, address, None if quota < 0 else quota)
    if values.has("owners"):
        mailboxes.set_owners(tx, address, [str(owner) for owner in values.items("owners")])
    if values.has("unlisted"):
        mailboxes.set_unlisted(tx, address, values.flag("unlisted"))
    if values.has("password"):
        passwords.set_password(tx, address, values.text("password"))
    if values.has("forward"):
        if values.text("forward"):
            _known(tx, values.text("forward"))
        forwarding.set_forward(tx, address, values.text("forward"))


def _folder(tx: Tx, address: str, name: str) -> int:
    from simulators.mssante import folders

    _known(tx, address)
    found = folders.find(tx, address, name)
    if found is None:
        raise Problem(404, f"mailbox {address} has no folder {name!r}")
    return found.folder


def _choice(name: str, given: str, allowed: list[str]) -> str:
    if given not in allowed:
        raise Problem(400, f"{name}: expected {', '.join(allowed)}, found {given!r}")
    return given


def _caught(sandbox: Sandbox, values: Values, world: str) -> list[dict[str, Any]]:
    from simulators.mssante.catchers import caught

    since = values.number("since", 0)
    with sandbox.store.read(world) as tx:
        found = [one for one in caught.every(tx, values.text("channel"), values.text("to")) if one.number > since]
        return [_shown(one, caught.content(tx, one)) for one in found]


def _shown(one: Caught, content: bytes) -> dict[str, Any]:
    """The text of an SMS, the beginning of a mail: enough to read a code in."""
    return {
        "number": one.number,
        "channel": one.channel,
        "sender": one.sender,
        "recipients": list(one.recipients),
        "at": one.at.isoformat(),
        "size": len(content),
        "text": content[:20_000].decode("utf-8", "replace"),
    }


def _download(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, 200, headers, content_type="application/octet-stream")


CHANGE: Mapping[str, Any] = {
    **dict.fromkeys(("state", "password", "forward"), STRING),
    "quota_bytes": {"type": "integer"},
    "owners": STRINGS,
    "unlisted": FLAG,
}
BOX = {"address": STRING, "kind": STRING, "label": STRING, **CHANGE}
ENTRY = dict.fromkeys(("domain", "dn", "description", "route"), STRING)
WANTED = {"channel": STRING, "to": STRING, "since": {"type": "integer"}}
FOLDER = {"folder": STRING}
RAW = "application/octet-stream"
_ALL, _ONE = "/worlds/<world>/mailboxes", "/worlds/<world>/mailboxes/<address>"
_LIST, _CAUGHT = "/worlds/<world>/white-list", "/worlds/<world>/caught"

ROUTES = (
    Route("GET", _ALL, "Mailboxes of a world", list_mailboxes, {}, {"kind": STRING}),
    Route("POST", _ALL, "Opens a mailbox", add_mailbox, BOX, {}, ("address", "kind"), 201),
    Route("PATCH", _ONE, "State, quota, owners, password, forward of a mailbox", change_mailbox, CHANGE),
    Route("GET", f"{_ONE}/messages", "Messages of a folder", list_messages, {}, FOLDER),
    Route("GET", f"{_ONE}/messages/<int:uid>", "One message as it is stored", raw_message, {}, FOLDER, raw=RAW),
    Route(
        "POST",
        f"{_ONE}/send",
        "Writes as the owner of a mailbox",
        send_message,
        {"to": STRINGS, "message": STRING},
        {},
        ("to", "message"),
    ),
    Route("GET", f"{_ONE}/conversations", "What a citizen received and may answer", list_conversations),
    Route("GET", _LIST, "Domains hosted here, and the white list", list_operators),
    Route("POST", _LIST, "Lists another operator", put_operator, ENTRY, {}, ("domain",)),
    Route("DELETE", f"{_LIST}/<domain>", "Takes a domain off the white list", remove_operator),
    Route("GET", _CAUGHT, "Ordinary mail and SMS caught", list_caught, {}, WANTED),
    Route("POST", f"{_CAUGHT}/wait", "Waits for one", wait_caught, {**WANTED, "timeout": {"type": "number"}}),
    Route("GET", f"{_CAUGHT}/<int:number>", "One as it came", raw_caught, raw=RAW),
)
