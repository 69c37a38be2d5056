"""The published messages of the two volets: their defects, listed by hand from the README of the samples, and nothing
else, are what the PFI finds.

README: "Known defects of the messages" and the two tables of each folder. Line ends are LF in all of them. What the
README says of labels left empty (PRT-4.2) and of ``NET`` in PRT-15.2 is tolerated by the volet: no finding.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.core.hl7 import edit, read_message
from simulators.core.rules import Finding, Policy, judge
from simulators.documents.hl7.read import read_transmission
from simulators.pfi.rules.catalogue import CHECKS
from simulators.pfi.rules.subject import subject_of
from tests.support.hl7_mending import TODAY
from tests.unit.pfi.test_versions import Held, Ledger

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "samples" / "hl7"
CREATOR = "Trans_Doc-CDA-HL7V2/TRANSMISSION_DOCS_CDA_EN_HL7V2_V2.1"
RECORD = "Trans_LPS_CDA_MSSante/TRANSMISSION_LPS_DOC_CDA_COURRIEL_FROM_MSSANTE_V1.1"

LF = ("HL7-LINE-ENDS", "MSH")  # "LF line ends, no CR"
CX_7 = ("PFI-INS-DATES", "PID-3.7")  # "CX-7 20101207 on the INS"
PID_18 = ("PFI-ID-FINESS", "PID-18.4.2")  # "PID-18 authority FINESS 1204567809 (10 digits)"
TXA_12 = ("PFI-ID-FORM", "TXA-12.2")  # "TXA-12 (and 13) hold ^Organisation-Y in component 2"
TXA_13 = ("PFI-ID-FORM", "TXA-13.2")
PHRASE = ("PFI-CDA", "OBX[1]-5.5")  # "the payload is a phrase (39 bytes)"
PADDING = ("PFI-BASE64-PADDING", "OBX[1]-5.5")  # "padding lost"
BODY = ("PFI-BODY", "OBX[12]-5.5")  # "CORPSMAIL_PS of all three ORU is 93 characters"
SENDER = ("PFI-PRT-AUTHORITY", "PRT[1]-5.9.1")  # "PRT-5.9.1 'ASIP-SANTE- PS' with an inner space"
RECIPIENT = ("PFI-PRT-AUTHORITY", "PRT[2]-5.9.1")
PATIENT = ("PFI-PRT-AUTHORITY", "PRT[3]-5.9.2")  # "patient authority written 1.2.250.1.213.1.4.10^L"
LONG_INS = ("PFI-PRT-PERSON-ID", "PRT[3]-5.1")  # "27707279035121518989 instead of 279035121518989"
LONG_ADDRESS = ("PFI-RCT-PATIENT", "PRT[3]-15.4")  # the same number makes the address
FINESS = ("PFI-PRT-STRUCTURE-ID", "PRT[1]-8.10")  # "1120459876 (10 characters)"; "followed by 18 no-break spaces"
OTHER_PATIENT = ("PFI-CDA-PATIENT", "PID-3.1")  # "patient 277076322082910 (...4.8) while PID-3 is 279035121518989"
NOT_INVISIBLE = ("PFI-MATRIX", "OBX[3]-5.1")  # "INVISIBLE_PATIENT=N with PS=Y, PAT=N"
REP_INVISIBLE = ("PFI-MATRIX", "OBX[4]-5.1")  # "INVISIBLE_PATIENT=Y, INVISIBLE_REP_LEGAUX=Y with DESTMSSANTEPS=Y"
SECRET = ("PFI-SECRET-ADULT", "OBX[5]-5.1")  # "CONNEXION_SECRETE=Y [...] although the patient is an adult"
FLOW_6 = ("PFI-PROFILE-LPS", "MSH-21")  # a message for a record, given to a PFI

RADIO = (LF, CX_7, SENDER, RECIPIENT, SECRET)
LABORATORY = (LF, CX_7, SENDER, RECIPIENT, PATIENT, FINESS, BODY)
TO_RECORD = (LF, FLOW_6, CX_7, TXA_12, SENDER)
DEFECTS = {
    f"{CREATOR}/MDM/Transmission_initiale_MDM/message_MDM_CR_Radio_INIT_N1.er7": (
        *RADIO,
        PID_18,
        PHRASE,
        REP_INVISIBLE,
    ),
    f"{CREATOR}/MDM/Transmission_initiale_MDM/message_MDM_CR_Radio_INIT_N1_Base64.er7": (
        *RADIO,
        TXA_12,
        FINESS,
        REP_INVISIBLE,
    ),
    f"{CREATOR}/MDM/Remplacement_MDM/message_MDM_CR_Radio_RPLC_N1.er7": (
        *RADIO,
        PID_18,
        TXA_12,
        TXA_13,
        NOT_INVISIBLE,
    ),
    f"{CREATOR}/MDM/Suppression_MDM/message_MDM_CR_Radio_DEL_N1.er7": (
        *RADIO,
        PID_18,
        TXA_12,
        TXA_13,
        PADDING,
        NOT_INVISIBLE,
    ),
    f"{CREATOR}/ORU/Transmission_initiale_ORU/message_ORU_CR_Bio_INIT_N3_SEGUR.hl7": (
        *LABORATORY,
        PID_18,
        LONG_INS,
        LONG_ADDRESS,
    ),
    f"{CREATOR}/ORU/Remplacement_ORU/message_ORU_CR_Bio_RPLC_N3_SEGUR.hl7": (*LABORATORY, PADDING),
    f"{CREATOR}/ORU/Suppression_ORU/message_ORU_CR_Bio_DEL_N3_SEGUR.hl7": (*LABORATORY, PID_18, OTHER_PATIENT),
    f"{RECORD}/Transmission_initiale_MDM/message_MDM__LPS_MSS_CR_Radio_INIT_N1.er7": (*TO_RECORD, PHRASE),
    f"{RECORD}/Transmission_initiale_MDM/message_MDM__LPS_MSS_CR_Radio_INIT_N1_Base64.er7": (*TO_RECORD, PADDING),
    f"{RECORD}/Remplacement_MDM/message_MDM__LPS_MSS_CR_Radio_RPLC_N1.er7": (*TO_RECORD, TXA_13, PADDING),
    f"{RECORD}/Suppression_MDM/message_MDM__LPS_MSS_CR_Radio_DEL_N1.er7": (*TO_RECORD, TXA_13, PADDING),
}
REFUSING = {"PFI-CDA", "PFI-CDA-PATIENT", "PFI-PROFILE-LPS"}
INIT, RPLC, DEL = (name for name in DEFECTS if "/MDM/" in name and "INIT_N1.er7" not in name)
_ROOT = "1.2.250.1.71.4.2.2.120456789.7102400008"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the published messages are beside the checkout only")


@dataclass(frozen=True)
class Told:
    findings: tuple[Finding, ...]

    @property
    def places(self) -> Counter[tuple[str, str]]:
        return Counter((f.rule.id, f.where) for f in self.findings)


def told(octets: bytes, ledger: Ledger | None = None, policy: Policy | None = None) -> Told:
    message = read_message(octets)
    subject = subject_of(message, read_transmission(message), TODAY, ledger)
    return Told(judge(policy or Policy(), (lambda _: message.remarks, *CHECKS), subject).findings)


@pytest.mark.parametrize("name", DEFECTS)
def test_the_verdict_is_its_defects(name: str) -> None:
    found = told((SHARED / name).read_bytes())
    assert found.places == Counter(DEFECTS[name])
    refusing = {rule for rule, _ in DEFECTS[name]} & REFUSING
    assert {f.rule.id for f in found.findings if f.level == "refuse"} == refusing


def test_every_published_message_is_here() -> None:
    published = {path.relative_to(SHARED).as_posix() for path in SHARED.glob("Trans*/**/message*")}
    assert published == set(DEFECTS)


def test_radiology_is_a_chain() -> None:
    """README: "The MDM and LPS trios do chain (081, 082, 082)"."""
    first, second = Held(owner="300017985"), Held(owner="300017985")
    ledger = Ledger({f"{_ROOT}1": first})
    state = {"PFI-VERSION-UNKNOWN", "PFI-VERSION-OUTDATED", "PFI-VERSION-OWNER", "PFI-DOCUMENT-KNOWN"}
    assert not state & {f.rule.id for f in told((SHARED / RPLC).read_bytes(), ledger).findings}
    assert "PFI-VERSION-UNKNOWN" in {f.rule.id for f in told((SHARED / DEL).read_bytes(), ledger).findings}
    ledger = Ledger({f"{_ROOT}1": Held(successor=f"{_ROOT}2", owner="300017985"), f"{_ROOT}2": second})
    assert not state & {f.rule.id for f in told((SHARED / DEL).read_bytes(), ledger).findings}
    assert "PFI-VERSION-OUTDATED" in {f.rule.id for f in told((SHARED / RPLC).read_bytes(), ledger).findings}


@pytest.mark.parametrize("name", [name for name in DEFECTS if "RPLC_N3" in name])
def test_laboratory_is_no_chain(name: str) -> None:
    """README: "9, then 13 replacing 12 [...] A registry that remembers must see unknown parents (900)"."""
    found = [f for f in told((SHARED / name).read_bytes(), Ledger()).findings if f.rule.id == "PFI-VERSION-UNKNOWN"]
    assert [f.found for f in found] == ["1.2.250.1.213.1.1.12"]
    assert found[0].where.startswith("OBX[1]-5.5 ")


def test_repaired_where_the_findings_point() -> None:
    octets = (SHARED / INIT).read_bytes()
    for where, value in (
        ("PID-3.7", ""),
        ("TXA-12.2", ""),
        ("PRT[1]-5.9.1", "ASIP-SANTE-PS"),
        ("PRT[2]-5.9.1", "ASIP-SANTE-PS"),
        ("PRT[1]-8.10", "300017985"),
        ("OBX[4]-5.1", "N"),
        ("OBX[5]-5.1", "N"),
    ):
        octets = edit(octets, where, value)
    assert told(octets, Ledger()).findings == ()


@pytest.mark.parametrize("name", DEFECTS)
def test_the_strict_profile_refuses_what_the_volet_asks_for(name: str) -> None:
    found = told((SHARED / name).read_bytes(), policy=Policy("strict"))
    assert any(f.level == "refuse" for f in found.findings)
