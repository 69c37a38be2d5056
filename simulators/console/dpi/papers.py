"""The documents themselves, in frames without rights, and their PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, abort, g

from simulators.clients.mail.terms import pdf_name_of
from simulators.console.dpi.views import DOCUMENT, LARGEST, RECEIVED, received_of, world_of
from simulators.console.mail import safe
from simulators.console.mail.narrative import cda_page
from simulators.console.texts import TEXTS
from simulators.core.hl7 import read_message
from simulators.core.xml import XmlRefused
from simulators.documents.cda.model import CdaDocument
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import DocumentError
from simulators.documents.hl7.read import read_transmission
from simulators.dpi import produced
from simulators.dpi.house import Moment, NoSuch
from simulators.dpi.sending import cda_of
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds them, below the page that shows them."""
    for path, view in (("cda", _frame), ("pdf", _pdf)):

        def own(world: str, document: int, version: int, view: object = view) -> Response:
            return view(_own(sandbox, world, document, version))  # type: ignore[operator, no-any-return]

        def came(world: str, number: int, view: object = view) -> Response:
            return view(_received(sandbox, world, number))  # type: ignore[operator, no-any-return]

        app.add_url_rule(f"{DOCUMENT}/<int:version>/{path}", f"dpi own {path}", own)
        app.add_url_rule(f"{RECEIVED}/{path}", f"dpi received {path}", came)


def _own(sandbox: Sandbox, world: str, document: int, version: int) -> bytes:
    moment = Moment.of(world_of(sandbox, world), sandbox.now())
    if max(document, version) >= LARGEST:
        abort(404, f"{document}/{version}")
    with sandbox.store.read(world) as tx:
        found = produced.version_of(tx, document, version)
        if found is None:
            abort(404, f"{document}/{version}")
        try:
            return cda_of(tx, moment, found)
        except NoSuch as missing:
            abort(404, str(missing))


def _received(sandbox: Sandbox, world: str, number: int) -> bytes:
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        one, kept = received_of(tx, number)
        if one is not None:
            return tx.blob_bytes(one.cda)
        if kept is None:
            abort(404, str(number))
        return read_transmission(read_message(tx.blob_bytes(kept.message))).cda


def _frame(octets: bytes) -> Response:
    page = cda_page(_read(octets), mask_of(octets), TEXTS[g.lang], g.nonce)
    return safe.framed(page, f"'nonce-{g.nonce}'")


def _pdf(octets: bytes) -> Response:
    cda = _read(octets)
    try:
        return safe.pdf(cda.body.content(), pdf_name_of(cda))
    except DocumentError as missing:
        abort(404, str(missing))


def _read(octets: bytes) -> CdaDocument:
    try:
        return read_cda(octets)
    except (XmlRefused, DocumentError) as refused:
        abort(404, str(refused))
