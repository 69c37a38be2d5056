"""Rules that the state of the world or a certificate decides: they refuse, point at the right place, and go away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from lxml import etree

from simulators.core.exchange import Call
from simulators.core.pki import IssuedCertificate
from simulators.core.pki.bad import past
from simulators.core.rules import Level, Policy, Rule
from simulators.core.xml import NAMESPACES, locate
from simulators.dmp import service
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.rules import identity, rights, td0, token
from tests.support.dmp_messages import (
    AIR,
    INDIRECT,
    INS,
    ISSUER,
    NURSE,
    OTHER_STRUCTURE,
    SECRETARY,
    STRUCTURE,
    VihfPlan,
    envelope,
    for_patient,
    search,
    td02,
    td03,
)
from tests.support.dmp_room import Certificates, Room, Seen
from tests.support.mending import assert_example, normalised

CLOSED, BLOCKING, OPPOSED = "258070099900677", "279090099900749", "248120099900962"
REFUSED = Policy(unknown={"*": "refuse"})
WARNED = Policy(unknown={"*": "warn"})
ANY = AIR.but(issuer=ISSUER.replace(STRUCTURE, "SIM-ANY"))
ELSEWHERE = AIR.but(structure=OTHER_STRUCTURE, issuer=ISSUER.replace(STRUCTURE, OTHER_STRUCTURE))
LOST = "CN=SIMULATION H?PITAL,OU=10B0999009,O=SIMULATION H?PITAL,O=SIMULATION SEGUR SANDBOX,C=FR"
KEPT = LOST.replace("?", "Ô")


def found_nothing(call: Call, request: DmpRequest) -> Reply:
    """Stands for a search while only what comes before it is looked at."""
    query = NAMESPACES["query"]
    return Reply(etree.Element(f"{{{query}}}AdhocQueryResponse"), "urn:ihe:iti:2007:RegistryStoredQueryResponse")


@pytest.fixture(scope="module")
def room(certificates: Certificates) -> Iterator[Room]:
    opened = Room(certificates, performers={**service.PERFORMERS, "TD3.1": found_nothing, "TD3.1b": found_nothing})
    yield opened
    opened.close()


def td31(plan: VihfPlan = AIR) -> bytes:
    return envelope("TD3.1", search(), plan)


@dataclass(frozen=True)
class Case:
    """``bad`` refuses or warns by ``rule``; ``good`` is what the user sends or presents instead."""

    rule: Rule
    bad: bytes
    good: bytes
    policy: Policy = field(default_factory=Policy)
    operation: str = "TD0.2"
    holder: str = STRUCTURE
    before: tuple[bytes, ...] = ()
    signer: Callable[[Certificates], IssuedCertificate] | None = None
    main: bool = False


def signature(kept: Certificates, *, foreign: bool = False, **how: Any) -> IssuedCertificate:
    if foreign:
        how["hierarchy"] = kept.pki.foreign(kept.now)
    return kept.pki.issue_sign(STRUCTURE, "CENTRE FICTIF", now=kept.now, **how)


def hopital(kept: Certificates) -> IssuedCertificate:
    return kept.pki.issue_sign(STRUCTURE, "HÔPITAL", now=kept.now)


CASES = [
    Case(token.SIGNER_USAGE, td02(), td02(), signer=lambda kept: kept.client()),
    Case(token.SIGNER_FOREIGN, td02(), td02(), signer=lambda kept: signature(kept, foreign=True)),
    Case(token.SIGNER_DATES, td02(), td02(), signer=lambda kept: signature(kept, validity=past(kept.now))),
    Case(token.SIGNER_REVOKED, td02(), td02(), signer=lambda kept: kept.revoke(signature(kept))),
    Case(
        identity.SIGNER_HOLDER,
        td02(AIR.but(issuer=ISSUER.replace(STRUCTURE, OTHER_STRUCTURE))),
        td02(),
        signer=lambda kept: kept.signer(OTHER_STRUCTURE),
    ),
    Case(
        token.REPLAY,
        td02(),
        td02(AIR.but(id="_00000000-0000-4000-8000-000000000004")),
        policy=Policy(overrides={token.REPLAY.id: Level.REFUSE}),
        before=(td02(),),
    ),
    Case(
        identity.UNKNOWN_STRUCTURE,
        td02(ANY.but(structure="10B0199998")),
        td02(ANY),
        REFUSED,
        holder="SIM-ANY",
        main=True,
    ),
    Case(identity.UNKNOWN_PROFESSIONAL, td02(AIR.but(professional="899799999992")), td02(), REFUSED, main=True),
    Case(
        identity.UNKNOWN_PATIENT,
        td02(for_patient("190010099800150"), ins="190010099800150"),
        td02(),
        WARNED,
        main=True,
    ),
    Case(
        identity.NOT_LINKED,
        td02(ELSEWHERE),
        td02(ELSEWHERE.but(professional="899700000047")),
        holder=OTHER_STRUCTURE,
    ),
    Case(rights.NO_DMP, td31(for_patient(CLOSED)), td31(), operation="TD3.1", before=(td03(),)),
    Case(rights.BLOCKED, td31(for_patient(BLOCKING)), td31(), operation="TD3.1", before=(td03(),)),
    Case(rights.AUTHORISATION, td31(), td31(AIR.but(purpose="bris_de_glace")), operation="TD3.1"),
    Case(
        rights.OPPOSED,
        td31(for_patient(OPPOSED, AIR.but(purpose="bris_de_glace"))),
        td31(for_patient(OPPOSED)),
        operation="TD3.1",
        before=(td03(plan=for_patient(OPPOSED)),),
    ),
    Case(
        td0.TD03_PHYSICIAN,
        td03(role="MEDECIN_TRAITANT", plan=AIR.but(roles=NURSE, professional="899700000088")),
        td03(role="MEDECIN_TRAITANT"),
        operation="TD0.3",
    ),
    Case(td0.TD03_NO_DMP, td03(plan=for_patient(CLOSED)), td03(), operation="TD0.3"),
    Case(td0.TD03_BLOCKED, td03(plan=for_patient(BLOCKING)), td03(), operation="TD0.3"),
    Case(
        td0.TD03_BLOCKED_FAULT,
        td03(plan=for_patient(BLOCKING)),
        td03(),
        Policy(overrides={td0.TD03_BLOCKED_FAULT.id: Level.REFUSE, td0.TD03_BLOCKED.id: Level.OFF}),
        operation="TD0.3",
    ),
    Case(td0.TD03_NOTHING, td03("SUPPRESSION"), td03("AJOUT"), operation="TD0.3"),
    Case(
        token.ISSUER_CHARS,
        td02(AIR.but(issuer=LOST)),
        td02(AIR.but(issuer=KEPT)),
        signer=hopital,
    ),
]


def send(room: Room, case: Case, message: bytes, policy: Policy, *, signed_well: bool = False) -> Seen:
    """One exchange in a world of its own, after what the case needs before."""
    if case.main:
        world = room.worlds.set_policy("main", policy).name
    else:
        world = room.world(policy)
    for earlier in case.before:
        operation = "TD0.3" if b"setAuthorization" in earlier else "TD0.2"
        assert room.send(earlier, world, operation=operation).row.outcome == "accepted"
    keep = case.rule is token.ISSUER_CHARS
    signer = case.signer(room.certificates) if case.signer and (keep or not signed_well) else None
    holder = case.holder if not signed_well or case.rule is not identity.SIGNER_HOLDER else STRUCTURE
    return room.send(message, world, operation=case.operation, holder=holder, signer=signer)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.id)
def test_state(room: Room, case: Case) -> None:
    seen = send(room, case, case.bad, case.policy)
    found = [finding for finding in seen.row.verdict["findings"] if finding["rule"] == case.rule.id]
    assert len(found) == 1, seen.rules
    assert_example(case.rule, found[0])
    located: Any = locate(etree.fromstring(room.seal(case.bad)), found[0]["where"])
    assert located is not None
    mended = send(room, case, case.good, case.policy, signed_well=True)
    assert case.rule.id not in mended.rules
    assert mended.row.outcome == "accepted", mended.rules


# An unknown patient is never refused as such: each operation says what its absence means.
REFUSING = [case for case in CASES if case.rule is not identity.UNKNOWN_PATIENT]


@pytest.mark.parametrize("case", REFUSING, ids=lambda case: case.rule.id)
def test_forced_equals_true(room: Room, case: Case) -> None:
    overrides = {**case.policy.overrides, case.rule.id: Level.REFUSE}
    unknown = REFUSED.unknown if case.policy.unknown != {"*": "adopt"} else case.policy.unknown
    policy = replace(case.policy, overrides=overrides, unknown=unknown)
    true = send(room, case, case.bad, policy)
    room.force(case.rule)
    try:
        forced = send(room, replace(case, before=()), case.good, case.policy, signed_well=True)
    finally:
        room.relent()
    assert true.row.outcome == forced.row.outcome == "refused"
    assert normalised(forced.answer.body) == normalised(true.answer.body)


def test_every_state_rule_is_here() -> None:
    """Those of the other half of the DMP have their own tests."""
    halves = (token.RULES, identity.RULES, rights.RULES, td0.RULES)
    states = {rule.id for rules in halves for rule in rules if rule.kind == "state"}
    assert states == {case.rule.id for case in CASES}


def test_an_authorisation_of_a_patient_does_not_serve_another(room: Room) -> None:
    world = room.world()
    room.send(td03(), world, operation="TD0.3")
    assert room.send(td31(), world, operation="TD3.1").row.outcome == "accepted"
    refused = room.send(td31(for_patient("290050099900233")), world, operation="TD3.1")
    assert refused.rules == [rights.AUTHORISATION.id]
    assert INS not in {key.partition(":")[2] for key in refused.row.keys}


def test_modes_of_each_operation(room: Room) -> None:
    """TD2.1 never in AIR, TD3.1 never by an organisation, the look-up of a reference by anybody."""
    lookup = search("urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", "ObjectRef")
    feed = '<ProvideAndRegisterDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"/>'
    wrong = {
        "INDIRECTE": room.send(envelope("TD2.1", feed, AIR), room.world(), operation="TD2.1"),
        "INDIRECTE_RENFORCEE": room.send(td31(INDIRECT), room.world(), operation="TD3.1"),
    }
    for expected, seen in wrong.items():
        (finding,) = seen.row.verdict["findings"]
        assert (finding["rule"], finding["expected"]) == (rights.MATRIX.id, expected)
        assert finding["where"].endswith("saml2:Attribute[@Name='Authentification_mode']/saml2:AttributeValue")
        assert b"soap:DMPAccessDeniedByRightsService" in seen.answer.body
    seen = room.send(envelope("TD3.1", lookup, INDIRECT), room.world(), operation="TD3.1")
    assert (seen.row.outcome, seen.rules) == ("accepted", [])


def test_staff_under_air_may_not_consult(room: Room) -> None:
    """Nothing but another profile would help: the finding points at the role."""
    plan = AIR.but(roles=SECRETARY, professional="30B0999009/SIM001")
    (finding,) = room.send(td31(plan), room.world(), operation="TD3.1").row.verdict["findings"]
    assert (finding["rule"], finding["found"]) == (rights.MATRIX.id, "SECRETARIAT_MEDICAL^1.2.250.1.213.1.1.4.6")


def test_a_legal_entity_serves_its_sites(room: Room) -> None:
    """The certificate of the EJ, the FINESS of the EG (facts dmp §2.7); not the other way round."""
    entity = "10B0999017"
    issuer = ISSUER.replace(STRUCTURE, entity)
    seen = room.send(td02(AIR.but(issuer=issuer)), room.world(), holder=entity)
    assert (seen.row.outcome, seen.rules) == ("accepted", [])
    seen = room.send(td02(AIR.but(structure=entity)), room.world())
    assert seen.rules == [identity.STRUCTURE_CERTIFICATE.id]


def test_the_generic_certificate_serves_any_structure(room: Room) -> None:
    seen = room.send(td02(ANY.but(structure="10B0199998")), room.world(), holder="SIM-ANY")
    assert (seen.row.outcome, seen.rules) == ("accepted", [])


def test_an_emergency_needs_no_authorisation(room: Room) -> None:
    for purpose in ("bris_de_glace", "centre_15"):
        assert room.send(td31(AIR.but(purpose=purpose)), room.world(), operation="TD3.1").row.outcome == "accepted"
