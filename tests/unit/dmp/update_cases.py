"""Mending cases of TD3.3: one defect at one place for each rule."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from simulators.core.rules import Rule
from simulators.core.xml import locate
from simulators.dmp.rules import update_rules as rules
from simulators.dmp.rules.lot_making import slot
from simulators.dmp.rules.update_rules import ASSOCIATION, ENTRY
from simulators.documents.xds import schemes
from simulators.documents.xds.model import DocumentEntry
from tests.support.dmp_updates import (
    BY_PATIENT,
    OTHER_AUTHOR,
    OTHER_PATIENT,
    REPLACED,
    codes,
    metadata,
    registered,
    status,
)
from tests.support.mending import Breaker, change, remove

TARGET = f"{ASSOCIATION}/@targetObject"


@dataclass(frozen=True)
class UpdateCase:
    """``held``: the document to change, as the registry has it."""

    rule: Rule
    breaker: Breaker
    good: Callable[[], bytes] = status
    held: DocumentEntry = field(default_factory=registered)

    @property
    def id(self) -> str:
        return self.rule.id


def twice(root: etree._Element) -> None:
    """The same association once more."""
    first = locate(root, ASSOCIATION)
    assert isinstance(first, etree._Element)
    second = copy.deepcopy(first)
    second.set("id", "assoc2")
    first.addnext(second)


two = partial(metadata, wanted=codes("MASQUE_PS"))
CASES = [
    UpdateCase(rules.EMPTY, remove(ASSOCIATION)),
    UpdateCase(rules.SOURCE, change(f"{ASSOCIATION}/@sourceObject", "SubmissionSet99")),
    UpdateCase(rules.STATUS, change(slot("NewStatus", ASSOCIATION), schemes.DEPRECATED)),
    UpdateCase(rules.TARGET_FORM, change(TARGET, "1.2.250.1.999.9.1.2.0")),
    UpdateCase(rules.TARGET_UNKNOWN, change(TARGET, "urn:uuid:00000000-0000-4000-8000-000000000199")),
    UpdateCase(rules.TARGET_PATIENT, change(TARGET, OTHER_PATIENT)),
    UpdateCase(rules.TWICE, twice),
    UpdateCase(rules.GONE, change(TARGET, REPLACED)),
    UpdateCase(rules.ORIGINAL, change(slot("OriginalStatus", ASSOCIATION), schemes.ARCHIVED)),
    UpdateCase(rules.OWNER, change(TARGET, OTHER_AUTHOR)),
    UpdateCase(rules.PATIENT_DOCUMENT, change(TARGET, BY_PATIENT)),
    UpdateCase(rules.MEMBER, remove(ASSOCIATION), two),
    UpdateCase(rules.VERSION, change(slot("PreviousVersion", ASSOCIATION), "5"), two),
    UpdateCase(
        rules.INVERSE,
        change(f"{ENTRY}/rim:Classification[5]/@nodeRepresentation", "INVISIBLE_PATIENT"),
        two,
    ),
    UpdateCase(rules.OTHER, change(f"{ENTRY}/rim:Name/rim:LocalizedString/@value", "Autre titre"), two),
]
