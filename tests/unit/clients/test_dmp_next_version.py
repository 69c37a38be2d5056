"""The next version of a CDA says what it replaces and changes nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from simulators.clients.dmp.next_version import next_version
from simulators.core.xml import XmlRefused, clark
from simulators.documents.cda.read import read_cda
from tests.support.dmp_lots import letter

NOW = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = (f"1.2.250.1.999.9.1.2.{number}" for number in (1, 2, 3))


def test_a_version_replaces_the_one_before_only() -> None:
    second = next_version(letter(FIRST), SECOND, NOW, replaced=FIRST)
    third = next_version(second, THIRD, NOW, replaced=SECOND)
    read = read_cda(third)
    assert read.unique_id == THIRD
    assert [(one.root, one.extension) for one in read.replaces] == [(SECOND, "")]
    assert etree.fromstring(third).find(clark("hl7:versionNumber")).get("value") == "3"  # type: ignore[union-attr]
    assert etree.fromstring(third).find(clark("hl7:effectiveTime")).get("value", "")[:8] == "20260106"  # type: ignore[union-attr]


def test_the_rest_stays_in_its_place() -> None:
    """relatedDocument stands before componentOf, as the schema has it."""
    first, second = letter(FIRST), next_version(letter(FIRST), SECOND, NOW, replaced=f"{FIRST}^7")
    names = [etree.QName(child).localname for child in etree.fromstring(second)]
    assert names.index("relatedDocument") == names.index("componentOf") - 1
    names.remove("relatedDocument")
    assert names == [etree.QName(child).localname for child in etree.fromstring(first)]
    assert [(one.root, one.extension) for one in read_cda(second).replaces] == [(FIRST, "7")]


def test_what_is_no_xml_has_no_next_version() -> None:
    with pytest.raises(XmlRefused):
        next_version(b"%PDF-1.4", SECOND, NOW, replaced=FIRST)
