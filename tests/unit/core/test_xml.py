from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from simulators.core.xml import (
    NAMESPACES,
    Attribute,
    PathRefused,
    XmlLimits,
    XmlRefused,
    attribute_text,
    escape,
    locate,
    parse,
    serialize,
    text,
    where,
)

HL7 = NAMESPACES["hl7"]

# --- reading


@pytest.mark.parametrize(
    "data",
    [
        "<a>é€</a>".encode(),
        "\ufeff<a>é€</a>".encode(),
        '<?xml version="1.0" encoding="utf8"?><a>é€</a>'.encode(),
        "<?xml version='1.0' encoding='windows-1252' standalone='yes'?>\n<a>é€</a>".encode("cp1252"),
        '<?xml version="1.0" encoding="Cp1252"?><a>é€</a>'.encode("cp1252"),
        '<?xml version="1.0" encoding="UTF-16"?><a>é€</a>'.encode("utf-16"),
        "<a>é€</a>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16LE"?><a>é€</a>'.encode("utf-16-le"),
        '<?xml version="1.0" encoding="US-ASCII"?><a>&#233;&#8364;</a>'.encode("ascii"),
    ],
)
def test_the_announced_encoding_is_read(data: bytes) -> None:
    assert parse(data).text == "é€"


def test_iso_8859_1_is_read() -> None:
    assert parse('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")).text == "é"


def test_the_charset_of_the_media_type_wins_over_the_declaration() -> None:
    data = '<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode("cp1252")
    assert parse(data, charset="windows-1252").text == "é"


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?>\n<a>\nété</a>'.encode("cp1252"), 3, 1),
        (b"<a>caf\xe9</a>", 1, 7),
        ('<?xml version="1.0" encoding="US-ASCII"?><a>é</a>'.encode(), 1, 45),
        (b'<?xml version="1.0" encoding="windows-1252"?><a>\x81</a>', 1, 49),
        (b'<?xml version="1.0" encoding="ISO-8859-15"?><a/>', 1, 1),
        ('<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"), 1, 1),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', 1, 1),
        ('\ufeff<?xml version="1.0" encoding="ISO-8859-1"?><a/>'.encode(), 1, 1),
        ("<a/>".encode("utf-32"), 1, 1),
    ],
)
def test_bytes_that_are_not_of_the_announced_encoding_are_refused(data: bytes, line: int, column: int) -> None:
    with pytest.raises(XmlRefused) as refused:
        parse(data)
    assert (refused.value.kind, refused.value.line, refused.value.column) == ("encoding", line, column)
    assert refused.value.message_fr
    assert refused.value.message_en


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?>\n<!-- < --><?p ?>\n<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>'.encode("utf-16"),
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://localhost:9/x"> %p;]><a/>',
    ],
)
def test_a_doctype_is_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused) as refused:
        parse(data)
    assert refused.value.kind == "doctype"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<a>", "malformed"),
        (b"<a>&b;</a>", "malformed"),
        (b"<a><!-- x", "malformed"),
        (b"<!-- x", "malformed"),
        (b"<a/><b/>", "malformed"),
        (b"x" * 2000, "too-large"),
        (b"<a>" * 11 + b"</a>" * 11, "too-deep"),
        (b"<a>" * 400 + b"</a>" * 400, "too-large"),
        (b"<a>" + b"<b/>" * 20 + b"</a>", "too-many-elements"),
        (b"<a>" + b"<!---->" * 20 + b"</a>", "too-many-elements"),
        (b"<a>" + b"<?p?>" * 20 + b"</a>", "too-many-elements"),
        (b"<a>" + b'<b c="" d=""/>' * 9 + b"</a>", "too-many-attributes"),
        (b"<a>" + b'<b xmlns:c="c" xmlns:d="d"/>' * 9 + b"</a>", "too-many-attributes"),
    ],
)
def test_what_is_above_a_limit_or_broken_is_refused(data: bytes, kind: str) -> None:
    with pytest.raises(XmlRefused) as refused:
        parse(data, limits=XmlLimits(bytes=1500, depth=10, elements=15, attributes=15))
    assert refused.value.kind == kind


def test_depth_and_length_that_libxml2_caps_are_told_apart() -> None:
    with pytest.raises(XmlRefused) as deep:
        parse(b"<a>" * 400 + b"</a>" * 400)
    with pytest.raises(XmlRefused) as long:
        parse(b"<a>" + b"x" * 10_500_000 + b"</a>")
    assert (deep.value.kind, long.value.kind) == ("too-deep", "too-large")


def test_a_rough_count_above_the_limit_is_counted_again_exactly() -> None:
    root = parse(b"<a><![CDATA[" + b"<b c='='>" * 50 + b"]]></a>", limits=XmlLimits(elements=15, attributes=15))
    assert len(root) == 0


@given(st.binary(max_size=200))
def test_any_bytes_give_a_tree_or_a_refusal(data: bytes) -> None:
    try:
        parse(data)
    except XmlRefused as refused:
        assert refused.message_en
        assert refused.message_fr


BOMB = """
import resource, sys
import simulators.core.xml as xml
laughs = b'<!DOCTYPE a [<!ENTITY a0 "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9)) + b"]><a>&a9;</a>"
quadratic = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100000 + b'">]><a>' + b"&b;" * 50000 + b"</a>"
flood = b"<a>" + b"<b/>" * 5000000 + b"</a>"
remarks = b"<a>" + b"<!---->" * 3000000 + b"</a>"
attributes = b"<a>" + b'<b c=""/>' * 2000000 + b"</a>"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kinds = []
for data in (laughs, quadratic, flood, remarks, attributes):
    try:
        xml.parse(data)
    except xml.XmlRefused as refused:
        kinds.append(refused.kind)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(*kinds, grown // 1024)
"""


def test_a_bomb_costs_no_memory() -> None:
    pytest.importorskip("resource", reason="memory is measured by getrusage, which this platform lacks")
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", BOMB], cwd=root, capture_output=True, check=True, timeout=60)
    *kinds, grown = done.stdout.decode().split()
    assert kinds == ["doctype", "doctype", "too-many-elements", "too-many-elements", "too-many-elements"]
    assert int(grown) < 16  # MiB; a tree of the smallest of them takes above 100


# --- places

NAMES = st.sampled_from(["a", "b", "text", "div", "é", "a-1.b"])
URIS = st.sampled_from(["", HL7, NAMESPACES["saml2"], "urn:other", "urn:it's"])
VALUES = st.sampled_from(["x", "y", "o'clock", 'say "x"', "'\"", "line\nbreak", "[1]//x"])
TELLING = ["Name", "name", "identificationScheme", "classificationScheme", f"{{{NAMESPACES['xsi']}}}type", "{urn:u}k"]

OTHERS: st.SearchStrategy[etree._Element] = st.one_of(
    st.builds(etree.Comment, st.just("c")), st.builds(etree.ProcessingInstruction, st.just("p"))
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    uri, name = draw(URIS), draw(NAMES)
    element = etree.Element(f"{{{uri}}}{name}" if uri else name)
    for attribute, value in draw(st.dictionaries(st.sampled_from(TELLING), VALUES, max_size=2)).items():
        element.set(attribute, value)
    if depth:
        for child in draw(st.lists(st.one_of(trees(depth=depth - 1), OTHERS), max_size=4)):
            element.append(child)
    return element


@settings(max_examples=80, deadline=None)
@given(trees())
def test_where_and_locate_are_inverse_for_every_node_and_attribute(root: etree._Element) -> None:
    root.addprevious(etree.Comment("before"))
    for node in [root.getprevious(), *root.iter()]:
        assert node is not None
        path = where(node)
        assert locate(root, path) is node
        for name, value in node.attrib.items():
            found = locate(root, where(node, str(name)))
            assert isinstance(found, Attribute)
            assert (found.element, found.name, found.value) == (node, name, value)


def test_paths_are_short_and_friendly() -> None:
    root = parse(
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        b'<s:Body xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">'
        b'<a:Attribute Name="x"/><a:Attribute Name="y"><a:AttributeValue/><a:AttributeValue/></a:Attribute>'
        b'<a:Attribute Name="z"/><a:Attribute Name="z"/><o:o xmlns:o="urn:o"/></s:Body></s:Envelope>'
    )
    body = root[0]
    assert where(body) == "/soap:Envelope/soap:Body"
    assert where(body[1][1]) == "/soap:Envelope/soap:Body/saml2:Attribute[@Name='y']/saml2:AttributeValue[2]"
    assert where(body[2], "Name") == "/soap:Envelope/soap:Body/saml2:Attribute[3]/@Name"
    assert where(body, "xsi:type") == "/soap:Envelope/soap:Body/@xsi:type"
    assert where(body, "xml:lang") == "/soap:Envelope/soap:Body/@xml:lang"
    assert where(body[4]) == "/soap:Envelope/soap:Body/*[local-name()='o' and namespace-uri()='urn:o']"


def test_a_located_attribute_can_be_edited_and_deleted() -> None:
    root = parse(b'<a b="1"/>')
    attribute = locate(root, "/a/@b")
    assert isinstance(attribute, Attribute)
    attribute.set("2")
    assert (attribute.value, serialize(root)) == ("2", b'<a b="2"/>')
    attribute.delete()
    assert locate(root, "/a/@b") is None


@pytest.mark.parametrize("path", ["/a/b[@c='1']", "//b[last()]", "/a/b[d='t']", "/*/*[2]", '//b[@c="1"]'])
def test_paths_written_by_hand_are_followed(path: str) -> None:
    root = parse(b"<a><b/><b c='1'><d>t</d></b></a>")
    assert locate(root, path) is root[1]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "/a[",
        "/a/b",
        "//a//b",
        "/x:a",
        "//*[//*]",
        "/a[count(//*)>1]",
        "document('file:///etc/hostname')",
        "/a[document('x')]",
        "/a[re:test(., 'x')]",
        "/a[concat('1')]",
        "/a|/b",
        "/a/..",
        "/a/text()",
        "/a[$x]",
        "/" + "a" * 20_000,
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(PathRefused):
        locate(parse(b"<a><b/><b/></a>"), path)


@given(st.text(alphabet="/@[]'\"=()*:ab1., -", max_size=40))
def test_any_path_gives_a_node_or_nothing_or_a_refusal(path: str) -> None:
    root = parse(b"<a b='1'><b>1</b><a/></a>")
    try:
        assert locate(root, path) is None or path
    except PathRefused as refused:
        assert str(refused)


# --- writing


def test_text_is_not_cut_by_a_comment() -> None:
    root = parse(b"<a>899700000013<!-- -->.evil<b>!</b></a>")
    assert root.text == "899700000013"
    assert text(root) == "899700000013.evil!"


def test_serialize_is_compact_with_double_quotes_and_no_tail() -> None:
    root = parse("<a><b c='&quot;é'><![CDATA[<]]></b>tail</a>".encode())
    assert serialize(root[0]) == '<b c="&quot;é">&lt;</b>'.encode()
    assert serialize(root[0], declaration=True).startswith(b'<?xml version="1.0" encoding="UTF-8"?><b')


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_any_text_can_be_quoted(value: str) -> None:
    root = parse(f'<a b="{attribute_text(value)}">{escape(value)}</a>'.encode("utf-8", "replace"))
    expected = "".join(c if etree_accepts(c) else "\ufffd" for c in value)
    assert (root.get("b"), root.text or "") == (expected, expected)


def etree_accepts(character: str) -> bool:
    try:
        etree.Element("a").text = character
    except ValueError:
        return False
    return True
