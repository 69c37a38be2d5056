"""Mail of the scenario's people: sent and read in the mailboxes of the world, over the operator's own protocols."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote

from simulators.clients.control import Refusal
from simulators.scenario.conditions import holds
from simulators.scenario.references import matricule, resolved, resolver
from simulators.scenario.stage import NOTHING, Outcome, Stage

SUBJECTS = 2_000


def mail(stage: Stage, step: Mapping[str, Any]) -> Outcome:
    """``send``, ``read``, ``reply`` or ``forward``. Raises what the control API refuses."""
    verb, given = next(iter(step["mail"].items()))
    return {"send": _send, "read": _read, "reply": _reply, "forward": _forward}[verb](stage, resolved(stage, given))


def _send(stage: Stage, given: dict[str, Any]) -> Outcome:
    sender = given.pop("from")
    return _submitted(stage, sender, given)


def _submitted(stage: Stage, sender: str, draft: dict[str, Any]) -> Outcome:
    if "patient" in draft:
        draft["patient"] = matricule(stage, draft["patient"])
    try:
        answer = stage.control.call("POST", f"{_box(stage, sender)}/compose", draft)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return Outcome({"outcome": "refused", "code": "", "text": str(refusal)})
    taken = str(answer["status"]).startswith("2")
    return Outcome(
        {"outcome": "accepted" if taken else "refused", "code": str(answer["status"]), "text": answer["reply"]}
    )


def _read(stage: Stage, given: dict[str, Any]) -> Outcome:
    """The newest message, or the newest whose subject is as asked; what it asks to be told is sent when wished."""

    def look() -> dict[str, Any]:
        found = _newest(stage, given)
        if found is None:
            return {"outcome": NOTHING, "text": "no such message"}
        if "receipt" in given and not told:
            told.append(_receipt(stage, given, found["uid"]))
        return {**found, "outcome": "accepted", **({"receipt": told[0]} if told else {})}

    told: list[str] = []
    return Outcome(look(), again=look)


def _receipt(stage: Stage, given: Mapping[str, Any], uid: int) -> str:
    body = {"kind": given["receipt"], "code": str(given.get("code", "")), "folder": given.get("folder", "INBOX")}
    path = f"{_box(stage, given['mailbox'])}/messages/{uid}/receipt"
    return str(stage.control.call("POST", path, body)["status"])


def _reply(stage: Stage, given: dict[str, Any]) -> Outcome:
    """To the newest message, or the newest whose subject is as asked."""

    def answer() -> dict[str, Any]:
        found = _newest(stage, {**given, "mailbox": given["from"]})
        if found is None:
            return {"outcome": NOTHING, "text": "no message to answer"}
        if not done:
            draft = {name: value for name, value in given.items() if name not in {"from", "subject"}}
            subject = f"Re: {found['subject']}"
            heads = {"to": [found["reply_to"]], "subject": subject, "answers": found["message_id"]}
            done.append(_submitted(stage, given["from"], {**draft, **heads}).values)
        return done[0]

    done: list[dict[str, Any]] = []
    return Outcome(answer(), again=answer)


def _forward(stage: Stage, given: dict[str, Any]) -> Outcome:
    answer = stage.control.call("PATCH", _box(stage, given["from"]), {"forward": given["to"]})
    return Outcome({**answer, "outcome": "done"})


def _newest(stage: Stage, given: Mapping[str, Any]) -> dict[str, Any] | None:
    box, folder = _box(stage, given["mailbox"]), quote(given.get("folder", "INBOX"))
    resolve = resolver(stage)
    for one in reversed(stage.control.call("GET", f"{box}/messages?folder={folder}")["messages"]):
        raw = stage.control.raw("GET", f"{box}/messages/{one['uid']}?folder={folder}")
        found = opened(raw) | {"uid": one["uid"], "flags": one["flags"]}
        if "subject" not in given or holds(given["subject"], found["subject"], resolve):
            return found
    return None


def opened(raw: bytes) -> dict[str, Any]:
    """What a condition may look at in a message."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    files = [part.get_filename() or "" for part in message.iter_attachments()]
    sender = _address(message, "From")
    return {
        "subject": _head(message, "Subject"),
        "from": sender,
        "reply_to": _address(message, "Reply-To") or sender,
        "message_id": _head(message, "Message-ID"),
        "in_reply_to": _head(message, "In-Reply-To"),
        "content_type": message.get_content_type(),
        "text": body.get_content() if body is not None else "",
        "files": files,
    }


def _head(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))[:SUBJECTS]


def _address(message: EmailMessage, name: str) -> str:
    return parseaddr(_head(message, name))[1]


def _box(stage: Stage, address: str) -> str:
    return f"{stage.path}/mailboxes/{quote(address, safe='@')}"
