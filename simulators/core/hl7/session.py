"""One MLLP connection: each frame is one exchange, answered in order; what a fault asks is carried out here. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence

from simulators.core.exchange import Answer, Arrival, ProtocolFlow, Runtime, exchange
from simulators.core.hl7.ack import AckCode, Err, acknowledge
from simulators.core.hl7.reading import Unreadable, read_message
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.mllp import frame
from simulators.core.listeners.session import Action, Close, Frame, Later, Link, Send, Unit, Violation

_KIND = re.compile(rb"MSH.[^\r\n]{0,300}?\b([A-Z]{3}\^[A-Z0-9]{3})")
_TEMPORARY = frozenset({0, 429, 502, 503, 504})


class MllpSession:
    """Implements ``Session``. ``protocol`` names the simulator in the journal."""

    def __init__(self, link: Link, runtime: Runtime, flow: ProtocolFlow, protocol: str) -> None:
        self._link, self._runtime, self._flow, self._protocol = link, runtime, flow, protocol
        self._deaf = False

    def opened(self) -> Sequence[Action]:
        """MLLP greets nobody."""
        return []

    def secured(self, tls: TlsFacts) -> Sequence[Action]:
        """TLS stands before the first frame."""
        return []

    def woken(self) -> Sequence[Action]:
        """No news is told on a line of MLLP."""
        return []

    def closed(self) -> None:
        """Nothing is held: what was not answered may have to be sent again."""

    def receive_unit(self, unit: Unit) -> Sequence[Action]:
        """A frame, or octets outside one (those are in the journal already)."""
        if self._deaf:
            return []
        if isinstance(unit, Violation):
            return self._violated(unit)
        return self._carried(self._exchanged(unit.payload), unit.payload) if isinstance(unit, Frame) else []

    def _exchanged(self, octets: bytes) -> Answer:
        kind = _KIND.match(octets)
        tls = self._link.tls
        arrival = Arrival(
            self._protocol,
            self._link.listener,
            f"{self._link.peer[0]}:{self._link.peer[1]}",
            kind[1].decode("ascii") if kind else "HL7",
            "",
            {"TLS": f"{tls.version} {tls.cipher}" if tls else "none"},
            octets,
            certificate=tls.client_cert_der if tls else None,
        )
        return exchange(self._runtime, self._flow, arrival)

    def _carried(self, answer: Answer, request: bytes) -> Sequence[Action]:
        actions = self._actions(answer, request)
        return [Later(answer.delay, lambda: actions)] if answer.delay > 0 else actions

    def _actions(self, answer: Answer, request: bytes) -> Sequence[Action]:
        sent = frame(self._octets(answer, request))
        if answer.disconnect == "silent":
            return []
        if answer.disconnect == "deaf":
            self._deaf = True
            return []
        if answer.disconnect == "answered":
            return [Send(sent), Close()]
        if answer.disconnect is not None:
            return [Close(reset=answer.disconnect == "reset")]
        if answer.truncate is not None:
            return [Send(sent[: 1 + answer.truncate]), Close()]
        return [Send(sent)]

    def _octets(self, answer: Answer, request: bytes) -> bytes:
        """A fault may answer in HTTP's terms (a status without a word): an AR, or nothing at all."""
        if answer.body.startswith(b"MSH") or answer.status == 200:
            return answer.body
        try:
            message = read_message(request)
        except Unreadable:
            message = None
        code: AckCode = "AR" if answer.status in _TEMPORARY else "AE"
        told = answer.body.decode("utf-8", "replace") or "Service indisponible / service not available"
        return acknowledge(message, code, "0", self._runtime.now(), [Err("", "207", told)])

    def _violated(self, violation: Violation) -> Sequence[Action]:
        """Only a frame that can never end is answered: the rest is skipped as receivers do."""
        if violation.reason.cause != "mllp_too_large":
            return []
        error = Err("", "199", f"{violation.reason.fr} {violation.reason.en}", diagnostic=violation.reason.cause)
        return [Send(frame(acknowledge(None, "AE", "0", self._runtime.now(), [error])))]
