"""What the DMP answers is read whatever it is; hostile answers are refusals, never exceptions."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.clients.dmp.answers import SUCCESS, DmpAnswer, read_answer
from simulators.clients.transport import HttpAnswer
from simulators.core.soap import Attachment, write_multipart

SOAP = "application/soap+xml"
HEAD = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:hl7="urn:hl7-org:v3" '
    'xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" xmlns:xds="urn:ihe:iti:xds-b:2007" '
    'xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" '
    'xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" '
    'xmlns:xop="http://www.w3.org/2004/08/xop/include"><soap:Body>'
)
TAIL = "</soap:Body></soap:Envelope>"


def envelope(body: str) -> bytes:
    return (HEAD + body + TAIL).encode()


def read(body: str, status: int = 200) -> DmpAnswer:
    return read_answer(HttpAnswer(status, {"content-type": SOAP}, envelope(body)))


EXISTENCE = (
    '<hl7:PRPA_IN201308UV02><hl7:acknowledgement typeCode="AA"/><hl7:attentionLine><hl7:value code="VALIDE"/>'
    '</hl7:attentionLine><hl7:controlActProcess><hl7:subject><hl7:patient><hl7:statusCode code="active"/></hl7:patient>'
    '</hl7:subject><hl7:queryAck><hl7:queryResponseCode code="OK"/></hl7:queryAck></hl7:controlActProcess>'
    "</hl7:PRPA_IN201308UV02>"
)
SEARCH = (
    f'<query:AdhocQueryResponse status="{SUCCESS}" totalResultCount="2"><rim:RegistryObjectList>'
    '<rim:ExtrinsicObject id="urn:uuid:1"/><rim:ExtrinsicObject id="urn:uuid:2"/></rim:RegistryObjectList>'
    "</query:AdhocQueryResponse>"
)
RETRIEVED = (
    f'<xds:RetrieveDocumentSetResponse><rs:RegistryResponse status="{SUCCESS}"/><xds:DocumentResponse>'
    "<xds:DocumentUniqueId> 1.2.3 </xds:DocumentUniqueId><xds:Document>"
    '<xop:Include href="cid:doc%40x"/></xds:Document></xds:DocumentResponse><xds:DocumentResponse>'
    "<xds:DocumentUniqueId>1.2.4</xds:DocumentUniqueId><xds:Document>"
    '<xop:Include href="cid:absent"/></xds:Document></xds:DocumentResponse></xds:RetrieveDocumentSetResponse>'
)


def test_existence() -> None:
    found = read(EXISTENCE)
    assert (found.outcome, found.code, found.values["state"]) == ("accepted", "AA", "active")
    assert found.values["authorisation"] == "VALIDE"


def test_a_negative_acknowledgement_says_why() -> None:
    body = EXISTENCE.replace(
        '<hl7:acknowledgement typeCode="AA"/>',
        '<hl7:acknowledgement typeCode="AE"><hl7:acknowledgementDetail><hl7:code code="X1"/><hl7:text>non</hl7:text>'
        "</hl7:acknowledgementDetail></hl7:acknowledgement>",
    )
    assert (read(body).outcome, read(body).code, read(body).text) == ("refused", "X1", "non")


def test_a_fault_gives_its_subcode_its_sentence_and_our_rule() -> None:
    fault = (
        "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value>wsse:FailedCheck"
        "</soap:Value></soap:Subcode></soap:Code><soap:Reason><soap:Text>jeton</soap:Text></soap:Reason><soap:Detail>"
        '<f:Finding xmlns:f="urn:segur-sandbox:1"><f:rule>DMP-X</f:rule></f:Finding></soap:Detail></soap:Fault>'
    )
    found = read(fault, 500)
    assert (found.code, found.text, found.rule, found.http) == ("wsse:FailedCheck", "jeton", "DMP-X", 500)
    assert read("<soap:Fault/>", 500).outcome == "refused"


def test_a_registry_error_is_cut_at_our_rule() -> None:
    error = (
        '<rs:RegistryResponse status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure">'
        "<rs:RegistryErrorList>"
        '<rs:RegistryError errorCode="XDSUnknownPatientId" codeContext="dit | ou non | DMP-Y"/></rs:RegistryErrorList>'
        "</rs:RegistryResponse>"
    )
    found = read(error)
    assert (found.outcome, found.code, found.text, found.rule) == (
        "refused",
        "XDSUnknownPatientId",
        "dit | ou non",
        "DMP-Y",
    )


def test_a_search_counts_its_entries() -> None:
    assert read(SEARCH).values["count"] == 2
    assert read(SEARCH).values["entries"] == ["urn:uuid:1", "urn:uuid:2"]


@pytest.mark.parametrize("count", ["", "-1", "1e3", "٣", "9" * 5000, "beaucoup"])
def test_a_count_that_is_no_number_stays_text(count: str) -> None:
    assert read(SEARCH.replace('totalResultCount="2"', f'totalResultCount="{count}"')).values["count"] == count


@pytest.mark.parametrize(
    "body", ["<!-- only a comment -->", "<?pi?>", "", "text", f"<!-- first -->{SEARCH}", "<unknown/>"]
)
def test_a_body_of_any_shape_is_read(body: str) -> None:
    found = read(body)
    assert found.outcome == ("accepted" if SEARCH in body else "refused")


def packaged(data: bytes, boundary: str = "uuid:1") -> HttpAnswer:
    parts = [Attachment("doc@x", data, "text/xml")]
    kind, body = write_multipart(envelope(RETRIEVED), parts, boundary=boundary)
    return HttpAnswer(200, {"content-type": kind}, body)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b"\xff\x00\n--uuid:12\r\n\r\nx\r\n--uuid:1x\r\n",
        b"--uuid:",
        b"a\r\n--other--\r\n",
        bytes(range(256)) * 40,
    ],
)
def test_a_document_comes_back_byte_for_byte(data: bytes) -> None:
    boundary = "uuid:1" if b"--uuid:1" not in data else "another"
    found = read_answer(packaged(data, boundary))
    assert (found.outcome, dict(found.documents)) == ("accepted", {"1.2.3": data})


@given(st.binary(max_size=300))
def test_every_document_comes_back_byte_for_byte(data: bytes) -> None:
    assert read_answer(packaged(data, "b-3f1c9ad2")).documents["1.2.3"] == data


def test_a_line_that_begins_as_the_boundary_is_content() -> None:
    data = b"one\r\n--uuid:12\r\nContent-ID: <doc@x>\r\n\r\ntwo"
    answer = packaged(b"PLACE")
    found = read_answer(HttpAnswer(200, answer.headers, answer.body.replace(b"PLACE", data)))
    assert found.documents["1.2.3"] == data


def test_a_cut_multipart_is_a_refusal() -> None:
    answer = packaged(b"x" * 100)
    found = read_answer(HttpAnswer(200, answer.headers, answer.body[:-40]))
    assert (found.outcome, found.code) == ("refused", "HTTP 200")


def test_an_entity_bomb_is_a_refusal() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><a>&b;</a>'
    assert read_answer(HttpAnswer(500, {"content-type": SOAP}, bomb)).code == "HTTP 500"


TYPES = st.sampled_from(
    [SOAP, "", "multipart/related", 'multipart/related; boundary="uuid:1"', "multipart/related; boundary=", "text/html"]
)


@given(st.integers(0, 999), TYPES, st.binary(max_size=400))
@example(200, 'multipart/related; boundary="uuid:1"', b"--uuid:1\r\n\r\n--uuid:1--")
def test_any_bytes_are_read(status: int, kind: str, body: bytes) -> None:
    assert read_answer(HttpAnswer(status, {"content-type": kind}, body)).outcome in {"accepted", "refused"}


WHOLE = [envelope(EXISTENCE), envelope(SEARCH), envelope(RETRIEVED), packaged(b"document").body]


@given(st.sampled_from(WHOLE), st.data())
def test_a_true_answer_damaged_anywhere_is_read(whole: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 60)))
    damaged = whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:]
    kind = packaged(b"").headers["content-type"] if damaged.startswith(b"--") else SOAP
    assert read_answer(HttpAnswer(200, {"content-type": kind}, damaged)).outcome in {"accepted", "refused"}
