"""The business receipts of the PFI: ZAM^Z01, Z02, Z03 (facts pfi §1.12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from simulators.core.hl7 import Message
from simulators.core.rules import Example, Finding, Level
from simulators.documents.hl7.model import Zam
from simulators.dpi.produced import Sending, Version
from simulators.dpi.rules.wire import INFERRED, rule

_VOLET: Final = "CI-SIS, volet « Transmission de document(s) CDA en HL7v2 » 2.1, flux 3 à 5"


@dataclass(frozen=True)
class Told:
    """A receipt, and what the record knows of the message it answers."""

    message: Message
    zam: Zam
    sending: Sending | None
    version: Version | None


ToldCheck = Callable[[Told], Iterator[Finding]]

VALUE = rule(
    "ZAM-VALUE",
    "OBX-5.1 of the status",
    "l'accusé métier ne dit ni Y ni N",
    "the business receipt says neither Y nor N",
    "écrivez Y^^expandedYes-NoIndicator ou N^^expandedYes-NoIndicator dans OBX-5",
    "write Y^^expandedYes-NoIndicator or N^^expandedYes-NoIndicator in OBX-5",
    code="103",
    source=_VOLET,
    example=Example("OBX[1]-5.1", "", "Y or N"),
)
UNKNOWN = rule(
    "ZAM-UNKNOWN",
    "OBX-4 of the status",
    "OBX-4 ne nomme aucun message émis par ce dossier",
    "OBX-4 names no message that this record has sent",
    "recopiez dans OBX-4 le MSH-10 de l'ORU ou du MDM acquitté",
    "copy into OBX-4 the MSH-10 of the ORU or MDM that is acknowledged",
    code="207",
    application="906",
    source=_VOLET,
    kind="message",
    example=Example("OBX[1]-4", "UNKNOWN", "the MSH-10 of a message of this record"),
)
MAILBOX = rule(
    "ZAM-MAILBOX",
    "OBX of the mailbox (Z02, Z03)",
    "l'accusé MSSanté ne dit pas de quelle boîte aux lettres il parle",
    "the MSSanté receipt does not tell which mailbox it is about",
    "ajoutez OBX|2|XTN|DESTINATAIRE_MSS^…|<identifiant>|^^X.400^<adresse> (LECTEUR_MSS pour Z03)",
    "add OBX|2|XTN|DESTINATAIRE_MSS^…|<identifier>|^^X.400^<address> (LECTEUR_MSS for Z03)",
    code="101",
    source=_VOLET,
    example=Example("OBX[2]-5.4", "", "a MSSanté address"),
)
REASON = rule(
    "ZAM-REASON",
    "ERR of a receipt N",
    "un accusé négatif n'a pas de segment ERR : l'utilisateur ne saura pas pourquoi",
    "a negative receipt has no ERR segment: the user will not know why",
    "ajoutez ERR avec ERR-3 = 207 et ERR-5 = code^libellé",
    "add ERR with ERR-3 = 207 and ERR-5 = code^label",
    code="101",
    source=_VOLET,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("ZAM-VALUE",),
    example=Example("ERR", "", "ERR-3 = 207, ERR-5 = code^label"),
)
UNASKED = rule(
    "ZAM-UNASKED",
    "receipt against the flags of the request",
    "la demande ne voulait pas de cet accusé (ACK_RECEPTION ou ACK_LECTURE_MSS = N)",
    "the request wanted no such receipt (ACK_RECEPTION or ACK_LECTURE_MSS = N)",
    "n'envoyez Z01 et Z02 que si ACK_RECEPTION = Y, Z03 que si ACK_LECTURE_MSS = Y",
    "send Z01 and Z02 only if ACK_RECEPTION = Y, Z03 only if ACK_LECTURE_MSS = Y",
    code="207",
    source=_VOLET,
    grade=INFERRED,
    level=Level.WARN,
    kind="state",
    needs=("ZAM-UNKNOWN",),
    example=Example("MSH-9.2", "Z03", "ACK_LECTURE_MSS = Y"),
)
RULES: Final = (VALUE, UNKNOWN, MAILBOX, REASON, UNASKED)


def told(one: Told) -> Iterator[Finding]:
    zam, message = one.zam, one.message
    value = message.value("OBX-5.1").strip()
    if value not in {"Y", "N"}:
        yield VALUE.finding("OBX[1]-5.1", found=value, expected="Y or N")
    elif value == "N" and message.first("ERR") is None:
        yield REASON.finding("ERR", found="", expected="ERR-3 = 207, ERR-5 = code^label")
    if one.sending is None:
        yield UNKNOWN.finding("OBX[1]-4", found=zam.request, expected="the MSH-10 of a message of this record")
    if zam.kind != "Z01" and not zam.address:
        yield MAILBOX.finding("OBX[2]-5.4", found="", expected="a MSSanté address")


def asked(one: Told) -> Iterator[Finding]:
    if one.version is None:
        return
    order = one.version.order
    flag, wanted = ("ACK_RECEPTION", order.ack_reception)
    if one.zam.kind == "Z03":
        flag, wanted = ("ACK_LECTURE_MSS", order.ack_lecture)
    if not order.flags.get(flag.lower(), wanted):
        yield UNASKED.finding("MSH-9.2", found=one.zam.kind, expected=f"{flag} = Y")


CHECKS: Final[tuple[ToldCheck, ...]] = (told, asked)
