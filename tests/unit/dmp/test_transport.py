"""HTTP, XML, SOAP and the client certificate: what is tolerated, what refuses, and how the refusal looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from simulators.core.pki import IssuedCertificate
from simulators.core.pki.bad import past
from simulators.core.routing import claim, release
from simulators.core.rules import Level, Policy, Rule
from simulators.core.xml import NAMESPACES
from simulators.dmp.rules import identity, seal, transport
from tests.support.dmp_messages import (
    ACTIONS,
    AIR,
    ISSUER,
    OTHER_STRUCTURE,
    STRUCTURE,
    existence,
    search,
    td02,
    td03,
)
from tests.support.dmp_messages import (
    envelope as message,
)
from tests.support.dmp_room import BASE, SOAP_TYPE, Room, Seen
from tests.support.mending import assert_example, normalised
from tests.support.wrappings import wrappings

SOAP = "http://www.w3.org/2003/05/soap-envelope"
MULTIPART = 'multipart/related;boundary="B"; type="application/xop+xml"; start="<0.1>"'


def found(seen: Seen, rule: Rule) -> dict[str, object]:
    (finding,) = [finding for finding in seen.row.verdict["findings"] if finding["rule"] == rule.id]
    return dict(finding)


def fault(seen: Seen) -> tuple[str, str, str]:
    """Code, subcode, reason of a Fault answer."""
    assert seen.answer.status == 500
    body = seen.body
    names = {"s": SOAP}
    subcode = body.findtext("s:Code/s:Subcode/s:Value", "", names)
    return body.findtext("s:Code/s:Value", "", names), subcode, body.findtext("s:Reason/s:Text", "", names)


# --- what is tolerated


@pytest.mark.parametrize("kind", ["application/soap+xml;charset=utf-8", "text/xml", "application/octet-stream"])
def test_media_types_of_the_field(room: Room, kind: str) -> None:
    seen = room.send(td02(), content_type=kind)
    assert (seen.row.outcome, seen.rules) == ("accepted", [])


@pytest.mark.parametrize("path", ["/si-dmp-server/v1/services/patients", f"{BASE}//patients", f"{BASE}/patients/"])
def test_paths_of_the_field(room: Room, path: str) -> None:
    assert room.send(td02(), path=path).rules == []


def test_soap_1_1_is_answered_in_1_2(room: Room) -> None:
    seen = room.send(message("TD0.2", existence(), version="1.1"))
    assert seen.row.outcome == "accepted"
    assert etree.fromstring(seen.answer.body).tag == f"{{{SOAP}}}Envelope"


def test_multipart_carries_any_operation(room: Room) -> None:
    root = room.seal(td02())
    head = b'--B\nContent-Type: application/xop+xml; type="application/soap+xml"\nContent-ID: <0.1>\n\n'
    seen = room.send(head + root + b"\n--B--", content_type=MULTIPART, sealed=True)
    assert seen.row.outcome == "accepted"


def test_actions_of_the_kit_pass(room: Room) -> None:
    sent = td02().replace(ACTIONS["TD0.2"].encode(), b"urn:hl7-org:v3:PRPA_IN201308UV02")
    assert room.send(sent).rules == []


def test_no_reply_to_and_empty_to_pass(room: Room) -> None:
    root = etree.fromstring(td02())
    wsa = NAMESPACES["wsa"]
    header = root[0]
    header.remove(header.find(f"{{{wsa}}}ReplyTo"))
    header.find(f"{{{wsa}}}To").text = None
    assert room.send(etree.tostring(root)).rules == []


# --- what refuses or warns, outside the message's tree


def test_unreadable_xml(room: Room) -> None:
    seen = room.send(b"", sealed=True)
    assert_example(transport.XML, found(seen, transport.XML))
    assert fault(seen) == ("soap:Sender", "", transport.XML.sentence.fr)
    assert b"RelatesTo" not in seen.answer.body
    for bad in (b"<a>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "<a>é</a>".encode("cp1252")):
        assert room.send(bad, sealed=True).rules == [transport.XML.id]


def test_unreadable_multipart(room: Room) -> None:
    seen = room.send(b"x", content_type="multipart/related", sealed=True)
    assert_example(transport.MTOM, found(seen, transport.MTOM))


def test_unknown_soap_version(room: Room) -> None:
    seen = room.send(b'<e:Envelope xmlns:e="urn:autre"><e:Body/></e:Envelope>', sealed=True)
    assert_example(transport.VERSION, found(seen, transport.VERSION))
    assert fault(seen)[0] == "soap:VersionMismatch"


def test_unknown_media_type_warns(room: Room) -> None:
    seen = room.send(td02(), content_type="application/json")
    assert seen.row.outcome == "accepted"
    assert_example(transport.MEDIA, found(seen, transport.MEDIA))


def test_another_service_warns(room: Room) -> None:
    seen = room.send(td02(), path=f"{BASE}/registry")
    assert seen.row.outcome == "accepted"
    assert_example(transport.PATH, found(seen, transport.PATH))
    assert room.send(td02(), path="/nulle/part").rules == [transport.PATH.id]


def test_no_certificate(room: Room) -> None:
    seen = room.send(td02(), client=False)
    assert_example(transport.CERTIFICATE, found(seen, transport.CERTIFICATE))
    assert fault(seen)[:2] == ("soap:Sender", "soap:DMPInvalidCertificate")
    assert room.send(td02()).row.outcome == "accepted"


def test_signature_certificate_on_the_connection(room: Room) -> None:
    seen = room.send(td02(), client=room.certificates.signer())
    assert_example(transport.USAGE, found(seen, transport.USAGE))
    assert fault(seen)[1] == "soap:DMPInvalidCertificate"


def test_certificate_that_does_not_stand(room: Room) -> None:
    kept = room.certificates
    made = kept.pki.issue_auth_cli(STRUCTURE, "CENTRE FICTIF", now=kept.now)
    assert room.send(td02(), client=made).row.outcome == "accepted"
    seen = room.send(td02(), client=kept.revoke(made))
    assert_example(transport.CHAIN, found(seen, transport.CHAIN))
    late = kept.pki.issue_auth_cli(STRUCTURE, "CENTRE FICTIF", now=kept.now, validity=past(kept.now))
    assert room.send(td02(), client=late).rules == [transport.CHAIN.id]


@pytest.mark.parametrize(
    "rule",
    [
        *(transport.XML, transport.MTOM, transport.VERSION, transport.MEDIA, transport.PATH),
        *(transport.CERTIFICATE, transport.USAGE, transport.CHAIN, transport.WORLD),
    ],
    ids=lambda rule: rule.id,
)
def test_forced_equals_true(room: Room, rule: Rule) -> None:
    world = room.world(Policy(overrides={rule.id: Level.REFUSE}))
    room.worlds.ensure("other")
    sent = {
        transport.XML: lambda: room.send(b"", world, sealed=True),
        transport.MTOM: lambda: room.send(b"x", world, content_type="multipart/related", sealed=True),
        transport.VERSION: lambda: room.send(
            b'<e:Envelope xmlns:e="urn:autre"><e:Body/></e:Envelope>', world, sealed=True
        ),
        transport.MEDIA: lambda: room.send(td02(), world, content_type="application/json"),
        transport.PATH: lambda: room.send(td02(), world, path=f"{BASE}/registry"),
        transport.CERTIFICATE: lambda: room.send(td02(), world, client=False),
        transport.USAGE: lambda: room.send(td02(), world, client=room.certificates.signer()),
        transport.CHAIN: lambda: room.send(td02(), world, client=revoked(room)),
        transport.WORLD: lambda: contradicted(room, replace(Policy(), overrides={rule.id: Level.REFUSE})),
    }[rule]()
    room.force(rule)
    try:
        forced = room.send(td02(), world)
    finally:
        room.relent()
    assert sent.row.outcome == "refused"
    assert normalised(forced.answer.body) == normalised(sent.answer.body)


def revoked(room: Room) -> IssuedCertificate:
    kept = room.certificates
    return kept.revoke(kept.pki.issue_auth_cli(STRUCTURE, "CENTRE FICTIF", now=kept.now))


def contradicted(room: Room, policy: Policy) -> Seen:
    """The structure belongs to world ``other``, the certificate to ``main``."""
    room.worlds.ensure("other")
    room.worlds.set_policy("main", policy)
    client = room.certificates.client()
    with room.store.write("other") as tx:
        claim(tx, "structure", STRUCTURE)
    with room.store.write("main") as tx:
        claim(tx, "certificate", client.fingerprint)
    try:
        return room.send(td02(), None)
    finally:
        room.worlds.set_policy("main", Policy())
        with room.store.write("other") as tx:
            release(tx, "structure", STRUCTURE)


def test_certificate_wins_over_the_declared_world(room: Room) -> None:
    seen = contradicted(room, Policy())
    assert seen.row.world == "main"
    assert_example(transport.WORLD, found(seen, transport.WORLD))


def test_declared_structure_leads_to_its_world(room: Room) -> None:
    world = room.world()
    with room.store.write(world) as tx:
        claim(tx, "structure", OTHER_STRUCTURE)
    plan = AIR.but(structure=OTHER_STRUCTURE, issuer=ISSUER.replace(STRUCTURE, OTHER_STRUCTURE))
    answer = room.send(td02(plan), None, holder=OTHER_STRUCTURE).answer
    assert answer.status == 200
    assert room.send(b"", world, sealed=True).row.number == 2


# --- the seal


PLACES = ("before", "after", "child", "around", "object", "advice", "header", "body")
NAMES = [f"{place}/{kind}" for place in PLACES for kind in ("same-id", "other-id")]


@pytest.mark.parametrize("name", NAMES)
def test_wrapped_signatures(room: Room, name: str) -> None:
    """Refused for the right reason; what lies inside the signed element changes its digest."""
    (sent,) = [sent for other, sent in wrappings(room.seal(td02())) if other == name]
    inside = {"child/other-id", "advice/other-id"}
    seen = room.send(sent, sealed=True)
    assert seen.rules == [(seal.DIGEST if name in inside else seal.WRAPPING).id]
    assert fault(seen)[1:] == ("wsse:FailedCheck", "Vérification du jeton VIHF en échec")


def test_tampered_content(room: Room) -> None:
    sent = room.seal(td02()).replace(b"899700000013", b"899700000021")
    assert room.send(sent, sealed=True).rules == [seal.DIGEST.id]


# --- the Fault


def test_fault_explains(room: Room) -> None:
    """Reason: the national text alone. Detail: rule, place, found, expected, mends, link; then what changed since."""
    world = room.world()
    room.send(td02(), world)
    seen = room.send(td02(AIR.but(structure=OTHER_STRUCTURE)), world)
    assert fault(seen) == ("soap:Sender", "wsse:FailedAuthentication", identity.LEGAL_PERSON)
    ours = {"o": "urn:segur-sandbox:1"}
    (detail,) = seen.body.iter(f"{{{SOAP}}}Detail")
    assert detail.findtext("o:Finding/o:rule", "", ours) == identity.STRUCTURE_CERTIFICATE.id
    assert detail.findtext("o:Finding/o:found", "", ours) == OTHER_STRUCTURE
    assert detail.findtext("o:Finding/o:href", "", ours) == seen.answer.headers["X-Sandbox-Verdict"]
    assert detail.find("o:Differences", ours) is None, "nothing of that structure was ever accepted"


def test_fault_tells_what_changed_since_the_last_good_one(room: Room) -> None:
    world = room.world()
    first = room.send(td02(), world)
    seen = room.send(td02(AIR.but(version="2.0")), world)
    ours = {"o": "urn:segur-sandbox:1"}
    (differences,) = seen.body.iter("{urn:segur-sandbox:1}Differences")
    assert differences.get("exchange") == str(first.row.number)
    assert [d.findtext("o:old", "", ours) for d in differences] == ["3.0"]
    assert [d.findtext("o:new", "", ours) for d in differences] == ["2.0"]


def test_bug_is_a_receiver_fault(room: Room) -> None:
    """TD3.1 has no performer in this room: what is unforeseen takes the same funnel."""
    lame = Room(room.certificates, performers={})
    try:
        seen = lame.send(td02())
    finally:
        lame.close()
    assert fault(seen)[:2] == ("soap:Receiver", "soap:SIMBug")
    assert seen.row.outcome == "failed"


def test_td3_2_faults_are_multipart(room: Room) -> None:
    retrieve = '<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"/>'
    seen = room.send(message("TD3.2", retrieve), operation="TD3.2", client=False)
    assert seen.answer.status == 500
    announced = seen.answer.headers["Content-Type"]
    assert announced.startswith('multipart/related; type="application/xop+xml"; boundary="uuid:')
    assert seen.body.tag == f"{{{SOAP}}}Fault"


def test_operations_are_told_apart_by_their_body(room: Room) -> None:
    lookup = search("urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", "ObjectRef")
    sent = {"dmp.TD3.1": search(), "dmp.TD3.1b": lookup}
    for operation, body in sent.items():
        seen = room.send(message("TD3.1", body), operation="TD3.1", client=False)
        assert seen.row.operation == operation
    assert room.send(td03(), operation="TD0.3").row.operation == "dmp.TD0.3"


def test_journal_names_the_caller(room: Room) -> None:
    row = room.send(td02(), headers={"X-Sandbox-User-Act": "1"}).row
    assert row.who["structure"] == STRUCTURE
    assert row.who["professional"] == "899700000013"
    assert row.who["product"] == "LPS FICTIF 1.0"
    assert row.who["certificate"] == room.certificates.client().fingerprint
    assert row.marks["user_act"] is True
    assert "patient:185010099900171" in row.keys


def test_forged_identity_headers_change_nothing(room: Room) -> None:
    seen = room.send(td02(), client=False, headers={"X-SSL-Client-Cert": "-----BEGIN CERTIFICATE-----"})
    assert seen.rules == [transport.CERTIFICATE.id]
    assert SOAP_TYPE in seen.row.request_head
