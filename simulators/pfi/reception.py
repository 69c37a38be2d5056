"""A document is given to the PFI (flows 1 and 2): read, judged against what it already holds, taken in charge.

Accepted means that orders are in the queue: the DMP and the mailboxes are told of later, by ZAM. An order that must
fail (no qualified INS, an opposition) fails at once and says so by its ZAM, not by the acknowledgement (facts pfi
§2.1).
"""

from __future__ import annotations

from dataclasses import replace

from simulators.core.exchange import Call
from simulators.core.hl7 import Message, Reply
from simulators.core.store.api import Tx
from simulators.documents.hl7.model import Transmission
from simulators.documents.hl7.read import read_transmission
from simulators.pfi import orders, registry, requests
from simulators.pfi.rules.catalogue import CHECKS
from simulators.pfi.rules.subject import Ledger, subject_of


class StoredLedger:
    """The registry of this world as the checks look at it."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def held(self, document: str) -> registry.Held | None:
        return registry.held(self._tx, document)

    def content(self, document: str) -> bytes:
        """Read again from the request that brought it."""
        held = self.held(document)
        if held is None:
            return b""
        return requests.transmission_of(self._tx, requests.get(self._tx, held.request)).cda


def perform(call: Call, message: Message) -> Reply:
    """MDM^T02, T04, T10 and ORU^R01. Raises ``Refused``."""
    transmission = read_transmission(message)
    call.keys |= _keys(transmission)
    # Sent again after a lost acknowledgement, a request must not be refused for what its first sending did.
    ledger = None if _already_accepted(call, transmission) else StoredLedger(call.tx)
    check(call, message, transmission, ledger)
    orders.accept(call, integrated(transmission))
    return Reply()


def check(call: Call, message: Message, transmission: Transmission, ledger: Ledger | None) -> None:
    """Judges a request under the world's policy; ``ledger`` None leaves the state of the PFI aside. Raises
    ``Refused``."""
    call.judge(CHECKS, subject_of(message, transmission, call.business_now.date(), ledger))


def integrated(transmission: Transmission) -> Transmission:
    """What is kept of a request: without the INS of an identity that is not qualified (IHE PAM FR 6.6.1)."""
    patient = transmission.patient
    return transmission if patient.qualified else replace(transmission, patient=patient.without_ins())


def _already_accepted(call: Call, transmission: Transmission) -> bool:
    digest = requests.digest_of(call.arrival.body)
    return any(one.digest == digest for one in requests.same_control(call.tx, transmission))


def _keys(transmission: Transmission) -> set[str]:
    """What the live picture joins this exchange by, refused or not."""
    known = {"document": transmission.document_id, "patient": transmission.patient.ins}
    return {f"{kind}:{value[:200]}" for kind, value in known.items() if value}
