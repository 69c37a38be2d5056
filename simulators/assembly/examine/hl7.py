"""What our peers say of an HL7 v2 message in a file, without the state of anybody: no registry, no record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from simulators.assembly.examine.model import Examined
from simulators.core.errors import Refused
from simulators.core.hl7 import Message, read_message
from simulators.core.rules import Finding, Policy, Verdict, judge
from simulators.core.store.api import Tx
from simulators.documents.hl7.model import Transmission
from simulators.documents.hl7.read import read_transmission

_FRAME: Final = b"\x0b\x1c\r\n \t"
ADT, ZAM, ACK = "ADT", "ZAM", "ACK"


def examine_hl7(name: str, data: bytes, policy: Policy, tx: Tx, today: date) -> tuple[Examined, bytes]:
    """The examination, and the document inside, empty when there is none. ``tx`` reads a world that holds nothing of
    it; a frame of MLLP around the message is taken away."""
    octets = data.strip(_FRAME)
    file_ends = b"\r" not in octets
    try:
        message = read_message(octets.replace(b"\n", b"\r") if file_ends else octets)
    except Refused as refused:
        return Examined(name, "HL7 v2 message", _json(refused.verdict)), b""
    kind = message.kind.partition("^")[0]
    said = read_transmission(message) if kind in {"MDM", "ORU"} else None
    verdict = Verdict(judge(policy, [lambda one: one.remarks], message).findings)
    verdict += _judged(message, said, policy, tx, today)
    facts = ("segments end with LF, as files do: on the wire with CR",) if file_ends and b"\n" in octets else ()
    told = Examined(name, _kind(message, said), _json(verdict), (*facts, *_facts(message, said)))
    return told, said.cda if said is not None and said.document is not None else b""


def _judged(message: Message, said: Transmission | None, policy: Policy, tx: Tx, today: date) -> Verdict:
    # Here, so that what only lists rules or kinds declares no table of the peers.
    if said is not None and said.from_mail:
        from simulators.dpi.integration import FORMAL
        from simulators.dpi.reading import received

        return judge(policy, FORMAL, received(tx, message))
    if said is not None:
        from simulators.pfi.rules.catalogue import CHECKS
        from simulators.pfi.rules.subject import subject_of

        return judge(policy, CHECKS, subject_of(message, said, today, None))
    if message.kind.startswith(ADT):
        from simulators.population.pam import PAM_CHECKS

        return judge(policy, PAM_CHECKS, message)
    return Verdict()


def _json(verdict: Verdict) -> tuple[dict[str, object], ...]:
    findings: Iterable[Finding] = verdict.findings
    return tuple(finding.as_json() for finding in findings)


def _kind(message: Message, said: Transmission | None) -> str:
    kind = f"HL7 v2 message {message.kind}"
    if said is None:
        return kind
    return f"{kind}, from a PFI to a record" if said.from_mail else f"{kind}, to a PFI"


def _facts(message: Message, said: Transmission | None) -> Iterator[str]:
    yield f"MSH-10 {message.control_id}, version {message.version}, profile {message.header.raw(21) or 'none'}"
    if said is not None:
        yield f"{said.action} of {said.document_id or 'no document'}, type {said.type_code}"
        for one in said.participants:
            who = " ".join(part for part in (one.person_id, one.org_id, one.address) if part)
            yield f"{one.role} {who}"
    if message.kind.startswith(ACK):
        yield f"MSA {message.value('MSA-1')} {message.value('MSA-2')}"
        for error in message.all("ERR"):
            at = "^".join(error.get(2, number) for number in range(1, 7)).rstrip("^")
            yield f"{error.where()} {at} {error.get(3)} {error.get(8)}"
    if message.kind.startswith(ZAM):
        for box in message.all("OBX"):
            yield f"{box.get(3)} {box.get(4)} {box.get(5)}{box.get(5, 4)}"
