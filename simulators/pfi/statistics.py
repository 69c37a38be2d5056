"""CSV of the log and of the indicators: by month, type of document and FINESS (STAT/ES.02).

What leaves as a cell never begins with a sign that a spreadsheet would run.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from simulators.core.clock import PARIS
from simulators.core.store.api import Tx
from simulators.pfi import boxes, inbox, log, orders, requests

COLUMNS: Final = (
    *("month", "finess", "type_code", "requests", "dmp_ok", "dmp_ko", "mss_ok", "mss_ko", "patient_ok", "patient_ko"),
    *("received", "integrated", "refused"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def statistics_csv(tx: Tx) -> str:
    """Documents sent by channel with their outcome, documents received by mail and what the record did with them."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    by_number = {request.number: request for request in requests.every(tx)}
    for request in by_number.values():
        counts[_month(request.received), request.structure, request.type_code, "requests"] += 1
    for order in orders.every(tx):
        column = f"{'mss' if order.channel == orders.TO_PS else order.channel}_{order.state}"
        if column in COLUMNS:
            request = by_number[order.request]
            counts[_month(request.received), request.structure, request.type_code, column] += 1
    here = boxes.hospital(tx)
    finess = here.finess.value if here is not None and here.finess is not None else ""
    mails = {mail.number: mail for mail in inbox.every(tx)}
    for one in inbox.every_document(tx):
        at = _month(mails[one.mail].received)
        counts[at, finess, one.type_code, "received"] += 1
        if one.state in {inbox.INTEGRATED, inbox.REFUSED}:
            counts[at, finess, one.type_code, one.state] += 1
    groups = sorted({key[:3] for key in counts})
    return _csv(COLUMNS, ([*group, *(counts[(*group, name)] for name in COLUMNS[3:])] for group in groups))


def log_csv(tx: Tx) -> str:
    """The log of sendings."""
    lines = log.lines(tx, limit=100_000)
    header = ("number", "at", "event", "subject", "text")
    return _csv(header, ([line.number, line.at.isoformat(), line.event, line.subject, line.text] for line in lines))


def _month(at: datetime) -> str:
    return at.astimezone(PARIS).strftime("%Y-%m")


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
