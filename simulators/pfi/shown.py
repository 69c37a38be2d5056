"""What this PFI took, did and received, as plain JSON: for the control API and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.core.store.api import Tx
from simulators.pfi import inbox, log, orders, patients, queue, receipts, registry, requests
from simulators.pfi.orders import Order
from simulators.pfi.queue import Work
from simulators.pfi.receipts import Receipt


def listed_requests(tx: Tx) -> list[dict[str, Any]]:
    """Every request with its orders and receipts, oldest first."""
    work = _waiting(tx)
    ordered: dict[int, list[Order]] = {}
    for order in orders.every(tx):
        ordered.setdefault(order.request, []).append(order)
    told: dict[int, list[Receipt]] = {}
    for receipt in receipts.every(tx):
        told.setdefault(receipt.request, []).append(receipt)
    return [
        {
            "number": request.number,
            "control_id": request.control_id,
            "application": request.application,
            "kind": request.kind,
            "action": request.action,
            "document": request.document,
            "type_code": request.type_code,
            "matricule": request.matricule,
            "structure": request.structure,
            "received": request.received.isoformat(),
            "orders": [order_shown(order, work.get(order.name)) for order in ordered.get(request.number, [])],
            "receipts": [_receipt(one, work.get(one.name)) for one in told.get(request.number, [])],
        }
        for request in requests.every(tx)
    ]


def listed_orders(tx: Tx, state: str = "") -> list[dict[str, Any]]:
    """Every order, or those of one state."""
    work = _waiting(tx)
    return [order_shown(one, work.get(one.name)) for one in orders.every(tx) if state in {"", one.state}]


def order_shown(order: Order, work: Work | None) -> dict[str, Any]:
    """One order, with what it waits for."""
    shown = {name: getattr(order, name) for name in Order.__slots__ if name not in {"updated", "rank"}}
    return {**shown, "updated": order.updated.isoformat(), **_attempts(work)}


def listed_incoming(tx: Tx) -> list[dict[str, Any]]:
    """Every mail that was read, with its documents."""
    work = _waiting(tx)
    found: dict[int, list[inbox.Received]] = {}
    for one in inbox.every_document(tx):
        found.setdefault(one.mail, []).append(one)
    return [
        {
            "number": mail.number,
            "message_id": mail.message_id,
            "mailbox": mail.mailbox,
            "kind": mail.kind,
            "sender": mail.sender,
            "subject": mail.subject,
            "note": mail.note,
            "received": mail.received.isoformat(),
            "documents": [
                {
                    **{name: getattr(one, name) for name in one.__slots__ if name != "mail"},
                    **_attempts(work.get(one.name)),
                }
                for one in found.get(mail.number, [])
            ],
        }
        for mail in inbox.every(tx)
    ]


def listed_log(tx: Tx, since: int = 0) -> list[dict[str, Any]]:
    """The log of sendings after a line."""
    return [{**_plain(line), "at": line.at.isoformat()} for line in log.lines(tx, since)]


def listed_documents(tx: Tx) -> list[dict[str, Any]]:
    """Every version this PFI has taken charge of."""
    return [_plain(one) for one in registry.every(tx)]


def listed_patients(tx: Tx) -> list[dict[str, Any]]:
    """What admissions told."""
    return [{**one.to_json(), "may_feed": one.may_feed, "qualified": one.qualified} for one in patients.every(tx)]


def _receipt(one: Receipt, work: Work | None) -> dict[str, Any]:
    shown = {name: getattr(one, name) for name in one.__slots__ if name not in {"request", "at"}}
    return {**shown, "at": one.at.isoformat(), **_attempts(work)}


def _waiting(tx: Tx) -> Mapping[str, Work]:
    return {work.name: work for work in queue.every(tx)}


def _attempts(work: Work | None) -> dict[str, Any]:
    if work is None:
        return {"attempt": 0, "waits_for": "", "next": None}
    waits = work.state == queue.OPEN and bool(work.reason)
    return {
        "attempt": work.attempt,
        "waits_for": work.reason,
        "next": work.next.isoformat() if waits else None,
    }


def _plain(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}
