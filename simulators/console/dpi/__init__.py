"""``/dpi``: the worklist of the hospital record of a world, for people. Nobody signs in here.

Imported only in a sandbox that plays the record: its rooms declare tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the pages, and the link to them in every header."""
    from simulators.console.dpi.acting import register as forms
    from simulators.console.dpi.papers import register as papers
    from simulators.console.dpi.views import register as pages

    app.jinja_env.globals["dpi_played"] = True
    pages(app, sandbox)
    papers(app, sandbox)
    forms(app, sandbox)
