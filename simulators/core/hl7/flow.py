"""What every receiver of HL7 v2 has in common: reading, clues to the world, the acknowledgement as the one funnel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.core.exchange import Answer, Call
from simulators.core.hl7 import rules
from simulators.core.hl7.ack import AckCode, Err, acknowledge, code_of, errors_of
from simulators.core.hl7.message import Message
from simulators.core.hl7.reading import read_message
from simulators.core.pki import CertificateUnreadable, read_certificate
from simulators.core.routing import Clue, claim
from simulators.core.rules import Finding, Verdict
from simulators.core.setting import Setting
from simulators.core.store.api import Tx
from simulators.core.world import World, identifier

FACILITY: Final = "facility"
"""Routing kind: MSH-6 that names a world."""
ACK_WARNINGS: Final = Setting(
    "hl7.ack-warnings",
    "no",
    "whether an AA tells its warnings in ERR segments (W); the volets know ERR on AE and AR only",
)
_STATUS: Final[Mapping[AckCode, int]] = {"AA": 200, "AE": 400, "AR": 503}
_LONGEST_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers; the flow adds the findings of the verdict."""

    code: AckCode = "AA"
    errors: Sequence[Err] = ()
    text: str = ""


Perform = Callable[[Call, Message], Reply]


class Hl7Flow:
    """One receiver. ``operations`` performs each kind (``MDM^T02``; ``ADT^*`` for every other event of ADT); kinds
    not listed are refused (``HL7-KIND``)."""

    def __init__(self, name: str, operations: Mapping[str, Perform]) -> None:
        self.name = name
        self._operations = operations

    def read(self, call: Call) -> Message:
        """Raises ``Refused``."""
        message = read_message(call.arrival.body)
        call.operation = f"{self.name}.{_short(message.kind) or '?'}"
        call.who |= {"application": _short(message.sender), "facility": _short(message.header.get(4))}
        if message.control_id:
            call.keys.add(f"hl7:{_short(message.control_id)}")
        return message

    def clues(self, call: Call, request: Message | None) -> Sequence[Clue]:
        """The certificate; then what the message declares: MSH-6 naming a world, the structures of PRT-8.10 (sender)
        and MSH-4."""
        found = _credential(call.arrival.certificate)
        if request is None:
            return found
        header = request.header
        found += [Clue("declared", FACILITY, header.get(6, part)) for part in (1, 2) if header.get(6, part)]
        return [*found, *(Clue("declared", "structure", one) for one in _structures(request))]

    def perform(self, call: Call, request: Message) -> Answer:
        """Raises ``Refused``."""
        call.find(*request.remarks, *_control_id(request))
        operation = self._operation(request)
        if operation is None:
            kinds = ", ".join(self._operations)
            raise call.refusal(rules.KIND.finding("MSH-9", found=request.kind, expected=kinds))
        reply = operation(call, request)
        told = reply.code != "AA" or ACK_WARNINGS.flag(call.world.policy)
        errors = [*reply.errors, *(errors_of(call.verdict) if told else ())]
        return _answer(call, request, reply.code, errors, reply.text)

    def refuse(self, call: Call, request: Message | None, verdict: Verdict, href: str) -> Answer:
        """AE, or AR when the message may be sent again as it is."""
        return _answer(call, request, code_of(verdict), errors_of(verdict, href), "")

    def _operation(self, request: Message) -> Perform | None:
        kind = request.kind
        return self._operations.get(kind) or self._operations.get(f"{kind.partition('^')[0]}^*")


def claim_facility(tx: Tx, world: World) -> None:
    """MSH-6 that is the name of a world leads to it (seeder). The default world needs no name."""
    claim(tx, FACILITY, world.name)


def _answer(call: Call, request: Message | None, code: AckCode, errors: Sequence[Err], text: str) -> Answer:
    own = identifier(call.tx, "hl7").hex[:20]
    body = acknowledge(request, code, own, call.wire_now, errors, text)
    return Answer(_STATUS[code], body, word=code)


def _credential(der: bytes | None) -> list[Clue]:
    try:
        return [Clue("credential", "certificate", read_certificate(der).fingerprint)] if der else []
    except CertificateUnreadable:
        return []


def _structures(message: Message) -> list[str]:
    """Identifiers with the digit that tells a FINESS (1) from a SIRET (3), as certificates bear them."""
    senders = [prt for prt in message.all("PRT") if prt.get(4) == "SB"]
    written = [*(prt.get(8, 10) for prt in senders), message.header.get(4), message.header.get(4, 2)]
    known = [_short(value.strip()) for value in written if value.strip()]
    return [f"1{value}" if len(value) == 9 else value for value in known]


def _control_id(message: Message) -> list[Finding]:
    if message.control_id:
        return []
    return [rules.CONTROL_ID.finding("MSH-10", found="", expected="an identifier")]


def _short(text: str) -> str:
    return text[:_LONGEST_NOTE]
