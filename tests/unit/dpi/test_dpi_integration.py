"""What enters the record, what waits for a hand, which versions are kept, what is told to the users."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.core.hl7 import edit, read_message
from simulators.core.store import Store
from simulators.documents.hl7.model import Action, Mail, Participant, Transmission, Zam
from simulators.documents.hl7.zam import build_zam
from simulators.dpi import acts, integrated, integration, patients, produced
from simulators.dpi.house import NoSuch
from simulators.dpi.integration import NotImportable
from simulators.dpi.life import Act
from simulators.population import registry
from simulators.population.pam import Consent, build_pam
from tests.support.mails import DOCUMENT_OID, cda
from tests.unit.dpi.dpi_room import LETTER, SENDER, Room, octets
from tests.unit.population.pam.cases import IPP, event, identity
from tests.unit.population.pam.cases import head as pam_head

SECOND, THIRD = "1.2.250.1.999.9.1.72", "1.2.250.1.999.9.1.73"
ADULT, OTHER = "185010099900171", "adult-woman"


@pytest.fixture
def room(memory_store: Store) -> Room:
    return Room(memory_store)


def version(oid: str, number: int, parent: str = "", patient: str = "adult") -> Transmission:
    """The letter under another identifier, as a replacement when it has a parent."""
    whole = cda(replaces=parent, patient=patient)
    content = whole.replace(f'<id root="{DOCUMENT_OID}"'.encode(), f'<id root="{oid}"'.encode(), 1)
    content = content.replace(b'versionNumber value="1"', f'versionNumber value="{number}"'.encode())
    action = Action.REPLACE if parent else Action.INITIAL
    return replace(LETTER, document_id=oid, cda=content, action=action, replaces=parent, control_id=f"M{number}")


def deletion(plan: Transmission) -> Transmission:
    return replace(plan, action=Action.DELETE, replaces="", control_id="DEL")


def told(room: Room, plan: Transmission) -> tuple[str, str]:
    """MSA-1 and ERR-5.1."""
    message = read_message(room.tell(octets(plan)).body)
    return message.value("MSA-1"), message.value("ERR-5.1")


def held(room: Room) -> list[tuple[str, str]]:
    with room.reading() as tx:
        return [(one.document_id, one.state.value) for one in reversed(integrated.every(tx))]


def notices(room: Room) -> list[str]:
    with room.reading() as tx:
        return [one.kind for one in reversed(integrated.notices(tx))]


def test_a_good_letter_is_integrated_with_its_provenance(room: Room) -> None:
    assert told(room, LETTER) == ("AA", "")
    with room.reading() as tx:
        (one,) = integrated.every(tx)
        assert tx.blob_bytes(one.cda) == LETTER.cda
    assert (one.patient, one.by, one.state) == (ADULT, "automatic", "current")
    assert one.origin.sender == "claude.testeur@medecin.mssante.test"
    assert one.origin.message_id == "one@hopital.mssante.test"
    assert one.origin.unit == "Cardiologie (3435)"
    assert set(room.last().keys) >= {f"document:{DOCUMENT_OID}", "message:one@hopital.mssante.test", f"patient:{ADULT}"}
    assert notices(room) == ["new"]


def test_the_same_document_again_is_acknowledged_and_not_doubled(room: Room) -> None:
    for _ in range(3):
        assert told(room, LETTER) == ("AA", "")
    assert held(room) == [(DOCUMENT_OID, "current")]
    assert notices(room) == ["new"]
    assert room.last().marks["duplicate"].startswith("id of")


def test_the_same_set_and_version_under_another_identifier_is_a_duplicate_too(room: Room) -> None:
    told(room, version(DOCUMENT_OID, 1))
    assert told(room, version(SECOND, 1)) == ("AA", "")
    assert held(room) == [(DOCUMENT_OID, "current")]
    assert room.last().marks["duplicate"].startswith("setId")


def test_another_content_under_a_known_identifier_is_906(room: Room) -> None:
    told(room, LETTER)
    other = replace(LETTER, cda=LETTER.cda.replace(b"Lettre de liaison", b"Lettre de rupture"))
    assert told(room, other) == ("AE", "906")


def test_a_replacement_keeps_the_version_before_and_tells_once(room: Room) -> None:
    told(room, LETTER)
    assert told(room, version(SECOND, 2, DOCUMENT_OID)) == ("AA", "")
    assert held(room) == [(DOCUMENT_OID, "superseded"), (SECOND, "current")]
    assert notices(room) == ["replaced"]
    assert told(room, version(SECOND, 2, DOCUMENT_OID)) == ("AA", "")  # the answer was lost: no 900
    assert len(held(room)) == 2


def test_a_replacement_of_an_older_version_is_900(room: Room) -> None:
    told(room, LETTER)
    told(room, version(SECOND, 2, DOCUMENT_OID))
    assert told(room, version(THIRD, 3, DOCUMENT_OID)) == ("AE", "900")
    assert told(room, deletion(LETTER)) == ("AE", "900")


def test_a_replacement_of_what_is_not_held_is_900(room: Room) -> None:
    assert told(room, version(SECOND, 2, DOCUMENT_OID)) == ("AE", "900")


def test_a_deletion_keeps_the_document_viewable(room: Room) -> None:
    told(room, LETTER)
    assert told(room, deletion(LETTER)) == ("AA", "")
    assert held(room) == [(DOCUMENT_OID, "deleted")]
    assert notices(room) == ["deleted"]
    assert told(room, deletion(LETTER)) == ("AA", "")


@pytest.mark.parametrize(
    ("sender", "answer"),
    [
        (replace(SENDER, org_id="999999999", org_type="FINEG"), ("AA", "")),
        (replace(SENDER, person_id="899700000013"), ("AA", "")),
        (Participant("SB", address="another@medecin.mssante.test"), ("AA", "")),
        (Participant("SB", address="another@elsewhere.mssante.test"), ("AE", "901")),
        (
            Participant(
                "SB", person_id="899700000099", person_type="IDNPS", org_id="999999999", address="x@y.mssante.test"
            ),
            ("AE", "901"),
        ),
    ],
)
def test_only_the_author_or_the_organisation_may_replace(
    room: Room, sender: Participant, answer: tuple[str, str]
) -> None:
    told(room, LETTER)
    plan = version(SECOND, 2, DOCUMENT_OID)
    assert told(room, replace(plan, participants=(sender, *plan.participants[1:]))) == answer


def test_an_unknown_patient_is_902_and_waits_for_a_hand(room: Room) -> None:
    with room.writing() as tx:
        adult = registry.patient(tx, ADULT)
        assert adult is not None
        registry.save_patient(tx, replace(adult, adopted=True))
    assert told(room, LETTER) == ("AE", "902")
    assert told(room, LETTER) == ("AE", "902")
    with room.reading() as tx:
        (waiting,) = integrated.every_kept(tx)
    assert (waiting.times, waiting.imported, waiting.traits["birth name"]) == (2, 0, "SIMULE")
    assert waiting.reasons[0]["code"] == "902"
    with room.writing() as tx:
        one = integration.by_hand(tx, room.moment(tx), waiting.number, OTHER)
    with room.reading() as tx:
        assert patients.find(tx, OTHER).key == one.patient  # type: ignore[union-attr]
        assert integrated.kept(tx, waiting.number).imported == one.number  # type: ignore[union-attr]
    assert (one.by, notices(room)) == ("manual", ["imported"])
    with pytest.raises(NotImportable), room.writing() as tx:
        integration.by_hand(tx, room.moment(tx), waiting.number, OTHER)
    with pytest.raises(NoSuch), room.writing() as tx:
        integration.by_hand(tx, room.moment(tx), 99, OTHER)


def test_another_trait_is_904_and_named(room: Room) -> None:
    broken = replace(LETTER, cda=LETTER.cda.replace(b">SIMULE<", b">AUTRE<"))
    message = read_message(room.tell(octets(broken)).body)
    assert (message.value("MSA-1"), message.value("ERR-3.1"), message.value("ERR-5.1")) == ("AE", "207", "904")
    assert message.value("ERR-2.1") == "OBX"
    assert "birth name: AUTRE" in message.value("ERR-8")
    assert "birth name: SIMULE" in message.value("ERR-8")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'birthTime value="19850115"', b'birthTime value="19850116"', "birth date"),
        (b">75056<", b">69123<", "birth place"),
        (b'administrativeGenderCode code="M"', b'administrativeGenderCode code="F"', "sex"),
        (b"<given>ALIX</given>", b"<given>ALIX DOMINIQUE</given>", "given names"),
        (b'root="1.2.250.1.213.1.4.10"', b'root="1.2.250.1.213.1.4.8"', "OID"),
        (b'extension="185010099900171"', b'extension="185010099900268"', "matricule"),
    ],
)
def test_each_strict_trait_is_compared(room: Room, old: bytes, new: bytes, named: str) -> None:
    assert old in LETTER.cda
    findings = room.judged(octets(replace(LETTER, cda=LETTER.cda.replace(old, new))))
    refusing = [f for f in findings if f.rule.id == "DPI-INS-OTHER"]
    assert [f.found.partition(":")[0] for f in refusing] == [named]


def test_a_patient_whose_identity_is_not_qualified_in_the_record_is_902(room: Room) -> None:
    room.tell(build_pam(replace(event("A31"), identity=identity(status="PROV")), pam_head()))
    assert told(room, LETTER) == ("AE", "902")
    room.tell(build_pam(event("A31"), pam_head()))
    assert told(room, LETTER) == ("AA", "")


def test_a_version_in_the_record_of_another_patient_is_906(room: Room) -> None:
    told(room, LETTER)
    with room.writing() as tx:
        one = integrated.every(tx)[0]
        integrated.save(tx, replace(one, patient="somebody"))
    assert told(room, version(SECOND, 2, DOCUMENT_OID)) == ("AE", "906")


def test_two_flags_exchanged_are_told_as_an_order(room: Room) -> None:
    lines = octets().decode().split("\r")
    at = [number for number, line in enumerate(lines) if line.startswith("OBX")][2:4]
    lines[at[0]], lines[at[1]] = lines[at[1]], lines[at[0]]
    (finding,) = room.judged("\r".join(lines).encode())
    example = finding.rule.example
    assert example is not None
    assert (finding.rule.id, finding.where, finding.found) == ("DPI-FLAG-ORDER", example.where, example.found)


def test_a_replacement_names_the_parent_of_the_document(room: Room) -> None:
    told(room, replace(version("1.2.250.1.999.9.1.70", 1), document_id="1.2.250.1.999.9.1.70"))
    whole = octets(version(SECOND, 2, "1.2.250.1.999.9.1.70"))
    assert room.judged(whole) == ()
    found = [f for f in room.judged(edit(whole, "TXA-13", "1.2.3")) if f.rule.id == "DPI-TXA-13"]
    example = found[0].rule.example
    assert example is not None
    assert (found[0].where, found[0].found, found[0].expected) == (example.where, example.found, example.expected)


def test_a_distinct_mail_brings_a_distinct_trace(room: Room) -> None:
    told(room, LETTER)
    told(room, replace(version(SECOND, 2, DOCUMENT_OID), mail=Mail("two@hopital.mssante.test", "XDM/1.0/DDM+x", "y")))
    with room.reading() as tx:
        assert {one.origin.message_id for one in integrated.every(tx)} == {
            "one@hopital.mssante.test",
            "two@hopital.mssante.test",
        }


# --- receipts and PAM


def sent(room: Room, **asked: bool) -> str:
    """The MSH-10 of a document that was validated."""
    with room.writing() as tx:
        draft = acts.write(tx, room.moment(tx), "adult", "discharge-letter", produced.Order(**asked))  # type: ignore[arg-type]
        acts.act(tx, room.moment(tx), draft.document, Act.VALIDATE)
        return produced.sendings(tx, draft.document)[0].msh10


def zam(room: Room, **values: object) -> tuple[str, str]:
    octets = build_zam(Zam(**values), pam_head("Z"))  # type: ignore[arg-type]
    message = read_message(room.tell(octets).body)
    return message.value("MSA-1"), message.value("MSH-9")


def test_receipts_are_matched_by_the_message_they_answer(room: Room) -> None:
    msh10 = sent(room, ack_lecture=True)
    box = {"request": msh10, "address": "a@b.mssante.test"}
    assert zam(room, kind="Z01", request=msh10, accepted=True)[0] == "AA"
    assert zam(room, kind="Z02", accepted=False, error=("550", "BAL absente"), **box)[0] == "AA"
    room.later(days=300)
    for _ in range(2):
        assert zam(room, kind="Z03", accepted=True, **box)[0] == "AA"
    with room.reading() as tx:
        found = {one.kind: one for one in produced.receipts(tx, msh10)}
    assert (found["Z01"].accepted, found["Z02"].error, found["Z03"].times) == (True, "550^BAL absente", 2)


def test_a_receipt_of_nobodys_message_is_refused(room: Room) -> None:
    assert zam(room, kind="Z01", request="UNKNOWN", accepted=True)[0] == "AE"
    (finding,) = room.last().verdict["findings"]
    assert (finding["rule"], finding["where"]) == ("DPI-ZAM-UNKNOWN", "OBX[1]-4")


@pytest.mark.parametrize(
    ("where", "value", "rule"),
    [
        ("OBX[1]-5.1", "", "DPI-ZAM-VALUE"),
        ("OBX[2]-5.4", "", "DPI-ZAM-MAILBOX"),
        ("ERR", None, "DPI-ZAM-REASON"),
    ],
)
def test_each_defect_of_a_receipt_is_located(room: Room, where: str, value: str | None, rule: str) -> None:
    given = Zam("Z02", sent(room), False, "a@b.mssante.test", error=("550", "x"))
    whole = build_zam(given, pam_head("Z"))
    room.tell(whole)
    assert room.last().verdict["findings"] == []
    room.tell(edit(whole, where, value))
    (finding,) = room.last().verdict["findings"]
    assert (finding["rule"], finding["where"]) == (rule, where)


def test_a_receipt_that_nobody_asked_for_is_a_warning(room: Room) -> None:
    msh10 = sent(room, ack_reception=False)
    assert zam(room, kind="Z01", request=msh10, accepted=True)[0] == "AA"
    assert [f["rule"] for f in room.last().verdict["findings"]] == ["DPI-ZAM-UNASKED"]


@pytest.mark.parametrize(("feed", "flag"), [("IO", "N"), ("INO", "Y"), ("NA", "Y")])
def test_the_opposition_told_by_pam_blocks_the_feeding(room: Room, feed: str, flag: str) -> None:
    room.tell(build_pam(replace(event("A01"), consent=Consent(feed=feed)), pam_head()))
    assert room.last().outcome == "accepted"
    assert asked(room, sent(room), "DESTDMP") == flag


def asked(room: Room, msh10: str, flag: str) -> str:
    with room.reading() as tx:
        sending = produced.sending(tx, msh10)
        assert sending is not None
        message = read_message(tx.blob_bytes(sending.blob))
    return next(obx.get(5) for obx in message.all("OBX") if obx.get(3) == flag)


def test_no_ins_leaves_for_an_identity_that_is_not_qualified(room: Room) -> None:
    room.tell(build_pam(event("A28"), pam_head()))
    room.tell(build_pam(replace(event("A31"), identity=identity(IPP, status="PROV")), pam_head()))
    msh10 = sent(room, to_patient=True)
    with room.reading() as tx:
        sending = produced.sending(tx, msh10)
        assert sending is not None
        message = tx.blob_bytes(sending.blob)
        (shown,) = produced.versions(tx, sending.document)
    assert ADULT.encode() not in message
    assert b"PROV" in message
    assert (asked(room, msh10, "DESTDMP"), asked(room, msh10, "DESTMSSANTEPAT")) == ("N", "N")
    assert ADULT.encode() not in tx_cda(room, shown.cda)
    assert len(shown.reasons) == 2


def tx_cda(room: Room, blob: str) -> bytes:
    with room.reading() as tx:
        return tx.blob_bytes(blob)


def test_a_patient_whom_only_pam_knows_can_have_documents(room: Room) -> None:
    new = replace(identity(replace(IPP, value="SIM000077"), status="PROV"), birth_date="1950")
    room.tell(build_pam(replace(event("A28"), identity=new), pam_head()))
    with room.writing() as tx:
        acts.write(tx, room.moment(tx), "SIM000077", "prescription", produced.Order())


def test_an_event_that_pam_france_has_not_is_ignored(room: Room) -> None:
    whole = build_pam(event("A28"), pam_head()).replace(b"ADT^A28^ADT_A05", b"ADT^A60^ADT_A60")
    assert read_message(room.tell(whole).body).value("MSA-1") == "AA"


def test_both_databases_keep_the_same(either_store: Store) -> None:
    """Odd texts and long addresses included."""
    room = Room(either_store)
    told(room, LETTER)
    told(room, version(SECOND, 2, DOCUMENT_OID))
    msh10 = sent(room)
    assert zam(room, kind="Z02", request=msh10, accepted=True, address="é" * 5_000)[0] == "AA"
    far = identity(replace(IPP, value="9" * 5_000))
    assert read_message(room.tell(build_pam(replace(event("A28"), identity=far), pam_head())).body).value("MSA-1")
    assert held(room) == [(DOCUMENT_OID, "superseded"), (SECOND, "current")]
    with room.reading() as tx:
        assert len(produced.receipts(tx, msh10)) == 1
