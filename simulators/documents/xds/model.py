"""The XDS.b metadata as values: document entry, submission set, association, lot.

Values are kept as the wire wrote them (nothing is corrected); an absent single value is ``None``, an
absent multiple one an empty tuple. Objects read from a message remember the element they came from
and tell the place of any attribute: ``entry.where("typeCode")``. Source: facts dmp.md 3.2 to 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from simulators.documents.xds import places
from simulators.documents.xds.schemes import ACTION, DOCUMENT_ENTRY, SIGNATURE_CLASS, SIGNATURE_FORMAT


def _nothing() -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Code:
    """A coded value. ``""`` stands for a missing code, scheme or label."""

    code: str
    system: str
    display: str = ""

    def same(self, other: Code) -> bool:
        """Same code in the same system; labels do not count."""
        return (self.code, self.system) == (other.code, other.system)


@dataclass(frozen=True, slots=True)
class Author:
    """One author: XCN, XON values, role labels, specialties (``code^label^system``)."""

    person: str | None = None
    institutions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegistryObject:
    """What the three registry objects share: an identifier and a place in the message."""

    entry_id: str
    source: etree._Element | None = field(default=None, compare=False, repr=False, kw_only=True)

    def where(self, attribute: str = "", part: str = "", index: int = 0) -> str:
        """XPath of an XDS attribute (``typeCode``, ``uniqueId``, ``author``, ``creationTime``, ``title``...).

        Where the attribute is missing, the place that should hold it (the registry object). ``part``
        narrows a coded attribute to its ``code``, ``system`` or ``display`` and an author to its
        ``authorPerson``, ``authorInstitution``...; ``index`` picks one of several (0-based). Without
        a source element the answer is a readable name, not an XPath.
        """
        if self.source is None:
            return f"{type(self).__name__}[{self.entry_id}]{'.' + attribute if attribute else ''}"
        return places.where_of(self.source, attribute, part, index)

    def count(self, attribute: str) -> int:
        """How many times the source element carries the attribute (0 without a source)."""
        return 0 if self.source is None else len(places.find(self.source, attribute))


@dataclass(frozen=True)
class DocumentEntry(RegistryObject):
    """One ``ExtrinsicObject``. ``hash`` is SHA-1 in hexadecimal, ``size`` bytes in decimal, both as written."""

    unique_id: str | None = None
    patient_id: str | None = None
    mime_type: str | None = None
    object_type: str | None = DOCUMENT_ENTRY
    title: str | None = None
    comments: str | None = None
    authors: tuple[Author, ...] = ()
    class_code: Code | None = None
    type_code: Code | None = None
    confidentiality_codes: tuple[Code, ...] = ()
    format_code: Code | None = None
    facility_code: Code | None = None
    practice_code: Code | None = None
    event_codes: tuple[Code, ...] = ()
    creation_time: str | None = None
    language: str | None = None
    legal_authenticator: str | None = None
    service_start: str | None = None
    service_stop: str | None = None
    source_patient_id: str | None = None
    source_patient_info: tuple[str, ...] = ()
    hash: str | None = None
    size: str | None = None
    uri: str | None = None
    repository_unique_id: str | None = None
    document_availability: str | None = None
    reference_ids: tuple[str, ...] = ()
    logical_id: str | None = None
    version: str | None = None
    status: str | None = None
    home_community_id: str | None = None
    extra_slots: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing, hash=False)

    @property
    def is_signature(self) -> bool:
        """The entry holds the signature of its lot, not a document (facts dmp-messages.md 5.3)."""
        codes = (self.class_code, self.format_code)
        return any(code is not None and code.code in (SIGNATURE_CLASS, SIGNATURE_FORMAT) for code in codes)

    @property
    def action(self) -> str | None:
        """``C`` replacement, ``D`` deletion (secure-mail archives), ``None`` otherwise."""
        return next(iter(self.extra_slots.get(ACTION, ())), None)


@dataclass(frozen=True)
class SubmissionSet(RegistryObject):
    """One ``RegistryPackage``. ``classified`` is false when the SubmissionSet classification is missing."""

    unique_id: str | None = None
    source_id: str | None = None
    patient_id: str | None = None
    title: str | None = None
    comments: str | None = None
    authors: tuple[Author, ...] = ()
    content_type: Code | None = None
    submission_time: str | None = None
    intended_recipients: tuple[str, ...] = ()
    classified: bool = True
    logical_id: str | None = None
    status: str | None = None
    home_community_id: str | None = None
    extra_slots: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing, hash=False)


@dataclass(frozen=True)
class Association(RegistryObject):
    """One ``Association``; its slots (``SubmissionSetStatus``, ``OriginalStatus``, ``NewStatus``...) as written."""

    type: str | None = None
    source_object: str | None = None
    target_object: str | None = None
    status: str | None = None
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing, hash=False)

    def slot(self, name: str) -> str | None:
        """First value of a slot."""
        return next(iter(self.slots.get(name, ())), None)


@dataclass(frozen=True)
class Lot:
    """What one ``RegistryObjectList`` holds. ``source`` is that list; ``folders`` counts the folders in it."""

    submission_sets: tuple[SubmissionSet, ...] = ()
    entries: tuple[DocumentEntry, ...] = ()
    associations: tuple[Association, ...] = ()
    folders: int = 0
    source: etree._Element | None = field(default=None, compare=False, repr=False, kw_only=True)

    @property
    def submission_set(self) -> SubmissionSet | None:
        """The first submission set, if any."""
        return next(iter(self.submission_sets), None)

    @property
    def documents(self) -> tuple[DocumentEntry, ...]:
        """The entries that are not the signature of the lot."""
        return tuple(entry for entry in self.entries if not entry.is_signature)

    @property
    def signatures(self) -> tuple[DocumentEntry, ...]:
        return tuple(entry for entry in self.entries if entry.is_signature)

    def associations_of(self, kind: str) -> tuple[Association, ...]:
        """The associations of one type (``schemes.REPLACES``...)."""
        return tuple(association for association in self.associations if association.type == kind)

    def where(self) -> str:
        """XPath of the list, where a missing object should stand."""
        return "" if self.source is None else places.where_of(self.source, "")
