"""On whose behalf the DMP is called: structure and professional of the sender's PRT (facts pfi §3.3, §3.4).

Who the world knows is taken as it knows him; another as the message tells him, with the role of an automaton when
nothing tells his profession (JDV_J65).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from simulators.core.store.api import Tx
from simulators.documents.hl7.model import Participant, Transmission
from simulators.documents.hl7.read import document_of
from simulators.documents.xds.model import Code
from simulators.population import registry
from simulators.population.identifiers import PsIdNat, StructIdNat
from simulators.population.model import Activity, Coded, Professional, Structure

AUTOMATON: Final = Coded("AUTOMATE", "1.2.250.1.213.1.1.4.6")
SECTOR: Final = "SA01"
"""Of a structure that nobody knows: a public hospital (inferred)."""
CONTENT_TYPES: Final = {
    **dict.fromkeys(("I", ""), Code("03", "1.2.250.1.213.2.2", "Hospitalisation complète")),
    **dict.fromkeys(("O", "E"), Code("07", "1.2.250.1.213.2.2", "Consultations soins externes")),
    "R": Code("19", "1.2.250.1.213.2.2", "Traitement et cure ambulatoire"),
    "N": Code("97", "1.2.250.1.213.2.2", "Type d'activité indifférencié"),
}
"""contentTypeCode by PV1-2 (guide, mapping; JDV_J59)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who feeds."""

    professional: Professional
    structure: Structure


def caller_of(tx: Tx, transmission: Transmission) -> Caller:
    """The sender of a request; without a PRT of a sender, the author of the document."""
    sender = transmission.sender or Participant("SB")
    structure = _structure(tx, sender)
    return Caller(_professional(tx, sender, structure, transmission.cda), structure)


def struct_idnat(sender: Participant) -> str:
    """PRT-8.10 with the digit that tells what it is: a FINESS (9 characters), or a Struct_IdNat as it stands."""
    number = sender.org_id.strip()
    return f"1{number}" if len(number) == 9 else number


def ps_idnat(person_id: str) -> str:
    """PRT-5.1 likewise: an RPPS has 11 digits."""
    number = person_id.strip()
    return f"8{number}" if len(number) == 11 and number.isdecimal() else number


def content_type_of(class_: str) -> Code:
    """Of the submission set, by the class of the stay."""
    return CONTENT_TYPES.get(class_, CONTENT_TYPES["N"])


def _structure(tx: Tx, sender: Participant) -> Structure:
    value = struct_idnat(sender)
    known = registry.structure(tx, value)
    if known is not None:
        return replace(known, sector=known.sector or SECTOR)
    identifier = StructIdNat.as_received(value)
    name = sender.org_name or f"Structure {value}"
    return Structure(value, identifier, name, "hospital", SECTOR, finess=identifier.finess, adopted=True)


def _professional(tx: Tx, sender: Participant, structure: Structure, cda: bytes) -> Professional:
    value = ps_idnat(sender.person_id) or _device(sender, structure, cda)
    known = registry.professional(tx, value)
    here = structure.struct_idnat
    if known is not None and known.activities:
        return known
    activity = Activity(AUTOMATON, None, here, structure.sector)
    family, given = sender.family or sender.device_id or "INCONNU", sender.given
    identifier = PsIdNat.as_received(value)
    return Professional(value, identifier, family, given, "", (activity,), adopted=True)


def _device(sender: Participant, structure: Structure, cda: bytes) -> str:
    """A device has the identifier of a member of the staff; without any, the author of the document answers."""
    if sender.device_id and structure.finess is not None:
        return f"3{structure.finess.value}/{sender.device_id}"
    document = document_of(cda)
    author = next(iter(document.authors), None) if document else None
    return ps_idnat(author.ids[0].extension) if author and author.ids else ""
