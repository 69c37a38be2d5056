"""A good mail of each kind, taken apart without our own reader, broken at one place, mended where a finding points.

A :class:`Piece` is a mail as headers and parts; the standard library takes it apart and this module puts it together,
so that neither our reader nor our writer is trusted. A place is that of ``simulators.core.mail.model``.
"""

from __future__ import annotations

import base64
import copy
import email
import email.message
import email.policy
import hashlib
import io
import quopri
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache

from lxml import etree

from simulators.clients.mail.compose import MailPlan
from simulators.core.mail.words import Mailbox
from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.documents.pdf import Paragraph, pdf_a1b
from simulators.documents.xds.schemes import RIM
from simulators.population.reference import reference_population
from tests.support import mending

PARIS = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=PARIS)
PFI = Mailbox("Dr_Eric_THOMAS_CH-A", "pfi@ch-a.mssante.test")
ORG = Mailbox("Cardiologie CH-B", "cardiologie@ch-b.mssante.test")
APP = Mailbox("DPI CH-B", "dpi@ch-b.mssante.test")
_AS_IS = email.policy.compat32.clone(linesep="\r\n", max_line_length=None)
_DOCUMENT, _METADATA = "IHE_XDM/SUBSET01/DOC0001.XML", "IHE_XDM/SUBSET01/METADATA.XML"
DOCUMENT_OID = "1.2.250.1.999.9.1.71"
_PLACE = re.compile(r"(?P<part>mime(?:\[(?P<number>[\d.]+)\])?)?\.?(?:(?P<kind>header|xdm:/)\.?(?P<name>.*))?")

PUBLISHED_SLIPS = (
    "From: app@ch-b.mssante.test\r\n"
    "Date: Wed, 20 Feb 2024 00:19:00 (EDT) -0400\r\n"
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n"
    "--b\r\n"
    "\r\nLe message n'a pas pu être intégré\r\n"
    "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    "Original-Recipient: rfc822;org@ch-b.mssante.test\r\n\r\n"
    "Final-Recipient: rfc822;app@ch-b.mssante.test\r\n"
    "Original-Message-ID: <one@ch-a.mssante.test >\r\n"
    "Disposition: automatic-action/MDN-sent-automatically; "
    "processed/Error: 902^Identifiant inconnu^messageErrorCondition| E^Error^errorSeverity\r\n\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n"
    "--b\r\nContent-Type: application/zip; name=IHE_XDM.zip\r\nContent-Transfert-Encoding: base64\r\n\r\nUEs=\r\n"
    "--b—\r\n"
).encode()
"""Every slip that facts mssante.md 3.6 lists of the published example of a notification, in words of ours."""


@cache
def cda(level: int = 1, replaces: str = "", patient: str = "adult") -> bytes:
    """A discharge letter of the reference population."""
    people = reference_population()
    hospital = next(s for s in people.structures if s.slug == "hospital")
    author = next(p for p in people.professionals if p.slug == "hospital-specialist")
    content = pdf_a1b("Lettre de liaison", [Paragraph("Texte fictif")], created=NOW)
    return build_cda(
        CdaPlan(
            kind=DocumentKind.DISCHARGE_LETTER,
            patient=people.patient(patient),
            author=author,
            structure=hospital,
            document_id=DOCUMENT_OID,
            created=NOW,
            service_start=NOW - timedelta(days=2),
            content=content if level == 1 else b"texte",
            media_type="application/pdf" if level == 1 else "text/plain",
            title="Lettre de liaison à la sortie",
            replaces=replaces,
        )
    )


def plan(**changes: object) -> MailPlan:
    """F1: a mail of a PFI to a professional, with both receipts asked for."""
    parts: dict[str, object] = {
        "sender": PFI,
        "recipients": (ORG,),
        "reply_to": Mailbox("Service A", "service@ch-a.mssante.test"),
        "message_id": "<good@ch-a.mssante.test>",
        "date": NOW,
        "documents": (cda(),),
        "delivery_receipt": True,
        "read_receipt": True,
    }
    return MailPlan(**(parts | changes))  # type: ignore[arg-type]


@dataclass
class Piece:
    """One part: ``files`` when it is an archive, ``parts`` when it holds others, else ``content``."""

    headers: list[tuple[str, str]]
    content: bytes = b""
    files: dict[str, bytes] | None = None
    parts: list[Piece] = field(default_factory=list)
    raw: bool = False
    closed: bool = True

    def set(self, name: str, value: str) -> None:
        """Gives the header another value, or adds it."""
        if not any(n.lower() == name.lower() for n, _ in self.headers):
            self.headers.append((name, value))
        self.headers = [(n, value if n.lower() == name.lower() else v) for n, v in self.headers]

    def drop(self, name: str) -> None:
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]

    def values(self, name: str) -> list[tuple[str, str]]:
        return [(n, v) for n, v in self.headers if n.lower() == name.lower()]

    def at(self, number: str) -> Piece | None:
        """The part of that number, this one for none."""
        piece: Piece = self
        for step in filter(None, number.split(".")):
            if int(step) > len(piece.parts):
                return piece if step == "1" and not piece.parts else None
            piece = piece.parts[int(step) - 1]
        return piece


def taken_apart(raw: bytes) -> Piece:
    """By the standard library alone."""
    return _piece(email.message_from_bytes(raw, policy=email.policy.compat32))


def put_together(piece: Piece) -> bytes:
    """The bytes of the mail; archives are zipped again."""
    return (
        b"".join(f"{n}: {v}\r\n".encode("utf-8", "surrogateescape") for n, v in piece.headers) + b"\r\n" + _body(piece)
    )


def attached(mail: Piece) -> bytes:
    """The archive of the mail, as bytes."""
    return next(_zipped(part.files) for part in mail.parts if part.files is not None)


def mended(where: str, broken: Piece, whole: Piece) -> Piece:
    """``broken`` with what ``whole`` has at the place a finding names."""
    fixed = copy.deepcopy(broken)
    place, _, xpath = where.partition("#")
    found = _PLACE.fullmatch(place)
    assert found is not None, where
    number = found["number"] or ""
    mine, theirs = fixed.at(number), whole.at(number)
    if found["kind"] == "header":
        assert mine is not None and theirs is not None, where
        _mend_header(mine, theirs, found["name"])
    elif found["kind"]:
        assert mine is not None and theirs is not None, where
        _mend_file(fixed, mine, theirs, found["name"], xpath)
    elif number:
        _mend_part(fixed, whole, number)
    else:
        fixed.parts, fixed.content, fixed.closed = copy.deepcopy(whole.parts), whole.content, whole.closed
    return fixed


def same(one: Piece, other: Piece) -> bool:
    """Whatever the order of headers and of the files of an archive; XML by its canonical form."""
    return (
        sorted(one.headers) == sorted(other.headers)
        and one.content == other.content
        and one.closed == other.closed
        and _canonical(one.files) == _canonical(other.files)
        and len(one.parts) == len(other.parts)
        and all(map(same, one.parts, other.parts))
    )


def resealed(mail: Piece) -> Piece:
    """The mail with hash and size of its document made again: a change of the CDA is then one cause."""
    files = next((part.files for part in mail.parts if part.files is not None), None)
    if files is None or _DOCUMENT not in files or _METADATA not in files:
        return mail
    data, root = files[_DOCUMENT], etree.fromstring(files[_METADATA])
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    for name, value in (("hash", digest), ("size", str(len(data)))):
        slot = next(s for s in root.iter(f"{{{RIM}}}Slot") if s.get("name") == name)
        next(slot.iter(f"{{{RIM}}}Value")).text = value
    files[_METADATA] = etree.tostring(root)
    return mail


def _mend_header(mine: Piece, theirs: Piece, name: str) -> None:
    if not name:
        mine.headers = list(theirs.headers)
        return
    mine.drop(name)
    mine.headers += theirs.values(name)


def _mend_part(fixed: Piece, whole: Piece, number: str) -> None:
    parent, _, last = number.rpartition(".")
    mine, theirs = fixed.at(parent), whole.at(parent)
    assert mine is not None and theirs is not None, number
    if not mine.parts and not theirs.parts:
        mine.content = theirs.content
    elif int(last) > len(theirs.parts):
        del mine.parts[int(last) - 1]
    else:
        mine.parts[int(last) - 1 : int(last)] = [copy.deepcopy(theirs.parts[int(last) - 1])]


def _mend_file(fixed: Piece, mine: Piece, theirs: Piece, name: str, xpath: str) -> None:
    assert theirs.files is not None
    if mine.files is None:
        mine.files, mine.content = dict(theirs.files), theirs.content
        return
    name = name or next(iter(theirs.files))
    if xpath:
        whole, broken = etree.fromstring(theirs.files[name]), etree.fromstring(mine.files[name])
        mending._mend(whole, broken, xpath)
        equal = etree.tostring(broken, method="c14n") == etree.tostring(whole, method="c14n")
        mine.files[name] = theirs.files[name] if equal else etree.tostring(broken)
    elif name in theirs.files:
        mine.files[name] = theirs.files[name]
    else:
        del mine.files[name]
    if name == _DOCUMENT:
        resealed(fixed)


def _canonical(files: dict[str, bytes] | None) -> dict[str, bytes] | None:
    if files is None:
        return None
    return {
        n: etree.tostring(etree.fromstring(d), method="c14n") if n.endswith(".XML") else d for n, d in files.items()
    }


def _piece(message: email.message.Message) -> Piece:
    piece = Piece([(name, str(value)) for name, value in message.items()])
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        parts = message.get_payload()
        assert isinstance(parts, list)
        piece.parts = [_piece(part) for part in parts if isinstance(part, email.message.Message)]
        return piece
    if message.get_content_type() == "message/rfc822":
        inside = message.get_payload(0)
        assert isinstance(inside, email.message.Message)
        piece.content, piece.raw = inside.as_bytes(policy=_AS_IS), True
        return piece
    if message.get_content_type() == "message/disposition-notification":
        blocks = message.get_payload()
        assert isinstance(blocks, list)
        piece.content, piece.raw = b"".join(block.as_bytes(policy=_AS_IS) for block in blocks), True  # type: ignore[union-attr]
        return piece
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    piece.content = payload
    if payload.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            piece.files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
        piece.content = b""
    return piece


def _body(piece: Piece) -> bytes:
    if piece.parts:
        boundary = piece.values("Content-Type")[0][1].rpartition("boundary=")[2].strip('"')
        lines = b"".join(f"--{boundary}\r\n".encode() + put_together(part) + b"\r\n" for part in piece.parts)
        return lines + (f"--{boundary}--\r\n".encode() if piece.closed else b"")
    if piece.raw:
        return piece.content
    data = piece.content if piece.files is None else _zipped(piece.files)
    encoding = "".join(value for _, value in piece.values("Content-Transfer-Encoding"))
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return data


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 21, 9, 30, 0)), data)
    return out.getvalue()
