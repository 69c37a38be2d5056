"""What an XDM archive holds, and the limits a foreign one is read within.

Source: IHE ITI TF-2 section 3.32 (media file system structure ``IHE_XDM/<subset>/METADATA.XML``,
``INDEX.HTM``, ``README.TXT``); measured shape of the national samples, facts mssante.md 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.documents.xds.model import DocumentEntry, Lot

ROOT = "IHE_XDM"
METADATA = "METADATA.XML"
INDEX = "INDEX.HTM"
README = "README.TXT"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What one archive may cost. Sizes in bytes; ``ratio`` is expanded over compressed, not looked at below
    ``ratio_floor`` expanded bytes, where text legitimately shrinks a lot."""

    archive: int = 50 * 1024 * 1024
    entries: int = 500
    name: int = 255
    entry: int = 50 * 1024 * 1024
    total: int = 100 * 1024 * 1024
    ratio: int = 200
    ratio_floor: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArchiveFact:
    """One deviation of an archive, unjudged.

    ``kind``: ``index-missing``, ``readme-missing``, ``metadata-missing`` (of a subset), ``no-subset``,
    ``uri-missing``, ``document-missing``, ``hash-missing``, ``hash-mismatch``, ``size-missing``,
    ``size-mismatch``, ``not-described`` (a file no entry points at), ``name-case`` (a name expected in
    capitals). ``where`` is an entry name of the archive, followed by ``#`` and an XPath for metadata.
    """

    kind: str
    where: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class XdmDocument:
    """One described document; ``name`` is its full name in the archive."""

    entry: DocumentEntry
    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class XdmSubset:
    """One submission set: its folder name, its metadata and the documents found."""

    name: str
    metadata_name: str
    lot: Lot
    documents: tuple[XdmDocument, ...]


@dataclass(frozen=True)
class XdmArchive:
    """A whole archive. ``files`` has every file by its name in the archive; ``facts`` lists deviations."""

    subsets: tuple[XdmSubset, ...]
    index: bytes | None
    readme: bytes | None
    files: Mapping[str, bytes] = field(repr=False)
    facts: tuple[ArchiveFact, ...] = ()

    @property
    def documents(self) -> tuple[XdmDocument, ...]:
        """The documents of every subset."""
        return tuple(document for subset in self.subsets for document in subset.documents)

    def facts_of(self, kind: str) -> tuple[ArchiveFact, ...]:
        """The deviations of one kind."""
        return tuple(fact for fact in self.facts if fact.kind == kind)
