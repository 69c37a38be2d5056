"""One broken mail for each rule on mails: what the good one is, and the one thing that is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from lxml import etree

from simulators.clients.mail.compose import compose, forward
from simulators.clients.mail.error_mail import build_error_mail
from simulators.clients.mail.locked_zip import locked
from simulators.clients.mail.mdn import Disposition, ErrorCode, Mdn, build_mdn, integrated
from simulators.core.mail.eicar import eicar
from simulators.core.mail.words import Mailbox
from simulators.core.rules import Rule
from simulators.documents.xds import schemes
from simulators.mssante.addresses import citizen_address
from simulators.mssante.rules import (
    mail_archive,
    mail_documents,
    mail_extension,
    mail_headers,
    mail_identity,
    mail_pdf,
    mail_reports,
    mail_subject,
    mail_text,
)
from simulators.mssante.rules.mail_making import CDA, ENTRY
from simulators.population.reference import reference_population
from tests.support import mending
from tests.support.mails import APP, NOW, ORG, PFI, Piece, attached, cda, plan, resealed

Breaker = Callable[[Piece], None]
SUBJECT = "XDM/1.0/DDM+Lettre NOM Prenom"
DOC, META = "IHE_XDM/SUBSET01/DOC0001.XML", "IHE_XDM/SUBSET01/METADATA.XML"
TRANSFER = {"message_id": "<answer@ch-b.mssante.test>", "date": NOW, "nil": "SIM0001"}


@dataclass(frozen=True)
class Case:
    """``good`` names one of :data:`GOOD`; ``mender`` replaces mending by the place (for bytes no tree can hold)."""

    rule: Rule
    breaker: Breaker
    good: str = "professional"
    sender_kind: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.rule.id}{f'-{self.name}' if self.name else ''}"


def citizen(slug: str = "adult") -> Mailbox:
    return Mailbox("", citizen_address(reference_population().patient(slug).ins))


@cache
def good(name: str) -> bytes:
    """The bytes of one good mail."""
    return GOOD[name]()


def _mdn() -> bytes:
    mdn = Mdn(APP.address, "<good@ch-a.mssante.test>", integrated(ErrorCode("902", "Identifiant patient inconnu")))
    return build_mdn(mdn, sender=APP, recipient=ORG, subject="x", original=b"Subject: x\r\n\r\ny\r\n", **TRANSFER)  # type: ignore[arg-type]


def _receipt() -> bytes:
    mdn = Mdn(ORG.address, "<good@ch-a.mssante.test>", Disposition(sending_mode="MDN-sent-automatically"))
    return build_mdn(mdn, sender=ORG, recipient=PFI, subject="x", **TRANSFER)  # type: ignore[arg-type]


def _error() -> bytes:
    error = ErrorCode("902", "Identifiant patient inconnu")
    original = b"Subject: x\r\n\r\ny\r\n"
    return build_error_mail(error, sender=APP, recipient=ORG, subject="x", original=original, **TRANSFER)  # type: ignore[arg-type]


GOOD: dict[str, Callable[[], bytes]] = {
    "professional": lambda: compose(plan()),
    "citizen": lambda: compose(plan(recipients=(citizen(),), end=True)),
    "replacement": lambda: compose(plan(documents=(cda(replaces="1.2.250.1.999.9.1.70"),), action="C")),
    "deletion": lambda: compose(plan(action="D")),
    "reply": lambda: compose(plan(in_reply_to="<original@ch-b.mssante.test>", documents=(), subject="Re: bonjour")),
    "text": lambda: compose(plan(documents=(), subject="Bonjour")),
    "end": lambda: compose(plan(documents=(), subject="[FIN]", recipients=(citizen(),))),
    "level-1-text": lambda: compose(plan(documents=(cda(level=0),))),
    "forward": lambda: forward(compose(plan()), sender=ORG, recipient=APP, **TRANSFER),  # type: ignore[arg-type]
    "mdn": _mdn,
    "error": _error,
    "receipt": _receipt,
}


def header(name: str, value: str, part: str = "") -> Breaker:
    def breaker(mail: Piece) -> None:
        _part(mail, part).set(name, value)

    return breaker


def no_header(name: str, part: str = "") -> Breaker:
    def breaker(mail: Piece) -> None:
        _part(mail, part).drop(name)

    return breaker


def twice(name: str) -> Breaker:
    def breaker(mail: Piece) -> None:
        mail.headers += mail.values(name)

    return breaker


def content(part: str, data: bytes) -> Breaker:
    def breaker(mail: Piece) -> None:
        _part(mail, part).content = data
        _part(mail, part).files = None

    return breaker


def no_part(number: str) -> Breaker:
    def breaker(mail: Piece) -> None:
        del mail.parts[int(number) - 1]

    return breaker


def file(name: str, data: bytes | None) -> Breaker:
    def breaker(mail: Piece) -> None:
        files = _part(mail, "2").files
        assert files is not None
        if data is None:
            del files[name]
        else:
            files[name] = data

    return breaker


def xml(place: str, edit: Callable[[str], mending.Breaker]) -> Breaker:
    """Edits the XML file at ``place`` (``mime[2].xdm:/NAME#XPath``)."""

    def breaker(mail: Piece) -> None:
        name, _, xpath = place.partition("xdm:/")[2].partition("#")
        files = _part(mail, "2").files
        assert files is not None
        root = etree.fromstring(files[name])
        edit(xpath)(root)
        files[name] = etree.tostring(root)

    return breaker


def cda_xml(place: str, edit: Callable[[str], mending.Breaker]) -> Breaker:
    """The same in the document, its hash and size made again."""
    return both(xml(place, edit), lambda mail: resealed(mail) and None)


def both(*breakers: Breaker) -> Breaker:
    def breaker(mail: Piece) -> None:
        for one in breakers:
            one(mail)

    return breaker


def value(text: str) -> Callable[[str], mending.Breaker]:
    return lambda path: mending.change(path, text)


def _part(mail: Piece, number: str) -> Piece:
    found = mail.at(number)
    assert found is not None, number
    return found


def _undo(mail: Piece) -> None:
    """The damaged base64 of a part: written as it is."""
    part = _part(mail, "2")
    part.content, part.files, part.raw = b"UEsDB!*BAoAAA\r\n", None, True


def _no_field(mail: Piece) -> None:
    mail.headers = [*mail.headers[:-1], ("this is no field", ""), mail.headers[-1]]


def _nested(mail: Piece) -> None:
    inside = compose(plan(message_id="<inside@ch-a.mssante.test>"))
    mail.parts[1] = Piece([("Content-Type", "message/rfc822")], inside, raw=True)


def _open_end(mail: Piece) -> None:
    mail.closed = False


def _locked(mail: Piece) -> None:
    part = _part(mail, "2")
    part.content, part.files = locked(attached(mail)), None


def _slot(name: str) -> str:
    return f"{ENTRY}/rim:Slot[@name='{name}']/rim:ValueList/rim:Value"


def _entry_id(scheme: str) -> str:
    return f"{ENTRY}/rim:ExternalIdentifier[@identificationScheme='{scheme}']/@value"


def _example(rule: Rule) -> str:
    assert rule.example is not None
    return rule.example.where


ROLE = f"{CDA}#/hl7:ClinicalDocument/hl7:recordTarget/hl7:patientRole"
PATIENT = f"{ROLE}/hl7:patient"
WOMAN = reference_population().patient("adult-woman").ins
_AUTHOR = f"{ENTRY}/rim:Classification[@classificationScheme='{schemes.ENTRY_AUTHOR}']"

H, X, T, S = mail_headers, mail_extension, mail_text, mail_subject
A, D, N, P, R = mail_archive, mail_documents, mail_identity, mail_pdf, mail_reports
CASES: tuple[Case, ...] = (
    Case(H.SYNTAX, _no_field, "text"),
    Case(H.ENCODING, header("Subject", "Bonjour à tous"), "text"),
    Case(H.ENCODING, header("Subject", "=?utf-8?b?%%%?="), "text", name="word"),
    Case(H.TWICE, twice("Subject")),
    Case(H.FROM, no_header("From"), "text"),
    Case(H.FROM_NAME, header("From", PFI.address)),
    Case(H.FROM_NAME, header("From", f"Eric Thomas <{PFI.address}>"), sender_kind="PER", name="form"),
    Case(H.DATE, no_header("Date")),
    Case(H.DATE, header("Date", "Sun, 21 Nov 2026 09:30:00 +0100"), name="weekday"),
    Case(H.MESSAGE_ID, no_header("Message-ID")),
    Case(H.MESSAGE_ID, header("Message-ID", "no-brackets@x"), name="form"),
    Case(H.RECIPIENTS, no_header("To")),
    Case(H.MIME_VERSION, no_header("MIME-Version")),
    Case(H.REFERENCES, no_header("References"), "reply"),
    Case(H.REPLY, no_header("In-Reply-To"), "reply"),
    Case(H.RECEIPT_TO, header("Return-Receipt-To", "<else@ch-b.mssante.test>")),
    Case(H.NOTIFICATION_TO, header("Disposition-Notification-To", "yes")),
    Case(H.REPLY_TO, no_header("Reply-To"), sender_kind="APP"),
    Case(H.REPLY_TO, header("Reply-To", "someone@example.org"), name="outside"),
    Case(X.NIL, no_header("X-MSS-NIL")),
    Case(X.MES, header("X-MSS-MES", "fin"), "citizen"),
    Case(X.MES_RECIPIENT, header("X-MSS-MES", "FIN")),
    Case(X.FIN_SUBJECT, header("Subject", "[Fin]"), "end"),
    Case(X.CODECDA, header("X-MSS-CODECDA", "34112-3")),
    Case(X.CODECDA, header("X-MSS-CODECDA", "34112-3"), "text", name="without-archive"),
    Case(X.CODECDA, no_header("X-MSS-CODECDA"), name="missing"),
    Case(X.INS, header("X-MSS-INS", "N")),
    Case(X.INS, header("X-MSS-INS", "O"), "text", name="without-archive"),
    Case(X.UNKNOWN, header("X_MSS_INS", "O")),
    Case(T.MIME, _open_end),
    Case(T.MIME, header("Content-Transfert-Encoding", "base64", "1"), name="misspelt"),
    Case(T.ENCODING, _undo),
    Case(T.PLAIN, header("Content-Type", "text/html; charset=utf-8", "1")),
    Case(T.CHARSET, header("Content-Type", "text/plain; charset=iso-8859-1", "1")),
    Case(T.BYTES, content("1", "pièce\r\n".encode("latin-1"))),
    Case(S.SUBJECT, header("Subject", "Lettre de liaison")),
    Case(S.SUBJECT, header("Subject", "XDM/1.0/DDM+Lettre"), name="fields"),
    Case(S.SUBJECT_PATIENT, header("Subject", "XDM/1.0/DDM+Lettre AUTRE Personne 01/01/1970")),
    Case(S.SUBJECT_ALONE, header("Subject", SUBJECT), "text"),
    Case(A.NAME, header("Content-Disposition", 'attachment; filename="documents.zip"', "2")),
    Case(A.CASE, header("Content-Disposition", 'attachment; filename="IHE_XDM.zip"', "2")),
    Case(A.TYPE, header("Content-Type", "application/octet-stream", "2")),
    Case(A.DAMAGED, content("2", b"no archive at all")),
    Case(A.ENCRYPTED, _locked),
    Case(A.NO_INDEX, file("INDEX.HTM", None)),
    Case(A.NO_README, file("README.TXT", None)),
    Case(A.NO_METADATA, file(META, None)),
    Case(A.NAMES, file("IHE_XDM/SUBSET01/Readme-first.txt", b"x")),
    Case(A.NO_DOCUMENT, xml(_slot("URI"), value("DOC0009.XML"))),
    Case(A.EXTRA, file("IHE_XDM/SUBSET01/NOTES.TXT", b"x")),
    Case(A.HASH, xml(_slot("hash"), value("0" * 40))),
    Case(A.SIZE, xml(_slot("size"), value("12"))),
    Case(A.VIRUS, file("EICAR.TXT", eicar())),
    Case(D.UNREADABLE, both(file(DOC, b"<a/>"), lambda mail: resealed(mail) and None)),
    Case(D.WRONG_ACTION, xml(_example(D.WRONG_ACTION), value("R")), "deletion"),
    Case(D.ACTION_LINK, cda_xml(f"{CDA}#/hl7:ClinicalDocument/hl7:relatedDocument", mending.remove), "replacement"),
    Case(D.ACTION_LINK, xml(f"{ENTRY}/rim:Slot[@name='{schemes.ACTION}']", mending.remove), "replacement", name="slot"),
    Case(D.PATIENT_ID, xml(_entry_id(schemes.ENTRY_PATIENT_ID), value("IPP0001"))),
    Case(D.CDA_PATIENT, xml(_entry_id(schemes.ENTRY_PATIENT_ID), value(WOMAN.cx()))),
    Case(D.SET_PATIENT, xml(_example(D.SET_PATIENT), value(WOMAN.cx()))),
    Case(D.CDA_ID, xml(_entry_id(schemes.ENTRY_UNIQUE_ID), value("1.2.250.1.999.9.1.404"))),
    Case(D.CDA_TYPE, xml(_example(D.CDA_TYPE), value("34112-3"))),
    Case(D.CDA_AUTHOR, xml(f"{_AUTHOR}/rim:Slot[@name='authorPerson']/rim:ValueList/rim:Value", value("801^A^B"))),
    Case(N.CITIZEN_ADDRESS, header("To", "123@patient.mssante.test"), "citizen"),
    Case(N.CITIZEN_PATIENT, header("To", citizen("adult-woman").address), "citizen"),
    Case(N.CITIZEN_INS, cda_xml(f"{ROLE}/hl7:id", mending.remove), "citizen"),
    Case(N.INS_INCOMPLETE, cda_xml(f"{PATIENT}/hl7:birthTime", mending.remove)),
    Case(N.INS_KEY, cda_xml(f"{ROLE}/hl7:id/@extension", value("185010099900199"))),
    Case(N.INS_TRAITS, cda_xml(f"{PATIENT}/hl7:birthTime/@value", value("19860115"))),
    Case(N.INS_TRAITS, cda_xml(f"{PATIENT}/hl7:administrativeGenderCode/@code", value("F")), name="sex"),
    Case(P.MISSING, no_part("3")),
    Case(P.SAME, content("3", b"%PDF-1.4 pdfaid:part='1' another")),
    Case(P.ARCHIVABLE, content("3", b"%PDF-1.4 plain"), "level-1-text"),
    Case(P.NAME, header("Content-Disposition", 'attachment; filename="document.pdf"', "3")),
    Case(R.FIELDS, lambda mail: _lines(mail, "2", b"Original-Message-ID"), "mdn"),
    Case(R.FORM, lambda mail: _replace(mail, "2", b"; processed/", b"; eaten/"), "mdn", name="error"),
    Case(
        R.FORM,
        lambda mail: _replace(
            mail,
            "2",
            b"manual-action/MDN-sent-automatically; displayed",
            b"automatic-action/MDN-sent-automatically; eaten",
        ),
        "receipt",
    ),
    Case(R.TEXT, content("1", b"rien\r\n"), "error"),
    Case(R.ORIGINAL, no_part("2"), "error"),
    Case(A.NESTED, _nested),
)


def _lines(mail: Piece, number: str, without: bytes) -> None:
    part = _part(mail, number)
    part.content = b"".join(line for line in part.content.splitlines(keepends=True) if not line.startswith(without))


def _replace(mail: Piece, number: str, old: bytes, new: bytes) -> None:
    part = _part(mail, number)
    assert old in part.content
    part.content = part.content.replace(old, new)
