from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable

import pytest

from simulators.core.xml import Attribute, locate, text
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import ArchiveRefused
from simulators.documents.xdm.read import read_archive
from tests.unit.documents.samples import SAMPLES, Sample

ACTIONS = {
    "BIO-CR-BIO_2021.01_Microbiologie_V2": "C",
    "BIO-CR-BIO_2021.01_Microbiologie_V2_Delete": "D",
    "IMG_CR_IMG_2024.01": "C",
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1": "C",
    "VSM_1.4_2022.01": "C",
}
# The published metadata name the source identifier "XDSSumissionSet.sourceId" and give the facility as content type.


def test_the_list_of_samples_is_whole(shared_names: set[str]) -> None:
    assert shared_names == set(SAMPLES)


def test_every_published_archive_is_read(sample: Sample) -> None:
    archive = read_archive(sample.archive)
    assert archive.facts == ()
    assert archive.index
    assert archive.readme
    assert sorted(archive.files) == [
        "IHE_XDM/SUBSET01/DOC0001.XML", "IHE_XDM/SUBSET01/METADATA.XML", "INDEX.HTM", "README.TXT",
    ]  # fmt: skip
    (subset,) = archive.subsets
    (document,) = archive.documents
    assert (subset.name, document.name) == ("SUBSET01", "IHE_XDM/SUBSET01/DOC0001.XML")
    assert document.data == sample.cda
    assert (document.entry.hash or "").lower() == hashlib.sha1(sample.cda).hexdigest()
    assert document.entry.size == str(len(sample.cda))
    assert document.entry.unique_id == read_cda(sample.cda).unique_id
    assert [code.code for code in document.entry.confidentiality_codes] == ["N"]
    assert document.entry.action == ACTIONS.get(sample.name)
    submission_set = subset.lot.submission_set
    assert submission_set is not None
    assert submission_set.content_type == document.entry.facility_code
    assert submission_set.patient_id == document.entry.patient_id
    assert len(subset.lot.associations) == 1


def test_the_places_of_published_metadata_lead_to_the_values(sample: Sample) -> None:
    (document,) = read_archive(sample.archive).documents
    entry = document.entry
    assert entry.source is not None
    root = entry.source.getroottree().getroot()
    unique_id = locate(root, entry.where("uniqueId"))
    assert isinstance(unique_id, Attribute)
    assert unique_id.value == entry.unique_id
    created = locate(root, entry.where("creationTime"))
    assert created is not None
    assert not isinstance(created, Attribute)
    assert text(created).strip() == entry.creation_time


METADATA = "IHE_XDM/SUBSET01/METADATA.XML"
DOCUMENT = "IHE_XDM/SUBSET01/DOC0001.XML"
ENTRY = (
    '<r:RegistryObjectList xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><r:ExtrinsicObject id="D">{}'
    "</r:ExtrinsicObject></r:RegistryObjectList>"
)


def _slots(**values: str) -> bytes:
    slots = "".join(
        f'<r:Slot name="{name}"><r:ValueList><r:Value>{value}</r:Value></r:ValueList></r:Slot>'
        for name, value in values.items()
    )
    return ENTRY.format(slots).encode()


def _archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _good() -> dict[str, bytes]:
    digest = hashlib.sha1(b"document").hexdigest()
    slots = _slots(URI="DOC0001.XML", hash=digest.upper(), size="8")
    return {"INDEX.HTM": b"i", "README.TXT": b"r", METADATA: slots, DOCUMENT: b"document"}


def _without(*names: str) -> dict[str, bytes]:
    return {name: content for name, content in _good().items() if name not in names}


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        (_good(), []),
        (_without("INDEX.HTM"), ["index-missing"]),
        (_without("README.TXT"), ["readme-missing"]),
        (_without(METADATA), ["metadata-missing", "no-subset", "not-described"]),
        (_without(DOCUMENT), ["document-missing"]),
        (_good() | {METADATA: _slots(URI="DOC0001.XML")}, ["hash-missing", "size-missing"]),
        (_good() | {METADATA: _slots(hash="0", size="8")}, ["uri-missing", "not-described"]),
        (_good() | {METADATA: _slots(URI="../../README.TXT")}, ["document-missing", "not-described"]),
        (_good() | {DOCUMENT: b"changed."}, ["hash-mismatch"]),
        (_good() | {DOCUMENT: b"changed"}, ["hash-mismatch", "size-mismatch"]),
        (_good() | {"IHE_XDM/SUBSET01/STYLE.XSL": b"x"}, ["not-described"]),
        (_good() | {"STYLE.XSL": b"x"}, []),
        ({name.lower(): content for name, content in _good().items()}, ["name-case"] * 4),
        ({"a.txt": b"x"}, ["index-missing", "readme-missing", "no-subset"]),
    ],
)
def test_a_deviation_is_a_fact(files: dict[str, bytes], kinds: list[str]) -> None:
    archive = read_archive(_archive(files))
    assert [fact.kind for fact in archive.facts] == kinds


def test_two_sets_in_one_archive() -> None:
    more = {name.replace("SUBSET01", "SUBSET02"): content for name, content in _good().items()}
    archive = read_archive(_archive(_good() | more))
    assert [subset.name for subset in archive.subsets] == ["SUBSET01", "SUBSET02"]
    assert len(archive.documents) == 2
    assert archive.facts == ()


def test_a_fact_says_where_and_what() -> None:
    archive = read_archive(_archive(_good() | {DOCUMENT: b"changed"}))
    (fact,) = archive.facts_of("size-mismatch")
    assert (fact.found, fact.expected) == ("8", "7")
    assert fact.where == (
        f"{METADATA}#/rim:RegistryObjectList/rim:ExtrinsicObject/rim:Slot[@name='size']/rim:ValueList/rim:Value"
    )


@pytest.mark.parametrize(
    "metadata",
    [b"", b"<x/>", b"not xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', ENTRY.replace(' id="D"', "").encode()],
)
def test_metadata_that_cannot_be_read_refuse_the_archive(metadata: bytes) -> None:
    with pytest.raises(ArchiveRefused) as caught:
        read_archive(_archive(_good() | {METADATA: metadata}))
    assert caught.value.where.startswith(METADATA)


def test_a_truncated_sample_is_refused(sample_named: Callable[[str], bytes]) -> None:
    data = sample_named("LDL-SES_2022.01")
    for size in (0, 3, 100, len(data) // 2, len(data) - 10):
        with pytest.raises(ArchiveRefused):
            read_archive(data[:size])
