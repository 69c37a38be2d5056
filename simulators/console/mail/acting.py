"""The forms one sends: a new mail, an answer, a receipt, the end of a conversation, read or unread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, g, redirect, request

from simulators.console import forms
from simulators.console.mail.composing import Draft, close_conversation, send_draft
from simulators.console.mail.receipts import send_receipt
from simulators.console.mail.submission import SENT, Handed, Unsendable
from simulators.console.mail.views import (
    BOX,
    MESSAGE,
    compose_page,
    mailbox_of,
    message_of,
    message_page,
    path_to,
)
from simulators.core import journal
from simulators.core.store.api import Tx
from simulators.mssante import folders, messages

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

REFUSED = 422
SEEN = "\\Seen"


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds them; each looks at its form first."""
    forms.register(
        app,
        sandbox,
        {
            f"{BOX}/compose": _send,
            f"{BOX}/close": _close,
            f"{MESSAGE}/receipt": _receipt,
            f"{MESSAGE}/seen": _seen,
        },
    )


def _send(sandbox: Sandbox, world: str, address: str) -> Response:
    box, draft = mailbox_of(sandbox, world, address), Draft.read(request.form)
    try:
        handed = send_draft(sandbox, world, box, draft)
    except Unsendable as problem:
        told = {"problem": problem.key, "detail": problem.detail}
        return compose_page(sandbox, world, box, draft, REFUSED, **told)
    if not handed.accepted:
        findings = _findings(sandbox, world, handed)
        return compose_page(sandbox, world, box, draft, REFUSED, handed=handed, findings=findings)
    return _to_sent(sandbox, world, box.address)


def _close(sandbox: Sandbox, world: str, address: str) -> Response:
    """``to`` is the citizen."""
    box, to = mailbox_of(sandbox, world, address), request.form.get("to", "")
    try:
        handed = close_conversation(sandbox, world, box, to)
    except Unsendable as problem:
        told: dict[str, Any] = {"problem": problem.key, "detail": problem.detail}
    else:
        if handed.accepted:
            return _to_sent(sandbox, world, box.address)
        told = {"handed": handed, "findings": _findings(sandbox, world, handed)}
    return compose_page(sandbox, world, box, Draft(to=to, subject="[FIN]"), REFUSED, **told)


def _receipt(sandbox: Sandbox, world: str, address: str, folder: int, uid: int) -> Response:
    box, read = mailbox_of(sandbox, world, address), message_of(sandbox, world, address, folder, uid)
    kind, _, code = request.form.get("kind", "").partition(" ")
    try:
        handed = send_receipt(sandbox, world, box, read, kind, code)
    except Unsendable as problem:
        return message_page(sandbox, world, read, REFUSED, problem=problem.key, detail=problem.detail)
    if not handed.accepted:
        refusals = _findings(sandbox, world, handed)
        return message_page(sandbox, world, read, REFUSED, handed=handed, refusals=refusals)
    return _to_sent(sandbox, world, box.address)


def _seen(sandbox: Sandbox, world: str, address: str, folder: int, uid: int) -> Response:
    """Opening a message changes nothing of it: a product under test must find its mail as it left it."""
    message_of(sandbox, world, address, folder, uid)
    with sandbox.store.write(world) as tx:
        messages.set_flags(tx, folder, [uid], "add" if request.form.get("seen") else "remove", [SEEN])
    return _go(path_to(world, address, folder))


def _findings(sandbox: Sandbox, world: str, handed: Handed) -> list[Mapping[str, Any]]:
    """Why, as the journal tells it; of this world alone."""
    at = handed.exchange
    row = journal.get(sandbox.store, world, at[1]) if at is not None and at[0] == world else None
    return list(row.verdict.get("findings", ())) if row is not None else []


def _to_sent(sandbox: Sandbox, world: str, address: str) -> Response:
    """To the copy of what was sent."""
    with sandbox.store.read(world) as tx:
        return _go(path_to(world, address, *_newest(tx, address)))


def _newest(tx: Tx, address: str) -> tuple[int, ...]:
    folder = folders.find(tx, address, SENT)
    uids = messages.uids(tx, folder.folder) if folder is not None else ()
    return (folder.folder, uids[-1]) if folder is not None and uids else ()


def _go(path: str) -> Response:
    return cast("Response", redirect(f"{path}?lang={g.lang}", 303))
