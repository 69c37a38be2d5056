"""The record as plain JSON, for the control API and for the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from simulators.core.store.api import Tx
from simulators.dpi import integrated, patients, produced
from simulators.dpi.deciding import wanted
from simulators.dpi.house import NoSuch
from simulators.dpi.integrated import Integrated, Kept
from simulators.dpi.life import Act, problem, standing
from simulators.dpi.produced import Receipt, Sending, Version


def document(tx: Tx, number: int) -> dict[str, Any]:
    """One document with its versions, messages and receipts. Raises :class:`NoSuch`."""
    versions = produced.versions(tx, number) if number < 1 << 31 else []
    if not versions:
        raise NoSuch(f"the record has no document {number}")
    sent = produced.sendings(tx, number)
    return {
        **summary(tx, versions, sent),
        "versions": [_version(one) for one in versions],
        "sendings": [_sending(one) for one in sent],
        "receipts": [_receipt(one) for sending in sent for one in produced.receipts(tx, sending.msh10)],
    }


def documents(tx: Tx) -> list[dict[str, Any]]:
    """The newest first."""
    return [document(tx, one.document) for one in produced.every(tx)]


def summary(tx: Tx, versions: list[Version], sent: list[Sending]) -> dict[str, Any]:
    """What a line of the worklist shows; ``acts`` are those possible now."""
    here, person = standing(versions), patients.find(tx, versions[-1].patient)
    left = any(one.open and one.left for one in sent)
    return {
        "id": here.document,
        "state": here.state.value,
        "action": here.action.value,
        "patient": here.patient,
        "patient_name": person.name if person is not None else "",
        "kind": here.kind,
        "title": here.title,
        "document_id": here.document_id,
        "set_id": here.set_id,
        "version": here.version,
        "reasons": [{"fr": reason.fr, "en": reason.en} for reason in here.reasons],
        "acts": [act.value for act in Act if problem(act, versions, left=left) is None],
    }


def patient(one: patients.Person) -> dict[str, Any]:
    """``may_feed`` and ``qualified`` are what the record obeys."""
    return {
        **{name: getattr(one, name) for name in ("key", "slug", "matricule", "oid", "name", "ipp", "status", "source")},
        "traits": one.traits(),
        "qualified": one.qualified,
        "may_feed": not one.opposed,
    }


def received(tx: Tx) -> dict[str, Any]:
    """``integrated`` and ``refused``, the newest first."""
    return {
        "integrated": [_integrated(one) for one in integrated.every(tx)],
        "refused": [_kept(one) for one in integrated.every_kept(tx)],
    }


def notices(tx: Tx) -> list[dict[str, Any]]:
    return [{**asdict(one), "at": one.at.isoformat()} for one in integrated.notices(tx)]


def _version(one: Version) -> dict[str, Any]:
    flags = {name.upper(): value for name, value in asdict(wanted(one.order)).items()}
    return {
        **{name: getattr(one, name) for name in ("version", "document_id", "set_id", "title", "text", "replaces")},
        "state": one.state.value,
        "action": one.action.value,
        "accepted": one.accepted,
        "recipients": list(one.order.recipients),
        "flags": flags,
        "validated": one.validated.isoformat() if one.validated else None,
        "leaves": one.leaves.isoformat() if one.leaves else None,
        "reasons": [{"fr": reason.fr, "en": reason.en} for reason in one.reasons],
    }


def _sending(one: Sending) -> dict[str, Any]:
    plain = ("msh10", "version", "attempts", "ack", "problem", "left", "cancelled", "given_up")
    told = {name: getattr(one, name) for name in plain}
    return {**told, "action": one.action.value, "errors": list(one.errors)}


def _receipt(one: Receipt) -> dict[str, Any]:
    return {**asdict(one), "at": one.at.isoformat()}


def _integrated(one: Integrated) -> dict[str, Any]:
    plain = asdict(one)
    del plain["cda"]
    return {**plain, "state": one.state.value, "received": one.received.isoformat()}


def _kept(one: Kept) -> dict[str, Any]:
    plain = asdict(one)
    del plain["message"]
    return {**plain, "received": one.received.isoformat()}
