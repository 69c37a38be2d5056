"""TD2.1 from end to end inside one process: what an accepted lot leaves, and what the state of the world refuses."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from simulators.core.pki import IssuedCertificate
from simulators.core.rules import Level, Policy, Rule
from simulators.core.xml import NAMESPACES
from simulators.dmp import registry_store as store
from simulators.dmp.document_settings import DOCUMENT_BYTES
from simulators.dmp.rules import lot, lot_documents, lot_registry, query, signature
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Code
from simulators.population import registry
from simulators.population.ins import Ins
from simulators.population.reference import reference_population
from tests.support.dmp_lots import (
    DOCUMENT_ID,
    SEAL_ID,
    SET_ID,
    LotPlan,
    described,
    letter,
    mtom,
    plain,
    seal,
    td21,
    within,
)
from tests.support.dmp_messages import AIR, INDIRECT, INS, OID, VihfPlan, envelope, for_patient, search, td03
from tests.support.dmp_room import Room, Seen
from tests.support.mending import change, normalised

NAMES = dict(NAMESPACES)


@pytest.fixture
def world(room: Room) -> str:
    return room.world()


def feed(room: Room, world: str, plan: LotPlan | None = None, vihf: VihfPlan = INDIRECT, **options: object) -> Seen:
    message = td21(room.certificates.signer(), plan, vihf)
    return room.send(message, world, operation="TD2.1", **options)  # type: ignore[arg-type]


def assert_accepted(seen: Seen) -> None:
    assert seen.row.outcome == "accepted", seen.row.verdict
    assert seen.rules == []
    assert seen.body.tag == f"{{{NAMES['rs']}}}RegistryResponse"
    assert dict(seen.body.attrib) == {"status": "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"}
    assert len(seen.body) == 0


def assert_refused(room: Room, world: str, seen: Seen, rule: Rule, message: bytes | None = None) -> None:
    """Refused by ``rule`` alone, as its example says (world and values apart), and nothing was kept."""
    assert [f["rule"] for f in seen.row.verdict["findings"] if f["level"] == "refuse"] == [rule.id]
    error = seen.body.find("rs:RegistryErrorList/rs:RegistryError", NAMES)
    assert error is not None
    assert error.get("errorCode") == rule.code
    assert error.get("codeContext") == f"{rule.short()} | {rule.id}"
    assert rule.example is not None
    assert error.get("location") == rule.example.where
    finding = next(f for f in seen.row.verdict["findings"] if f["rule"] == rule.id)
    assert (finding["found"], finding["expected"]) == (rule.example.found, rule.example.expected)
    room.force(rule)
    try:
        forced = room.send(td21(room.certificates.signer()), world, operation="TD2.1")
    finally:
        room.relent()
    assert normalised(forced.answer.body) == normalised(seen.answer.body)


def documents(room: Room, world: str) -> list[store.Stored]:
    with room.store.read(world) as tx:
        return store.documents_where(tx)


def test_a_lot_is_registered(room: Room, world: str) -> None:
    seen = feed(room, world)
    assert_accepted(seen)
    assert {f"document:{DOCUMENT_ID}", f"submission:{SET_ID}", f"patient:{INS}"} <= set(seen.row.keys)
    kept = documents(room, world)
    assert [one.unique_id for one in kept] == [DOCUMENT_ID, SEAL_ID]
    letter_entry = kept[0].entry
    assert letter_entry.logical_id == letter_entry.entry_id
    assert letter_entry.entry_id.startswith("urn:uuid:")
    assert (letter_entry.version, letter_entry.status) == ("1", schemes.APPROVED)
    assert letter_entry.repository_unique_id == "1.2.250.1.213.4.1.1.1.2"
    assert (letter_entry.hash, letter_entry.size) == (lot_documents.sha1(letter()), str(len(letter())))
    with room.store.read(world) as tx:
        assert tx.blob_bytes(kept[0].sha256) == letter()
        (submission,) = store.submission_sets_where(tx)
        links = store.associations_touching(tx, [submission.entry_id])
    assert {link.type for link in links} == {schemes.HAS_MEMBER, schemes.SIGNS}
    ends = {submission.entry_id, *(one.entry_uuid for one in kept)}
    assert all({link.source_object, link.target_object} <= ends for link in links)
    assert all(link.slots == {"SubmissionSetStatus": ("Original",)} for link in links)


def test_feeding_needs_no_authorisation(room: Room, world: str) -> None:
    """``opposed`` has authorised nobody."""
    patient = reference_population().patient("opposed")
    data = letter(patient=patient)
    plan = LotPlan((described(data),), patient.ins.cx())
    assert_accepted(feed(room, world, plan, for_patient(patient.ins.matricule, INDIRECT)))


def test_mtom_parts_with_bare_line_feeds_and_a_seal_hashed_with_its_separator(room: Room, world: str) -> None:
    """A client in the field hashes the signature with the line end before the delimiter."""
    cachet = room.certificates.signer()
    data = seal(plain(), cachet) + b"\n"
    hashed = replace(plain(), seal_hashed=True)
    message = (
        td21(cachet, hashed)
        .replace(lot_documents.sha1(data[:-1]).encode(), lot_documents.sha1(data).encode())
        .replace(f">{len(data) - 1}<".encode(), f">{len(data)}<".encode())
    )
    kind, body = mtom(room.seal(message))
    body = body.replace(b"\r\n--frontiere", b"\n--frontiere")
    assert_accepted(room.send(body, world, operation="TD2.1", sealed=True, content_type=kind))
    with room.store.read(world) as tx:
        kept = store.current(tx, DOCUMENT_ID)
        assert kept is not None
        assert tx.blob_bytes(kept.sha256) == letter()


def test_a_part_nobody_refers_to_is_a_warning(room: Room, world: str) -> None:
    kind, body = mtom(room.seal(td21(room.certificates.signer())))
    more = b"--frontiere\r\nContent-ID: <plus@exemple.test>\r\n\r\nx\r\n--frontiere--"
    seen = room.send(body.replace(b"--frontiere--", more), world, operation="TD2.1", sealed=True, content_type=kind)
    assert seen.row.outcome == "accepted"
    assert seen.rules == [lot_documents.PART_UNUSED.id]
    assert seen.row.verdict["findings"][0]["where"] == "part[4]"


def test_places_inside_a_part_name_the_part(room: Room, world: str) -> None:
    def spoilt(number: int, data: bytes) -> bytes:
        return data.replace(b'code="11490-0"', b'code="34112-3"', 1) if number == 1 else data

    plan = LotPlan((described(letter(), hash=None, size=None),), plain().patient_cx)
    kind, body = mtom(room.seal(td21(room.certificates.signer(), plan)), transform=spoilt)
    seen = room.send(body, world, operation="TD2.1", sealed=True, content_type=kind)
    places = {finding["rule"]: finding["where"] for finding in seen.row.verdict["findings"]}
    assert places == {
        "DMP-LOT-CDA-TYPE": "part[2]#/hl7:ClinicalDocument/hl7:code",
        "DMP-LOT-SIGNATURE-DIGEST": ("part[3]#/ds:Signature/ds:Object[2]/ds:Manifest/ds:Reference[2]/ds:DigestValue"),
    }


BOMB = b"<!DOCTYPE a [<!ENTITY b '" + b"x" * 100 + b"'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>"


@pytest.mark.parametrize("number", [1, 2], ids=["document", "signature"])
@pytest.mark.parametrize("data", [BOMB, b"<a>" * 220 + b"</a>" * 220], ids=["entities", "depth"])
def test_hostile_xml_is_never_let_in(room: Room, number: int, data: bytes) -> None:
    """A guard: no policy opens it, and nothing is kept."""
    off = {rule.id: Level.OFF for rule in (*lot.RULES, *signature.RULES)}
    world = room.world(Policy(overrides=off))
    plan = LotPlan((described(letter(), hash=None, size=None),), plain().patient_cx)
    kind, body = mtom(
        room.seal(td21(room.certificates.signer(), plan)),
        transform=lambda rank, sent: data if rank == number else sent,
    )
    seen = room.send(body, world, operation="TD2.1", sealed=True, content_type=kind)
    assert (seen.row.outcome, seen.rules) == ("refused", [lot_documents.HOSTILE.id])
    assert seen.row.verdict["findings"][0]["where"] == f"part[{number + 1}]"
    assert documents(room, world) == []


def test_a_reference_to_a_part_that_is_not_there(room: Room, world: str) -> None:
    kind, body = mtom(room.seal(td21(room.certificates.signer())))
    wrong = body.replace(b"Content-ID: <doc1@exemple.test>", b"Content-ID: <doc9@exemple.test>")
    seen = room.send(wrong, world, operation="TD2.1", sealed=True, content_type=kind)
    assert seen.rules == [lot_documents.PART.id]
    (finding,) = seen.row.verdict["findings"]
    assert finding["where"].endswith("/xds:Document[1]/xop:Include/@href")
    assert finding["found"] == "cid:doc1@exemple.test"
    assert documents(room, world) == []


def test_a_document_that_is_no_xml_is_kept_as_it_is(room: Room, world: str) -> None:
    """A DICOM KOS: hash and size over the bytes, no CDA to read."""
    kos = bytes(range(256)) * 4
    entry, _ = described(letter())
    entry = replace(
        entry,
        mime_type="application/dicom",
        format_code=Code("1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.2.6.1", "KOS"),
        type_code=Code("IMG-KOS", "1.2.250.1.213.1.1.4.12", "KOS"),
        class_code=Code("31", "1.2.250.1.213.1.1.4.1", "Imagerie médicale"),
        hash=lot_documents.sha1(kos),
        size=str(len(kos)),
    )
    plan = LotPlan(((entry, kos),), plain().patient_cx, xml=False)
    seen = feed(room, world, plan)
    assert (seen.row.outcome, seen.rules) == ("accepted", [])
    with room.store.read(world) as tx:
        kept = store.current(tx, DOCUMENT_ID)
        assert kept is not None
        assert tx.blob_bytes(kept.sha256) == kos


def test_two_documents_are_all_or_nothing(room: Room, world: str) -> None:
    second = letter("1.2.250.1.999.9.1.2.2")
    plan = LotPlan((described(letter()), described(second, 2)), plain().patient_cx)
    wrong = replace(plan.documents[1][0], type_code=Code("99999-9", "2.16.840.1.113883.6.1", "x"))
    refused = feed(room, world, LotPlan((plan.documents[0], (wrong, second)), plain().patient_cx))
    assert refused.row.outcome == "refused"
    assert documents(room, world) == []
    assert_accepted(feed(room, world, plan))
    assert [one.unique_id for one in documents(room, world)] == [DOCUMENT_ID, "1.2.250.1.999.9.1.2.2", SEAL_ID]


def test_the_same_lot_twice(room: Room, world: str) -> None:
    assert_accepted(feed(room, world))
    fresh = replace(plain(), set_id="1.2.250.1.999.9.1.1.2", seal_id="1.2.250.1.999.9.1.3.2")
    assert_refused(room, world, feed(room, world, fresh), lot_registry.DUPLICATE)
    other = LotPlan((described(letter(text="autre")),), plain().patient_cx)
    other = replace(other, set_id="1.2.250.1.999.9.1.1.2", seal_id="1.2.250.1.999.9.1.3.2")
    assert_refused(room, world, feed(room, world, other), lot_registry.OTHER_HASH)
    another = LotPlan((described(letter("1.2.250.1.999.9.1.2.2")),), plain().patient_cx)
    another = replace(another, seal_id="1.2.250.1.999.9.1.3.2")
    assert_refused(room, world, feed(room, world, another), lot_registry.DUPLICATE_SET)
    assert len(documents(room, world)) == 2


@pytest.mark.parametrize(("slug", "rule"), [("no-dmp", lot_registry.NO_DMP), ("closed-dmp", lot_registry.CLOSED)])
def test_a_dmp_that_is_not_active_is_not_fed(room: Room, world: str, slug: str, rule: Rule) -> None:
    patient = reference_population().patient(slug)
    plan = LotPlan((described(letter(patient=patient)),), patient.ins.cx())
    seen = feed(room, world, plan, for_patient(patient.ins.matricule, INDIRECT))
    assert_refused(room, world, seen, rule)
    assert documents(room, world) == []


def test_an_unknown_patient_under_each_policy(room: Room) -> None:
    ins = Ins.of_payload("1900100999001", OID)
    stranger = ins.matricule
    patient = replace(reference_population().patient("adult"), ins=ins)
    plan = LotPlan((described(letter(patient=patient)),), patient.ins.cx())
    vihf = for_patient(stranger, INDIRECT)
    refusing = room.world(Policy(unknown={"*": "adopt", "patients": "refuse"}))
    seen = feed(room, refusing, plan, vihf)
    assert lot_registry.UNKNOWN_PATIENT.id in seen.rules
    assert seen.body.find(".//rs:RegistryError[@errorCode='XDSUnknownPatientId']", NAMES) is not None
    adopting = room.world()
    seen = feed(room, adopting, plan, vihf)
    assert seen.row.marks["adopted"] == [f"patients:{stranger}"]
    with room.store.read(adopting) as tx:
        adopted = registry.patient(tx, stranger)
    assert adopted is not None
    assert (adopted.birth_name, adopted.given_names, adopted.birth_date) == (
        patient.birth_name,
        patient.given_names,
        patient.birth_date,
    )


def test_a_document_above_the_ceiling_is_refused(room: Room) -> None:
    world = room.world(Policy(settings={DOCUMENT_BYTES.name: "4000"}))
    seen = feed(room, world)
    assert lot_documents.OVERSIZED.id in seen.rules
    assert documents(room, world) == []


def test_a_replacement(room: Room, world: str) -> None:
    assert_accepted(feed(room, world))
    old = documents(room, world)[0]
    new = letter("1.2.250.1.999.9.1.2.2", replaces=DOCUMENT_ID)
    plan = LotPlan(
        (described(new),),
        plain().patient_cx,
        "1.2.250.1.999.9.1.1.2",
        "1.2.250.1.999.9.1.3.2",
        replaces=old.entry_uuid.upper().replace("URN:UUID", "urn:uuid"),
    )
    assert_accepted(feed(room, world, plan))
    first, _, second, _ = documents(room, world)
    assert (first.status, second.status) == (schemes.DEPRECATED, schemes.APPROVED)
    assert second.entry.logical_id not in {None, first.entry.logical_id}
    with room.store.read(world) as tx:
        links = store.associations_touching(tx, [first.entry_uuid])
    (link,) = [link for link in links if link.type == schemes.REPLACES]
    assert (link.source_object, link.target_object) == (second.entry_uuid, first.entry_uuid)
    again = LotPlan(
        (described(letter("1.2.250.1.999.9.1.2.3", replaces=DOCUMENT_ID)),),
        plain().patient_cx,
        "1.2.250.1.999.9.1.1.3",
        "1.2.250.1.999.9.1.3.3",
        replaces=old.entry_uuid,
    )
    assert_refused(room, world, feed(room, world, again), lot_registry.TARGET_STATUS)


def test_unsigned_lots_warn_and_are_refused_in_the_strict_profile(room: Room, world: str) -> None:
    plan = replace(plain(), sealed=False)
    seen = feed(room, world, plan)
    assert (seen.row.outcome, seen.rules) == ("accepted", [signature.ABSENT.id])
    strict = feed(room, room.world(Policy(profile="strict")), plan)
    assert signature.ABSENT.id in [f["rule"] for f in strict.row.verdict["findings"] if f["level"] == "refuse"]


def test_the_good_lot_is_accepted_in_the_strict_profile(room: Room) -> None:
    seen = feed(room, room.world(Policy(profile="strict")))
    assert seen.row.outcome == "accepted", seen.row.verdict


@pytest.mark.parametrize(
    ("use", "structure", "rules"),
    [
        ("signer", "10B0999025", [signature.HOLDER.id]),
        ("signer", "10B0999017", []),
        ("signer", "899700000013", []),
        ("signer", "899700000021", [signature.HOLDER.id]),
        ("client", "10B0999009", [signature.USAGE.id]),
    ],
    ids=["another structure", "its legal entity", "the professional", "another professional", "not for signature"],
)
def test_who_may_sign_the_lot(room: Room, world: str, use: str, structure: str, rules: list[str]) -> None:
    cachet = getattr(room.certificates, use)(structure)
    seen = room.send(td21(cachet), world, operation="TD2.1")
    assert seen.row.outcome == "accepted", seen.row.verdict
    assert seen.rules == rules
    for finding in seen.row.verdict["findings"]:
        rule = next(r for r in signature.RULES if r.id == finding["rule"])
        assert rule.example is not None
        assert finding["where"] == rule.example.where


def test_a_signing_certificate_named_otherwise(room: Room, world: str) -> None:
    """The certificate in KeyInfo has the key that signed, but CertDigest is that of another certificate."""
    cachet = room.certificates.signer()
    root = etree.fromstring(td21(cachet))
    renewed = b64encode(_renewed(cachet)).decode()
    within(root, 2, change("/ds:Signature/ds:KeyInfo/ds:X509Data/ds:X509Certificate", renewed))
    seen = room.send(etree.tostring(root), world, operation="TD2.1")
    assert (seen.row.outcome, seen.rules) == ("accepted", [signature.CERT_DIGEST.id])


def _renewed(cachet: IssuedCertificate) -> bytes:
    """Another certificate of the same subject and key."""
    old = cachet.certificate
    made = x509.CertificateBuilder(old.subject, old.subject, cachet.key.public_key(), 7)
    made = made.not_valid_before(old.not_valid_before_utc).not_valid_after(old.not_valid_after_utc)
    usage = old.extensions.get_extension_for_class(x509.KeyUsage)
    signed = made.add_extension(usage.value, critical=True).sign(cachet.key, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def test_a_case_tolerant_world(room: Room) -> None:
    """A published message, accepted by the real server, differs by case between Document/@id and its entry."""
    world = room.world(Policy(overrides={lot_documents.ID_CASE.id: Level.WARN}))
    message = td21(room.certificates.signer()).replace(b'Document id="Document01"', b'Document id="document01"')
    seen = room.send(message, world, operation="TD2.1")
    assert (seen.row.outcome, seen.rules) == ("accepted", [lot_documents.ID_CASE.id])
    assert len(documents(room, world)) == 2


def test_only_a_search_that_no_user_asked_for_is_found_after_feeding(room: Room, world: str) -> None:
    assert_accepted(feed(room, world))
    assert room.send(td03(), world, operation="TD0.3").row.outcome == "accepted"
    body = search().replace(
        'b0af0d"/>',
        'b0af0d"><Slot name="$XDSDocumentEntryStatus"><ValueList><Value>'
        f"('{schemes.APPROVED}')</Value></ValueList></Slot></AdhocQuery>",
    )
    message = envelope("TD3.1", body, AIR)
    automatic = room.send(message, world, operation="TD3.1")
    assert automatic.rules == [query.AFTER_FEEDING.id]
    asked = room.send(message, world, operation="TD3.1", headers={"X-Sandbox-User-Act": "1"})
    assert asked.rules == []
    assert asked.body.get("totalResultCount") == "1"


def test_two_worlds_do_not_meet(room: Room) -> None:
    one, other = room.world(), room.world()
    assert_accepted(feed(room, one))
    assert documents(room, other) == []
    assert_accepted(feed(room, other))


def test_population_is_left_alone(room: Room, world: str) -> None:
    """Nothing of a known patient changes by feeding."""
    with room.store.read(world) as tx:
        before = registry.export(tx)
    assert_accepted(feed(room, world))
    with room.store.read(world) as tx:
        assert registry.export(tx) == before
