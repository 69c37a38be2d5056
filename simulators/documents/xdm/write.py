"""Writes IHE_XDM archives. Bytes depend only on the arguments (and on the version of zlib).

Source: IHE ITI TF-2 section 3.32: ``INDEX.HTM`` and ``README.TXT`` at the root, one folder per
submission set with ``METADATA.XML`` and the documents, 8.3 names in capitals.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from simulators.core.xml import serialize
from simulators.documents.errors import CannotBuild
from simulators.documents.xdm.model import INDEX, METADATA, README, ROOT
from simulators.documents.xds.model import DocumentEntry, Lot
from simulators.documents.xds.write import submit_objects_request

_EXTENSIONS = {
    "text/xml": "XML",
    "application/xslt+xml": "XML",
    "application/pdf": "PDF",
    "application/dicom": "DCM",
    "image/jpeg": "JPG",
    "text/plain": "TXT",
}
_FILE, _FOLDER = 0o100644 << 16, 0o040755 << 16 | 0x10
_UNIX = 3
_FIRST_YEAR = 1980  # a ZIP knows no earlier one


@dataclass(frozen=True, slots=True)
class XdmSender:
    """Who sends, as INDEX.HTM and README.TXT say it."""

    person: str
    organization: str
    organization_id: str
    contact: str = ""
    application: str = "segur-sandbox (SIMULATION)"
    version: str = ""
    vendor: str = "segur-sandbox"


def write_archive(subsets: Sequence[tuple[Lot, Mapping[str, bytes]]], *, sender: XdmSender, created: datetime) -> bytes:
    """An archive of one or more lots, each with the bytes of its documents by entry id.

    The URI, hash and size of each entry are set from its bytes. ``created`` (with its time zone) dates
    the files. Raises :class:`CannotBuild` without lot, with an entry without bytes or the reverse.
    """
    if not any(lot.entries for lot, _ in subsets):
        raise CannotBuild("an archive needs at least one lot with a document")
    if created.tzinfo is None or created.year < _FIRST_YEAR:
        raise CannotBuild(f"an archive needs an instant with its time zone, from {_FIRST_YEAR} on")
    folders = [f"{ROOT}/SUBSET{number:02}" for number in range(1, len(subsets) + 1)]
    described = [_described(lot, contents) for lot, contents in subsets]
    index, readme = _index(folders, described, sender), _readme(folders, described, sender)
    files = {INDEX: index, README: readme, f"{ROOT}/": b""}
    for folder, lot, (_, contents) in zip(folders, described, subsets, strict=True):
        files[f"{folder}/"] = b""
        files |= {f"{folder}/{entry.uri}": contents[entry.entry_id] for entry in lot.entries}
        files[f"{folder}/{METADATA}"] = serialize(submit_objects_request(lot), declaration=True)
    return _zip(files, created)


def _described(lot: Lot, contents: Mapping[str, bytes]) -> Lot:
    if {entry.entry_id for entry in lot.entries} != set(contents):
        raise CannotBuild("entries and contents do not name the same documents")
    return replace(lot, entries=tuple(_entry(n, entry, contents) for n, entry in enumerate(lot.entries, start=1)))


def _entry(number: int, entry: DocumentEntry, contents: Mapping[str, bytes]) -> DocumentEntry:
    data = contents[entry.entry_id]
    extension = _EXTENSIONS.get(entry.mime_type or "", "BIN")
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return replace(entry, uri=f"DOC{number:04}.{extension}", hash=digest, size=str(len(data)))


def _index(folders: Sequence[str], lots: Sequence[Lot], sender: XdmSender) -> bytes:
    items = "".join(
        f'<li><a href="{escape(name)}">{escape(entry.title or name)}</a></li>' for name, entry in _listed(folders, lots)
    )
    origin = escape(f"{sender.organization} ({sender.organization_id})")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML Basic 1.1//EN" "http://www.w3.org/TR/xhtml-basic/xhtml-basic11.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="fr"><head><title>IHE XDM</title></head><body>'
        f'<p>SIMULATION. Expéditeur : {origin}</p><ul>{items}</ul><p><a href="{README}">{README}</a></p>'
        "</body></html>\n"
    ).encode()


def _readme(folders: Sequence[str], lots: Sequence[Lot], sender: XdmSender) -> bytes:
    lines = [
        "SIMULATION : archive produite par un simulateur, sans valeur médicale ni légale",
        "",
        "Expéditeur",
        f"  Personne : {sender.person}",
        f"  Structure : {sender.organization} ({sender.organization_id})",
        f"  Contact : {sender.contact}",
        "",
        "Logiciel",
        f"  Nom : {sender.application}",
        f"  Version : {sender.version}",
        f"  Éditeur : {sender.vendor}",
        "",
        "Contenu",
        *(f"  {name} : {entry.title or ''}" for name, entry in _listed(folders, lots)),
        "",
        "Lecture : importez cette archive dans un logiciel qui lit le profil IHE XDM.",
    ]
    return "\r\n".join([*(line.rstrip() for line in lines), ""]).encode()


def _listed(folders: Sequence[str], lots: Sequence[Lot]) -> Iterator[tuple[str, DocumentEntry]]:
    for folder, lot in zip(folders, lots, strict=True):
        for entry in lot.entries:
            yield f"{folder}/{entry.uri}", entry


def _zip(files: Mapping[str, bytes], created: datetime) -> bytes:
    stamp = created.astimezone(UTC).timetuple()[:6]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, stamp)
            info.create_system = _UNIX
            info.external_attr = _FOLDER if name.endswith("/") else _FILE
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=9)
    return out.getvalue()
