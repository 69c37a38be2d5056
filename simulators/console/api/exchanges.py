"""The journal over HTTP: a monotonic cursor, a long-poll, raw bytes, the diff with the last good one."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from flask import Response

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core import journal
from simulators.core.diff import diff_requests, nearest_good
from simulators.core.expect import Expectation, wait_for

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

LONGEST_WAIT_S = 60.0
MOST = 1000
INTEGER = {"type": "integer"}
STRING = {"type": "string"}


def list_exchanges(sandbox: Sandbox, values: Values, world: str) -> Any:
    """After a cursor, or the newest ones; ``cursor`` is where to go on from."""
    if values.has("last"):
        rows = journal.last(sandbox.store, world, values.number("last", 0, low=1, high=MOST))
        cursor = rows[-1].number if rows else 0
    else:
        since, limit = values.number("since", 0), values.number("limit", 100, low=1, high=MOST)
        rows = journal.read(sandbox.store, world, since=since, limit=limit, key=values.text("key") or None)
        cursor = rows[-1].number if rows else since
    return {"exchanges": [row.as_json() for row in rows], "cursor": cursor}


def show_exchange(sandbox: Sandbox, values: Values, world: str, number: int) -> Any:
    return _found(sandbox, world, number).as_json()


def raw_request(sandbox: Sandbox, values: Values, world: str, number: int) -> Any:
    _found(sandbox, world, number)
    return _download(journal.bodies(sandbox.store, world, number)[0], f"{world}-{number}.request.bin")


def raw_answer(sandbox: Sandbox, values: Values, world: str, number: int) -> Any:
    _found(sandbox, world, number)
    return _download(journal.bodies(sandbox.store, world, number)[1], f"{world}-{number}.answer.bin")


def diff_exchange(sandbox: Sandbox, values: Values, world: str, number: int) -> Any:
    """Against the last good one, the reference client's message, or another exchange of this world."""
    found, against = _found(sandbox, world, number), values.text("against", "good")
    if against == "good":
        good = nearest_good(sandbox.store, world, found)
        if good is None:
            raise Problem(404, f"no accepted {found.operation} of this structure to compare with")
        return {"exchange": number, "against": good.number, "differences": good.as_json()["differences"]}
    if against == "client":
        old = _reference(sandbox, found)
    else:
        other = _found(sandbox, world, values.number("against", 0))
        old = (other.request_head, journal.bodies(sandbox.store, world, other.number)[0])
    new = (found.request_head, journal.bodies(sandbox.store, world, number)[0])
    differences = diff_requests(old, new)
    shown = against if against == "client" else int(against)
    if against == "client":
        differences = tuple(d for d in differences if not d.where.endswith(OURS))
    return {"exchange": number, "against": shown, "differences": [d.as_json() for d in differences]}


def _reference(sandbox: Sandbox, exchange: journal.Exchange) -> tuple[str, bytes]:
    from simulators.assembly.reference import NoReference, reference_request

    try:
        return reference_request(sandbox, exchange)
    except NoReference as none:
        raise Problem(404, str(none)) from None


def wait_exchange(sandbox: Sandbox, values: Values, world: str) -> Any:
    timeout = values.seconds("timeout", 30.0, high=LONGEST_WAIT_S)
    expected = Expectation(values.mapping("expect"))
    since = values.number("since", 0)
    label, role, step = values.text("label"), values.text("role"), values.text("step")
    # Whoever follows the journal expects nothing: those who watch would only see it come and go.
    shown = sandbox.awaited.awaiting(world, expected, since, label, role, step)
    with shown if expected.conditions or label else nullcontext() as awaited:
        waited = wait_for(
            sandbox.store, world, expected, since=since, timeout=timeout, stopped=lambda: sandbox.stopping
        )
        if awaited is not None and waited.exchange is not None:
            awaited.met = waited.exchange.number
    body: dict[str, Any] = {"cursor": waited.cursor, "seen": waited.seen, "near": [n.as_json() for n in waited.near]}
    body["exchange"] = waited.exchange.as_json() if waited.exchange else None
    return body


def _found(sandbox: Sandbox, world: str, number: int) -> journal.Exchange:
    # The number comes from the address: databases refuse one of more than 64 bits with an error of their own.
    exchange = journal.get(sandbox.store, world, number) if number < 1 << 63 else None
    if exchange is None:
        raise Problem(404, f"world {world} has no exchange {number}")
    return exchange


def _download(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, 200, headers, content_type="application/octet-stream")


PAGE = {"since": INTEGER, "limit": INTEGER, "last": INTEGER, "key": STRING}
WAIT = {"since": INTEGER, "timeout": {"type": "number"}, "expect": {"type": "object"}}
WAIT |= {"label": STRING, "role": STRING, "step": STRING}
# Our client has certificates of its own, made for the moment, and calls another name of the same port.
OURS = ("header Host", "/ds:X509Certificate", "/ds:X509SerialNumber")
AGAINST = {"against": {"type": "string", "description": "good (default), client, or a number"}}
BASE = "/worlds/<world>/exchanges"

ROUTES = (
    Route("GET", BASE, "Exchanges after a cursor, or the last ones", list_exchanges, {}, PAGE),
    Route("POST", f"{BASE}/wait", "Waits for an exchange; near misses explained", wait_exchange, WAIT),
    Route("GET", f"{BASE}/<int:number>", "One exchange with its verdict", show_exchange),
    Route("GET", f"{BASE}/<int:number>/request", "The raw request", raw_request, raw="application/octet-stream"),
    Route("GET", f"{BASE}/<int:number>/answer", "The raw answer", raw_answer, raw="application/octet-stream"),
    Route(
        "GET", f"{BASE}/<int:number>/diff", "Against a good one, the client's, or another", diff_exchange, {}, AGAINST
    ),
)
