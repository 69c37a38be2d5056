from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_toolbelt.multipart.decoder import MultipartDecoder  # type: ignore[import-untyped]

from simulators.core.soap import (
    Attachment,
    MtomLimits,
    MtomRefused,
    include,
    read_multipart,
    resolve_includes,
    write_multipart,
)
from simulators.core.xml import parse, serialize

TYPE = 'multipart/related;boundary="MIMEBoundary_Bound"; type="application/xop+xml"; start="<0.1>"'
B = "MIMEBoundary_Bound"
XDS = "urn:ihe:iti:xds-b:2007"


def lines(text: str, end: str) -> bytes:
    return text.replace("\n", end).encode()


FIELD = f"""--{B}
Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"
Content-Transfer-Encoding: binary
Content-ID: <0.1>

<root/>
--{B}
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary
Content-ID: <0.4>

<Signature/>

--{B}
content-id: <0.3>
CONTENT-TRANSFER-ENCODING: BASE64

AAEC
/w==
--{B}
Content-ID: <0.2>
Content-Transfer-Encoding: quoted-printable

caf=E9
--{B}--"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("after", ["", "\n", "\nepilogue --MIMEBoundary_Bound"])
def test_the_form_of_the_field_is_read(end: str, after: str) -> None:
    multipart = read_multipart(TYPE, lines("preamble\n" + FIELD + after, end))
    assert [part.content_id for part in multipart.parts] == ["0.1", "0.4", "0.3", "0.2"]
    assert multipart.root.content == b"<root/>"
    assert multipart.root.media_type.charset == "UTF-8"
    signature, kos, cda = multipart.attachments
    assert kos.content == b"\x00\x01\x02\xff"
    assert kos.content_with_separator == kos.content
    assert cda.content == b"caf\xe9"
    assert signature.content == lines("<Signature/>\n", end)
    assert multipart.part("0.4") is signature
    assert multipart.part("0.5") is None


def test_the_line_end_before_the_delimiter_is_kept_apart() -> None:
    document = b"text with accent \xc3\xa9"
    body = b"--b\nContent-ID: <x>\n\n" + document + b"\n--b--"
    part = read_multipart("multipart/related; boundary=b", body).root
    assert part.content == document
    assert hashlib.sha1(part.content_with_separator).digest() == hashlib.sha1(document + b"\n").digest()


def test_line_ends_may_be_mixed() -> None:
    body = b"--b\r\nContent-ID: <x>\n\r\nA\r\n--b \t\nContent-ID: <y>\r\n\nB\n--b--\r\n"
    multipart = read_multipart("multipart/related; boundary=b", body)
    assert [(part.content, part.content_with_separator) for part in multipart.parts] == [
        (b"A", b"A\r\n"),
        (b"B", b"B\n"),
    ]


def test_without_start_the_first_part_is_the_root() -> None:
    assert read_multipart(f"multipart/related; boundary={B}", lines(FIELD, "\n")).root.content_id == "0.1"


@pytest.mark.parametrize("start", ["0.4", "<0.4>", " <0.4> "])
def test_start_is_compared_without_angle_brackets(start: str) -> None:
    content_type = f'multipart/related; boundary={B}; start="{start}"'
    assert read_multipart(content_type, lines(FIELD, "\n")).root.content_id == "0.4"


def test_what_merely_begins_like_a_delimiter_is_content() -> None:
    body = b"--b\n\n--bc\n --b\nx--b\n--b-\n--b--x\n--b--"
    assert read_multipart("multipart/related; boundary=b", body).root.content == b"--bc\n --b\nx--b\n--b-\n--b--x"


@pytest.mark.parametrize(("body", "content"), [(b"--b\n\n--b--", b""), (b"--b\r\nA: b\r\n\r\n\r\n--b--", b"")])
def test_a_part_may_be_empty(body: bytes, content: bytes) -> None:
    assert read_multipart("multipart/related; boundary=b", body).root.content == content


def test_folded_headers_are_unfolded() -> None:
    body = b'--b\r\nContent-Type: text/xml;\r\n charset="x"\r\n\r\n\r\n--b--'
    assert read_multipart("multipart/related; boundary=b", body).root.headers["content-type"] == 'text/xml; charset="x"'


@pytest.mark.parametrize(
    ("content_type", "body", "kind", "place"),
    [
        ("text/xml", b"", "not-multipart", "Content-Type"),
        ("multipart/related", b"", "boundary", "Content-Type"),
        ("multipart/related; boundary=a; boundary=b", b"", "boundary", "Content-Type"),
        (f"multipart/related; boundary={'b' * 300}", b"", "boundary", "Content-Type"),
        ("multipart/related; boundary=b", b"", "unclosed", "body"),
        ("multipart/related; boundary=b", b"--b--", "unclosed", "body"),
        ("multipart/related; boundary=b", b"--b\n\nx", "unclosed", "body"),
        ("multipart/related; boundary=b", b"--b\n\nx\n--b", "unclosed", "body"),
        ("multipart/related; boundary=b", b"--b\n--b--", "headers", "part[1]"),
        ("multipart/related; boundary=b", b"--b\nContent-ID: <x>\n--b--", "headers", "part[1]"),
        ("multipart/related; boundary=b", b"--b\nno colon\n\n--b--", "headers", "part[1]"),
        ("multipart/related; boundary=b", b"--b\nContent-ID: <x>\nContent-Id: <y>\n\n--b--", "headers", "part[1]"),
        ("multipart/related; boundary=b", b"--b\nA: " + b"x" * 200 + b"\n\n\n--b--", "headers", "part[1]"),
        ("multipart/related; boundary=b", b"--b\nContent-ID: <x>\n\n\n--b\nContent-ID: x\n\n\n--b--",
         "duplicate-content-id", "part[2]/Content-ID"),
        ("multipart/related; boundary=b; start=y", b"--b\nContent-ID: <x>\n\n\n--b--", "missing-root", "Content-Type"),
        ("multipart/related; boundary=b", b"--b\n\n\n--b\n\n\n--b\n\n\n--b\n\n\n--b--", "too-many-parts", "body"),
        ("multipart/related; boundary=b", b"--b\nContent-Transfer-Encoding: gzip\n\n\n--b--",
         "transfer-encoding", "part[1]/Content-Transfer-Encoding"),
        ("multipart/related; boundary=b", b"--b\nContent-Transfer-Encoding: base64\n\n_\n--b--",
         "transfer-encoding", "part[1]"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_apart_is_refused(content_type: str, body: bytes, kind: str, place: str) -> None:
    with pytest.raises(MtomRefused) as refused:
        read_multipart(content_type, body, limits=MtomLimits(parts=3, header_bytes=100))
    assert (refused.value.kind, refused.value.where) == (kind, place)
    assert refused.value.message_fr
    assert refused.value.message_en


# --- against another implementation

CONTENTS = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from([b"\r\n", b"\n", b"--", b"b", b"-", b" "])).map(b"".join)
)


@settings(max_examples=150)
@given(st.lists(CONTENTS, min_size=1, max_size=4))
def test_what_is_written_is_read_alike_by_us_and_by_requests_toolbelt(contents: list[bytes]) -> None:
    root, *documents = contents
    attachments = [Attachment(f"{n}@x", document) for n, document in enumerate(documents)]
    try:
        content_type, body = write_multipart(root, attachments, boundary="bb")
    except ValueError:
        assert any(b"--bb" in content for content in contents)
        return
    ours = read_multipart(content_type, body)
    theirs = MultipartDecoder(body, content_type)
    assert [part.content for part in ours.parts] == [part.content for part in theirs.parts] == contents
    for mine, other in zip(ours.parts, theirs.parts, strict=True):
        assert {name.decode().lower(): value.decode() for name, value in other.headers.items()} == mine.headers
    assert ours.root is ours.parts[0]


@given(st.lists(st.sampled_from([b"--b", b"--", b"\r\n", b"\n", b"b", b": ", b"Content-ID", b" ", b"x"])).map(b"".join))
def test_any_body_is_taken_apart_or_refused(body: bytes) -> None:
    try:
        multipart = read_multipart("multipart/related; boundary=b", body)
    except MtomRefused as refused:
        assert refused.where
        return
    for part in multipart.parts:
        assert part.content in body
        assert part.content_with_separator in body


# --- xop:Include

ROOT = f"""<r xmlns="{XDS}"><Document id="1"><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="HREF"/>
</Document><Document id="2">AAEC /w==
</Document></r>"""


def multipart_with(*content_ids: str) -> bytes:
    attachments = [Attachment(content_id, content_id.encode()) for content_id in content_ids]
    return write_multipart(b"<r/>", attachments, boundary="b")[1]


@pytest.mark.parametrize(
    ("content_id", "href"),
    [
        ("0.2", "cid:0.2"),
        ("0.2", "CID:0.2"),
        ("u-1@urn:ihe:iti:xds-b:2007", "cid:u-1@urn%3Aihe%3Aiti%3Axds-b%3A2007"),
        ("u-1@urn:ihe:iti:xds-b:2007", "cid:u-1@urn:ihe:iti:xds-b:2007"),
        ("a%40b", "cid:a%40b"),
    ],
)
def test_references_lead_to_parts_and_inline_text_to_bytes(content_id: str, href: str) -> None:
    root = parse(ROOT.replace("HREF", href).encode())
    multipart = read_multipart("multipart/related; boundary=b", multipart_with("other", content_id))
    found = resolve_includes(root, multipart, inline=[f"{{{XDS}}}Document"])
    assert list(found) == list(root)
    first, second = found.values()
    assert first.part is multipart.part(content_id)
    assert (first.content, first.content_with_separator) == (content_id.encode(), content_id.encode() + b"\r\n")
    assert (second.content, second.content_with_separator, second.part) == (
        b"\x00\x01\x02\xff",
        b"\x00\x01\x02\xff",
        None,
    )
    assert list(resolve_includes(root, multipart)) == [root[0]]


@pytest.mark.parametrize(
    ("old", "new", "kind", "place"),
    [
        ("HREF", "cid:absent", "missing-part", "/*[1]/*[1]/xop:Include/@href"),
        ("HREF", "cid:root.message@cxf.apache.org", "missing-part", "/*[1]/*[1]/xop:Include/@href"),
        ("HREF", "http://localhost/x", "reference", "/*[1]/*[1]/xop:Include/@href"),
        ('href="HREF"', "", "reference", "/*[1]/*[1]/xop:Include/@href"),
        ("</Document><Document", "text</Document><Document", "reference", "/*[1]/*[1]/xop:Include"),
        ("AAEC", "é", "inline", "/*[1]/*[2]"),
    ],
)
def test_what_leads_nowhere_is_refused(old: str, new: str, kind: str, place: str) -> None:
    root = parse(ROOT.replace(old, new).replace("HREF", "cid:0.2").encode())
    multipart = read_multipart("multipart/related; boundary=b", multipart_with("0.2"))
    with pytest.raises(MtomRefused) as refused:
        resolve_includes(root, multipart, inline=[f"{{{XDS}}}Document"])
    readable = place.replace("/*[1]/*[1]", "/xds:r/xds:Document[1]").replace("/*[1]/*[2]", "/xds:r/xds:Document[2]")
    assert (refused.value.kind, refused.value.where) == (kind, readable)


def test_a_plain_message_has_no_part_to_refer_to() -> None:
    with pytest.raises(MtomRefused) as refused:
        resolve_includes(parse(ROOT.replace("HREF", "cid:0.2").encode()), None)
    assert refused.value.kind == "missing-part"


# --- writing


def test_the_answer_has_the_form_of_the_field() -> None:
    content_type, body = write_multipart(b"<r/>", [Attachment("u-1@urn:ihe:x", b"\x00\r\n")], boundary="uuid:1")
    assert content_type == (
        'multipart/related; type="application/xop+xml"; boundary="uuid:1"; '
        'start="<root.message@cxf.apache.org>"; start-info="application/soap+xml"'
    )
    assert body == (
        b'--uuid:1\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        b"Content-Transfer-Encoding: binary\r\nContent-ID: <root.message@cxf.apache.org>\r\n\r\n<r/>\r\n"
        b"--uuid:1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
        b"Content-ID: <u-1@urn:ihe:x>\r\n\r\n\x00\r\n\r\n--uuid:1--"
    )


def test_an_include_is_percent_encoded() -> None:
    assert serialize(include("u-1@urn:ihe:iti:xds-b:2007")) == (
        b'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" '
        b'href="cid:u-1@urn%3Aihe%3Aiti%3Axds-b%3A2007"/>'
    )


@pytest.mark.parametrize(
    "options",
    [
        {"boundary": "a;b"},
        {"boundary": ""},
        {"boundary": "a\r\n"},
        {"boundary": "b", "root_id": "a>b"},
        {"boundary": "b", "action": 'a"b'},
        {"boundary": "b", "action": "a\r\nX: y"},
        {"boundary": "b", "start_info": "é"},
    ],
)
def test_what_would_break_the_framing_is_not_written(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not a"):
        write_multipart(b"<r/>", **options)  # type: ignore[arg-type]


def test_a_boundary_inside_a_document_is_not_written() -> None:
    with pytest.raises(ValueError, match="occurs"):
        write_multipart(b"<r/>", [Attachment("x", b"..--b..")], boundary="b")


def test_twenty_megabytes_come_back_byte_for_byte() -> None:
    document = bytes(range(256)) * 80_000
    content_type, body = write_multipart(b"<r/>", [Attachment("x", document)], boundary="uuid:1")
    part = read_multipart(content_type, body).attachments[0]
    assert part.content == document
    assert b64encode(hashlib.sha1(part.content).digest()) == b64encode(hashlib.sha1(document).digest())
