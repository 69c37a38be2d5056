"""What a message holds, each thing at an address of its own: source, files, the frames of HTML and of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, abort, g

from simulators.clients.mail.terms import pdf_name_of
from simulators.console.mail import safe
from simulators.console.mail.narrative import cda_page
from simulators.console.mail.reading import Opened, pdf_in
from simulators.console.mail.views import MESSAGE, message_of
from simulators.console.texts import TEXTS
from simulators.core.mail import Part
from simulators.mssante.verdict.reading import PDF, Document
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds them, below the address of the message."""
    for path, view in (
        ("raw", _raw),
        ("parts/<number>", _part),
        ("open/<number>", _open),
        ("html/<number>", _html),
        ("documents/<int:archive>/<int:rank>", _document),
        ("documents/<int:archive>/<int:rank>/pdf", _document_pdf),
        ("archives/<int:archive>/<int:rank>", _archived),
    ):

        def answer(world: str, address: str, folder: int, uid: int, view: object = view, **at: object) -> Response:
            read = message_of(sandbox, world, address, folder, uid)
            return view(read, **at)  # type: ignore[operator, no-any-return]

        app.add_url_rule(f"{MESSAGE}/{path}", f"mail {path}", answer)


def _raw(read: Opened) -> Response:
    return safe.download(read.raw, f"{read.message.uid}.eml")


def _part(read: Opened, number: str) -> Response:
    part = _known(read, number)
    return safe.download(part.content, part.filename or f"part-{number}")


def _open(read: Opened, number: str) -> Response:
    """A PDF in the browser; anything else is a download."""
    part = _known(read, number)
    return safe.pdf(part.content, part.filename or f"part-{number}.pdf")


def _html(read: Opened, number: str) -> Response:
    part = _known(read, number)
    if part.media.kind != "text/html":
        abort(404, number)
    return safe.framed(part.shown[0], "'unsafe-inline'")


def _document(read: Opened, archive: int, rank: int) -> Response:
    """The CDA drawn by us."""
    found = _described(read, archive, rank)
    if found.cda is None:
        abort(404, found.problem or found.place)
    mask = mask_of(found.described.data)
    return safe.framed(cda_page(found.cda, mask, TEXTS[g.lang], g.nonce), f"'nonce-{g.nonce}'")


def _document_pdf(read: Opened, archive: int, rank: int) -> Response:
    found = _described(read, archive, rank)
    body = pdf_in(found)
    if not body or found.cda is None:
        abort(404, f"{found.place}: {PDF}")
    return safe.pdf(body, pdf_name_of(found.cda))


def _archived(read: Opened, archive: int, rank: int) -> Response:
    """One file of an archive, in the order of the archive."""
    opened = read.archives[archive].opened if archive < len(read.archives) else None
    files = list(opened.files.items()) if opened is not None else []
    if rank >= len(files):
        abort(404, f"{archive}/{rank}")
    name, data = files[rank]
    return safe.download(data, name)


def _known(read: Opened, number: str) -> Part:
    found = read.part(number)
    if found is None:
        abort(404, number)
    return found


def _described(read: Opened, archive: int, rank: int) -> Document:
    found = read.document(archive, rank)
    if found is None:
        abort(404, f"{archive}/{rank}")
    return found
