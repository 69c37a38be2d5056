from __future__ import annotations

import pytest

from simulators.core.soap import (
    ANONYMOUS,
    Attachment,
    Dispatch,
    MtomRefused,
    SoapRefused,
    answer,
    read_envelope,
    read_message,
    readable_message_id,
    write_multipart,
)
from simulators.core.xml import XmlRefused, locate, parse, serialize, where

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

REQUEST = f"""<s:Envelope xmlns:s="{SOAP}" xmlns:h="urn:h">
 <s:Header>
  <MessageID xmlns="http://www.w3.org/2005/08/addressing"> urn:uuid:1
  </MessageID>
  <To xmlns="http://www.w3.org/2005/08/addressing"/>
  <ReplyTo xmlns="http://www.w3.org/2005/08/addressing" mustUnderstand="true"><Address>{ANONYMOUS}</Address></ReplyTo>
  <Action xmlns="http://www.w3.org/2005/08/addressing" mustUnderstand="true">urn:<!-- c -->a</Action>
  <w:Security xmlns:w="{WSSE}" s:mustUnderstand="true"/>
  <h:other mustUnderstand="true"/>
 </s:Header>
 <s:Body>
  <!-- c -->
  <h:ask/>
 </s:Body>
</s:Envelope>"""


def test_a_request_is_read() -> None:
    root = parse(REQUEST.encode())
    request = read_envelope(root, "application/soap+xml")
    assert (request.version, request.message_id, request.to, request.action, request.reply_to) == (
        "1.2",
        "urn:uuid:1",
        "",
        "urn:a",
        ANONYMOUS,
    )
    assert request.security is not None
    assert where(request.security) == "/soap:Envelope/soap:Header/wsse:Security"
    assert request.body.tag == "{urn:h}ask"
    assert request.root is root
    assert request.content_type == "application/soap+xml"


def test_soap_1_1_is_read() -> None:
    request = read_envelope(parse(REQUEST.replace(SOAP, "http://schemas.xmlsoap.org/soap/envelope/").encode()))
    assert (request.version, request.action) == ("1.1", "urn:a")


def test_absent_headers_are_none() -> None:
    request = read_envelope(parse(f'<s:Envelope xmlns:s="{SOAP}"><s:Body><a/></s:Body></s:Envelope>'.encode()))
    assert (request.message_id, request.to, request.action, request.reply_to, request.security) == (None,) * 5


SECOND = '<MessageID xmlns="http://www.w3.org/2005/08/addressing">urn:uuid:2</MessageID></s:Header>'
HEADER = "/soap:Envelope/soap:Header"


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (SOAP, "urn:other", "VersionMismatch", "/*[local-name()='Envelope' and namespace-uri()='urn:other']"),
        ("s:Envelope", "s:Letter", "Sender", "/soap:Letter"),
        ("s:Envelope", "Envelope", "VersionMismatch", "/Envelope"),
        ("<h:ask/>", "", "Sender", "/soap:Envelope/soap:Body"),
        ("<h:ask/>", "<h:ask/><h:more/>", "Sender",
         "/soap:Envelope/soap:Body/*[local-name()='more' and namespace-uri()='urn:h']"),
        ("</s:Body>", "</s:Body><s:Body/>", "Sender", "/soap:Envelope/soap:Body[2]"),
        ("<s:Header>", "<s:Header/><s:Header>", "Sender", "/soap:Envelope/soap:Header[2]"),
        ("s:Body", "s:Corps", "Sender", "/soap:Envelope/soap:Corps"),
        ("</s:Header>", SECOND, "Sender", f"{HEADER}/wsa:MessageID[2]"),
        ("</s:Header>", f'<Security xmlns="{WSSE}"/></s:Header>', "Sender", f"{HEADER}/wsse:Security[2]"),
        ("<h:other m", "<h:other s:m", "MustUnderstand",
         f"{HEADER}/*[local-name()='other' and namespace-uri()='urn:h']"),
        ("<h:other m", f'<h:other s:role="{SOAP}/role/next" s:m', "MustUnderstand",
         f"{HEADER}/*[local-name()='other' and namespace-uri()='urn:h']"),
    ],
)  # fmt: skip
def test_what_no_node_can_process_is_refused_where_it_is(old: str, new: str, code: str, place: str) -> None:
    assert old in REQUEST
    root = parse(REQUEST.replace(old, new).encode())
    with pytest.raises(SoapRefused) as refused:
        read_envelope(root)
    assert (refused.value.code, refused.value.where) == (code, place)
    assert locate(root, place) is not None
    assert refused.value.text
    assert refused.value.text_en


def test_an_empty_envelope_is_refused() -> None:
    with pytest.raises(SoapRefused) as refused:
        read_envelope(parse(f'<s:Envelope xmlns:s="{SOAP}"/>'.encode()))
    assert (refused.value.code, refused.value.where) == ("Sender", "/soap:Envelope")


@pytest.mark.parametrize("role", ["urn:another-node", f"{SOAP}/role/none"])
def test_a_mandatory_header_for_another_node_is_left_alone(role: str) -> None:
    read_envelope(parse(REQUEST.replace("<h:other m", f'<h:other s:role="{role}" s:m').encode()))


@pytest.mark.parametrize("value", ["0", "false"])
def test_a_header_that_may_be_ignored_is_ignored(value: str) -> None:
    read_envelope(parse(REQUEST.replace("<h:other m", f'<h:other s:mustUnderstand="{value}" m').encode()))


def test_the_message_id_of_a_refused_envelope_is_readable() -> None:
    assert readable_message_id(parse(REQUEST.replace("<h:ask/>", "").encode())) == "urn:uuid:1"
    assert readable_message_id(parse(b"<a/>")) is None


# --- answers


def test_the_answer_has_the_form_of_the_field() -> None:
    data = answer(
        b"<a/>", action="urn:b&c", message_id="urn:uuid:2", relates_to="urn:uuid:1", bindings={"ns1": "urn:n"}
    )
    wsa = 'xmlns="http://www.w3.org/2005/08/addressing"'
    assert data.decode() == (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:ns1="urn:n"><soap:Header><Action {wsa}>urn:b&amp;c</Action>'
        f"<MessageID {wsa}>urn:uuid:2</MessageID><To {wsa}>{ANONYMOUS}</To><RelatesTo {wsa}>urn:uuid:1</RelatesTo>"
        f"</soap:Header><soap:Body><a/></soap:Body></soap:Envelope>"
    )


def test_the_prefixes_of_an_element_survive() -> None:
    body = parse(b'<x:b xmlns:x="http://www.w3.org/2003/05/soap-envelope"><x:c/></x:b>')
    data = answer(body, action="a", message_id="m", relates_to=None)
    assert serialize(body) in data
    assert b"RelatesTo" not in data
    assert read_envelope(parse(data)).body.tag == body.tag


# --- messages


def test_a_plain_message_is_read_with_the_charset_of_its_media_type() -> None:
    message = read_message("application/soap+xml; charset=windows-1252", REQUEST.replace("urn:a", "é").encode("cp1252"))
    assert message.multipart is None
    assert message.request.action is not None


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "text/xml; charset=a; charset=b"])
def test_any_other_media_type_is_read_as_xml(content_type: str) -> None:
    assert read_message(content_type, REQUEST.encode()).request.message_id == "urn:uuid:1"


def test_a_multipart_message_is_read() -> None:
    content_type, body = write_multipart(REQUEST.encode(), [Attachment("0.2", b"x")], boundary="b")
    message = read_message(content_type.replace("multipart", "Multipart"), body)
    assert message.multipart is not None
    assert message.multipart.attachments[0].content == b"x"
    assert message.request.content_type.startswith("Multipart")


def test_the_three_refusals_pass_through() -> None:
    with pytest.raises(MtomRefused):
        read_message("multipart/related", b"")
    with pytest.raises(XmlRefused):
        read_message("text/xml", b"")
    with pytest.raises(SoapRefused):
        read_message("text/xml", b"<a/>")


# --- dispatch


def test_the_element_of_the_body_decides() -> None:
    request = read_envelope(parse(REQUEST.encode()))
    assert Dispatch({"{urn:h}ask": 1, "hab:setAuthorization": 2}).find(request) == 1


def test_an_unknown_operation_is_refused_with_those_that_exist() -> None:
    request = read_envelope(parse(REQUEST.encode()))
    with pytest.raises(SoapRefused) as refused:
        Dispatch({"hab:setAuthorization": 2}).find(request)
    assert refused.value.where == "/soap:Envelope/soap:Body/*[local-name()='ask' and namespace-uri()='urn:h']"
    assert refused.value.expected == "{urn:si-dmp-habilitations}setAuthorization"
