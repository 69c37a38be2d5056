"""A document that came by mail, as the MDM for the hospital record says it (facts pfi §1.11)."""

from __future__ import annotations

from typing import Final

from simulators.clients.mail.terms import label_of
from simulators.core.mail import Part
from simulators.documents.cda.model import CdaDocument
from simulators.documents.hl7.model import Action, Flags, Mail, Participant, PatientTraits, Transmission, Visit
from simulators.documents.hl7.names import INS_OIDS, LPS_PROFILE, QUALIFIED
from simulators.documents.hl7.read import document_of, written
from simulators.documents.xdm.model import XdmDocument

ACTIONS: Final = {"C": Action.REPLACE, "D": Action.DELETE}
LOINC: Final = "2.16.840.1.113883.6.1"


def document_of_mail(found: XdmDocument) -> Transmission:
    """What the archive and the document say, without the mail; a document that cannot be read keeps its octets."""
    cda = document_of(found.data)
    entry = found.entry
    codes = {code.code for code in entry.confidentiality_codes}
    code = (cda.code if cda is not None else None) or entry.type_code
    action = ACTIONS.get(entry.action or "", Action.INITIAL)
    return Transmission(
        profile=LPS_PROFILE,
        action=action,
        patient=traits_of(cda) if cda is not None else PatientTraits(),
        visit=Visit("N"),
        type_code=code.code if code else "",
        type_label=(code.display or label_of(cda)) if code and cda else "",
        type_system="LN" if code is None or code.system == LOINC else "TRE_A05",
        document_id=(cda.unique_id if cda is not None else "") or entry.unique_id or "",
        replaces=next(map(written, cda.replaces), "") if cda is not None and action is Action.REPLACE else "",
        cda=found.data,
        flags=Flags(
            masque_ps="MASQUE_PS" in codes,
            invisible_patient="INVISIBLE_PATIENT" in codes,
            invisible_rep_legaux="INVISIBLE_REPRESENTANTS_LEGAUX" in codes,
        ),
    )


def mail_of(part: Part, message_id: str) -> Mail:
    """Message-ID, subject and text of the mail."""
    text = next((p.shown[0] for p in part.own() if p.media.kind == "text/plain" and not p.attached), "")
    return Mail(message_id, part.text("Subject"), text)


def participants_of(part: Part, mailbox: str) -> tuple[Participant, ...]:
    """Who wrote, to whom, where to answer."""
    sender = next(((box.name, box.address) for box in part.addresses("From")), ("", ""))
    to = next((box.address for box in part.addresses("To")), "") or mailbox
    reply = next((box.address for box in part.addresses("Reply-To")), "")
    found = [Participant("SB", org_name=sender[0], address=sender[1]), Participant("RCT", address=to)]
    return (*found, *([Participant("REPLY", address=reply)] if reply else []))


def traits_of(cda: CdaDocument) -> PatientTraits:
    """PID from recordTarget; an INS in a document is a qualified one (annex "Prise en charge de l'INS")."""
    patient = cda.patient
    if patient is None:
        return PatientTraits()
    ins = next((one for one in patient.ids if one.root in INS_OIDS and one.extension), None)
    names = patient.given_names.text.split() if patient.given_names else []
    given = patient.birth_given.text if patient.birth_given else next(iter(names), "")
    return PatientTraits(
        ins=ins.extension if ins else "",
        oid=ins.root if ins else "",
        family=patient.birth_family.text if patient.birth_family else "",
        given=given,
        given_list=" ".join(names),
        birth_date=patient.birth_time.value[:8] if patient.birth_time else "",
        sex=patient.sex.code if patient.sex else "",
        birth_place=patient.birth_place.text if patient.birth_place else "",
        status=QUALIFIED if ins else "",
        used_name=patient.used_family.text if patient.used_family else "",
    )
