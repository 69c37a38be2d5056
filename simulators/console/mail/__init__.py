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
    from simulators.console.mail import acting, contents, views

    app.jinja_env.globals["mail_played"] = True
    views.register(app, sandbox)
    contents.register(app, sandbox)
    acting.register(app, sandbox)
