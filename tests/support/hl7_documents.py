"""A good transmission of each flow, and its message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulators.core.hl7 import Head
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Action, Flags, Issuer, Mail, Participant, PatientTraits, Transmission, Visit
from simulators.documents.hl7.names import CDA_PROFILE, LPS_PROFILE
from tests.support.mails import DOCUMENT_OID, NOW, cda

REPLACED_OID = "1.2.250.1.999.9.1.70"
PATIENT = PatientTraits(
    ins="185010099900171",
    oid="1.2.250.1.213.1.4.10",
    ipp="IPP001",
    family="SIMULE",
    given="ALIX",
    given_list="ALIX",
    birth_date="19850115",
    sex="M",
    birth_place="75056",
    status="VALI",
    account="NDA001",
    issuer=Issuer("AUT-AFFECTATION", "0B0999009", "M"),
)
SENDER = Participant(
    "SB",
    person_id="899700000039",
    family="TESTEUR",
    given="CLAUDE",
    person_type="IDNPS",
    org_name="CENTRE FICTIF",
    org_id="0B0999009",
    org_type="FINEG",
)
COLLEAGUE = Participant(
    "RCT",
    person_id="899700000047",
    family="SIMULE",
    given="DOMINIQUE",
    person_type="IDNPS",
    address="dominique.simule@medecin.mssante.test",
)
CITIZEN = Participant(
    "RCT",
    person_id="185010099900171",
    family="SIMULE",
    given="ALIX",
    person_type="INS",
    person_oid="1.2.250.1.213.1.4.10",
    address="185010099900171@patient.mssante.test",
)
REPLY = Participant("REPLY", address="cardiologie@hopital.mssante.test")
GOOD = Transmission(
    profile=CDA_PROFILE,
    control_id="MSG0001",
    sending_app="DPI-HOPITAL",
    sending_facility="CENTRE FICTIF",
    patient=PATIENT,
    visit=Visit("I", "V001", "20261119090000", "20261121080000", "UFCARD"),
    type_code="11490-0",
    type_label="Lettre de liaison à la sortie",
    document_id=DOCUMENT_OID,
    cda=cda(),
    flags=Flags(destdmp=True, destmssanteps=True, destmssantepat=True, ack_reception=True, ack_lecture_mss=True),
    participants=(SENDER, COLLEAGUE, CITIZEN, REPLY),
    mail_bodies={"ps": "Cher confrère, voici le document.", "patient": "Voici votre document."},
    fin=True,
)
REPLACEMENT = replace(GOOD, action=Action.REPLACE, replaces=REPLACED_OID, cda=cda(replaces=REPLACED_OID))
DELETION = replace(GOOD, action=Action.DELETE)
FROM_MAIL = replace(
    GOOD,
    profile=LPS_PROFILE,
    sending_app="PFI-HOPITAL",
    visit=Visit("N"),
    mail=Mail("one@hopital.mssante.test", "XDM/1.0/DDM+Lettre de liaison SIMULE ALIX 15/01/1985", "Bonjour"),
    flags=Flags(),
    participants=(replace(SENDER, address="claude.testeur@medecin.mssante.test"), REPLY),
    mail_bodies={},
    fin=False,
)
"""Flow 6."""


def head(plan: Transmission = GOOD, **changes: Any) -> Head:
    """MSH of ``plan``."""
    apps = (plan.sending_app, plan.sending_facility, "PFI-SEGUR-SANDBOX", "CENTRE FICTIF")
    return replace(Head(*apps, NOW, "MDM^T02^MDM_T02", plan.control_id), **changes)


def message(plan: Transmission = GOOD, **changes: Any) -> bytes:
    """The message of ``plan``."""
    return build_transmission(plan, head(plan, **changes))
