"""Rows of a journal as our peers write them: a discharge letter from the hospital record to everybody it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.core.clock import from_us, to_us
from simulators.core.journal import Entry

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DOCUMENT, MESSAGE, LOT = "document:1.2.250.1.999.9.1.77", "message:a@hospital.test", "submission:1.2.250.1.999.9.2.1"
PATIENT = "patient:185010099900171"
DOCTOR, CITIZEN, HOSPITAL = "camille.fictif@w.test", "185010099900171@patient.w.test", "hospital.app@w.test"
KINDS = {DOCTOR: "PER", CITIZEN: "CITIZEN", HOSPITAL: "APP"}


def entry(
    operation: str, *keys: str, outcome: str = "accepted", status: str = "", out: bool = False, **more: Any
) -> Entry:
    """One row of ``operation``; what else it takes goes by the names of :class:`Entry`."""
    who: Mapping[str, str] = more.pop("who", {})
    direction = "out" if out else "in"
    protocol = operation.partition(".")[0]
    return Entry(protocol, operation, direction, who, outcome, status, keys=keys, **more)


def discharge() -> list[Entry]:
    """Refused, sent again; the DMP is cut, then fed; mailed to a professional and the patient; acknowledged."""
    sent: dict[str, Any] = {
        "who": {"mailbox": HOSPITAL, "sender": HOSPITAL},
        "marks": {
            "delivered": {DOCTOR: "delivered", CITIZEN: "delivered"},
            "reports": [f"delivered to {HOSPITAL}"],
        },
    }
    return [
        entry("pfi.MDM^T02", "hl7:M1", DOCUMENT, PATIENT, status="AE", outcome="refused"),
        entry("dpi.out.MDM^T02", "hl7:M1", DOCUMENT, PATIENT, status="AE", outcome="refused", out=True),
        entry("pfi.MDM^T02", "hl7:M2", DOCUMENT, PATIENT, status="AA"),
        entry("dpi.out.MDM^T02", "hl7:M2", DOCUMENT, PATIENT, status="AA", out=True),
        entry("pfi.out.TD2.1", "hl7:M2", DOCUMENT, LOT, outcome="failed", out=True),
        entry("dmp.TD2.1", DOCUMENT, LOT, PATIENT, status="200", who={"product": "Segur sandbox 1.0"}),
        entry("pfi.out.TD2.1", "hl7:M2", DOCUMENT, LOT, status="200", out=True),
        entry("dpi.ZAM^Z01", "hl7:M2", "hl7:Z1", status="AA"),
        entry("pfi.out.ZAM^Z01", "hl7:M2", "hl7:Z1", status="AA", out=True),
        entry("mssante.MESSAGE", "message:<a@hospital.test>", DOCUMENT, status="250", **sent),
        entry("pfi.out.MESSAGE", MESSAGE, "hl7:M2", status="250", out=True),
        entry("dpi.ZAM^Z02", "hl7:M2", "hl7:Z2", status="AA"),
        entry("pfi.out.ZAM^Z02", "hl7:M2", "hl7:Z2", status="AA", out=True),
    ]


def receipt() -> list[Entry]:
    """After :func:`discharge`: the professional acknowledges the reading, and the PFI tells the record."""
    told = ("hl7:M2", DOCUMENT, PATIENT)
    by_hand: dict[str, Any] = {
        "who": {"mailbox": DOCTOR, "sender": DOCTOR},
        "request_head": "MESSAGE\nHelo: webmail.mssante.test",
    }
    return [
        entry("mssante.AUTH", "mailbox:" + HOSPITAL, who={"mailbox": HOSPITAL}),
        entry("mssante.MESSAGE", "message:<mdn@w.test>", marks={"delivered": {HOSPITAL: "delivered"}}, **by_hand),
        entry("mssante.FETCH", "message:<mdn@w.test>", "mailbox:" + HOSPITAL, who={"mailbox": HOSPITAL}),
        entry("pfi.MAIL", "message:mdn@w.test", *told, who={"mailbox": HOSPITAL}, marks={"kind": "mdn"}, status="mdn"),
        entry("dpi.ZAM^Z03", "hl7:Z3", *told, status="AA"),
        entry("pfi.out.ZAM^Z03", "hl7:Z3", *told, status="AA", out=True, marks={"zam": "Y"}),
    ]


def as_row(number: int, what: Entry, at: datetime | None = None, offset: timedelta = timedelta(0)) -> dict[str, Any]:
    """The row of an entry in the JSON of the control API."""
    wire = from_us(to_us(at or START + timedelta(milliseconds=300 * number)))
    return {
        "world": "w",
        "number": number,
        "epoch": 1,
        "wire_time": wire.isoformat(),
        "business_time": (wire + offset).isoformat(),
        "protocol": what.protocol,
        "operation": what.operation,
        "direction": what.direction,
        "who": dict(what.who),
        "outcome": what.outcome,
        "status": what.status,
        "verdict": what.verdict.as_json(),
        "marks": dict(what.marks),
        "keys": list(what.keys),
        "request": {"head": what.request_head, "size": 0, "sha256": ""},
        "answer": {"size": 0, "sha256": ""},
    }


def rows(entries: list[Entry]) -> list[dict[str, Any]]:
    """Numbered from 1."""
    return [as_row(number, one) for number, one in enumerate(entries, start=1)]
