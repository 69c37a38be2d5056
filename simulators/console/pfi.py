"""The page of the PFI: what waits and why, requests with their orders and receipts, mails read, the log, as CSV too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, g, render_template

from simulators.console.texts import TEXTS
from simulators.core.errors import WorldGone
from simulators.pfi import seeds, shown, statistics
from simulators.population.masking import mask_of

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SHOWN: Final = 200


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the page and its CSV files to the console's application."""
    app.add_url_rule("/pfi/<world>", "pfi_page", lambda world: _page(sandbox, world))
    app.add_url_rule("/pfi/<world>/log.csv", "pfi_log", lambda world: _csv(sandbox, world, "log"))
    app.add_url_rule("/pfi/<world>/statistics.csv", "pfi_statistics", lambda world: _csv(sandbox, world, "statistics"))


def _page(sandbox: Sandbox, world: str) -> Response:
    try:
        with sandbox.store.read(world) as tx:
            told = {
                "requests": shown.listed_requests(tx)[: -SHOWN - 1 : -1],
                "incoming": shown.listed_incoming(tx)[: -SHOWN - 1 : -1],
                "log": shown.listed_log(tx)[: -SHOWN - 1 : -1],
                "about": seeds.described(tx)[0],
            }
    except WorldGone:
        abort(404, f"world {world}")
    waiting = _waiting(told)
    page = {"t": TEXTS[g.lang], "lang": g.lang, "nonce": g.nonce, "world": world, "mask": mask_of()}
    return Response(render_template("pfi.html", **page, **told, waiting=waiting))


def _waiting(told: dict[str, Any]) -> list[dict[str, Any]]:
    """What had an attempt that failed and will have another, earliest first."""
    parts = [*_below(told["requests"], "orders"), *_below(told["requests"], "receipts")]
    parts += _below(told["incoming"], "documents")
    return sorted((part for part in parts if part["next"]), key=lambda part: str(part["next"]))


def _below(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [part for row in rows for part in row[name]]


def _csv(sandbox: Sandbox, world: str, name: str) -> Response:
    made = {"log": statistics.log_csv, "statistics": statistics.statistics_csv}[name]
    try:
        with sandbox.store.read(world) as tx:
            text = made(tx)
    except WorldGone:
        abort(404, f"world {world}")
    headers = {"Content-Disposition": f'attachment; filename="pfi-{name}-{world}.csv"'}
    return Response(text.encode("utf-8-sig"), 200, headers, content_type="text/csv; charset=utf-8")
