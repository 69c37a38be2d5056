"""TD0.2 and TD0.3 as a journey: states of a DMP, the life of an authorisation, treating physicians, staff."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from simulators.core.rules import Policy
from simulators.core.xml import clark
from simulators.dmp import td0_3
from simulators.dmp.rules import rights, td0
from simulators.dmp.service import page
from simulators.population import registry
from tests.support.dmp_messages import AIR, INDIRECT, INS, NURSE, SECRETARY, VihfPlan, for_patient, td02, td03
from tests.support.dmp_room import Room, Seen

NO_DMP, CLOSED, BLOCKING = "172110099900588", "258070099900677", "279090099900749"
TREATING = AIR.but(professional="899700000021")


def status(seen: Seen) -> str:
    """What the brittle client reads: the first code after AUTORISATION."""
    text = seen.answer.body.decode()
    return text[text.index("AUTORISATION") :].split('value code="', 1)[1].split('"', 1)[0]


def one(seen: Seen, path: str) -> str | None:
    """An attribute of the answer's body, by a path of prefixed steps."""
    *steps, attribute = path.split("/")
    found = seen.body.find("/".join(clark(step) for step in steps))
    return None if found is None else found.get(attribute)


def treating(seen: Seen) -> str | None:
    lines = seen.body.findall(clark("hl7:attentionLine"))
    value = lines[1].find(clark("hl7:value"))
    assert value is not None
    return value.get("value")


def ask(room: Room, world: str, plan: VihfPlan = AIR, ins: str = INS) -> Seen:
    return room.send(td02(plan, ins=ins), world)


def put(room: Room, world: str, action: str = "AJOUT", role: str = "", plan: VihfPlan = AIR) -> tuple[str, str]:
    """(status, context) of a TD0.3."""
    seen = room.send(td03(action, role, plan), world, operation="TD0.3")
    output = seen.body.find(clark("hab:output"))
    assert output is not None, seen.rules
    return output.findtext(clark("hab:status"), ""), output.findtext(clark("hab:context"), "")


# --- TD0.2


def test_active(room: Room) -> None:
    seen = ask(room, room.world())
    assert one(seen, "hl7:acknowledgement/typeCode") == "AA"
    assert one(seen, "hl7:controlActProcess/hl7:queryAck/hl7:queryResponseCode/code") == "OK"
    assert [element.get("code") for element in seen.body.iter(clark("hl7:statusCode"))] == ["completed", "active"]
    assert seen.body.tag == clark("hl7:PRPA_IN201308UV02")
    names = [etree.QName(child).localname for child in seen.body]
    assert names == [
        *("id", "creationTime", "interactionId", "processingCode", "processingModeCode", "acceptAckCode"),
        *("receiver", "sender", "attentionLine", "attentionLine", "acknowledgement", "controlActProcess"),
    ]


def test_closed(room: Room) -> None:
    seen = ask(room, room.world(), for_patient(CLOSED), CLOSED)
    assert [element.get("code") for element in seen.body.iter(clark("hl7:statusCode"))] == ["completed", "terminated"]
    (high,) = seen.body.iter(clark("hl7:high"))
    assert len(high.get("value", "")) == 14
    (process,) = seen.body.iter(clark("hl7:controlActProcess"))
    assert [etree.QName(child).localname for child in process] == ["reasonCode", "subject", "reasonOf", "queryAck"]


def test_none(room: Room) -> None:
    seen = ask(room, room.world(), for_patient(NO_DMP), NO_DMP)
    assert one(seen, "hl7:controlActProcess/hl7:queryAck/hl7:queryResponseCode/code") == "NF"
    assert (status(seen), treating(seen)) == ("NON_EXISTE", "false")
    assert seen.body.find(clark("hl7:controlActProcess")).find(clark("hl7:subject")) is None


def test_unknown_patient_is_adopted_or_has_no_dmp(room: Room) -> None:
    stranger = "190010099800150"
    welcoming, strict = room.world(), room.world(Policy(unknown={"*": "adopt", "patients": "refuse"}))
    seen = ask(room, welcoming, for_patient(stranger), stranger)
    assert one(seen, "hl7:controlActProcess/hl7:queryAck/hl7:queryResponseCode/code") == "OK"
    assert seen.row.marks["adopted"] == [f"patients:{stranger}"]
    seen = ask(room, strict, for_patient(stranger), stranger)
    assert one(seen, "hl7:controlActProcess/hl7:queryAck/hl7:queryResponseCode/code") == "NF"


def test_unknown_product_is_adopted_and_served(room: Room) -> None:
    """A FINESS and an RPPS never seen before, with their own certificates."""
    world = room.world()
    name = "10B0199998"
    issuer = AIR.issuer.replace("10B0999009", name)
    seen = room.send(td02(AIR.but(structure=name, professional="899799999992", issuer=issuer)), world, holder=name)
    assert (seen.row.outcome, seen.rules) == ("accepted", [])
    assert seen.row.marks["adopted"] == [f"structures:{name}", "professionals:899799999992"]


def test_refusal_is_an_ae_acknowledgement(room: Room) -> None:
    seen = room.send(td02(ins="185010099900172"), room.world())
    assert seen.answer.status == 200
    assert one(seen, "hl7:acknowledgement/typeCode") == "AE"
    detail = seen.body.find(clark("hl7:acknowledgement")).find(clark("hl7:acknowledgementDetail"))
    assert detail.find(clark("hl7:code")).get("code") == "SIMCleIns"
    assert detail.findtext(clark("hl7:text")) == f"{td0.TD02_INS_KEY.sentence.fr} | DMP-TD02-INS-KEY"
    assert detail.findtext(clark("hl7:location")) == td0.TD02_INS_KEY.example.where
    assert one(seen, "hl7:controlActProcess/hl7:queryAck/hl7:queryResponseCode/code") == "AE"
    assert status(seen) == "NON_EXISTE"


def test_ins_c_beside_the_ins(room: Room) -> None:
    """Older software still sends the INS-C first: the INS is the one looked at."""
    both = b'<value root="1.2.250.1.213.1.4.2" extension="1234567890123456789012"/><value root="1.2.250.1.213.1.4.10"'
    seen = room.send(td02().replace(b'<value root="1.2.250.1.213.1.4.10"', both), room.world())
    assert (seen.row.outcome, seen.rules) == ("accepted", [])


# --- TD0.3


def test_life_of_an_authorisation(room: Room) -> None:
    world = room.world()
    assert status(ask(room, world)) == "NON_EXISTE"
    assert put(room, world) == ("DMPOk", "")
    assert status(ask(room, world)) == "VALIDE"
    assert put(room, world) == ("DMPOk", td0_3.ALREADY)
    assert put(room, world, "SUPPRESSION") == ("DMPOk", "")
    assert status(ask(room, world)) == "NON_EXISTE"
    code, context = put(room, world, "SUPPRESSION")
    assert code == "SIMAucuneAutorisation"
    assert context.endswith("| DMP-TD03-NOTHING")


def test_six_calendar_months(room: Room) -> None:
    """Granted on 5 January at 09:00 UTC (10:00 in Paris): lapses on 5 July at 10:00 in Paris, 08:00 UTC."""
    world = room.world()
    put(room, world)
    room.worlds.move(world, datetime(2026, 7, 5, 7, 59, 59, tzinfo=UTC))
    assert status(ask(room, world)) == "VALIDE"
    room.worlds.move(world, datetime(2026, 7, 5, 8, 0, tzinfo=UTC))
    assert status(ask(room, world)) == "EXPIRE"
    assert put(room, world) == ("DMPOk", "")
    assert status(ask(room, world)) == "VALIDE"


def test_treating_physician(room: Room) -> None:
    world = room.world()
    assert treating(ask(room, world)) == "false"
    assert put(room, world, "AJOUT", "MEDECIN_TRAITANT") == ("DMPOk", "")
    seen = ask(room, world)
    assert (status(seen), treating(seen)) == ("VALIDE", "true")
    assert put(room, world, "SUPPRESSION", "MEDECIN_TRAITANT") == ("DMPOk", "")
    seen = ask(room, world)
    assert (status(seen), treating(seen)) == ("VALIDE", "false"), "access stays"


def test_several_treating_physicians(room: Room) -> None:
    world = room.world()
    put(room, world, "AJOUT", "MEDECIN_TRAITANT")
    assert treating(ask(room, world, TREATING)) == "true"
    with room.store.read(world) as tx:
        patient = registry.patient(tx, INS)
    assert patient is not None
    assert [physician.value for physician in patient.treating_physicians] == ["899700000021", "899700000013"]


def test_seeded_treating_physician_may_consult(room: Room) -> None:
    seen = ask(room, room.world(), TREATING)
    assert (status(seen), treating(seen)) == ("VALIDE", "true")


def test_only_a_treating_physician_drops_the_status(room: Room) -> None:
    seen = room.send(td03("SUPPRESSION", "MEDECIN_TRAITANT"), room.world(), operation="TD0.3")
    assert seen.rules == [rights.MATRIX.id]


def test_blocked(room: Room) -> None:
    world = room.world()
    assert status(ask(room, world, for_patient(BLOCKING), BLOCKING)) == "INTERDIT"
    code, context = put(room, world, plan=for_patient(BLOCKING))
    assert code == "SIMProfessionnelBloque"
    assert context.startswith(td0.TD03_BLOCKED.sentence.fr)
    assert status(ask(room, world, for_patient(BLOCKING), BLOCKING)) == "INTERDIT"


def test_staff_authorises_the_structure(room: Room) -> None:
    """PDT-INF-526 and 606, note 1."""
    world = room.world()
    staff = AIR.but(roles=SECRETARY, professional="30B0999009/SIM001", subject="NOA ACCUEIL")
    assert put(room, world, plan=staff) == ("DMPOk", "")
    assert status(ask(room, world)) == "VALIDE"
    assert status(ask(room, world, AIR.but(professional="899700000039"))) == "VALIDE"


@pytest.mark.parametrize("plan", [INDIRECT, AIR.but(purpose="centre_15")], ids=["organisation", "regulation"])
def test_who_may_not_authorise(room: Room, plan: VihfPlan) -> None:
    seen = room.send(td03(plan=plan), room.world(), operation="TD0.3")
    assert seen.rules == [rights.MATRIX.id]
    assert seen.answer.status == 500
    assert b"soap:DMPAccessDeniedByRightsService" in seen.answer.body


def test_a_nurse_authorises_herself(room: Room) -> None:
    world = room.world()
    plan = AIR.but(roles=NURSE, professional="899700000088")
    assert put(room, world, plan=plan) == ("DMPOk", "")
    assert status(ask(room, world, plan)) == "VALIDE"
    assert status(ask(room, world)) == "NON_EXISTE", "authorisations are individual"


def test_missing_action_and_unqualified_children(room: Room) -> None:
    world = room.world()
    assert put(room, world, "")[0] == "SIMActionInconnue"
    unqualified = td03().replace(b"<action>", b'<action xmlns="">')
    assert room.send(unqualified, world, operation="TD0.3").rules == [td0.TD03_SHAPE.id]


def test_refused_changes_nothing(room: Room) -> None:
    """A rolled back adoption leaves no trace: the stranger of a refused message stays a stranger."""
    world = room.world()
    stranger = AIR.but(professional="899799999992", purpose="centre_15")
    room.send(td03(plan=stranger), world, operation="TD0.3")
    with room.store.read(world) as tx:
        assert registry.professional(tx, "899799999992") is None


def test_wsdl_and_pages() -> None:
    from simulators.core.http import Get

    url = "https://localhost:18010/si-dmp-server/v2/services/habilitations"
    answer = page(Get(url, url.partition(":18010")[2], "wsdl", None))
    assert answer is not None
    assert f'location="{url}"'.encode() in answer.body
    assert b"HabilitationsEndPointImplPort" in answer.body
    assert page(Get(url, "/nulle/part", "", None)) is None
    shown = page(Get(url, url.partition(":18010")[2], "", None))
    assert shown is not None
    assert b"SIMULATION" in shown.body
