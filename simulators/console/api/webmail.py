"""The webmail over HTTP: folders, a mail composed and submitted as a mailbox would, receipts, the verdict on a message.

The operator's rooms are imported by the handlers, as in :mod:`simulators.console.api.mail`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.console.api.mail import FLAG, FOLDER, NAME, STRING, STRINGS
from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.console.texts import TEXTS

if TYPE_CHECKING:
    from simulators.console.mail.reading import Opened
    from simulators.console.mail.submission import Handed
    from simulators.mssante.mailboxes import Mailbox
    from simulators.sandbox import Sandbox


def list_folders(sandbox: Sandbox, values: Values, world: str, address: str) -> Any:
    """INBOX first."""
    box = _box(sandbox, world, address)
    from simulators.console.mail.boxes import shelves

    with sandbox.store.read(world) as tx:
        found = shelves(tx, box.address)
    return {
        "folders": [
            {
                "name": shelf.folder.name,
                "special_use": shelf.folder.special_use,
                "messages": shelf.counts.messages,
                "unseen": shelf.counts.unseen,
            }
            for shelf in found
        ]
    }


def compose_message(sandbox: Sandbox, values: Values, world: str, address: str) -> Any:
    """``patient`` is the matricule of the patient of an XDM to make; ``answers`` a Message-ID. ``reply`` is the
    operator's."""
    box = _box(sandbox, world, address)
    from simulators.console.mail.composing import Draft, send_draft
    from simulators.console.mail.submission import Unsendable

    draft = Draft(
        to=", ".join(str(one) for one in values.items("to")),
        subject=values.text("subject"),
        text=values.text("text"),
        patient=values.text("patient"),
        document=values.text("document", Draft.document),
        delivery_receipt=values.flag("delivery_receipt"),
        read_receipt=values.flag("read_receipt"),
        end=values.flag("end"),
        answers=values.text("answers"),
    )
    try:
        return _told(send_draft(sandbox, world, box, draft))
    except Unsendable as problem:
        raise _problem(problem.key, problem.detail) from problem


def send_receipt(sandbox: Sandbox, values: Values, world: str, address: str, uid: int) -> Any:
    """``kind`` is displayed, processed or error; an error has a ``code`` (900 to 906)."""
    box, read = _box(sandbox, world, address), _message(sandbox, values, world, address, uid)
    from simulators.console.mail import receipts
    from simulators.console.mail.submission import Unsendable

    try:
        return _told(receipts.send_receipt(sandbox, world, box, read, values.text("kind"), values.text("code")))
    except Unsendable as problem:
        raise _problem(problem.key, problem.detail) from problem


def message_verdict(sandbox: Sandbox, values: Values, world: str, address: str, uid: int) -> Any:
    """``exchange`` is the row of the acceptance, null where the verdict is given now."""
    read = _message(sandbox, values, world, address, uid)
    from simulators.console.mail.verdicts import judged

    found = judged(sandbox.store, sandbox.worlds.get(world), address, read.raw, read.letter)
    return {"findings": found.findings, "exchange": found.exchange.number if found.exchange is not None else None}


# --- below


def _box(sandbox: Sandbox, world: str, address: str) -> Mailbox:
    if all(service.name != NAME for service in sandbox.services):
        raise Problem(404, "this sandbox does not play the MSSanté operator")
    from simulators.console.mail.submission import box_of

    found = box_of(sandbox, world, address)
    if found is None:
        raise Problem(404, f"world {world} has no mailbox {address!r}")
    return found


def _message(sandbox: Sandbox, values: Values, world: str, address: str, uid: int) -> Opened:
    box, name = _box(sandbox, world, address), values.text("folder", "INBOX")
    from simulators.console.mail.reading import opened
    from simulators.mssante import folders

    with sandbox.store.read(world) as tx:
        folder = folders.find(tx, box.address, name)
        found = opened(tx, box.address, folder.folder, uid) if folder is not None else None
    if found is None:
        raise Problem(404, f"mailbox {address} has no message {uid} in {name!r}")
    return found


def _told(handed: Handed) -> dict[str, Any]:
    return {"status": handed.code, "reply": handed.text}


def _problem(key: str, detail: str) -> Problem:
    return Problem(409, f"{TEXTS['en'][key]} {detail}".strip())


_ONE = "/worlds/<world>/mailboxes/<address>"
_DRAFT = {
    "to": STRINGS,
    **dict.fromkeys(("subject", "text", "patient", "document", "answers"), STRING),
    **dict.fromkeys(("delivery_receipt", "read_receipt", "end"), FLAG),
}
ROUTES = (
    Route("GET", f"{_ONE}/folders", "Folders of a mailbox", list_folders),
    Route("POST", f"{_ONE}/compose", "Composes and submits over the wire", compose_message, _DRAFT, {}, ("to",)),
    Route(
        "POST",
        f"{_ONE}/messages/<int:uid>/receipt",
        "Sends a notification, or the standard error mail",
        send_receipt,
        {**FOLDER, "kind": STRING, "code": STRING},
        {},
        ("kind",),
    ),
    Route("GET", f"{_ONE}/messages/<int:uid>/verdict", "The verdict on a message", message_verdict, {}, FOLDER),
)
