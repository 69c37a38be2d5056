"""``check`` on HL7 v2 messages: published ones, our own, and files that only look like one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.assembly.examine import Examined, Examiner
from simulators.assembly.settings import Settings
from simulators.core.hl7 import edit
from simulators.core.rules import Policy
from simulators.sandbox import Sandbox
from tests.support.published import published

VOLET_A = "Trans_Doc-CDA-HL7V2/TRANSMISSION_DOCS_CDA_EN_HL7V2_V2.1"
VOLET_B = "Trans_LPS_CDA_MSSante/TRANSMISSION_LPS_DOC_CDA_COURRIEL_FROM_MSSANTE_V1.1"
RADIOLOGY = f"{VOLET_A}/MDM/Transmission_initiale_MDM/message_MDM_CR_Radio_INIT_N1_Base64.er7"
RECEIVED = f"{VOLET_B}/Remplacement_MDM/message_MDM__LPS_MSS_CR_Radio_RPLC_N1.er7"
ADMISSION = "Consentement_DMP_PAMFR/ConsentementConsultation_NonOppositionAlimentation.er7"
ACK = f"{VOLET_A}/MDM/Remplacement_MDM/ack.er7"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, publish=False, readiness=False, environment=environment)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def examined(sandbox: Sandbox, folder: Path, octets: bytes, policy: Policy | None = None) -> Examined:
    path = folder / "message.er7"
    path.write_bytes(octets)
    return Examiner(sandbox, policy).examine(path)


def rules(found: Examined, level: str = "warn") -> list[str]:
    return [finding["rule"] for finding in found.findings if finding["level"] == level]


def test_a_document_for_a_pfi_and_inside_it_what_the_dmp_says(own: Sandbox, folder: Path) -> None:
    found = examined(own, folder, published(RADIOLOGY))
    assert found.kind == "HL7 v2 message MDM^T02, to a PFI"
    assert (rules(found)[0], rules(found, "refuse")) == ("PFI-INS-DATES", [])
    assert found.facts[0].startswith("segments end with LF")
    (inside,) = found.inside
    assert inside.kind == "CDA, level 1"
    assert not found.refused


def test_the_strict_profile_and_a_frame(own: Sandbox, folder: Path) -> None:
    octets = b"\x0b" + published(RADIOLOGY).strip().replace(b"\n", b"\r") + b"\r\x1c\r"
    found = examined(own, folder, octets, Policy(profile="strict"))
    assert "PFI-ID-FORM" in rules(found, "refuse")
    assert found.refused


def test_a_document_for_a_record(own: Sandbox, folder: Path) -> None:
    found = examined(own, folder, published(RECEIVED))
    assert found.kind == "HL7 v2 message MDM^T10, from a PFI to a record"
    assert rules(found) == ["DPI-BASE64-PADDING", "DPI-TXA-NAMESPACE", "DPI-TXA-NAMESPACE", "DPI-MESSAGE-ID"]


def test_an_admission(own: Sandbox, folder: Path) -> None:
    found = examined(own, folder, published(ADMISSION))
    assert (found.kind, rules(found)) == ("HL7 v2 message ADT^A01", ["PAM-INS-DATES", "PAM-PV1-3"])
    wrong = examined(own, folder, edit(published(ADMISSION), "ZBE-3", "20260309102840"))
    assert rules(wrong, "refuse") == ["PAM-ZBE-3"]


def test_an_acknowledgement(own: Sandbox, folder: Path) -> None:
    found = examined(own, folder, published(ACK))
    assert (found.kind, found.findings) == ("HL7 v2 message ACK^T10", ())
    assert "MSA AA 015" in found.facts


@pytest.mark.parametrize("octets", [b"MSH|", b"MSH|^~\\&|A\rPID|\xff\xfe|", b"MSH|^~\\&|" + b"|" * 300_000])
def test_what_cannot_be_read_is_said(own: Sandbox, folder: Path, octets: bytes) -> None:
    found = examined(own, folder, octets)
    assert found.refused
    assert found.findings[0]["rule"].startswith("HL7-")


def test_any_kind_of_message(own: Sandbox, folder: Path) -> None:
    found = examined(own, folder, b"MSH|^~\\&|A|B|C|D|2026||SIU^S12^SIU_S12|1|P|2.5\rSCH|1\r")
    assert (found.kind, found.findings) == ("HL7 v2 message SIU^S12", ())
