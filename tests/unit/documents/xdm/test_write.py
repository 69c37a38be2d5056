from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.errors import CannotBuild
from simulators.documents.metadata import entry_from_cda
from simulators.documents.xdm.read import read_archive
from simulators.documents.xdm.write import XdmSender, write_archive
from simulators.documents.xds.lot import assemble
from simulators.documents.xds.model import DocumentEntry, Lot, SubmissionSet

CREATED = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
SENDER = XdmSender("DR FICTIF <CAMILLE>", "CENTRE & FICTIF", "10B0999009", contact="pfi@example.test")


def _lot(make_plan: Callable[..., CdaPlan], count: int = 1) -> tuple[Lot, dict[str, bytes]]:
    documents = {
        f"Document{n:02}": build_cda(make_plan(document_id=f"1.2.250.1.999.9.1.2.{n}")) for n in range(1, count + 1)
    }
    entries = [entry_from_cda(data, entry_id=name, action="C") for name, data in documents.items()]
    first = entries[0]
    submission_set = SubmissionSet(
        "SubmissionSet01",
        unique_id="1.2.250.1.999.9.1.1.1",
        source_id="1.2.250.1.999.9.1",
        patient_id=first.patient_id,
        authors=first.authors,
        content_type=first.facility_code,
        submission_time="20260105093000",
        title=first.title,
    )
    return assemble(submission_set, entries), documents


def test_what_is_written_is_read_back(make_plan: Callable[..., CdaPlan]) -> None:
    lot, documents = _lot(make_plan, 2)
    archive = read_archive(write_archive([(lot, documents)], sender=SENDER, created=CREATED))
    assert archive.facts == ()
    (subset,) = archive.subsets
    assert [document.name for document in subset.documents] == [
        "IHE_XDM/SUBSET01/DOC0001.XML",
        "IHE_XDM/SUBSET01/DOC0002.XML",
    ]
    assert [document.data for document in subset.documents] == list(documents.values())
    uris = ("DOC0001.XML", "DOC0002.XML")
    assert subset.lot.entries == tuple(replace(entry, uri=uri) for entry, uri in zip(lot.entries, uris, strict=True))
    assert subset.lot.submission_sets == lot.submission_sets
    assert subset.lot.associations == lot.associations
    assert {document.entry.action for document in subset.documents} == {"C"}


def test_the_layout_is_that_of_the_published_archives(make_plan: Callable[..., CdaPlan]) -> None:
    data = write_archive([_lot(make_plan)], sender=SENDER, created=CREATED)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "INDEX.HTM", "README.TXT", "IHE_XDM/", "IHE_XDM/SUBSET01/",
            "IHE_XDM/SUBSET01/DOC0001.XML", "IHE_XDM/SUBSET01/METADATA.XML",
        ]  # fmt: skip
        assert {info.date_time for info in archive.infolist()} == {(2026, 1, 5, 9, 30, 0)}
        index = etree.fromstring(archive.read("INDEX.HTM"), etree.XMLParser(load_dtd=False, no_network=True))
        assert [link.get("href") for link in index.iter("{http://www.w3.org/1999/xhtml}a")] == [
            "IHE_XDM/SUBSET01/DOC0001.XML",
            "README.TXT",
        ]
        readme = archive.read("README.TXT").decode()
        assert "SIMULATION" in readme
        assert "DR FICTIF <CAMILLE>" in readme


def test_two_lots_are_two_subsets(make_plan: Callable[..., CdaPlan]) -> None:
    archive = read_archive(write_archive([_lot(make_plan), _lot(make_plan, 2)], sender=SENDER, created=CREATED))
    assert [len(subset.documents) for subset in archive.subsets] == [1, 2]
    assert archive.facts == ()


def test_other_kinds_of_files_have_their_extension() -> None:
    entry = DocumentEntry("D", mime_type="application/pdf")
    lot = assemble(SubmissionSet("S"), [entry, replace(entry, entry_id="E", mime_type="application/unknown")])
    archive = read_archive(write_archive([(lot, {"D": b"%PDF", "E": b"?"})], sender=SENDER, created=CREATED))
    assert [document.entry.uri for document in archive.documents] == ["DOC0001.PDF", "DOC0002.BIN"]


def test_the_same_arguments_give_the_same_bytes(make_plan: Callable[..., CdaPlan]) -> None:
    first = write_archive([_lot(make_plan)], sender=SENDER, created=CREATED)
    assert first == write_archive([_lot(make_plan)], sender=SENDER, created=CREATED)


def test_what_makes_no_archive_is_refused(make_plan: Callable[..., CdaPlan]) -> None:
    lot, documents = _lot(make_plan)
    for subsets in ([], [(Lot(), {})], [(lot, {})], [(lot, {**documents, "Other": b"x"})]):
        with pytest.raises(CannotBuild):
            write_archive(subsets, sender=SENDER, created=CREATED)  # type: ignore[arg-type]
    for created in (CREATED.replace(tzinfo=None), CREATED.replace(year=1979)):
        with pytest.raises(CannotBuild):
            write_archive([(lot, documents)], sender=SENDER, created=created)
