"""What drives every receiver alike: messages made beforehand, one blocking socket for each connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from simulators.clients.dmp.client import DmpClient
from simulators.core.clock import system_now
from simulators.core.hl7 import Head
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Flags, Participant
from simulators.population.model import Patient
from tests.support.hl7_documents import GOOD, SENDER
from tests.support.ledger_feeder import small_document
from tests.support.mllp_ledger import Line, field
from tests.unit.population.pam.cases import IPP, identity
from tests.unit.population.pam.cases import message as admission

KB: Final = 1_000
ADT_BYTES: Final = 2 * KB


def admissions(count: int, begin: int = 0) -> list[bytes]:
    """ADT^A01 of 2 kB, each with an MSH-10 and a patient of its own, without INS."""
    whole = admission(identity=identity(IPP, status="PROV"))
    whole += b"ZZZ|".ljust(ADT_BYTES - len(whole) - 1, b"x") + b"\r"
    found = []
    for number in range(begin, begin + count):
        named = whole.replace(b"|SIM1|", b"|A%d|" % number, 1)
        found.append(named.replace(b"|SIM000001^", b"|P%d^" % number, 1))
    return found


def letters(client: DmpClient, patient: Patient, count: int, size: int, addresses: Sequence[str] = ()) -> list[bytes]:
    """MDM^T02 of ``size`` octets at least, for the DMP and each of ``addresses``."""
    return [_letter(client, patient, number, size, addresses) for number in range(count)]


def _letter(client: DmpClient, patient: Patient, number: int, size: int, addresses: Sequence[str]) -> bytes:
    document, place = client.oid(), client.structure.finess
    assert place is not None
    content = b"%PDF".ljust(size * 9 // 16, b"x")  # base64 twice: in the CDA, and the CDA itself
    cda = small_document(client, patient, document, content, system_now())
    sender = replace(SENDER, org_id=place.value, person_id=client.professional.ps_idnat.value)
    control_id = f"L{number}.{document.rpartition('.')[2]}"[:40]
    plan = replace(
        GOOD,
        control_id=control_id,
        document_id=document,
        cda=cda,
        flags=Flags(destdmp=True, destmssanteps=bool(addresses)),
        mail_bodies={},
        fin=False,
        participants=(sender, *(Participant("RCT", address=one) for one in addresses)),
    )
    head = Head("DPI-MESURE", place.value, "PFI-SEGUR-SANDBOX", "main", system_now(), "MDM", control_id)
    return build_transmission(plan, head)


def acknowledged(place: str, messages: Sequence[bytes], connections: int) -> float:
    """Messages acknowledged AA a second, shared out among persistent connections, each waiting for its answer."""
    shares = [messages[number::connections] for number in range(connections)]
    lines = [Line(place, 120) for _ in shares]
    gate, problems = threading.Barrier(connections + 1), list[Exception]()

    def send(line: Line, mine: Sequence[bytes]) -> None:
        gate.wait()
        try:
            for message in mine:
                answer = line.say(message)
                if field(answer[:2_000], "MSA", 1) != "AA":
                    raise RuntimeError(repr(answer[:600]))
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(lines, shares, strict=True)]
    for thread in threads:
        thread.start()
    gate.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - begin
    for line in lines:
        line.close()
    if problems:
        raise problems[0]
    return len(messages) / taken


def halves(messages: list[bytes], parts: int) -> Iterator[list[bytes]]:
    """The messages in ``parts`` runs of the same length."""
    size = len(messages) // parts
    for number in range(parts):
        yield messages[number * size : (number + 1) * size]
