"""The defective twins of a good mail, by name (F7): each breaks one thing, so that each is told by its rule alone.

Source: facts mssante.md 8.4. ``two-documents`` and ``subject-folded`` break nothing: they are what a weak reader fails
on. A twin whose CDA is changed has its PDF, hash, size and headers made again from it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from lxml import etree

from simulators.clients.mail.compose import MailPlan, Pieces, assembled, pieces_of
from simulators.clients.mail.locked_zip import locked
from simulators.clients.mail.terms import END, label_of, subject_of
from simulators.core.errors import SandboxError
from simulators.core.mail import attachment, text_body
from simulators.core.mail.eicar import eicar
from simulators.core.xml import serialize
from simulators.documents.cda.model import HL7
from simulators.documents.cda.read import read_cda
from simulators.documents.xds.schemes import ENTRY_TYPE, RIM

_METADATA = "IHE_XDM/SUBSET01/METADATA.XML"
_ROLE = "hl7:recordTarget/hl7:patientRole"
_INS_PREFIX = "1.2.250.1.213.1.4."
Edit = Callable[[etree._Element], None]


class NoSuchVariant(SandboxError, ValueError):
    """No twin of that name."""


@dataclass(frozen=True)
class Variant:
    """``plan`` changes what is written, ``pieces`` what is sent; ``about`` says in English what a reader meets."""

    about: str
    plan: Callable[[MailPlan], MailPlan] = lambda plan: plan
    pieces: Callable[[Pieces], Pieces] = lambda pieces: pieces


def compose_variant(name: str, plan: MailPlan) -> bytes:
    """The twin ``name`` of the mail of ``plan``, which needs a document. Raises :class:`NoSuchVariant`, and what
    :func:`~simulators.clients.mail.compose.pieces_of` raises."""
    variant = VARIANTS.get(name)
    if variant is None:
        raise NoSuchVariant(f"no variant is named {name!r}: there are {', '.join(VARIANTS)}")
    return assembled(variant.pieces(pieces_of(variant.plan(plan))))


def rezipped(archive: bytes, edit: Callable[[dict[str, bytes]], None]) -> bytes:
    """The archive with its files changed; dates and order kept."""
    with zipfile.ZipFile(io.BytesIO(archive)) as plain:
        infos = {info.filename: info for info in plain.infolist()}
        files = {name: plain.read(name) for name in infos}
    edit(files)
    out = io.BytesIO()
    first = next(iter(infos.values()))
    with zipfile.ZipFile(out, "w") as changed:
        for name, data in files.items():
            old = infos.get(name, first)
            info = zipfile.ZipInfo(name, old.date_time)
            info.external_attr, info.create_system = old.external_attr, old.create_system
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else zipfile.ZIP_DEFLATED
            changed.writestr(info, data, compresslevel=9)
    return out.getvalue()


def _in_archive(edit: Callable[[dict[str, bytes]], None]) -> Callable[[Pieces], Pieces]:
    return lambda pieces: replace(pieces, archive=rezipped(pieces.archive, edit))


def _dropped(name: str) -> Callable[[Pieces], Pieces]:
    def edit(files: dict[str, bytes]) -> None:
        del files[name]

    return _in_archive(edit)


def _metadata(change: Edit) -> Callable[[Pieces], Pieces]:
    def edit(files: dict[str, bytes]) -> None:
        root = etree.fromstring(files[_METADATA])
        change(root)
        files[_METADATA] = serialize(root, declaration=True)

    return _in_archive(edit)


def _slot(name: str, value: str) -> Edit:
    def change(root: etree._Element) -> None:
        for slot in root.iter(f"{{{RIM}}}Slot"):
            if slot.get("name") == name:
                next(slot.iter(f"{{{RIM}}}Value")).text = value

    return change


def _classified(scheme: str, code: str) -> Edit:
    def change(root: etree._Element) -> None:
        for found in root.iter(f"{{{RIM}}}Classification"):
            if found.get("classificationScheme") == scheme:
                found.set("nodeRepresentation", code)

    return change


def _document(change: Edit) -> Callable[[MailPlan], MailPlan]:
    """Changes the CDA before anything is drawn from it."""

    def plan(whole: MailPlan) -> MailPlan:
        root = etree.fromstring(whole.documents[0])
        change(root)
        return replace(whole, documents=(serialize(root, declaration=True), *whole.documents[1:]))

    return plan


def _one(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path, {"hl7": HL7})
    if found is None:
        raise NoSuchVariant(f"the document has no {path}")
    return found


def _without_ins(root: etree._Element) -> None:
    role = _one(root, _ROLE)
    for identifier in role.findall(f"{{{HL7}}}id"):
        if identifier.get("root", "").startswith(_INS_PREFIX):
            role.remove(identifier)


def _without_birth(root: etree._Element) -> None:
    born = _one(root, f"{_ROLE}/hl7:patient/hl7:birthTime")
    _one(root, f"{_ROLE}/hl7:patient").remove(born)


def _other_birth(root: etree._Element) -> None:
    """One year later: no matricule tells both."""
    born = _one(root, f"{_ROLE}/hl7:patient/hl7:birthTime")
    value = born.get("value", "")
    born.set("value", f"{int(value[:4]) + 1}{value[4:]}")


def _twice(plan: MailPlan) -> MailPlan:
    """The same document under another identifier."""
    root = etree.fromstring(plan.documents[0])
    for path in ("hl7:id", "hl7:setId"):
        identifier = _one(root, path)
        identifier.set("root", f"{identifier.get('root')}.2")
    return replace(plan, documents=(*plan.documents, serialize(root, declaration=True)))


def _codes(code: str) -> Callable[[Pieces], Pieces]:
    return lambda pieces: pieces.having("X-MSS-CODECDA", code)


def _latin(pieces: Pieces) -> Pieces:
    text = "Bonjour, voici un document concernant votre patiente née à Évry"
    return replace(pieces, text=text_body(text, charset="iso-8859-1"))


def _virus(pieces: Pieces) -> Pieces:
    return replace(pieces, files=(*pieces.files, attachment(eicar(), "application/octet-stream", "eicar.txt")))


def _infected(files: dict[str, bytes]) -> None:
    files["EICAR.TXT"] = eicar()


def _other_pdf(pieces: Pieces) -> Pieces:
    name = pieces.files[0]
    return replace(pieces, files=(replace(name, content=b"JVBERi0xLjQKYW5vdGhlcg==\r\n"), *pieces.files[1:]))


def _renamed_pdf(pieces: Pieces) -> Pieces:
    headers = attachment(b"", "application/pdf", "document.pdf").headers
    return replace(pieces, files=(replace(pieces.files[0], headers=headers), *pieces.files[1:]))


def _cut(pieces: Pieces) -> Pieces:
    return replace(pieces, archive=pieces.archive[: len(pieces.archive) // 2])


def _folded(plan: MailPlan) -> MailPlan:
    cda = read_cda(plan.documents[0])
    long = "Compte rendu détaillé d'hospitalisation à l'attention du médecin traitant, complété à la sortie"
    return replace(plan, subject=subject_of(cda).replace(label_of(cda), long))


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "zip-lower-case": Variant("IHE_XDM.zip", pieces=lambda p: replace(p, archive_name="IHE_XDM.zip")),
        "zip-other-name": Variant("documents.zip", pieces=lambda p: replace(p, archive_name="documents.zip")),
        "no-index": Variant("no INDEX.HTM in the archive", pieces=_dropped("INDEX.HTM")),
        "no-readme": Variant("no README.TXT in the archive", pieces=_dropped("README.TXT")),
        "no-metadata": Variant("no METADATA.XML in the archive", pieces=_dropped(_METADATA)),
        "bad-hash": Variant("a SHA-1 that is not the document's", pieces=_metadata(_slot("hash", "0" * 40))),
        "bad-size": Variant("a size that is not the document's", pieces=_metadata(_slot("size", "12"))),
        "corrupt-zip": Variant("an archive cut in the middle", pieces=_cut),
        "encrypted-zip": Variant("an archive with a password", pieces=lambda p: replace(p, archive=locked(p.archive))),
        "ins-missing": Variant("no INS in the document (error 903)", plan=_document(_without_ins)),
        "ins-incomplete": Variant("an INS without birth date (error 905)", plan=_document(_without_birth)),
        "traits-different": Variant("a birth date that is not the INS's (error 904)", plan=_document(_other_birth)),
        "type-different": Variant("another type in the metadata", pieces=_metadata(_classified(ENTRY_TYPE, "34112-3"))),
        "bad-action": Variant("an action that is neither C nor D", plan=lambda plan: replace(plan, action="R")),
        "two-documents": Variant("two CDA in one archive (nothing wrong)", plan=_twice),
        "subject-plain": Variant("no XDM prefix", plan=lambda plan: replace(plan, subject="Un document pour vous")),
        "subject-folded": Variant("a subject of several encoded words (nothing wrong)", plan=_folded),
        "no-archive": Variant(
            "the subject announces an archive that is not there",
            pieces=lambda p: replace(p.without("X-MSS-CODECDA", "X-MSS-INS"), archive=b""),
        ),
        "no-message-id": Variant("no Message-ID", pieces=lambda p: p.without("Message-ID")),
        "no-date": Variant("no Date", pieces=lambda p: p.without("Date")),
        "no-nil": Variant("no X-MSS-NIL", pieces=lambda p: p.without("X-MSS-NIL")),
        "wrong-codecda": Variant("another code in X-MSS-CODECDA", pieces=_codes("34112-3")),
        "wrong-ins": Variant("X-MSS-INS: N over a qualified INS", pieces=lambda p: p.having("X-MSS-INS", "N")),
        "end-to-professional": Variant("X-MSS-MES: FIN without a patient", pieces=lambda p: p.having("X-MSS-MES", END)),
        "latin-text": Variant("a text in ISO-8859-1", pieces=_latin),
        "no-pdf": Variant("no PDF beside the archive", pieces=lambda p: replace(p, files=())),
        "other-pdf": Variant("a PDF that is not the document's", pieces=_other_pdf),
        "pdf-name": Variant("document.pdf", pieces=_renamed_pdf),
        "virus": Variant("the EICAR test file attached", pieces=_virus),
        "virus-in-zip": Variant("the EICAR test file in the archive", pieces=_in_archive(_infected)),
    }
)
