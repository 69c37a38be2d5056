from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from simulators.core import journal
from simulators.core.diff import MOST, Difference, diff_heads, diff_messages, nearest_good
from simulators.core.store.api import Store
from simulators.core.world import World, Worlds
from simulators.core.xml import Attribute, locate, parse, where

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
VIHF = f"""<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing">
<soap:Header><wsa:MessageID>urn:uuid:1</wsa:MessageID>
<s:Assertion xmlns:s="{SAML}" ID="_a" IssueInstant="2026-03-01T09:00:00Z"><s:AttributeStatement>
<s:Attribute Name="VIHF_Version"><s:AttributeValue>3.0</s:AttributeValue></s:Attribute>
<s:Attribute Name="Secteur_Activite"><s:AttributeValue>SA01</s:AttributeValue></s:Attribute>
<s:Attribute Name="Mode_Acces"><s:AttributeValue>normal</s:AttributeValue></s:Attribute>
</s:AttributeStatement></s:Assertion></soap:Header>
<soap:Body><q id="x"><v>1</v><v>2</v><v>3</v></q></soap:Body></soap:Envelope>"""


def edited(*changes: tuple[str, str]) -> list[Difference]:
    new = VIHF
    for old, now in changes:
        assert old in new
        new = new.replace(old, now, 1)
    return diff_messages(VIHF.encode(), new.encode())


class TestXml:
    def test_a_saml_attribute_is_found_by_its_name(self) -> None:
        (found,) = edited(("SA01", "SA07"))
        assert found == Difference(
            "/soap:Envelope/soap:Header/saml2:Assertion/saml2:AttributeStatement"
            "/saml2:Attribute[@Name='Secteur_Activite']/saml2:AttributeValue",
            "SA01",
            "SA07",
        )

    def test_saml_attributes_in_another_order_are_the_same(self) -> None:
        lines = VIHF.split("\n")
        lines[3], lines[4] = lines[4], lines[3]
        assert diff_messages(VIHF.encode(), "\n".join(lines).encode()) == []

    def test_volatile_values_come_last_and_are_marked(self) -> None:
        found = edited(
            ("urn:uuid:1", "urn:uuid:2"), ('ID="_a"', 'ID="_b"'), ("09:00:00Z", "10:00:00Z"), ("<v>3", "<v>4")
        )
        assert [d.volatile for d in found] == [False, True, True, True]
        assert found[0].where.endswith("/q/v[3]")
        assert {d.where.rpartition("/")[2] for d in found[1:]} == {"wsa:MessageID", "@ID", "@IssueInstant"}

    def test_a_missing_volatile_value_is_a_true_difference(self) -> None:
        (found,) = edited((' ID="_a"', ""))
        assert (found.old, found.new, found.volatile) == ("_a", None, False)
        (found,) = edited(("<wsa:MessageID>urn:uuid:1</wsa:MessageID>", ""))
        assert found.new is None and not found.volatile and found.where.endswith("/wsa:MessageID")

    def test_the_value_of_a_slot_named_after_an_instant_is_volatile(self) -> None:
        slot = b'<r><Slot name="creationTime"><ValueList><Value>20260101</Value></ValueList></Slot></r>'
        (found,) = diff_messages(slot, slot.replace(b"0101", b"0202"))
        assert found == Difference("/r/Slot/ValueList/Value", "20260101", "20260202", True)

    def test_a_signature_changes_with_every_message_but_its_algorithm_does_not(self) -> None:
        old = (
            b'<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:Reference URI="#a">'
            b'<d:DigestMethod Algorithm="sha1"/><d:DigestValue>AA</d:DigestValue></d:Reference></d:Signature>'
        )
        new = old.replace(b"#a", b"#b").replace(b"AA", b"BB").replace(b"sha1", b"sha256")
        found = diff_messages(old, new)
        assert [(d.where.rpartition("/")[2], d.volatile) for d in found] == [
            ("@Algorithm", False),
            ("@URI", True),
            ("ds:DigestValue", True),
        ]

    def test_an_inserted_brother_is_one_difference(self) -> None:
        (found,) = edited(("<v>1</v>", "<v>0</v><v>1</v>"))
        assert (found.old, found.new, found.where[-4:]) == (None, "<v>0", "v[1]")

    def test_an_edit_that_makes_two_brothers_equal_is_one_difference(self) -> None:
        (found,) = edited(("<v>1</v>", "<v>2</v>"))
        assert (found.old, found.new, found.where[-4:]) == ("1", "2", "v[1]")

    def test_a_removed_brother_is_named_where_it_was(self) -> None:
        (found,) = edited(("<v>2</v>", ""))
        assert (found.old, found.new, found.where[-4:]) == ("<v>2", None, "v[2]")

    def test_children_in_another_order(self) -> None:
        (found,) = diff_messages(b"<r><a/><b/></r>", b"<r><b/><a/></r>")
        assert found == Difference("/r", "a, b", "b, a")

    def test_another_namespace_is_another_element(self) -> None:
        found = diff_messages(b"<r><a>1</a></r>", b'<r><a xmlns="urn:hl7-org:v3">1</a></r>')
        assert [(d.where, d.old, d.new) for d in found] == [("/r/hl7:a", None, "<a>1"), ("/r/a", "<a>1", None)]

    def test_another_root(self) -> None:
        (found,) = diff_messages(b"<r/>", b"<s a='1'/>")
        assert found == Difference("/s", "<r>", '<s a="1">')

    def test_what_does_not_count(self) -> None:
        old = b'<a:r xmlns:a="urn:x" b="1" c="2"><a:k>v</a:k></a:r>'
        new = b'<?xml version="1.0"?>\n<r c="2" b="1" xmlns="urn:x">\n  <!-- hello -->\n  <k>v</k>\n</r>'
        assert diff_messages(old, new) == []

    def test_white_space_inside_a_value_counts(self) -> None:
        (found,) = diff_messages(b"<r><k>v</k></r>", b"<r><k>v </k></r>")
        assert (found.where, found.old, found.new) == ("/r/k", "v", "v ")

    def test_a_style_sheet_instruction_counts(self) -> None:
        (found,) = diff_messages(b"<r/>", b'<?xml-stylesheet href="x.xsl"?><r/>')
        assert (found.where, found.old, found.new) == (
            "/processing-instruction()",
            None,
            '<?xml-stylesheet href="x.xsl"?>',
        )

    def test_a_long_value_is_cut_around_its_first_difference(self) -> None:
        long = "A" * 5000
        (found,) = diff_messages(f"<r>{long}B</r>".encode(), f"<r>{long}C</r>".encode())
        assert found.old is not None and found.new is not None
        assert found.old.startswith("…A") and found.old.endswith("AB") and found.new.endswith("AC")
        assert len(found.old) < 200

    def test_hostile_or_broken_xml_is_compared_as_text(self) -> None:
        good = b"<r>\n<k>v</k>\n</r>"
        assert [d.where for d in diff_messages(good, b"<r>\n<k>w</k>\n</s>")] == ["line 2", "line 3"]
        bomb = b'<!DOCTYPE r [<!ENTITY e "x">]>\n' + good
        (found,) = diff_messages(good, bomb)
        assert found == Difference("line 1", None, '<!DOCTYPE r [<!ENTITY e "x">]>')

    def test_a_flood_of_differences_is_cut(self) -> None:
        old = b"<r>" + b"<k>1</k>" * 3000 + b"</r>"
        assert len(diff_messages(old, old.replace(b"1", b"2"))) == MOST


class TestText:
    def test_lines(self) -> None:
        (found,) = diff_messages(b"MSH|^~\\&|A\rPID|1||42\r", b"MSH|^~\\&|A\rPID|1||43\r")
        assert found == Difference("line 2", "PID|1||42", "PID|1||43")

    def test_an_inserted_line(self) -> None:
        (found,) = diff_messages(b"a\nb\nc\n", b"a\nx\nb\nc\n")
        assert found == Difference("line 2", None, "x")

    def test_wrong_bytes_are_shown(self) -> None:
        (found,) = diff_messages("é".encode(), "é".encode("latin-1"))
        assert (found.old, found.new) == ("é", "\\xe9")

    def test_binary_is_weighed(self) -> None:
        (found,) = diff_messages(b"\0a", b"\0bc")
        assert found.where == "body" and found.new is not None and found.new.startswith("3 bytes, SHA-256 ")

    def test_headers_by_name_whatever_their_case_and_order(self) -> None:
        old = "POST /repository HTTP/1.1\nHost: a\nContent-Type: text/xml\nDate: x"
        new = "POST /registry HTTP/1.1\nDate: y\ncontent-type: application/soap+xml\nHOST: a\nExpect: 100-continue"
        assert diff_heads(old, new) == [
            Difference("request line", "POST /repository HTTP/1.1", "POST /registry HTTP/1.1"),
            Difference("header content-type", "text/xml", "application/soap+xml"),
            Difference("header Expect", None, "100-continue"),
            Difference("header Date", "x", "y", True),
        ]

    def test_a_repeated_header(self) -> None:
        (found,) = diff_heads("A: 1\nA: 2", "A: 1\nA: 3")
        assert found == Difference("header A[2]", "2", "3")

    def test_a_mail_has_headers_then_lines(self) -> None:
        found = diff_messages(b"Subject: a\r\n\r\nhello\r\n", b"Subject: b\r\nX-A: 1\r\n\r\nhullo\r\n")
        assert [(d.where, d.old, d.new) for d in found] == [
            ("header Subject", "a", "b"),
            ("header X-A", None, "1"),
            ("line 4", "hello", "hullo"),
        ]


class TestMultipart:
    BODY = (
        b"--B\r\nContent-Type: application/xop+xml\r\nContent-ID: <1>\r\n\r\n<r><k>v</k></r>\r\n"
        b"--B\r\nContent-Type: text/xml\r\n\r\n<doc>1</doc>\r\n--B--\r\n"
    )

    def test_the_same_under_another_boundary(self) -> None:
        assert diff_messages(self.BODY, self.BODY.replace(b"--B", b"--other")) == []

    def test_each_part_is_compared_for_itself(self) -> None:
        new = self.BODY.replace(b"<doc>1", b"<doc>2").replace(b"xop+xml", b"soap+xml").replace(b"<1>", b"<2>")
        assert diff_messages(self.BODY, new) == [
            Difference("part[1] header Content-Type", "application/xop+xml", "application/soap+xml"),
            Difference("part[2]/doc", "1", "2"),
            Difference("part[1] header Content-ID", "<1>", "<2>", True),
        ]

    def test_a_missing_part(self) -> None:
        (found,) = diff_messages(self.BODY, self.BODY[: self.BODY.index(b"--B", 5)] + b"--B--\r\n")
        assert found.where == "part[2]" and found.new is None


# --- properties

NAMES = st.sampled_from(["a", "b", "{urn:x}a", "{urn:hl7-org:v3}b"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=["L", "N", "P"]), max_size=8)


@st.composite
def trees(draw: st.DrawFn) -> etree._Element:
    root = etree.Element("r")
    nodes = [root]
    for _ in range(draw(st.integers(0, 12))):
        child = etree.SubElement(draw(st.sampled_from(nodes)), draw(NAMES))
        child.set(draw(st.sampled_from(["k", "Name"])), draw(VALUES))
        nodes.append(child)
    for node in nodes:
        if not len(node):
            node.text = draw(VALUES)
    return root


@given(st.binary(max_size=200))
def test_equal_bytes_have_no_difference(data: bytes) -> None:
    assert diff_messages(data, data) == []


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_anything_can_be_compared(old: bytes, new: bytes) -> None:
    json.dumps([d.as_json() for d in diff_messages(old, new)])


@given(trees())
def test_equal_trees_have_no_difference(root: etree._Element) -> None:
    other = bytes(etree.tostring(root, encoding="utf-16", xml_declaration=True))  # type: ignore[arg-type]
    assert diff_messages(etree.tostring(root), other) == []


@given(trees(), st.data())
def test_one_edit_is_found_at_its_place(root: etree._Element, data: st.DataObject) -> None:
    old = etree.tostring(root)
    new = parse(old)
    element = data.draw(st.sampled_from(list(new.iter())))
    if len(element) or data.draw(st.booleans()):
        place, before = where(element, "k"), element.get("k")
        after = (before or "") + "!"
        element.set("k", after)
    else:
        place, before = where(element), element.text or ""
        after = before + "!"
        element.text = after
    (found,) = diff_messages(old, etree.tostring(new))
    assert (found.where, found.old, found.new, found.volatile) == (place, before, after, False)
    located = locate(new, found.where)
    assert (located.element if isinstance(located, Attribute) else located) is element


@given(st.lists(st.text("abc: -", max_size=5), min_size=1, max_size=30), st.data())
def test_one_edited_line_is_found_at_its_place(lines: list[str], data: st.DataObject) -> None:
    old = ["{", *lines]
    at = data.draw(st.integers(0, len(old) - 1))
    new = [*old[:at], old[at] + "!", *old[at + 1 :]]
    (found,) = diff_messages("\n".join(old).encode(), "\n".join(new).encode())
    assert found == Difference(f"line {at + 1}", old[at], new[at])


# --- nearest good


@pytest.fixture
def world(memory_store: Store) -> World:
    return Worlds(memory_store, lambda: NOW).create("main")


def entry(request: bytes, **values: object) -> journal.Entry:
    made = journal.Entry("soap", "dmp.TD2.1", who={"structure": "S1"}, request_head="POST /a\nX: 1", request=request)
    return replace(made, **values)  # type: ignore[arg-type]


def record(store: Store, world: World, *entries: journal.Entry) -> journal.Exchange:
    for one in entries:
        with store.write(world.name) as tx:
            journal.record(tx, world, NOW, one)
    return journal.last(store, world.name, 1)[0]


def test_nearest_good_is_the_last_accepted_of_the_same_operation_and_structure(
    memory_store: Store, world: World
) -> None:
    refused = record(
        memory_store,
        world,
        entry(b"<r>0</r>"),
        entry(b"<r>1</r>"),
        entry(b"<r>2</r>", who={"structure": "S2"}),
        entry(b"<r>3</r>", operation="dmp.TD3.1"),
        entry(b"<r>4</r>", outcome="refused"),
        entry(b"<r>9</r>", outcome="refused", request_head="POST /b\nX: 1"),
    )
    record(memory_store, world, entry(b"<r>later</r>"))
    found = nearest_good(memory_store, "main", refused)
    assert found is not None and found.number == 2
    assert found.differences == (Difference("request line", "POST /a", "POST /b"), Difference("/r", "1", "9"))
    assert json.dumps(found.as_json())


def test_a_message_that_could_not_be_read_is_held_against_its_protocol(memory_store: Store, world: World) -> None:
    who = {"certificate": "C1"}
    broken = record(
        memory_store,
        world,
        entry(b"<r>\n1</r>", who=who),
        entry(b"<r>2</r>", who={"certificate": "C2"}),
        entry(b"<r>3</r>", who=who, protocol="hl7"),
        entry(b"<r>\n1", operation="dmp.?", who=who, outcome="refused"),
    )
    found = nearest_good(memory_store, "main", broken)
    assert found is not None and found.number == 1
    assert found.differences == (Difference("line 2", "1</r>", "1"),)


def test_without_a_good_one_there_is_nothing_to_say(memory_store: Store, world: World) -> None:
    refused = record(memory_store, world, entry(b"<r/>", outcome="refused"))
    assert nearest_good(memory_store, "main", refused) is None
