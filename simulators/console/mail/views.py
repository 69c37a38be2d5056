"""The pages one reads: mailboxes, a folder, a message, the form of a new mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from flask import Flask, Response, abort, g, redirect, render_template, request
from werkzeug.routing import BaseConverter

from simulators.clients.mail.mdn import ReadMdn
from simulators.console import forms
from simulators.console.mail import safe
from simulators.console.mail.boxes import PAGE, boxes, lines, shelves
from simulators.console.mail.composing import Draft
from simulators.console.mail.correspondents import Names
from simulators.console.mail.reading import MOST_FILES, Opened, integrity, opened, patient_line, pdf_in
from simulators.console.mail.receipts import MDN_SENT
from simulators.console.mail.submission import box_of
from simulators.console.mail.verdicts import judged
from simulators.console.texts import TEXTS
from simulators.core.errors import WorldGone
from simulators.core.store.api import Tx
from simulators.core.world import MAIN, World
from simulators.documents.hl7.names import APPLICATION_ERRORS
from simulators.documents.papers import KINDS
from simulators.mssante import citizen, folders, mailboxes
from simulators.mssante.mailboxes import Kind, Mailbox
from simulators.population import registry
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

BOX: Final = "/mail/<world>/<mailbox:address>"
MESSAGE: Final = f"{BOX}/<int:folder>/<int:uid>"
MOST_ROWS: Final = 2_000
MOST_DEFECTS: Final = 40


class MailboxConverter(BaseConverter):
    """An address in a path: its local part may hold a slash."""

    regex = "[^@]+@[^/@]+"
    part_isolating = False


def path_to(world: str, address: str, *rest: object) -> str:
    """The path of a mailbox, or of what is below it."""
    return "/".join(("/mail", world, quote(address, safe="@"), *map(str, rest)))


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds them."""
    app.url_map.converters["mailbox"] = MailboxConverter
    app.jinja_env.filters["in_path"] = lambda address: quote(address, safe="@")
    app.add_url_rule("/mail", "mail", lambda: redirect(f"/mail/{MAIN}?lang={g.lang}"))
    app.add_url_rule("/mail/<world>", "mail_boxes", lambda **at: _boxes(sandbox, **at))
    app.add_url_rule(BOX, "mail_box", lambda **at: _inbox(sandbox, **at))
    app.add_url_rule(f"{BOX}/<int:folder>", "mail_folder", lambda **at: _folder(sandbox, **at))
    app.add_url_rule(MESSAGE, "mail_message", lambda **at: _message(sandbox, **at))
    app.add_url_rule(f"{BOX}/compose", "mail_compose", lambda **at: _compose(sandbox, **at))
    app.add_url_rule(f"{MESSAGE}/reply", "mail_reply", lambda **at: _reply(sandbox, **at))


# --- what every view asks


def world_of(sandbox: Sandbox, world: str) -> World:
    """Ends the request (404) when there is none of that name."""
    try:
        found = sandbox.worlds.get(world)
    except WorldGone:
        abort(404, f"world {world}")
    if world.startswith("-"):
        abort(404, f"world {world}")
    return found


def mailbox_of(sandbox: Sandbox, world: str, address: str) -> Mailbox:
    """Ends the request (404) when there is none of that address."""
    world_of(sandbox, world)
    found = box_of(sandbox, world, address)
    if found is None:
        abort(404, f"{world}: {address}")
    return found


def message_of(sandbox: Sandbox, world: str, address: str, folder: int, uid: int) -> Opened:
    """Ends the request (404) when there is none of that number."""
    mailbox_of(sandbox, world, address)
    if max(folder, uid) >= 1 << 32:
        abort(404, f"{address} {folder}/{uid}")
    with sandbox.store.read(world) as tx:
        found = opened(tx, address.lower(), folder, uid)
    if found is None:
        abort(404, f"{address} {folder}/{uid}")
    return found


def shown(sandbox: Sandbox, world: str, name: str, status: int = 200, **values: Any) -> Response:
    """A page of the webmail."""
    known = {"t": TEXTS[g.lang], "lang": g.lang, "nonce": g.nonce, "world": world}
    known["csrf"] = forms.word(sandbox, world)
    return safe.page(render_template(name, **known, **values), status)


def compose_page(sandbox: Sandbox, world: str, box: Mailbox, draft: Draft, status: int = 200, **told: Any) -> Response:
    """The form; ``told`` says why it is shown once more. ``at`` is where it goes."""
    with sandbox.store.read(world) as tx:
        patients = list(registry.patients(tx))[:MOST_ROWS]
        addresses = [found.mailbox for found in boxes(tx)][:MOST_ROWS]
    documents = {name: title for name, (_, title) in KINDS.items()}
    values: dict[str, Any] = {"patients": patients, "addresses": addresses, "documents": documents}
    values |= {"at": path_to(world, box.address, "compose"), "problem": "", "detail": "", "handed": None}
    values |= {"findings": [], "mask": mask_of()}
    return shown(sandbox, world, "mail_compose.html", status, box=box, draft=draft, **(values | told))


# --- the pages


def _boxes(sandbox: Sandbox, world: str) -> Response:
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        found = boxes(tx)
    kinds = {kind: [box for box in found if box.mailbox.kind is kind] for kind in Kind}
    return shown(sandbox, world, "mail_boxes.html", kinds=kinds, worlds=sandbox.worlds.names())


def _inbox(sandbox: Sandbox, world: str, address: str) -> Response:
    box = mailbox_of(sandbox, world, address)
    with sandbox.store.read(world) as tx:
        found = folders.find(tx, box.address, folders.INBOX)
    if found is None:
        abort(404, f"{address}: {folders.INBOX}")
    return cast("Response", redirect(f"{path_to(world, box.address, found.folder)}?lang={g.lang}"))


def _folder(sandbox: Sandbox, world: str, address: str, folder: int) -> Response:
    box = mailbox_of(sandbox, world, address)
    asked = request.args.get("page", "1")
    page = int(asked) if asked.isascii() and asked.isdecimal() and 0 < len(asked) < 7 else 1
    with sandbox.store.read(world) as tx:
        every = shelves(tx, box.address)
        here = next((shelf for shelf in every if shelf.folder.folder == folder), None)
        if here is None:
            abort(404, f"{address}: {folder}")
        found = lines(tx, here.folder, max(page, 1))
        open_to = {c.uid: c.open for c in citizen.conversations(tx, address)} if box.kind is Kind.CITIZEN else {}
    values: dict[str, Any] = {"page": page, "pages": -(-here.counts.messages // PAGE) or 1, "open_to": open_to}
    return shown(sandbox, world, "mail_folder.html", box=box, shelves=every, here=here, lines=found, **values)


def _message(sandbox: Sandbox, world: str, address: str, folder: int, uid: int) -> Response:
    return message_page(sandbox, world, message_of(sandbox, world, address, folder, uid))


def message_page(sandbox: Sandbox, world: str, read: Opened, status: int = 200, **told: Any) -> Response:
    """One message; ``told`` is what came of a form of it."""
    box = mailbox_of(sandbox, world, read.folder.address)
    verdict = judged(sandbox.store, world_of(sandbox, world), box.address, read.raw, read.letter)
    with sandbox.store.read(world) as tx:
        names = Names(tx)
        who = next(iter(names.all(read.mail.addresses("From", "Sender"))), None)
        talks = citizen.conversations(tx, box.address) if box.kind is Kind.CITIZEN else []
        local = [found.address for found in _local(tx, read, box)]
    talk = next((one for one in talks if one.uid == read.message.uid), None) if _inbox_of(read) else None
    values: dict[str, Any] = {"problem": "", "detail": "", "handed": None, "refusals": [], **told}
    values |= {"box": box, "read": read, "who": who, "talk": talk, "local": local, "verdict": verdict}
    values |= {"documents": _documents(read), "defects": _defects(read), "more_files": read.files[MOST_FILES:]}
    values |= {"files": read.files[:MOST_FILES], "codes": APPLICATION_ERRORS, "mask": read.mask, "mdn": _mdn(read.mdn)}
    values |= {"receipt_sent": MDN_SENT in read.message.flags}
    return shown(sandbox, world, "mail_message.html", status, **values)


def _inbox_of(read: Opened) -> bool:
    return read.folder.name == folders.INBOX


def _local(tx: Tx, read: Opened, box: Mailbox) -> list[Mailbox]:
    """The mailboxes of this world among those who wrote: as them a conversation may be closed from here."""
    if box.kind is not Kind.CITIZEN:
        return []
    found = (mailboxes.find(tx, one.address) for one in read.mail.addresses("From"))
    return [one for one in found if one is not None and one.kind is not Kind.CITIZEN]


def _mdn(read: ReadMdn | None) -> dict[str, Any] | None:
    """What a notification says, in words that templates can put into a sentence."""
    if read is None:
        return None
    how = read.mdn.disposition
    kind = "error" if how.error is not None else how.type
    known = {"displayed", "deleted", "dispatched", "processed", "error"}
    return {
        "kind": kind if kind in known else "other",
        "written": f"{how.action_mode}/{how.sending_mode}; {how.type}",
        "who": read.mdn.final_recipient,
        "error": how.error,
        "about": read.mdn.original_message_id,
        "automatic": how.sending_mode == "MDN-sent-automatically",
        "subject": read.original.text("Subject") if read.original is not None else "",
    }


def _documents(read: Opened) -> list[dict[str, Any]]:
    """Each archive with its documents as the page shows them."""
    found = []
    for rank, archive in enumerate(read.archives):
        rows = [_document(read, rank, number) for number in range(len(archive.documents))]
        facts = archive.opened.facts[:MOST_DEFECTS] if archive.opened else ()
        files = [(name, len(data)) for name, data in archive.opened.files.items()] if archive.opened else []
        found.append({"archive": archive, "documents": rows, "facts": facts, "files": files})
    return found


def _document(read: Opened, rank: int, number: int) -> Mapping[str, Any]:
    document = read.archives[rank].documents[number]
    entry = document.described.entry
    same_hash, same_size = integrity(document)
    lot = next(iter(document.lot.submission_sets), None)
    return {
        "it": document,
        "entry": entry,
        "patient": patient_line(document.cda) if document.cda is not None else "",
        "same_hash": same_hash,
        "same_size": same_size,
        "set": lot,
        "pdf": bool(pdf_in(document)),
    }


def _defects(read: Opened) -> list[Any]:
    return [defect for part in read.mail.walk() for defect in part.defects][:MOST_DEFECTS]


def _compose(sandbox: Sandbox, world: str, address: str) -> Response:
    box = mailbox_of(sandbox, world, address)
    return compose_page(sandbox, world, box, Draft(to=request.args.get("to", "")))


def _reply(sandbox: Sandbox, world: str, address: str, folder: int, uid: int) -> Response:
    read = message_of(sandbox, world, address, folder, uid)
    box = mailbox_of(sandbox, world, address)
    sender = read.sender
    draft = Draft(
        to=sender.address if sender is not None else "",
        subject=f"Re: {read.subject.text}",
        answers=read.mail.text("Message-ID"),
    )
    return compose_page(sandbox, world, box, draft)
