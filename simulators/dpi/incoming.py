"""What else comes to the record: the receipts of its own documents, and the identities and stays that PAM tells."""

from __future__ import annotations

from simulators.core.exchange import Call
from simulators.core.hl7 import Message, Reply
from simulators.documents.hl7.zam import read_zam
from simulators.dpi import patients, produced
from simulators.dpi.produced import Receipt
from simulators.dpi.rules import receipt
from simulators.population.pam import PAM_CHECKS, read_pam


def take_receipt(call: Call, message: Message) -> Reply:
    """A ZAM, on time, late or again: the user sees it with its document. Raises ``Refused``."""
    zam = read_zam(message)
    sending = produced.sending(call.tx, zam.request)
    version = produced.version_of(call.tx, sending.document, sending.version) if sending is not None else None
    if zam.request:
        call.keys.add(f"hl7:{zam.request}")
    if version is not None:
        call.keys |= {f"document:{version.document_id}", f"patient:{version.patient}"}
    call.judge(receipt.CHECKS, receipt.Told(message, zam, sending, version))
    error = "^".join(zam.error) if zam.error is not None and not zam.accepted else ""
    at = zam.at or call.wire_now
    kept = produced.save_receipt(call.tx, Receipt(zam.request, zam.kind, zam.accepted, zam.address, error, at))
    if kept.times > 1:
        call.marks["repeated"] = kept.times
    return Reply()


def admit(call: Call, message: Message) -> Reply:
    """Any ADT; an event that PAM France does not have changes nothing. Raises ``Refused``."""
    call.judge(PAM_CHECKS, message)
    person = patients.told(call.tx, read_pam(message))
    if person is not None:
        call.keys.add(f"patient:{person.key}")
        call.marks["standing"] = f"{person.status or 'no PID-32'}{', opposed to feeding' if person.opposed else ''}"
    return Reply()
