"""Mails read and written: any bytes are read, what is written is read back, also by the standard library."""

from __future__ import annotations

import email
import email.policy
import time

from hypothesis import given
from hypothesis import strategies as st

from simulators.core.mail import (
    Field,
    MailLimits,
    address_field,
    attachment,
    container,
    read_mail,
    text_body,
    write_mail,
)
from simulators.core.mail.media import read_media
from simulators.core.mail.words import Mailbox, decoded, encoded

TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=80).map(str.strip)
LINE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=60)


@given(TEXTS)
def test_a_header_text_comes_back(text: str) -> None:
    assert decoded(encoded(text).replace("\r\n ", " ")).text.split() == text.split()


@given(st.binary(max_size=400))
def test_anything_is_read(raw: bytes) -> None:
    for part in read_mail(raw).walk():
        assert part.where()
        assert isinstance(part.content, bytes)
        assert isinstance(part.defects, tuple)
        assert part.filename is not None


@given(
    st.lists(st.sampled_from([b"--b", b"--b--", b"\r\n", b"\n", b"Content-Type: multipart/mixed; boundary=b", b"x"]))
)
def test_any_pieces_are_read(pieces: list[bytes]) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(pieces)
    assert [part.number for part in read_mail(raw).children] == [
        str(n + 1) for n in range(len(read_mail(raw).children))
    ]


@given(subject=TEXTS, name=TEXTS, file=TEXTS.filter(bool), text=LINE, data=st.binary(max_size=300))
def test_written_then_read_by_us_and_by_the_standard_library(
    subject: str, name: str, file: str, text: str, data: bytes
) -> None:
    body = container("mixed", [text_body(text), attachment(data, "application/octet-stream", file)], "=_b")
    sender = Mailbox(" ".join(name.split()), "a@b.mssante.test")
    raw = write_mail((("From", address_field(sender)), ("Subject", encoded(subject, 9))), body)
    mail = read_mail(raw)
    assert not [defect for part in mail.walk() for defect in part.defects]
    assert mail.addresses("From") == (sender,)
    shown, held = mail.children
    assert shown.shown == (text + "\r\n", "")
    assert (held.filename, held.content) == (file, data)
    foreign = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_content_type() for part in foreign.walk()][1:] == ["text/plain", "application/octet-stream"]
    assert list(foreign.iter_attachments())[0].get_payload(decode=True) == data
    assert not foreign.defects


def test_what_would_begin_a_header_is_not_written() -> None:
    for value in ("a\r\nBcc: x@y", "a\nb", "é"):
        try:
            write_mail((("Subject", value),), text_body("x"))
        except ValueError:
            continue
        raise AssertionError(value)


def nested(depth: int) -> bytes:
    raw = b"Content-Type: text/plain\r\n\r\nend"
    for level in range(depth):
        name = b"b%d" % level
        raw = b"Content-Type: multipart/mixed; boundary=" + name + b"\r\n\r\n--" + name + b"\r\n" + raw
        raw += b"\r\n--" + name + b"--\r\n"
    return raw


def test_depth_and_number_of_parts_are_bounded() -> None:
    deep = list(read_mail(nested(1000)).walk())
    assert len(deep) == 21
    assert deep[-1].defects[0].kind == "too-deep"
    wide = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 5000 + b"--b--\r\n"
    mail = read_mail(wide)
    assert len(mail.children) == MailLimits().parts - 1
    assert [defect.kind for defect in mail.defects] == ["too-many-parts"]
    assert read_mail(b"X: " + b"a" * 300_000 + b"\r\n\r\nbody").defects[0].kind == "header-too-large"


def test_hostile_headers_cost_little() -> None:
    before = time.process_time()
    for value in (b"a@b,<" * 40_000, b"=?utf-8?q?" * 20_000, b';a="' * 50_000, b"(" * 200_000, b" ,\t" * 60_000):
        raw = b"From: " + value + b"\r\nContent-Type: x/y; " + value[:200_000] + b"\r\n\r\nbody"
        mail = read_mail(raw, MailLimits(header=1_000_000))
        assert mail.media
        assert isinstance(mail.addresses("From"), tuple)
        assert mail.fields[0].decoded
    assert time.process_time() - before < 20


def test_places_are_those_of_imap() -> None:
    inner = write_mail((("Subject", "in"),), text_body("x"))
    middle = container("mixed", [text_body("a"), text_body("b")], "m")
    forward = attachment(b"", "message/rfc822", "a.eml")
    forward = type(forward)((("Content-Type", "message/rfc822"),), inner)
    mail = read_mail(write_mail((), container("mixed", [middle, forward], "o")))
    assert [part.where() for part in mail.walk()] == [
        "mime",
        "mime[1]",
        "mime[1.1]",
        "mime[1.2]",
        "mime[2]",
        "mime[2.1]",
    ]
    message = mail.children[1].children[0]
    assert (message.where("Subject"), message.text("Subject")) == ("mime[2].message.header.Subject", "in")
    assert mail.where("Subject") == "header.Subject"
    assert mail.children[0].children[1].where("Content-Type") == "mime[1.2].header.Content-Type"
    assert [part.number for part in mail.own()] == ["", "1", "1.1", "1.2", "2"]


def test_published_slips_are_read_and_told() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n--b\r\n\r\nfirst\r\n--b\r\n"
        b"Content-Transfert-Encoding: base64\r\n\r\nZnI=\r\n--b\xe2\x80\x94\r\n"
    )
    mail = read_mail(raw)
    assert [part.content for part in mail.children] == [b"first", b"fr"]
    assert [d.kind for part in mail.walk() for d in part.defects] == ["no-blank-line", "closing-delimiter", "misspelt"]


def test_parameters() -> None:
    media = read_media("""Application/PDF; name*0*=utf-8''%C3%A9; name*1="a b"; x="q\\"q"; y=1""")
    assert (media.kind, dict(media.params)) == ("application/pdf", {"name": "éa b", "x": 'q"q', "y": "1"})


def test_damaged_encodings_are_told_and_read_as_far_as_possible() -> None:
    damaged = read_mail(b"Content-Transfer-Encoding: base64\r\n\r\nZnJ*h\r\n")
    assert (damaged.content, damaged.defects[0].kind) == (b"fra", "encoding-damaged")
    unknown = read_mail(b"Content-Transfer-Encoding: x-uu\r\n\r\nabc")
    assert (unknown.content, unknown.defects[0].kind) == (b"abc", "encoding-unknown")
    latin = read_mail(b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe9")
    assert latin.defects[0].kind == "charset-damaged"
    assert read_mail(b"Content-Type: text/plain; charset=hex\r\n\r\nzz").defects[0].kind == "charset-unknown"


def test_addresses() -> None:
    text = '"Doe, J \\"x\\"" <a@b>, c@d (Jean (le) Bon), Liste: e@f, =?utf-8?q?H=C3=A9,?= <@r:g@h>;, plain words,, <>'
    assert [(box.name, box.address) for box in Field("To", text.encode()).mailboxes] == [
        ('Doe, J "x"', "a@b"),
        ("Jean le Bon", "c@d"),
        ("", "e@f"),
        ("Hé,", "g@h"),
        ("plain words", ""),
    ]
