"""A version on its way: the message is made when it leaves, from the patient as known then, and goes to the outbox."""

from __future__ import annotations

from dataclasses import replace

from simulators.core.due import schedule, send_later
from simulators.core.hl7 import Head
from simulators.core.store.api import Tx
from simulators.core.world import identifier
from simulators.documents.hl7 import model
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Action, Issuer, Participant, PatientTraits, Transmission, Visit
from simulators.documents.hl7.names import CDA_PROFILE
from simulators.documents.papers import KINDS
from simulators.dpi import patients, produced
from simulators.dpi.deciding import Decision, decide
from simulators.dpi.house import Moment, NoSuch, author, facility, hospital
from simulators.dpi.names import APPLICATION, LEAVE, PFI_APPLICATION, SEND
from simulators.dpi.papers import paper
from simulators.dpi.patients import Person
from simulators.dpi.produced import Sending, State, Version
from simulators.dpi.settings import CITIZENS, MESSAGE
from simulators.population.model import Professional, Structure


def leave(tx: Tx, moment: Moment, version: Version) -> Version:
    """At once when its deferral is over, else when it will be."""
    if version.leaves is None or version.leaves <= moment.business:
        return depart(tx, moment, version)
    waiting = replace(version, state=State.VALIDATED)
    produced.save(tx, waiting)
    order = {"document": version.document, "version": version.version}
    name = f"{LEAVE}:{version.document}:{version.version}:{tx.counter('dpi.leave')}"
    schedule(tx, LEAVE, version.leaves, order, id=name)
    return waiting


def depart(tx: Tx, moment: Moment, version: Version) -> Version:
    """The message of the version, as the patient stands now, into the outbox. Raises :class:`NoSuch`."""
    person = person_of(tx, version)
    decision = decide(version.order, person, CITIZENS.text(moment.policy))
    msh10 = f"DPI{identifier(tx, 'dpi.message').hex[:17]}"
    cda = cda_of(tx, moment, version)
    message = compose(tx, moment, version, person, decision, cda, msh10)
    here = (msh10, version.document, version.version, version.action)
    produced.save_sending(tx, Sending(*here, tx.blob(message), moment.business))
    hand_over(tx, msh10, 1)
    queued = replace(version, state=State.QUEUED, reasons=decision.reasons, cda=tx.blob(cda))
    produced.save(tx, queued)
    return queued


def hand_over(tx: Tx, msh10: str, attempt: int) -> None:
    """One attempt into the outbox; the same attempt twice is one row."""
    send_later(tx, SEND, {"msh10": msh10, "attempt": attempt}, id=f"{SEND}:{msh10}:{attempt}")


def person_of(tx: Tx, version: Version) -> Person:
    """The patient of a version as known now. Raises :class:`NoSuch`."""
    person = patients.find(tx, version.patient)
    if person is None:
        raise NoSuch(f"the record has no patient {version.patient!r} any more")
    return person


def cda_of(tx: Tx, moment: Moment, version: Version) -> bytes:
    """The document of a version: as the PFI took charge of it, else as it would leave now. Raises :class:`NoSuch`."""
    if version.accepted and version.cda:
        return tx.blob_bytes(version.cda)
    structure = hospital(tx, moment.policy)
    return paper(version, person_of(tx, version), author(tx, structure, version.professional), structure)


def compose(
    tx: Tx, moment: Moment, version: Version, person: Person, decision: Decision, cda: bytes, msh10: str
) -> bytes:
    """MDM or ORU, as the world chose."""
    structure = hospital(tx, moment.policy)
    writer = author(tx, structure, version.professional)
    type_code = KINDS[version.kind].kind.type_code
    issuer = Issuer(structure.name, facility(structure), "N")
    order = version.order
    bodies = {"ps": order.body_ps, "patient": order.body_patient}
    plan = Transmission(
        profile=CDA_PROFILE,
        action=version.action,
        patient=_traits(person, issuer, with_ins=decision.with_ins),
        visit=Visit(person.visit_class or "N", person.visit),
        type_code=type_code.code,
        type_label=type_code.display or "",
        document_id=version.document_id,
        replaces=version.replaces if version.action is Action.REPLACE else "",
        cda=cda,
        flags=decision.flags,
        participants=tuple(_participants(version, person, decision, writer, structure)),
        mail_bodies={reader: body for reader, body in bodies.items() if body},
        fin=order.fin and decision.flags.destmssantepat,
    )
    place = facility(structure)
    head = Head(APPLICATION, place, PFI_APPLICATION, place, moment.wire, "", msh10)
    kind: model.Kind = "ORU" if MESSAGE.text(moment.policy).strip().upper() == "ORU" else "MDM"
    return build_transmission(plan, head, kind=kind)


def _traits(person: Person, issuer: Issuer, *, with_ins: bool) -> PatientTraits:
    traits = PatientTraits(
        ins=person.matricule,
        oid=person.oid,
        ipp=person.local,
        family=person.birth_name,
        given=next(iter(person.given_names), ""),
        given_list=" ".join(person.given_names),
        birth_date=person.birth_date,
        sex=person.sex,
        birth_place=person.birth_place,
        status=person.status,
        used_name=person.used_name,
        account=person.account,
        issuer=issuer,
    )
    return traits if with_ins else traits.without_ins()


def _participants(
    version: Version, person: Person, decision: Decision, writer: Professional, structure: Structure
) -> list[Participant]:
    """SB, one RCT a mailbox, REPLY: the order the volet wants."""
    sender = Participant(
        "SB",
        person_id=writer.ps_idnat.value,
        family=writer.family,
        given=writer.given,
        person_type="IDNPS",
        org_name=structure.name,
        org_id=facility(structure),
        org_type="FINEG",
    )
    recipients = [_recipient(address, person) for address in decision.addresses]
    reply = version.order.reply_to
    return [sender, *recipients, *([Participant("REPLY", address=reply)] if reply else [])]


def _recipient(address: str, person: Person) -> Participant:
    if not address.startswith(f"{person.matricule}@") or not person.matricule:
        return Participant("RCT", address=address)
    return Participant(
        "RCT",
        person_id=person.matricule,
        family=person.birth_name,
        given=next(iter(person.given_names), ""),
        person_type="INS",
        person_oid=person.oid,
        address=address,
    )
