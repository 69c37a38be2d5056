from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from simulators.core.soap import SoapRefused, answer, read_envelope
from simulators.core.soap.definition import Enumeration, Field, Operation, ServiceDefinition, Structure
from simulators.core.soap.typed import typed_service
from simulators.core.xml import locate, parse, serialize

NAMESPACE = "urn:si-dmp-habilitations"
URL = "https://localhost:18010/si-dmp-server/v2/services/habilitations"
ACTION = Enumeration("actionType", ("AJOUT", "SUPPRESSION"))
ROLE = Enumeration("roleType", ("MEDECIN_TRAITANT",))
OUTPUT = Structure("outputType", (Field("status"), Field("context")))
DEFINITION = ServiceDefinition(
    namespace=NAMESPACE,
    port_type="HabilitationsEndPoint",
    binding="HabilitationsEndPointImplServiceSoapBinding",
    service="HabilitationsEndPointImplService",
    port="HabilitationsEndPointImplPort",
    operations=(
        Operation(
            "setAuthorization",
            "urn:hl7-org:v3:setAuthorization",
            (Field("action", ACTION), Field("role", ROLE)),
            (Field("output", OUTPUT),),
        ),
        Operation(
            "list",
            "urn:list",
            (Field("action", ACTION, required=True), Field("value", many=True)),
            (Field("output", OUTPUT, many=True), Field("note")),
        ),
    ),
)
SERVICE = typed_service(DEFINITION)


def body(inside: str, name: str = "setAuthorization") -> etree._Element:
    xml = f'<{name} xmlns="{NAMESPACE}">{inside}</{name}>'.encode()
    return read_envelope(parse(answer(xml, action="a", message_id="m", relates_to=None))).body


def test_requests_are_decoded() -> None:
    request = body("<action>AJOUT</action><role>MEDECIN_TRAITANT</role>")
    assert SERVICE.decode(request) == {"action": "AJOUT", "role": "MEDECIN_TRAITANT"}
    assert SERVICE.operation(request).name == "setAuthorization"
    assert list(SERVICE.defects(request)) == []


def test_absence_is_no_crash() -> None:
    assert SERVICE.decode(body("")) == {"action": None, "role": None}
    assert SERVICE.decode(body("", "list")) == {"action": None, "value": None}


def test_a_repeated_field_is_a_list() -> None:
    assert SERVICE.decode(body("<action>AJOUT</action><value>1</value><value>2</value>", "list"))["value"] == ["1", "2"]


@pytest.mark.parametrize(
    ("inside", "place", "found"),
    [
        ("<action>AJOUTER</action>", "hab:action", "AJOUTER"),
        ("<role>MEDECIN_TRAITANT</role><action>AJOUT</action>", "hab:action", "AJOUT"),
        ("<action>AJOUT</action><role/>", "hab:role", ""),
        ("<action>AJOUT</action><action>AJOUT</action>", "hab:action[2]", "AJOUT"),
        ('<action xmlns="">AJOUT</action>', "action", "AJOUT"),
        ("<action>AJOUT</action><patient>1</patient>", "hab:patient", "1"),
    ],
)
def test_breaches_of_the_schema_are_placed_in_the_message(inside: str, place: str, found: str) -> None:
    request = body(inside)
    defect = next(SERVICE.defects(request))
    assert defect.where == f"/soap:Envelope/soap:Body/hab:setAuthorization/{place}"
    assert defect.found == found
    assert locate(request, defect.where) is not None
    assert set(SERVICE.decode(request)) == {"action", "role"}


def test_a_value_outside_the_enumeration_is_still_decoded() -> None:
    assert SERVICE.decode(body("<action>AJOUTER</action>"))["action"] == "AJOUTER"


def test_a_comment_does_not_cut_a_value() -> None:
    assert SERVICE.decode(body("<action>AJ<!-- -->OUT</action>"))["action"] == "AJOUT"


def test_a_type_given_by_the_message_is_not_followed() -> None:
    request = body(
        '<action xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:si-dmp-habilitations"'
        ' i:type="t:outputType">AJOUT</action>'
    )
    assert SERVICE.decode(request)["action"] == "AJOUT"


@pytest.mark.parametrize("xml", ['<unknown xmlns="urn:si-dmp-habilitations"/>', "<setAuthorization/>"])
def test_another_operation_is_refused(xml: str) -> None:
    with pytest.raises(SoapRefused) as refused:
        SERVICE.decode(parse(xml.encode()))
    assert "setAuthorization" in refused.value.expected


@pytest.mark.parametrize(
    ("values", "inside"),
    [
        ({"output": {"status": "DMPOk", "context": ""}},
         b"<ns1:output><ns1:status>DMPOk</ns1:status><ns1:context/></ns1:output>"),
        ({"output": {"status": "é<"}}, "<ns1:output><ns1:status>é&lt;</ns1:status></ns1:output>".encode()),
    ],
)  # fmt: skip
def test_responses_are_encoded_with_qualified_children(values: dict[str, Any], inside: bytes) -> None:
    element = SERVICE.encode("setAuthorization", values)
    assert serialize(element) == (
        b'<ns1:setAuthorizationResponse xmlns:ns1="urn:si-dmp-habilitations">'
        + inside
        + b"</ns1:setAuthorizationResponse>"
    )


def test_repeated_structures_are_encoded() -> None:
    element = SERVICE.encode("list", {"output": [{"status": "1"}, {"status": "2"}], "note": None})
    assert [child[0].text for child in element] == ["1", "2"]


def test_an_unknown_field_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="stat"):
        SERVICE.encode("setAuthorization", {"output": {"stat": "x"}})


# --- WSDL

WSDL = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap12/",
        "x": "http://www.w3.org/2001/XMLSchema"}  # fmt: skip


def test_the_wsdl_bears_the_national_names() -> None:
    wsdl = parse(SERVICE.wsdl(URL))

    def names(path: str, attribute: str = "name") -> list[str | None]:
        return [found.get(attribute) for found in wsdl.findall(path, WSDL)]

    assert wsdl.get("targetNamespace") == NAMESPACE
    assert names("w:portType") == ["HabilitationsEndPoint"]
    assert names("w:binding") == ["HabilitationsEndPointImplServiceSoapBinding"]
    assert names("w:service") == ["HabilitationsEndPointImplService"]
    assert names("w:service/w:port") == ["HabilitationsEndPointImplPort"]
    assert names("w:service/w:port", "binding") == ["tns:HabilitationsEndPointImplServiceSoapBinding"]
    assert names("w:service/w:port/s:address", "location") == [URL]
    assert names("w:binding/s:binding", "transport") == ["http://schemas.xmlsoap.org/soap/http"]
    assert names("w:binding/w:operation/s:operation", "soapAction") == ["urn:hl7-org:v3:setAuthorization", "urn:list"]
    assert wsdl.findall(".//w:fault", WSDL) == []
    assert names(".//x:simpleType") == ["actionType", "roleType"]
    assert set(names(".//x:element", "type")) == {
        "tns:actionType", "tns:roleType", "tns:outputType", "xs:string",
        "tns:list", "tns:listResponse", "tns:setAuthorization", "tns:setAuthorizationResponse",
    }  # fmt: skip


def test_each_address_has_its_wsdl() -> None:
    assert SERVICE.wsdl("http://a/").replace(b"http://a/", b"http://b/") == SERVICE.wsdl("http://b/")


def test_zeep_speaks_with_us_from_the_wsdl_alone() -> None:
    from io import BytesIO

    from requests import Response
    from zeep import Client
    from zeep.transports import Transport

    class Wire(Transport):
        """No network: the WSDL is given, and a request is answered by the service under test."""

        def post(self, address: str, message: bytes, headers: dict[str, str]) -> Response:
            assert address == URL
            assert "urn:hl7-org:v3:setAuthorization" in headers["Content-Type"]
            request = read_envelope(parse(message))
            assert list(SERVICE.defects(request.body)) == []
            asked = SERVICE.decode(request.body)
            element = SERVICE.encode("setAuthorization", {"output": {"status": "DMPOk", "context": str(asked)}})
            response = Response()
            response.status_code = 200
            response.headers["Content-Type"] = "application/soap+xml;charset=UTF-8"
            response._content = answer(element, action="urn:r", message_id="m", relates_to=request.message_id)
            return response

    client = Client(BytesIO(SERVICE.wsdl(URL)), transport=Wire())  # type: ignore[no-untyped-call]
    output = client.service.setAuthorization(action="AJOUT", role="MEDECIN_TRAITANT")
    assert output.status == "DMPOk"
    assert output.context == "{'action': 'AJOUT', 'role': 'MEDECIN_TRAITANT'}"
    assert client.service.setAuthorization().context == "{'action': None, 'role': None}"


# --- the import leaves no trace

TRACES = """
import sys, threading, warnings
import simulators.core.soap, simulators.core.soap.typed
from simulators.core.soap.definition import ServiceDefinition, Operation
service = simulators.core.soap.typed.typed_service(
    ServiceDefinition("urn:x", "P", "B", "S", "T", (Operation("o", "a", (), ()),)))
assert not any(name.partition(".")[0] == "spyne" for name in sys.modules), "spyne is imported too early"
def state():
    return (list(map(id, sys.meta_path)), id(sys.path_hooks), list(sys.path_hooks), list(warnings.filters),
            warnings.showwarning, [name for name in ("cgi", "six", "six.moves") if name in sys.modules])
if "PRELOAD":
    try:
        import cgi
    except ImportError:
        pass
    import six, six.moves.urllib.parse
kept = {name: sys.modules.get(name) for name in ("cgi", "six")}
before = state()
assert b"portType" in service.wsdl("http://localhost/")
assert "spyne" in sys.modules
assert state() == before, (before, state())
assert {name: sys.modules.get(name) for name in kept} == kept
import six.moves.urllib.parse
assert six.moves.urllib.parse.quote(" ") == "%20"
assert all(getattr(finder, "name", "") != "spyne.util.six" for finder in sys.meta_path)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import cgi
        assert "FieldStorage" in dir(cgi)
    except ImportError:
        assert sys.version_info >= (3, 13)
print("clean")
"""


@pytest.mark.parametrize("preload", ["", "yes"])
def test_loading_the_library_leaves_no_trace_on_the_process(preload: str) -> None:
    root = Path(__file__).resolve().parents[4]
    script = TRACES.replace("PRELOAD", preload)
    # Warnings as errors everywhere: none may escape, whatever the user's filters are.
    options = ["-W", "error"] if not preload else ["-W", "default"]
    done = subprocess.run(
        [sys.executable, *options, "-c", script], cwd=root, capture_output=True, timeout=60, check=False
    )
    assert (done.stdout.decode().strip(), done.returncode) == ("clean", 0), done.stderr.decode()
