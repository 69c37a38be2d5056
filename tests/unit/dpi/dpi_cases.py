"""For every rule that a message of the flow 6, or a receipt, can break: how it is broken at one place."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from simulators.core.hl7 import edit
from simulators.core.rules import Rule
from simulators.documents.hl7.model import Transmission
from simulators.dpi.rules import content, envelope, identity
from tests.unit.dpi.dpi_room import LETTER

Breaker = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Case:
    """``name`` tells a second case of one rule; its finding need not be the example of the rule."""

    rule: Rule
    breaker: Breaker
    plan: Transmission = LETTER
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.rule.id}{f'-{self.name}' if self.name else ''}"


def at(where: str, value: str | None) -> Breaker:
    return lambda whole: edit(whole, where, value)


def inside(old: bytes, new: bytes) -> Breaker:
    """Changes the document itself."""
    broken = LETTER.cda.replace(old, new)
    assert broken != LETTER.cda
    return at("OBX[1]-5.5", b64encode(broken).decode())


def without_padding(whole: bytes) -> bytes:
    text = LETTER.cda + b" " * ((1 - len(LETTER.cda)) % 3)
    return edit(whole, "OBX[1]-5.5", b64encode(text).decode().rstrip("="))


CASES = [
    Case(envelope.PARTIES, at("MSH-3", "")),
    Case(envelope.PARTIES, at("MSH-6", ""), name="receiver"),
    Case(envelope.ROLES, at("MSH-3", "Plume")),
    Case(envelope.ROLES, at("MSH-5", "Plume"), name="receiver"),
    Case(envelope.PROFILE, at("MSH-21", "2.1^CISIS_CDA_HL7_V2")),
    Case(envelope.PROFILE, at("MSH-21", "9.9^CISIS_CDA_HL7_LPS"), name="unheard-of"),
    Case(envelope.OLD_PROFILE, at("MSH-21", "1.0^CISIS_CDA_HL7_LPS")),
    Case(envelope.STRUCTURE, at("MSH-9.3", "MDM_T10")),
    Case(envelope.VERSION, at("MSH-12", "2.5")),
    Case(envelope.PROCESSING, at("MSH-11", "X")),
    Case(envelope.COUNTRY_CODE, at("MSH-17", "")),
    Case(envelope.CHARSET, at("MSH-18", "8859/1")),
    Case(content.SEGMENT, at("TXA", None)),
    Case(content.SEGMENT, at("PV1", None), name="visit"),
    Case(content.ACTION, at("ORC-1", "CA")),
    Case(content.ACTION, at("OBX[1]-11", "D"), name="status"),
    Case(content.TYPE, at("TXA-2", "11502-2")),
    Case(content.FORM, at("OBX[1]-5.4", "A")),
    Case(content.BASE64, at("OBX[1]-5.5", "PD94bWwg*")),
    Case(content.PADDING, without_padding),
    Case(content.CDA, at("OBX[1]-5.5", b64encode(b"Bonjour").decode())),
    Case(content.TXA_ID, at("TXA-12", "1.2.3")),
    Case(content.NAMESPACE, at("TXA-12.2", "Organisation-Y")),
    Case(content.TXA_STATUS, at("TXA-17", "LA")),
    Case(content.MAIL, at("OBX[2]", None)),
    Case(content.MESSAGE_ID, at("OBX[2]-3.1", "1")),
    Case(content.FLAG, at("OBX[3]-5.1", "X")),
    Case(content.MASKED, at("OBX[3]-5.1", "Y")),
    Case(content.SENDER, at("PRT[1]-15.4", "")),
    Case(content.RECIPIENT, at("PRT[2]-15.4", "")),
    Case(content.VISIT, at("PV1-2", "I")),
    Case(content.PATIENT, at("PID-3", "284037510012340^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS")),
    Case(identity.NO_INS, inside(b'root="1.2.250.1.213.1.4.10"', b'root="1.2.3"')),
    Case(identity.INCOMPLETE, inside(b"<county>75056</county>", b"")),
]
