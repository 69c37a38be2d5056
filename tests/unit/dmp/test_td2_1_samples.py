"""The 18 published archives: fed with their own identifiers, found by what they say, given back byte for byte.

Each goes to a world of its own, from the structure its author names, for the patient it names. Everything they break is
listed here; nothing of it is refused by default.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from simulators.core.xml import NAMESPACES
from simulators.documents.xdm.model import XdmDocument
from simulators.documents.xdm.read import read_archive
from simulators.documents.xds.model import Code, DocumentEntry
from simulators.documents.xds.read import read_entry
from simulators.documents.xds.values import Xon
from tests.support.dmp_lots import AUTHOR, LotPlan, td21
from tests.support.dmp_messages import AIR, INDIRECT, VihfPlan, envelope, td03
from tests.support.dmp_room import Room, Seen

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "samples" / "xdm"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
NAMES = dict(NAMESPACES)
STATUS, SHEET, STRUCTURE_KEY = "DMP-LOT-SERVER-OWNED", "DMP-LOT-CDA-STYLESHEET", "DMP-VIHF-STRUCTURE-KEY"
SCHEME, RPPS, FINESS = "DMP-LOT-FORMAT-SCHEME", "DMP-LOT-PERSON-KEY", "DMP-LOT-INSTITUTION-KEY"
RELATED = "DMP-LOT-CDA-REPLACES"
LABORATORY = {SHEET, SCHEME, RPPS, FINESS, STRUCTURE_KEY}
BROKEN = {
    "ANEST-CR-ANEST_2022.01": {SHEET},
    "BIO-CR-BIO_2021.01_Microbiologie_V1": LABORATORY,
    "BIO-CR-BIO_2021.01_Microbiologie_V2": {*LABORATORY, RELATED},
    "BIO-CR-BIO_2021.01_Microbiologie_V2_Delete": {*LABORATORY, RELATED},
    "BIO-CR-BIO_2024.01_CR-2nde-intention-PDF": LABORATORY,
    "CANCER-PPS_2022.01_Autopresentable": {"DMP-LOT-CDA-SCRIPT", FINESS, STRUCTURE_KEY},
    "CANCER-PPS_2022.01_feuille-de-style-externe": {SHEET, FINESS, STRUCTURE_KEY},
    "CSE-CS8_2024.01": {
        *(SHEET, SCHEME, FINESS, STRUCTURE_KEY, RELATED),
        *("DMP-LOT-INS-SAMPLE", "DMP-VIHF-RESOURCE-SAMPLE"),
    },
    "DLU-FT-SU_2025.01": {SHEET, "DMP-LOT-PRACTICE-CISIS"},
    "DOC_NON_STRUCTURE_CDA-R2-N1": LABORATORY,
    "IMG_CR_IMG_2024.01": {SHEET, SCHEME, RELATED, "DMP-LOT-CDA-LINK"},
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1": {SHEET, SCHEME, RELATED, "DMP-LOT-CLASS-TYPE"},
    "LDL-EES_2022.01": {SHEET, FINESS, STRUCTURE_KEY},
    "LDL-SES_2022.01": {SHEET},
    "TLM-CR_2022.01": {SHEET, SCHEME, RPPS},
    "VAC_2023.01": {SHEET},
    "VSM_1.4_2022.01": {SHEET, SCHEME, FINESS, STRUCTURE_KEY},
    "eP-MED-DM_2024.01_PosoStruct": {SHEET, SCHEME, RPPS},
}
"""What each archive breaks, by warnings, besides giving a status (all do)."""


def archives() -> list[str]:
    return sorted(path.stem for path in SHARED.glob("*.zip")) if SHARED.is_dir() else []


def test_the_archives_are_there() -> None:
    if not archives() and os.environ.get("SEGUR_REQUIRE_SHARED") != "1":
        pytest.skip("the published archives (../shared/samples/xdm) are not here")
    assert archives() == sorted(BROKEN)


@cache
def sample(name: str) -> XdmDocument:
    (document,) = read_archive((SHARED / f"{name}.zip").read_bytes()).documents
    return document


def plans(entry: DocumentEntry) -> tuple[str, VihfPlan, VihfPlan]:
    """The structure of the author, and its VIHFs for feeding and for reading."""
    structure = Xon(entry.authors[0].institutions[0]).identifier
    told = {"structure": structure, "resource": entry.patient_id, "issuer": AIR.issuer.replace("10B0999009", structure)}
    return structure, INDIRECT.but(**told), AIR.but(**told)


@pytest.mark.parametrize("name", archives())
def test_fed_found_and_retrieved(room: Room, name: str) -> None:
    document, world = sample(name), room.world()
    entry = document.entry
    structure, feeding, reading = plans(entry)
    institution = (entry.authors[0].institutions[0],)
    plan = LotPlan(((entry, document.data),), entry.patient_id or "", author=replace(AUTHOR, institutions=institution))
    signer = room.certificates.signer(structure)
    fed = room.send(td21(signer, plan, feeding), world, operation="TD2.1", holder=structure)
    assert fed.row.outcome == "accepted", fed.row.verdict
    assert set(fed.rules) == BROKEN[name] | {STATUS}
    assert room.send(td03(plan=reading), world, operation="TD0.3", holder=structure).row.outcome == "accepted"
    for slots in searches(entry):
        found = search(room, world, structure, reading, slots)
        assert found.body.get("totalResultCount") == "1", slots
    (element,) = found.body.findall(".//rim:ExtrinsicObject", NAMES)
    assert told(read_entry(element)) == told(entry)
    retrieved = retrieve(room, world, structure, reading, entry.unique_id or "")
    assert retrieved.answer.status == 200
    head, _, tail = retrieved.answer.body.partition(b"@urn:ihe:iti:xds-b:2007>\r\n\r\n")
    assert head
    assert tail[: len(document.data)] == document.data
    assert tail[len(document.data) :].startswith(b"\r\n--")


def told(entry: DocumentEntry) -> DocumentEntry:
    """An entry without what the registry gives."""
    return replace(
        entry, entry_id="", logical_id=None, status=None, version=None, repository_unique_id=None, source=None
    )


def searches(entry: DocumentEntry) -> list[dict[str, str]]:
    """By type, class, format and date, then all at once."""
    coded = {"TypeCode": entry.type_code, "ClassCode": entry.class_code, "FormatCode": entry.format_code}
    single = [{name: f"('{_code(code)}')"} for name, code in coded.items()]
    day = datetime.strptime((entry.service_start or "")[:8], "%Y%m%d")
    after = day + timedelta(days=1)
    dates = {"ServiceStartTimeFrom": f"{day:%Y%m%d}", "ServiceStartTimeTo": f"{after:%Y%m%d}"}
    return [*single, dates, {name: value for one in (*single, dates) for name, value in one.items()}]


def _code(code: Code | None) -> str:
    assert code is not None
    return f"{code.code}^^{code.system}"


def search(room: Room, world: str, structure: str, vihf: VihfPlan, slots: dict[str, str]) -> Seen:
    inside = "".join(
        f'<Slot name="$XDSDocumentEntry{name}"><ValueList><Value>{value}</Value></ValueList></Slot>'
        for name, value in {"Status": f"('{APPROVED}')", **slots}.items()
    )
    body = (
        '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">'
        '<ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
        '<AdhocQuery xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" '
        f'id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">{inside}</AdhocQuery></AdhocQueryRequest>'
    )
    headers = {"X-Sandbox-User-Act": "1"}
    return room.send(envelope("TD3.1", body, vihf), world, operation="TD3.1", holder=structure, headers=headers)


def retrieve(room: Room, world: str, structure: str, vihf: VihfPlan, unique_id: str) -> Seen:
    body = (
        '<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"><DocumentRequest>'
        "<RepositoryUniqueId>1.2.250.1.213.4.1.1.1.2</RepositoryUniqueId>"
        f"<DocumentUniqueId>{unique_id}</DocumentUniqueId></DocumentRequest></RetrieveDocumentSetRequest>"
    )
    return room.send(envelope("TD3.2", body, vihf), world, operation="TD3.2", holder=structure)
