"""Who the DMP sees behind the PFI, whom admissions protect, and both ways of calling the PFI."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from simulators.clients.mllp import MllpServer, send_once
from simulators.core import journal
from simulators.core.hl7 import Head, read_message
from simulators.core.pki import client_context
from simulators.documents.hl7.build import build_transmission
from simulators.documents.hl7.model import Flags
from simulators.documents.hl7.zam import read_zam
from simulators.population.generator import FictitiousIdentifiers
from simulators.population.idnat import StructIdNat
from simulators.population.pam import Consent, Identifier, Identity, Name, PamEvent, build_pam
from tests.e2e.pfi.test_journey import FIRST, statuses
from tests.support.hl7_documents import PATIENT
from tests.support.pfi_peer import Bench, Creator

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
ONLY_DMP = Flags(destdmp=True, ack_reception=True)


def vihf(bench: Bench) -> dict[str, str]:
    """The simple attributes of the last TD2.1, and NameID."""
    row = bench.journal("dmp.TD2.1")[-1]
    assert row.outcome == "accepted", row.verdict
    sent = journal.bodies(bench.sandbox.store, bench.world, row.number)[0]
    start = sent.index(b"<soap:Envelope")
    envelope = etree.fromstring(sent[start : sent.index(b"</soap:Envelope>") + len(b"</soap:Envelope>")])
    found = {
        one.get("Name", ""): one.findtext(f"{SAML}AttributeValue", "") for one in envelope.iter(f"{SAML}Attribute")
    }
    name = next(envelope.iter(f"{SAML}NameID")).text or ""
    return {**{key.rpartition(":")[2]: value for key, value in found.items()}, "NameID": name}


def test_structure_and_person_of_the_sender(bench: Bench, creator: Creator) -> None:
    bench.send(bench.plan("M1", FIRST, flags=ONLY_DMP))
    bench.settle()
    seen = vihf(bench)
    assert seen["Identifiant_Structure"] == f"1{bench.finess}"
    assert seen["NameID"] == "899700000039"
    assert seen["Authentification_mode"] == "INDIRECTE"
    assert seen["resource-id"].startswith("185010099900171^^^&1.2.250.1.213.1.4.10&ISO^NH")
    assert "confidentiality-code" not in seen


def test_a_hospital_nobody_knows(bench: Bench, creator: Creator) -> None:
    own = FictitiousIdentifiers(seed=77).finess()
    bench.hospital = replace(bench.hospital, finess=own, struct_idnat=StructIdNat.of_finess(own))
    bench.finess = own.value
    bench.send(bench.plan("M1", FIRST, flags=ONLY_DMP))
    bench.settle()
    assert vihf(bench)["Identifiant_Structure"] == f"1{own.value}"
    assert statuses(bench).keys() == {FIRST}


def test_secret_connection(bench: Bench, creator: Creator) -> None:
    minor = bench.people.patient("minor")
    plan = bench.plan("M1", FIRST, flags=replace(ONLY_DMP, connexion_secrete=True, invisible_rep_legaux=True))
    traits = replace(
        PATIENT,
        ins=minor.ins.matricule,
        family=minor.birth_name,
        given=minor.given_names[0],
        given_list=" ".join(minor.given_names),
        birth_date=minor.birth_date.strftime("%Y%m%d"),
        sex=minor.sex,
        birth_place=minor.birth_place,
    )
    bench.send(replace(plan, patient=traits, cda=bench.cda(FIRST, patient="minor")))
    bench.settle()
    assert vihf(bench)["confidentiality-code"].startswith("INVISIBLE_REPRESENTANTS_LEGAUX")
    assert bench.states() == ["ok"]


def test_opposition_by_admissions(bench: Bench, creator: Creator) -> None:
    identity = Identity(
        (
            Identifier("IPP001", "PI", "AUT-AFFECTATION", "0B0999009", "M"),
            Identifier(PATIENT.ins, "INS", "ASIP-SANTE-INS-NIR", PATIENT.oid, "ISO"),
        ),
        (Name("SIMULE", "ALIX", "ALIX"),),
        "19850115",
        "M",
        statuses=("VALI",),
    )
    at = bench.sandbox.now()
    told = PamEvent("A28", identity, consent=Consent(feed="IO", feed_at="20261119"), recorded="20261119090000")
    head = Head("GAM-SEGUR-SANDBOX", bench.finess, "PFI-SEGUR-SANDBOX", bench.world, at, "ADT", "ADT1", "T")
    assert bench.say(build_pam(told, head)).value("MSA-1") == "AA"
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    zam = read_zam(next(message for message in creator.heard if message.kind == "ZAM^Z01"))
    assert (zam.accepted, zam.error and zam.error[0]) == (False, "SIMOpposition")
    assert bench.states() == ["ko", "ok", "ok"]
    assert bench.journal("dmp.TD2.1") == []


def test_by_mutual_tls(bench: Bench, creator: Creator) -> None:
    plan = bench.plan("M1", FIRST, flags=ONLY_DMP)
    pair = bench.sandbox.holders.pair(bench.world, bench.hospital.struct_idnat.value)
    context = client_context(bench.sandbox.trusted.at(bench.sandbox.now()), pair.auth_cli)
    apps = (plan.sending_app, plan.sending_facility, "PFI-SEGUR-SANDBOX", "ANY")
    message = build_transmission(plan, Head(*apps, bench.sandbox.now(), "MDM", "M1", "T"))
    ack = read_message(send_once(MllpServer(bench.sandbox.local_url("pfi_mllps"), context), message))
    assert ack.value("MSA-1") == "AA"
    bench.settle()
    assert bench.states() == ["ok"]
    assert bench.journal("pfi.MDM^T02")[0].marks["world_by"] == "credential:certificate"
