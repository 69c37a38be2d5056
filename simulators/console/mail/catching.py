"""What the catchers caught: ordinary mail and SMS, newest first, and each as it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, abort

from simulators.console.mail import safe
from simulators.console.mail.plain import one_line, plain
from simulators.console.mail.views import shown, world_of
from simulators.core.mail import read_mail
from simulators.core.store.api import Tx
from simulators.mssante.catchers import caught
from simulators.mssante.catchers.caught import Caught

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

MOST_ROWS: Final = 200
LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """One message: ``subject`` is empty for an SMS, ``text`` the first text of a mail."""

    caught: Caught
    subject: str
    text: str


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the list, and the source of each."""
    app.add_url_rule("/mail/<world>/caught", "mail_caught", lambda **at: _list(sandbox, **at))
    app.add_url_rule("/mail/<world>/caught/<int:number>", "mail_caught_raw", lambda **at: _raw(sandbox, **at))


def _list(sandbox: Sandbox, world: str) -> Response:
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        newest = caught.every(tx)[: -MOST_ROWS - 1 : -1]
        lines = [_line(tx, one) for one in newest]
    return shown(sandbox, world, "mail_caught.html", lines=lines)


def _line(tx: Tx, one: Caught) -> Line:
    content = caught.content(tx, one)
    if one.channel == caught.SMS:
        return Line(one, "", plain(content.decode("utf-8", "replace"), LONGEST))
    mail = read_mail(content)
    texts = (part.shown[0] for part in mail.own() if part.media.kind == "text/plain")
    return Line(one, one_line(mail.text("Subject")), plain(next(texts, ""), LONGEST))


def _raw(sandbox: Sandbox, world: str, number: int) -> Response:
    world_of(sandbox, world)
    with sandbox.store.read(world) as tx:
        found = caught.numbered(tx, number)
        if found is None:
            abort(404, f"{world}: {number}")
        content = caught.content(tx, found)
    return safe.download(content, f"{number}.{'eml' if found.channel == caught.MAIL else 'txt'}")
