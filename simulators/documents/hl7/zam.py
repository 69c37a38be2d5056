"""ZAM^Z01, Z02, Z03: the business receipts that a PFI sends back (flows 3 to 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from simulators.core.hl7 import Head, Message, compose, seg, stamp
from simulators.documents.hl7.model import Zam, ZamKind
from simulators.documents.hl7.names import BUSINESS_ACK, CDA_PROFILE, YES_NO


@dataclass(frozen=True, slots=True)
class Wording:
    """Code and label of the status and of the mailbox of a kind of receipt, and the table of its errors."""

    status: tuple[str, str]
    mailbox: tuple[str, str]
    errors: str


WORDINGS: Final = MappingProxyType[ZamKind, Wording](
    {
        "Z01": Wording(("ACK_RECEPTION_DMP", "Accusé de réception DMP"), ("", ""), "DMP_ERROR_CODE"),
        "Z02": Wording(
            ("ACK_RECEPTION_MSS", "Accusé de réception MSSanté"),
            ("DESTINATAIRE_MSS", "Destinataire MSSanté"),
            "SMTPERRORCODE",
        ),
        "Z03": Wording(
            ("ACK_LECTURE_MSS", "Accusé de lecture"),
            ("LECTEUR_MSS", "Lecteur du courriel MSSanté"),
            "applicationErrorCondition",
        ),
    }
)
"""By kind of receipt (guide, profils-messages, flows 3 to 5)."""
PARIS: Final = ZoneInfo("Europe/Paris")


def build_zam(zam: Zam, head: Head) -> bytes:
    """The message of ``zam`` under ``head``, whose kind, version and profile it sets."""
    ready = replace(head, kind=f"ZAM^{zam.kind}^ZAM_Z01", version="2.6", profile=CDA_PROFILE)
    return compose(ready.segment(), *_lines(zam, ready), charset=head.charset)


def _lines(zam: Zam, head: Head) -> Iterator[str]:
    wording = WORDINGS[zam.kind]
    yield seg("EVN", {2: stamp(zam.at or head.at)})
    name = [*wording.status, BUSINESS_ACK]
    value = ["Y" if zam.accepted else "N", "", YES_NO]
    yield seg("OBX", {1: "1", 2: "CWE", 3: name, 4: zam.request, 5: value, 11: "F"})
    if zam.kind != "Z01":
        box = [*wording.mailbox, BUSINESS_ACK]
        address = {3: "X.400", 4: zam.address}
        yield seg("OBX", {1: "2", 2: "XTN", 3: box, 4: zam.reader_id, 5: address, 11: "F"})
    if not zam.accepted:
        code, label = zam.error or ("906", "Erreur 'Autre'")
        condition = ["207", "Application error", "messageErrorCondition"]
        yield seg("ERR", {3: condition, 4: "E", 5: [code, label, wording.errors]})


def read_zam(message: Message) -> Zam:
    """What a ZAM says; never raises. An unknown kind is told by its status, else taken as Z01."""
    status, box = (*message.all("OBX"), None, None)[:2]
    return Zam(
        kind=_kind(message),
        request=status.get(4).strip() if status is not None else "",
        accepted=status is not None and status.get(5).strip() == "Y",
        address=box.get(5, 4).strip() if box is not None else "",
        reader_id=box.get(4).strip() if box is not None else "",
        error=_error(message),
        at=_instant(message.value("EVN-2")),
    )


def _kind(message: Message) -> ZamKind:
    event, code = message.value("MSH-9.2").strip(), message.value("OBX-3.1").strip()
    by_event = [kind for kind in WORDINGS if kind == event]
    by_status = [kind for kind, wording in WORDINGS.items() if wording.status[0] == code]
    return [*by_event, *by_status, "Z01"][0]


def _error(message: Message) -> tuple[str, str] | None:
    err = message.first("ERR")
    if err is None:
        return None
    code, label = err.get(5).strip(), err.get(5, 2).strip()
    return (code, label) if code else (err.get(3).strip(), err.get(3, 2).strip())


def _instant(value: str) -> datetime | None:
    digits = value.strip()[:14]
    for form in ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d"):
        try:
            return datetime.strptime(digits, form).replace(tzinfo=PARIS)
        except ValueError:
            continue
    return None
