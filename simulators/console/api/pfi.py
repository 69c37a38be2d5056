"""The PFI over HTTP: requests, orders, receipts, mails read, the log and its CSV; try again, look into the mailbox.

Its rooms are imported by the handlers: in a sandbox started without it (``--only``) they must not declare tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.core.service import Service
    from simulators.sandbox import Sandbox

NAME = "pfi"
STRING = {"type": "string"}


def pfi_requests(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import shown

    with sandbox.store.read(world) as tx:
        return {"requests": shown.listed_requests(tx)}


def pfi_orders(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import shown

    with sandbox.store.read(world) as tx:
        return {"orders": shown.listed_orders(tx, values.text("state"))}


def retry_pfi(sandbox: Sandbox, values: Values, world: str) -> Any:
    """What waits is tried at once: all of it, or what is named (orders, receipts, documents of mails)."""
    _played(sandbox)
    from simulators.core.world import load
    from simulators.pfi import queue

    with sandbox.store.write(world) as tx:
        now = load(tx).business(sandbox.now())
        return {"retried": queue.hurry(tx, now, [str(name) for name in values.items("names")])}


def poll_pfi(sandbox: Sandbox, values: Values, world: str) -> Any:
    """Looks into the mailbox now."""
    from simulators.pfi.poller import Poller

    sandbox.worlds.get(world)
    pollers = [found for found in _played(sandbox).polls if isinstance(found, Poller)]
    return {"new": sum(found.look(world) for found in pollers)}


def pfi_incoming(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import shown

    with sandbox.store.read(world) as tx:
        return {"incoming": shown.listed_incoming(tx)}


def pfi_log(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import shown

    with sandbox.store.read(world) as tx:
        return {"log": shown.listed_log(tx, values.number("since", 0))}


def pfi_documents(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import shown

    with sandbox.store.read(world) as tx:
        return {"documents": shown.listed_documents(tx)}


def pfi_patients(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import shown

    with sandbox.store.read(world) as tx:
        return {"patients": shown.listed_patients(tx)}


def pfi_log_csv(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import statistics

    with sandbox.store.read(world) as tx:
        return _csv(statistics.log_csv(tx), f"pfi-log-{world}.csv")


def pfi_statistics_csv(sandbox: Sandbox, values: Values, world: str) -> Any:
    _played(sandbox)
    from simulators.pfi import statistics

    with sandbox.store.read(world) as tx:
        return _csv(statistics.statistics_csv(tx), f"pfi-statistics-{world}.csv")


def _played(sandbox: Sandbox) -> Service:
    found = next((service for service in sandbox.services if service.name == NAME), None)
    if found is None:
        raise Problem(404, "this sandbox does not play the PFI")
    return found


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(text.encode("utf-8-sig"), 200, headers, content_type="text/csv; charset=utf-8")


_AT = "/worlds/<world>/pfi"
NAMES = {"names": {"type": "array", "items": STRING}}

ROUTES = (
    Route("GET", f"{_AT}/requests", "Requests the PFI took, with orders and receipts", pfi_requests),
    Route("GET", f"{_AT}/orders", "Orders: one for each target of a request", pfi_orders, {}, {"state": STRING}),
    Route("POST", f"{_AT}/orders/retry", "Tries at once what waits", retry_pfi, NAMES),
    Route("POST", f"{_AT}/poll", "Looks into the mailbox now", poll_pfi),
    Route("GET", f"{_AT}/incoming", "Mails the PFI read, with their documents", pfi_incoming),
    Route("GET", f"{_AT}/log", "The log of sendings", pfi_log, {}, {"since": {"type": "integer"}}),
    Route("GET", f"{_AT}/log.csv", "The same as CSV", pfi_log_csv, raw="text/csv"),
    Route("GET", f"{_AT}/statistics.csv", "By month, FINESS and type of document", pfi_statistics_csv, raw="text/csv"),
    Route("GET", f"{_AT}/documents", "Versions the PFI took charge of", pfi_documents),
    Route("GET", f"{_AT}/patients", "What admissions told the PFI of patients", pfi_patients),
)
