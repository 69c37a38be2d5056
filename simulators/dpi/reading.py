"""A message of the flow 6 with all that its rules look at: what it says, its document, what the record holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from simulators.core.hl7 import Message, Segment
from simulators.core.store.api import Tx
from simulators.core.xml import XmlRefused
from simulators.documents.cda.model import CdaDocument, Ii, Organization
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import DocumentError
from simulators.documents.hl7.base64 import State, decoded
from simulators.documents.hl7.model import Action, Participant, Transmission
from simulators.documents.hl7.places import document_obx
from simulators.documents.hl7.read import read_transmission, written
from simulators.dpi import integrated, patients
from simulators.dpi.integrated import Integrated, Origin
from simulators.dpi.patients import Person, folded
from simulators.population.identifiers import INS_OIDS, PS_IDNAT_OID, STRUCT_IDNAT_OID

DEMO_OID: Final = "1.2.250.1.213.1.4.11"
"""INS of demonstrations, besides those of ``population``."""


@dataclass(frozen=True)
class Received:
    """``cda`` is None when ``unreadable`` says why; ``target`` is the version of the record that a replacement or a
    deletion is about; ``twin`` the one that this message would double; ``person`` the patient of the record."""

    message: Message
    said: Transmission
    encoding: State
    cda: CdaDocument | None
    unreadable: str = ""
    person: Person | None = None
    same_traits: Person | None = None
    target: Integrated | None = None
    twin: Integrated | None = None

    @property
    def obx(self) -> Segment | None:
        """The OBX of the document."""
        return document_obx(self.message)

    @property
    def ins(self) -> Ii | None:
        """The INS in the document."""
        return ins_of(self.cda)

    @property
    def about(self) -> str:
        """The identifier of the version that is replaced or deleted."""
        return self.said.replaces if self.said.action is Action.REPLACE else self.said.document_id

    @property
    def doubles(self) -> bool:
        """Whether the record has it already: the same octets, the same set and version, or deleted before."""
        twin = self.twin
        if twin is None or self.said.action is Action.DELETE:
            return twin is not None
        same = hashlib.sha256(self.said.cda).hexdigest() == twin.cda
        return same or twin.document_id != self.said.document_id


def received(tx: Tx, message: Message) -> Received:
    """Reads it, and what the record holds of it."""
    said = read_transmission(message)
    obx = document_obx(message)
    encoding = decoded(obx.get(5, 5))[1] if obx is not None else State.BROKEN
    cda, unreadable = _cda(said.cda)
    found = Received(message, said, encoding, cda, unreadable)
    ins = found.ins
    person = patients.by_matricule(tx, ins.extension) if ins is not None else None
    traits = traits_of(cda)
    whole = ins is not None and person is None and all(traits.values())
    return Received(
        message,
        said,
        encoding,
        cda,
        unreadable,
        person,
        patients.by_traits(tx, traits) if whole else None,
        integrated.by_id(tx, found.about) if said.action is not Action.INITIAL else None,
        _twin(tx, found),
    )


def _cda(octets: bytes) -> tuple[CdaDocument | None, str]:
    try:
        return read_cda(octets), ""
    except (XmlRefused, DocumentError) as refused:
        return None, str(refused)


def _twin(tx: Tx, found: Received) -> Integrated | None:
    """What the record holds already: by identifier, else by set and version."""
    if found.said.action is Action.DELETE:
        held = integrated.by_id(tx, found.said.document_id)
        return held if held is not None and held.state is integrated.Standing.DELETED else None
    same = integrated.by_id(tx, found.said.document_id)
    return same or integrated.by_version(tx, set_of(found.cda), version_of(found.cda))


def set_of(cda: CdaDocument | None) -> str:
    """Its setId as XDS writes identifiers."""
    return written(cda.set_id) if cda is not None and cda.set_id is not None else ""


def version_of(cda: CdaDocument | None) -> str:
    return cda.version.text if cda is not None and cda.version is not None else ""


def ins_of(cda: CdaDocument | None) -> Ii | None:
    """The INS of the patient of a document."""
    found = cda.patient.ids if cda is not None and cda.patient is not None else ()
    return next((one for one in found if one.root in {*INS_OIDS, DEMO_OID} and one.extension), None)


def traits_of(cda: CdaDocument | None) -> dict[str, str]:
    """The five strict traits of a document, by the names of :meth:`Person.traits`; empty where absent."""
    patient = cda.patient if cda is not None else None
    if patient is None:
        return dict.fromkeys(("birth name", "given names", "birth date", "sex", "birth place"), "")
    return {
        "birth name": folded(patient.birth_family.text) if patient.birth_family else "",
        "given names": folded(patient.given_names.text) if patient.given_names else "",
        "birth date": patient.birth_time.value[:8] if patient.birth_time else "",
        "sex": patient.sex.code if patient.sex else "",
        "birth place": patient.birth_place.text if patient.birth_place else "",
    }


def origin_of(found: Received) -> Origin:
    """Where it came from."""
    said, sender = found.said, found.said.sender
    persons, organisations = _sender_ids(sender)
    authors, places = _author_ids(found.cda)
    return Origin(
        sender=sender.address if sender else "",
        message_id=said.mail.message_id if said.mail else "",
        subject=said.mail.subject if said.mail else "",
        unit=_unit(said),
        msh10=said.control_id,
        persons=tuple(dict.fromkeys((*persons, *authors))),
        organisations=tuple(dict.fromkeys((*organisations, *places))),
    )


def _unit(said: Transmission) -> str:
    """The unit that the mail was meant for: its name and code (PRT-8 of a recipient)."""
    one = next((r for r in said.recipients if r.org_id or r.org_name), None)
    return " ".join(filter(None, (one.org_name, f"({one.org_id})" if one.org_id else ""))) if one else ""


def sender_ids(found: Received) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who asks: identifiers of the person and of the organisation, without type prefix."""
    return _sender_ids(found.said.sender)


def _sender_ids(sender: Participant | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if sender is None:
        return (), ()
    person, place = bare(sender.person_id), bare(sender.org_id)
    return tuple(filter(None, (person,))), tuple(filter(None, (place,)))


def _author_ids(cda: CdaDocument | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if cda is None:
        return (), ()
    people = [bare(one.extension) for a in cda.authors for one in a.ids if one.root == PS_IDNAT_OID]
    places: list[Organization | None] = [a.organization for a in cda.authors] + [cda.custodian]
    ids = [one for place in places if place is not None for one in place.ids if one.root == STRUCT_IDNAT_OID]
    return tuple(filter(None, people)), tuple(filter(None, (bare(one.extension) for one in ids)))


def bare(identifier: str) -> str:
    """A national identifier without the digit of its type: 8 + RPPS and RPPS are the same person."""
    return identifier[1:] if len(identifier) in {10, 12, 15} else identifier
