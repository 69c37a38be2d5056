"""IHE_XDM bytes → :class:`XdmArchive`: metadata, documents, and a list of unjudged deviations.

Raises :class:`ArchiveRefused` for hostile or damaged archives and for metadata that cannot be read;
a tolerable deviation (no INDEX.HTM, wrong hash, missing document...) is a fact of the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from simulators.core.xml import XmlRefused, parse
from simulators.documents.errors import ArchiveRefused, UnreadableMetadata
from simulators.documents.xdm.model import (
    INDEX,
    METADATA,
    README,
    ROOT,
    ArchiveFact,
    ArchiveLimits,
    XdmArchive,
    XdmDocument,
    XdmSubset,
)
from simulators.documents.xdm.unzip import expand
from simulators.documents.xds.model import DocumentEntry, Lot
from simulators.documents.xds.read import read_lot

DEFAULT_LIMITS = ArchiveLimits()


def read_archive(data: bytes, limits: ArchiveLimits = DEFAULT_LIMITS) -> XdmArchive:
    """Reads one archive. See the module for what is raised."""
    files = expand(data, limits)
    facts: list[ArchiveFact] = []
    index, readme = _find(files, INDEX), _find(files, README)
    facts += [ArchiveFact("index-missing", INDEX)] if index is None else []
    facts += [ArchiveFact("readme-missing", README)] if readme is None else []
    subsets = tuple(_subset(folder, files, facts) for folder in _folders(files, facts))
    if not subsets:
        facts.append(ArchiveFact("no-subset", ROOT))
    facts += _not_described(files, subsets)
    facts += _name_case(files)
    return XdmArchive(
        subsets,
        None if index is None else files[index],
        None if readme is None else files[readme],
        files,
        tuple(facts),
    )


def _folders(files: Mapping[str, bytes], facts: list[ArchiveFact]) -> list[str]:
    """Folders right under IHE_XDM that hold metadata, by name; a folder without is a fact."""
    parts = [name.split("/") for name in files]
    folders = sorted({"/".join(part[:2]) for part in parts if len(part) > 2 and part[0].upper() == ROOT})
    with_metadata = [folder for folder in folders if _find(files, f"{folder}/{METADATA}") is not None]
    missing = (folder for folder in folders if folder not in with_metadata)
    facts += (ArchiveFact("metadata-missing", f"{folder}/{METADATA}") for folder in missing)
    return with_metadata


def _subset(folder: str, files: Mapping[str, bytes], facts: list[ArchiveFact]) -> XdmSubset:
    name = _find(files, f"{folder}/{METADATA}") or ""
    lot = _lot(files[name], name)
    documents = []
    for entry in lot.entries:
        document = _document(entry, folder, name, files, facts)
        if document is not None:
            facts += _integrity(document, name)
            documents.append(document)
    return XdmSubset(folder.rpartition("/")[2], name, lot, tuple(documents))


def _lot(data: bytes, name: str) -> Lot:
    try:
        return read_lot(parse(data))
    except XmlRefused as error:
        raise ArchiveRefused(f"metadata refused: {error}", name) from error
    except UnreadableMetadata as error:
        raise ArchiveRefused(f"metadata unreadable: {error.reason}", f"{name}#{error.where}") from error


def _document(
    entry: DocumentEntry, folder: str, metadata: str, files: Mapping[str, bytes], facts: list[ArchiveFact]
) -> XdmDocument | None:
    if entry.uri is None:
        facts.append(ArchiveFact("uri-missing", f"{metadata}#{entry.where('URI')}"))
        return None
    # The keys of ``files`` are checked names, so a URI with ".." simply names no file.
    name = _find(files, f"{folder}/{entry.uri}")
    if name is None:
        facts.append(ArchiveFact("document-missing", f"{metadata}#{entry.where('URI')}", entry.uri))
        return None
    return XdmDocument(entry, name, files[name])


def _integrity(document: XdmDocument, metadata: str) -> Iterator[ArchiveFact]:
    entry = document.entry
    digest = hashlib.sha1(document.data, usedforsecurity=False).hexdigest()
    for attribute, found, expected in (("hash", entry.hash, digest), ("size", entry.size, str(len(document.data)))):
        place = f"{metadata}#{entry.where(attribute)}"
        if found is None:
            yield ArchiveFact(f"{attribute}-missing", place, "", expected)
        elif found.lower() != expected:
            yield ArchiveFact(f"{attribute}-mismatch", place, found, expected)


def _not_described(files: Mapping[str, bytes], subsets: tuple[XdmSubset, ...]) -> Iterator[ArchiveFact]:
    """Files under IHE_XDM that no entry points at. Elsewhere anything may stand (style sheets, readers)."""
    known = {document.name for subset in subsets for document in subset.documents}
    known |= {subset.metadata_name for subset in subsets}
    for name in files:
        if name.upper().startswith(f"{ROOT}/") and name not in known:
            yield ArchiveFact("not-described", name)


def _name_case(files: Mapping[str, bytes]) -> Iterator[ArchiveFact]:
    for name in files:
        first, *_, last = name.split("/") if "/" in name else ("", name)
        fixed = last.upper() in (METADATA, INDEX, README) and last != last.upper()
        if fixed or (first.upper() == ROOT and first != ROOT):
            yield ArchiveFact("name-case", name, name, name.upper())


def _find(files: Mapping[str, bytes], wanted: str) -> str | None:
    """The name of a file, whatever its case: the reader makes sure that no two differ by case only."""
    if wanted in files:
        return wanted
    folded = wanted.casefold()
    return next((name for name in files if name.casefold() == folded), None)
