"""``/mail``: the webmail of a world, for people. Every mailbox may be opened: nobody signs in here.

Imported only in a sandbox that plays the MSSanté operator: its rooms declare tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the pages, and the link to them in every header."""
    from simulators.console.mail.acting import register as forms
    from simulators.console.mail.catching import register as catchers
    from simulators.console.mail.contents import register as contents
    from simulators.console.mail.views import register as pages

    app.jinja_env.globals["mail_played"] = True
    pages(app, sandbox)
    contents(app, sandbox)
    catchers(app, sandbox)
    forms(app, sandbox)
