"""What tells one kind of file from another, whatever the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly.examine.kinds import (
    attribute,
    cx_of,
    looks_mail,
    looks_multipart,
    multipart_type,
    operation_of,
    root_part,
    without_declaration,
)
from simulators.core.soap import Attachment, read_multipart, write_multipart
from simulators.core.xml import parse

ENVELOPE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><!-- c --><a:Do xmlns:a="urn:a"/></s:Body>'
    b"</s:Envelope>"
)


def test_a_saved_multipart_body_is_read_again() -> None:
    _, body = write_multipart(ENVELOPE, [Attachment("x@y", b"data")], boundary="uuid:1-2")
    assert looks_multipart(body)
    kind = multipart_type(body)
    assert read_multipart(kind, body).attachments[0].content == b"data"
    assert operation_of(root_part(body, kind)) == "Do"


@pytest.mark.parametrize(
    "data", [b"", b"--", b"--- a list\n", b"-- comment\n", b"--x\r\nHello: y", b"%PDF-1.4", b"<a/>"]
)
def test_other_texts_are_no_multipart(data: bytes) -> None:
    assert not looks_multipart(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_looked_at(data: bytes) -> None:
    body = b"--b\r\nContent-Type: text/xml\r\n" + data
    assert looks_multipart(body)
    root_part(body, multipart_type(body))
    looks_multipart(data)


@pytest.mark.parametrize(("xml", "name"), [(b"<a/>", ""), (b"<a><Body/></a>", ""), (ENVELOPE, "Do")])
def test_the_operation_is_the_first_element_of_the_body(xml: bytes, name: str) -> None:
    assert operation_of(parse(xml)) == name
    assert operation_of(None) == ""


def test_attributes_of_a_token() -> None:
    token = parse(
        b'<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Attribute Name="A"><AttributeValue> 1<!-- --> '
        b"</AttributeValue></Attribute></Assertion>"
    )
    assert attribute(token, "A") == "1"
    assert attribute(token, "B") == ""


@pytest.mark.parametrize(
    ("text", "matricule", "oid"),
    [("1^^^&1.2&ISO^NH", "1", "1.2"), ("1", "1", ""), ("", "", ""), ("^^^", "", ""), ("1^^^&", "1", "")],
)
def test_a_cx_is_taken_as_written(text: str, matricule: str, oid: str) -> None:
    assert (cx_of(text).matricule, cx_of(text).oid) == (matricule, oid)


@pytest.mark.parametrize(
    "data",
    [
        b"<a>\xc3\xa9</a>",
        b"\xef\xbb\xbf<a>\xc3\xa9</a>",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a>\xc3\xa9</a>',
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
        '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"),
    ],
)
def test_xml_is_made_ready_to_stand_inside_another(data: bytes) -> None:
    assert without_declaration(data) == "<a>é</a>".encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"From: a@b\r\n\r\nx", True),
        (b"Return-Path: <a@b>\nSubject: x\n\nx", True),
        (b"From me@here Sat Nov 21\nX-One: 1\nmessage-id: <a@b>\n\nx", True),
        (b"X-One: 1\r\n\r\nFrom: in the body", False),
        (b"<a>From: x</a>", False),
        (b"--b\r\nContent-Type: text/xml\r\n\r\n", False),
        (b"PK\x03\x04", False),
        (b"", False),
    ],
)
def test_a_mail_begins_with_its_header(data: bytes, expected: bool) -> None:
    assert looks_mail(data) is expected


@given(st.binary(max_size=200))
def test_any_bytes_are_a_mail_or_not(data: bytes) -> None:
    assert looks_mail(data) in {True, False}
