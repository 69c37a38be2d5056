"""Mails as products really send them, and worse: what an IMAP server must describe without a fault.

All are ours and fictitious. Every mail has CR LF line ends unless its name says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

HEAD = (
    "Date: Fri, 20 Nov 2026 10:11:12 +0100\r\n"
    "From: Dr_Eric_THOMAS_CH-A <pfi-a@ch-a.mssante.test>\r\n"
    "To: medecin@ville.mssante.test\r\n"
    "Message-ID: <{name}@ch-a.mssante.test>\r\n"
)
ZIP = base64.encodebytes(hashlib.sha256(b"no real archive").digest() * 40).decode().replace("\n", "\r\n")


def mails() -> dict[str, bytes]:
    """The mails by name."""
    found: dict[str, bytes] = {}
    for family in (_plain, _headers, _addresses, _multiparts, _boundaries, _types, _params, _forwards, _octets, _xdm):
        for name, text in family():
            raw = text if isinstance(text, bytes) else text.encode()
            assert name not in found, name
            found[name] = raw
    return found


def _mail(name: str, headers: str, body: str) -> str:
    return HEAD.format(name=name) + headers + "\r\n" + body


def _plain() -> Iterator[tuple[str, str]]:
    yield "plain", _mail("plain", "Subject: Bonjour\r\n", "Une ligne.\r\nDeux lignes.\r\n")
    yield (
        "plain-utf8",
        _mail("u", "Content-Type: text/plain; charset=utf-8\r\nSubject: =?utf-8?Q?R=C3=A9sultat?=\r\n", "é\r\n"),
    )
    yield "empty-body", _mail("e", "Subject: rien\r\n", "")
    yield "no-empty-line", HEAD.format(name="n") + "Subject: fin\r\n"
    yield "no-final-line-end", _mail("f", "", "sans fin de ligne")
    yield "only-line-ends", _mail("o", "Subject: blanc\r\n", "\r\n\r\n\r\n")
    yield "long-line", _mail("l", "Subject: long\r\n", "x" * 70_000 + "\r\n")
    yield "dots", _mail("d", "Subject: points\r\n", ".\r\n..\r\n.fin\r\n")
    yield "body-like-a-header", _mail("b", "Subject: a\r\n", "Subject: b\r\n\r\nfin\r\n")
    yield "from-line", _mail("q", "Subject: a\r\n", "From quelqu'un\r\n>From\r\n")


def _headers() -> Iterator[tuple[str, str]]:
    yield "no-headers", "\r\nseulement un corps\r\n"
    yield "no-date", "From: a@b.mssante.test\r\nSubject: x\r\n\r\ny\r\n"
    yield "folded-subject", _mail("f1", "Subject: XDM/1.0/DDM\r\n +CR-BIO\r\n\t+1\r\n", "x\r\n")
    yield (
        "folded-words",
        _mail("f2", "Subject: =?utf-8?B?WERNLzEuMC9ERE0=?=\r\n =?utf-8?Q?+R=C3=A9sultat?=\r\n", "x\r\n"),
    )
    yield "raw-utf8-subject", _mail("f3", "Subject: Résultat d'examen\r\n", "x\r\n")
    yield "quotes-in-subject", _mail("f4", 'Subject: dit "oui" \\ "non" \\ "si"\r\n', "x\r\n")
    yield "empty-subject", _mail("f5", "Subject:\r\n", "x\r\n")
    yield "blank-subject", _mail("f6", "Subject:    \r\n", "x\r\n")
    yield "two-subjects", _mail("f7", "Subject: un\r\nSubject: deux\r\n", "x\r\n")
    yield "blank-before-colon", _mail("f8", "Subject : a\r\nX-MSS-INS : O\r\n", "x\r\n")
    yield "line-without-colon", _mail("f9", "pas un champ\r\nSubject: a\r\n", "x\r\n")
    yield "header-of-50k", _mail("f10", "X-Long: " + "a " * 25_000 + "\r\nSubject: b\r\n", "x\r\n")
    yield "many-headers", _mail("f11", "".join(f"X-H{n}: {n}\r\n" for n in range(300)), "x\r\n")
    yield "references", _mail("f12", "In-Reply-To: <a@b>\r\n <c@d>\r\nReferences: <a@b>\r\n\t<c@d>\r\n", "x\r\n")
    yield "tabs-in-subject", _mail("f13", "Subject: a\tb  c\r\n", "x\r\n")
    yield "odd-case", _mail("f14", "SUBJECT: a\r\nconTENT-type: TEXT/Html; CHARSET=UTF-8\r\n", "<p>\r\n")


def _addresses() -> Iterator[tuple[str, str]]:
    cases = {
        "groups": "undisclosed-recipients:;",
        "group-with-members": "Equipe: a@b.test, Bee <c@d.test>; , e@f.test",
        "comment-name": "a@b.test (Docteur A.)",
        "quoted-local": '"Jean Dupont"@b.test',
        "quoted-name-comma": '"DUPONT, Jean" <a@b.test>, "x\\"y" <c@d.test>',
        "encoded-name": "=?utf-8?Q?H=C3=A9l=C3=A8ne?= DURAND <a@b.test>",
        "no-domain": "medecin",
        "only-name": "Docteur Dupont",
        "empty-angle": "Nom <>",
        "unclosed-angle": "Nom <a@b.test",
        "source-route": "<@r1.test,@r2.test:a@b.test>",
        "double-comma": "a@b.test,, c@d.test",
        "raw-utf8-name": "Hélène <a@b.test>",
        "dots-in-name": "Dr. E. Thomas <a@b.test>",
        "domain-literal": "a@[127.0.0.1]",
        "blanks-around": "  < a @ b.test >  ",
        "nested-comment": "a@b.test (un (deux) \\) trois)",
        "citizen": "279035121518989@patient.mssante.test",
        "semicolons": "a@b.test; c@d.test",
        "two-at": "a@b@c.test",
    }
    for name, value in cases.items():
        yield f"to-{name}", f"From: x@y.test\r\nTo: {value}\r\nSubject: a\r\n\r\nb\r\n"
    yield "two-to", "From: x@y.test\r\nTo: a@b.test\r\nTo: c@d.test\r\n\r\nb\r\n"
    yield "reply-to-empty", "From: x@y.test\r\nReply-To:\r\nSender: s@t.test\r\nCc: a@b\r\nBcc: c@d\r\n\r\nb\r\n"
    yield "folded-to", "From: x@y.test\r\nTo: a@b.test,\r\n\tBee\r\n <c@d.test>\r\n\r\nb\r\n"


def _multipart(name: str, boundary: str, body: str, *, kind: str = "mixed", quoted: bool = True) -> str:
    sign = '"' if quoted else ""
    return _mail(
        name, f"MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary={sign}{boundary}{sign}\r\n", body
    )


def _part(headers: str, body: str) -> str:
    return headers + "\r\n" + body


def _multiparts() -> Iterator[tuple[str, str]]:
    text = _part("Content-Type: text/plain; charset=utf-8\r\n", "bonjour\r\n")
    html = _part(
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", "<p>=C3=A9</p>"
    )
    zipped = _part(
        "Content-Type: application/zip; name=IHE_XDM.ZIP\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="IHE_XDM.ZIP"; size=1280\r\n',
        ZIP,
    )
    yield "mixed", _multipart("m1", "B", f"preambule\r\n--B\r\n{text}\r\n--B\r\n{zipped}\r\n--B--\r\nepilogue\r\n")
    inner = f"--I\r\n{text}\r\n--I\r\n{html}\r\n--I--\r\n"
    alternative = f"Content-Type: multipart/alternative; boundary=I\r\n\r\n{inner}"
    yield "nested", _multipart("m2", "B", f"--B\r\n{alternative}\r\n--B\r\n{zipped}\r\n--B--\r\n")
    yield (
        "related",
        _multipart(
            "m3",
            "R",
            f"--R\r\n{html}\r\n--R\r\nContent-ID: <i@x>\r\nContent-Location: i.png\r\n\r\nx\r\n--R--\r\n",
            kind="related",
        ),
    )
    yield (
        "digest",
        _multipart(
            "m4",
            "D",
            "--D\r\n\r\nFrom: a@b\r\nSubject: c\r\n\r\nd\r\n--D\r\nContent-Type: text/plain\r\n\r\ne\r\n--D--\r\n",
            kind="digest",
        ),
    )
    yield (
        "empty-parts",
        _multipart("m5", "B", "--B\r\n\r\n--B\r\n\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\n--B\r\n--B--\r\n"),
    )
    yield "no-parts", _multipart("m6", "B", "rien\r\n")
    yield "only-closing", _multipart("m7", "B", "--B--\r\n")
    deep = "fond\r\n"
    for level in range(30):
        deep = f"--L{level:02}\r\n{deep if level else _part('', deep)}\r\n--L{level:02}--\r\n"
        deep = f"Content-Type: multipart/mixed; boundary=L{level:02}\r\n\r\n{deep}"
    yield "deep-30", HEAD.format(name="m8") + deep
    yield "many-parts", _multipart("m9", "B", "".join(f"--B\r\n\r\npart {n}\r\n" for n in range(150)) + "--B--\r\n")
    yield (
        "report",
        _multipart(
            "m10",
            "R",
            f"--R\r\n{text}\r\n--R\r\nContent-Type: message/delivery-status\r\n"
            f"\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: "
            "rfc822; a@b\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--R\r\n"
            "Content-Type: text/rfc822-headers\r\n\r\nSubject: a\r\n\r\n--R--\r\n",
            kind="report; report-type=delivery-status",
        ),
    )
    yield (
        "mdn",
        _multipart(
            "m11",
            "R",
            f"--R\r\n{text}\r\n--R\r\nContent-Type: message/disposition-notification\r\n"
            f"\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--R--\r\n",
            kind="report",
        ),
    )


def _boundaries() -> Iterator[tuple[str, str]]:
    one = _part("", "un\r\n")
    yield "unclosed", _multipart("b1", "B", f"--B\r\n{one}\r\n--B\r\n{one}")
    yield (
        "inner-unclosed",
        _multipart(
            "b2",
            "O",
            f"--O\r\nContent-Type: multipart/mixed; boundary=I\r\n\r\n--I\r\n{one}\r\n--O\r\n{one}\r\n--O--\r\n",
        ),
    )
    yield (
        "boundary-prefix",
        _multipart(
            "b3",
            "AB",
            f"--AB\r\nContent-Type: multipart/mixed; boundary=ABC\r\n\r\n--ABC\r\n{one}\r\n--ABC--\r\n\r\n--AB--\r\n",
        ),
    )
    yield (
        "same-boundary",
        _multipart(
            "b4", "B", f"--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n{one}\r\n--B--\r\n--B--\r\n"
        ),
    )
    yield "boundary-with-blanks", _multipart("b5", "a b c", f"--a b c  \r\n{one}\r\n--a b c--\t\r\n")
    yield "boundary-in-text", _multipart("b6", "B", "--B\r\n\r\ntexte --B dedans\r\n--BIS\r\n--B--\r\n")
    yield "no-boundary-parameter", _mail("b7", "Content-Type: multipart/mixed\r\n", f"--B\r\n{one}\r\n--B--\r\n")
    yield "empty-boundary", _mail("b8", 'Content-Type: multipart/mixed; boundary=""\r\n', f"--\r\n{one}\r\n----\r\n")
    yield (
        "boundary-at-header",
        _multipart("b9", "B", f"--B\r\nContent-Type: text/plain\r\nX: y\r\n--B\r\n{one}\r\n--B--\r\n"),
    )
    yield "text-after-closing", _multipart("b10", "B", f"--B\r\n{one}\r\n--B--\r\n--B\r\n{one}\r\n--B--\r\n")
    yield "boundary-of-70", _multipart("b11", "x" * 70, f"--{'x' * 70}\r\n{one}\r\n--{'x' * 70}--\r\n")
    yield "odd-boundary", _multipart("b12", "=_'()+_,-./:=?", f"--=_'()+_,-./:=?\r\n{one}\r\n--=_'()+_,-./:=?--\r\n")
    yield "no-line-end-at-close", _multipart("b13", "B", f"--B\r\n{one}\r\n--B--")
    yield (
        "inner-closes-close",
        _multipart(
            "b15", "O", f"--O\r\nContent-Type: multipart/mixed; boundary=I\r\n\r\n--I\r\n{one}\r\n--I--\r\n--O--\r\n"
        ),
    )
    yield "parts-without-blank", _multipart("b16", "B", "--B\r\nSubject: a\r\n\r\n--B\r\nX: y\r\n\r\n\r\n--B--\r\n")
    yield (
        "outer-closes-message",
        _multipart("b14", "B", "--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: coupe\r\n--B--\r\n"),
    )


def _types() -> Iterator[tuple[str, str]]:
    cases = {
        "no-slash": "Content-Type: text",
        "empty": "Content-Type:",
        "garbage": "Content-Type: ????",
        "comment": "Content-Type: text/plain (simple) ; charset=utf-8 (oui)",
        "params-broken": "Content-Type: text/plain; charset; format=flowed; =x; y=",
        "blank-before-semicolon": "Content-Type: application/pdf ; name = cr.pdf",
        "twice": "Content-Type: text/html\r\nContent-Type: text/plain; charset=utf-8",
        "trailing-junk": "Content-Type: text/plain charset=utf-8",
        "upper": "CONTENT-TYPE: APPLICATION/PDF; NAME=CR.PDF",
        "no-subtype": "Content-Type: text/; charset=utf-8",
        "encoding-8bit": "Content-Transfer-Encoding: 8BIT",
        "encoding-junk": "Content-Transfer-Encoding: base64 oui",
        "encoding-comment": "Content-Transfer-Encoding: base64 (ok)",
        "disposition-only": "Content-Disposition: inline",
        "disposition-broken": "Content-Disposition: attachment; filename=IHE XDM.ZIP; size=12",
        "disposition-empty": "Content-Disposition:",
        "language": "Content-Language: fr, en (ok), de-AT",
        "language-empty": "Content-Language:",
        "description": "Content-Description: =?utf-8?Q?Compte_rendu?=\r\n"
        " suite\r\nContent-ID: <a@b>\r\nContent-MD5: Q2hlY2s=",
        "location": "Content-Location: http://x.test/\r\n a.html",
    }
    for name, header in cases.items():
        yield f"type-{name}", _mail(name, f"MIME-Version: 1.0\r\n{header}\r\n", "corps\r\n")


def _params() -> Iterator[tuple[str, str]]:
    cases = {
        "2231": "filename*=utf-8''R%C3%A9sultat%20d%27examen.pdf",
        "2231-pieces": "filename*0*=utf-8''Compte%20rendu; filename*1=\" de l'acte\"; filename*2*=%20n%C2%B01.pdf",
        "2231-unordered": "filename*1=b.pdf; filename*0=a",
        "2231-gap": "filename*0=a; filename*2=c",
        "2231-both": "filename=a.pdf; filename*=utf-8''b.pdf",
        "2231-plain-pieces": 'filename*0="IHE_"; filename*1="XDM.ZIP"; size=3',
        "2231-odd": "filename**=x; *=y; a*b=c; d*01=e",
        "encoded-word": "filename==?utf-8?Q?R=C3=A9sultat.pdf?=; x=y",
        "quoted-encoded-word": 'filename="=?utf-8?Q?R=C3=A9sultat.pdf?="',
        "raw-utf8": 'filename="Résultat.pdf"',
        "escaped": 'filename="a\\"b\\\\c.pdf"',
        "unclosed": 'filename="sans fin.pdf; x=y',
        "folded": 'filename="tres\r\n long.pdf";\r\n\tsize=4',
        "empty-value": 'filename=""; x=; y=z',
        "many": "; ".join(f"p{n}=v{n}" for n in range(60)),
        "repeated": "filename=a; filename=b; FILENAME=c",
    }
    for name, value in cases.items():
        yield (
            f"param-{name}",
            _mail(name, f"MIME-Version: 1.0\r\nContent-Disposition: attachment; {value}\r\n", "corps\r\n"),
        )


def _forwards() -> Iterator[tuple[str, str]]:
    text = _part("Content-Type: text/plain\r\n", "voir ci-joint\r\n")
    inner = _multipart(
        "in",
        "IN",
        f"--IN\r\n{text}\r\n--IN\r\nContent-Type: application/zip; name=IHE_XDM.ZIP\r\n\r\n{ZIP}\r\n--IN--\r\n",
    )
    attached = f"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n{inner}"
    yield "forward", _multipart("w1", "W", f"--W\r\n{text}\r\n--W\r\n{attached}\r\n--W--\r\n")
    yield (
        "message-as-body",
        _mail("w2", "Content-Type: message/rfc822\r\n", _mail("w2i", "Subject: dedans\r\n", "x\r\n")),
    )
    twice = f"Content-Type: message/rfc822\r\n\r\n{HEAD.format(name='w3')}{attached}"
    yield "forward-of-forward", _multipart("w3o", "W", f"--W\r\n{twice}\r\n--W--\r\n")
    yield "message-empty", _multipart("w4", "W", "--W\r\nContent-Type: message/rfc822\r\n\r\n\r\n--W--\r\n")
    yield (
        "message-base64",
        _multipart(
            "w5",
            "W",
            "--W\r\nContent-Type: message/rfc822\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogYQ0KDQpi\r\n--W--\r\n",
        ),
    )
    yield "message-partial", _mail("w6", "Content-Type: message/partial; id=a; number=1; total=2\r\n", "x\r\n")
    loose = "Content-Disposition: inline\r\nContent-Transfer-Encoding: 8bit\r\n"
    yield "no-mime-version", _mail("w8", loose, "x\r\n")
    yield (
        "no-mime-version-inside",
        _multipart("w9", "W", f"--W\r\nContent-Type: message/rfc822\r\n\r\n{loose}\r\nx\r\n--W--\r\n"),
    )
    yield "no-mime-version-typed", _mail("w10", f"Content-Type: application/pdf\r\n{loose}", "x\r\n")
    yield "message-global", _mail("w7", "Content-Type: message/global\r\n", "Subject: é\r\n\r\nx\r\n")


def _octets() -> Iterator[tuple[str, bytes]]:
    head = HEAD.format(name="o").encode()
    yield "latin1-body", head + b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nR\xe9sultat\r\n"
    yield "latin1-header", head + b"Subject: R\xe9sultat\r\n\r\nx\r\n"
    yield "all-octets", head + b"\r\n" + bytes(o for o in range(1, 256) if o not in (10, 13)) + b"\r\n"
    yield "lf-only", head.replace(b"\r\n", b"\n") + b"Subject: lf\n\nune\ndeux\n"
    yield "lf-multipart", b'Content-Type: multipart/mixed; boundary="B"\n\n--B\n\nun\n--B\n\ndeux\n--B--\n'
    yield (
        "binary-1mb",
        head
        + b"Content-Type: application/octet-stream\r\n\r\n"
        + b"".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest().encode() + b"\r\n" for n in range(16_000)),
    )


def _xdm() -> Iterator[tuple[str, str]]:
    text = _part(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", "Compte rendu joint é.\r\n"
    )
    headers = (
        "Subject: XDM/1.0/DDM+CR-BIO\r\nX-MSS-CODECDA: 11502-2\r\nX-MSS-INS: O\r\nX-MSS-NIL: A1\r\nX-MSS-MES: FIN\r\n"
        "Disposition-Notification-To: pfi-a@ch-a.mssante.test\r\nReturn-Receipt-To: pfi-a@ch-a.mssante.test\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary="----=_Part_0_1.2"\r\n'
    )
    parts = f"------=_Part_0_1.2\r\n{text}\r\n------=_Part_0_1.2\r\nContent-Type: application/zip; name=IHE_XDM.ZIP\r\n"
    parts += f"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=IHE_XDM.ZIP\r\n\r\n{ZIP}"
    yield "xdm", _mail("x1", headers, parts + "------=_Part_0_1.2--\r\n")
    yield "xdm-javamail-style", _mail("x2", headers, "\r\n" + parts + "\r\n------=_Part_0_1.2--\r\n\r\n")
