"""TD3.3 and the acts of third parties over the real wire: our client, real certificates, the journal."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from simulators.cli.main import main
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import named, plain_client
from simulators.clients.dmp.answers import DmpAnswer
from simulators.clients.dmp.client import NOT_FOUND, DmpClient
from simulators.clients.dmp.updates import FLAGS
from simulators.documents.papers import paper
from simulators.documents.xds import schemes
from simulators.population.identifiers import PsIdNat
from simulators.population.model import Professional, Structure
from simulators.population.reference import reference_population
from simulators.sandbox import Sandbox

ADULT = reference_population().patient("adult")


def speaker(sandbox: Sandbox, world: str, structure: str, professional: str) -> DmpClient:
    """As the PFI speaks: from values and certificates."""
    described = sandbox.describe(world, certificates=False)
    held = Structure.from_json(dict(named(described, "structures", structure)))
    person = Professional.from_json(dict(named(described, "professionals", professional)))
    pair = sandbox.holders.pair(world, held.struct_idnat.value)
    url, trust = f"{sandbox.url('dmp')}/w/{world}", sandbox.pki.trust(sandbox.now())
    return plain_client(url, trust, pair.auth_cli, pair.sign, held, person, ids=uuid.uuid4, now=sandbox.now)


@pytest.fixture
def hospital(sandbox: Sandbox, world: str) -> Iterator[DmpClient]:
    with speaker(sandbox, world, "hospital", "hospital-specialist") as client:
        yield client


def fed(client: DmpClient, **how: Any) -> str:
    plan = {"kind": "discharge-letter"}
    content = paper(plan, ADULT, client.professional, client.structure, client.oid(), client.now())
    answer, unique_id = client.feed(ADULT.ins, [content], **how)
    assert_accepted(answer)
    return unique_id


def assert_accepted(answer: DmpAnswer) -> None:
    assert answer.outcome == "accepted", answer


def count(client: DmpClient) -> object:
    found = client.search(ADULT.ins)
    assert_accepted(found)
    return found.values["count"]


def row(control: Control, world: str, client: DmpClient) -> dict[str, Any]:
    key = quote(f"message:{client.last_message_id}")
    (found,) = control.call("GET", f"/worlds/{world}/exchanges?key={key}")["exchanges"]
    assert isinstance(found, dict)
    return found


def test_fed_then_deleted_by_its_structure(control: Control, world: str, hospital: DmpClient) -> None:
    unique_id = fed(hospital)
    assert_accepted(hospital.authorise(ADULT.ins))
    assert count(hospital) == 1
    assert_accepted(hospital.delete(ADULT.ins, unique_id))
    told = row(control, world, hospital)
    assert (told["operation"], told["outcome"]) == ("dmp.TD3.3c", "accepted")
    assert f"document:{unique_id}" in told["keys"]
    assert count(hospital) == 0
    again = hospital.delete(ADULT.ins, unique_id)
    assert (again.outcome, again.code) == ("refused", NOT_FOUND)


def test_another_structure_deletes_nothing(sandbox: Sandbox, world: str, hospital: DmpClient) -> None:
    unique_id = fed(hospital)
    entry = hospital.in_force(ADULT.ins, unique_id)
    assert isinstance(entry, str)
    with speaker(sandbox, world, "laboratory", "biologist") as laboratory:
        answer = laboratory.delete(ADULT.ins, entry)
    assert (answer.outcome, answer.code, answer.rule) == ("refused", "XDSMetadataUpdateError", "DMP-UPDATE-OWNER")
    assert answer.http == 200


@pytest.mark.parametrize(
    ("breaks", "code", "rule"),
    [
        ({"update.targetObject": "1.2.3"}, "XDSMetadataUpdateError", "DMP-UPDATE-TARGET-FORM"),
        ({"update.OriginalStatus": schemes.ARCHIVED}, "XDSMetadataUpdateError", "DMP-UPDATE-ORIGINAL"),
        ({"update.NewStatus": "urn:x"}, "XDSMetadataUpdateError", "DMP-UPDATE-STATUS"),
    ],
)
def test_wrong_bytes_of_a_deletion(hospital: DmpClient, breaks: dict[str, str], code: str, rule: str) -> None:
    unique_id = fed(hospital)
    answer = hospital.broken(breaks, "TD3.3c").delete(ADULT.ins, unique_id)
    assert (answer.outcome, answer.code, answer.rule) == ("refused", code, rule)


def test_masked_archived_and_back_by_the_professional(sandbox: Sandbox, world: str, hospital: DmpClient) -> None:
    """The radiologist of another structure sees it come and go."""
    unique_id = fed(hospital, visibility=[FLAGS["INVISIBLE_PATIENT"]])
    with speaker(sandbox, world, "imaging-centre", "radiologist") as other:
        for client in (hospital, other):
            assert_accepted(client.authorise(ADULT.ins))
        assert count(other) == 1  # a document that the patient does not see is read by professionals
        both = hospital.mask(ADULT.ins, unique_id)
        assert (both.outcome, both.rule) == ("refused", "DMP-LOT-VISIBILITY")
        assert_accepted(hospital.show(ADULT.ins, unique_id))
        assert_accepted(hospital.mask(ADULT.ins, unique_id))
        assert (count(hospital), count(other)) == (1, 0)
        assert other.retrieve(ADULT.ins, [unique_id]).outcome == "refused"
        assert unique_id in hospital.retrieve(ADULT.ins, [unique_id]).documents
        assert other.mask(ADULT.ins, unique_id, back=True).code == NOT_FOUND
        assert_accepted(hospital.mask(ADULT.ins, unique_id, back=True))
        assert count(other) == 1
    assert hospital.archive(ADULT.ins, unique_id).outcome == "accepted"
    assert count(hospital) == 0
    assert_accepted(hospital.archive(ADULT.ins, unique_id, back=True))
    assert_accepted(hospital.archive(ADULT.ins, unique_id))
    assert_accepted(hospital.delete(ADULT.ins, unique_id, old=schemes.ARCHIVED))


def test_flags_at_the_deposit(sandbox: Sandbox, world: str, hospital: DmpClient) -> None:
    """Masked: only the structure finds it. A secret connection takes documents hidden from guardians, no others."""
    masked = fed(hospital, visibility=[FLAGS["MASQUE_PS"]])
    hidden = fed(hospital, visibility=[FLAGS["INVISIBLE_REPRESENTANTS_LEGAUX"]], connexion_secrete=True)
    with speaker(sandbox, world, "imaging-centre", "radiologist") as other:
        assert_accepted(other.authorise(ADULT.ins))
        assert count(other) == 1
        assert other.retrieve(ADULT.ins, [masked]).outcome == "refused"
        assert hidden in other.retrieve(ADULT.ins, [hidden]).documents
    plan = {"kind": "discharge-letter"}
    content = paper(plan, ADULT, hospital.professional, hospital.structure, hospital.oid(), hospital.now())
    answer, _ = hospital.feed(ADULT.ins, [content], connexion_secrete=True)
    assert answer.rule == "DMP-LOT-SECRET"


def test_a_professional_nobody_knows_feeds_and_deletes(sandbox: Sandbox, world: str) -> None:
    """As a message in HL7 v2 may name one: adopted."""
    with speaker(sandbox, world, "hospital", "hospital-specialist") as client:
        person = replace(
            client.professional, ps_idnat=PsIdNat.as_received("899799999992"), slug="x", family="PASSANT", given="Zoé"
        )
        client.submitter = replace(client.submitter, professional=person)
        assert_accepted(client.delete(ADULT.ins, fed(client)))


# --- acts of third parties


def act(control: Control, world: str, name: str, **values: str) -> dict[str, Any]:
    body = {"act": name, **({"patient": "adult"} if name == "publish" else {}), **values}
    told = control.call("POST", f"/worlds/{world}/dmp/acts", body)
    assert isinstance(told, dict)
    return told


def test_a_laboratory_publishes_replaces_masks_shows_and_deletes(
    sandbox: Sandbox, control: Control, world: str, hospital: DmpClient
) -> None:
    assert_accepted(hospital.authorise(ADULT.ins))
    first = act(control, world, "publish")
    assert (first["outcome"], count(hospital)) == ("accepted", 1)
    second = act(control, world, "replace", document=first["document"], text="Valeurs corrigées.")
    assert (second["outcome"], count(hospital)) == ("accepted", 1)
    assert second["document"] not in {"", first["document"]}
    masked = act(control, world, "mask", document=second["document"])
    assert (masked["outcome"], count(hospital)) == ("accepted", 0)
    shown = act(control, world, "unmask", document=masked["document"])
    assert (shown["outcome"], count(hospital)) == ("accepted", 1)
    gone = act(control, world, "delete", document=shown["document"])
    assert (gone["outcome"], gone["document"], count(hospital)) == ("accepted", "", 0)
    row = control.call("GET", f"/worlds/{world}/exchanges/{gone['exchange']}")
    laboratory = named(sandbox.describe(world, certificates=False), "structures", "laboratory")["id"]
    assert (row["operation"], row["who"]["structure"]) == ("dmp.TD3.3c", laboratory)
    old = act(control, world, "replace", document=first["document"])
    assert (old["outcome"], old["rule"]) == ("refused", "DMP-LOT-REPLACE-DEPRECATED")


def test_a_document_hidden_from_the_patient_is_shown(control: Control, world: str, hospital: DmpClient) -> None:
    unique_id = fed(hospital, visibility=[FLAGS["INVISIBLE_PATIENT"]])
    told = act(control, world, "show", by="hospital", document=unique_id)
    assert told["outcome"] == "accepted", told
    assert_accepted(hospital.authorise(ADULT.ins))
    _, entries = hospital.entries(ADULT.ins, told["document"])
    assert [code.code for code in entries[-1].confidentiality_codes] == ["N"]


def test_an_act_on_another_s_document_is_refused_by_the_dmp(control: Control, world: str, hospital: DmpClient) -> None:
    unique_id = fed(hospital)
    told = act(control, world, "delete", document=unique_id)
    assert (told["outcome"], told["rule"], told["document"]) == ("refused", "DMP-UPDATE-OWNER", unique_id)


def test_the_command_line_acts(sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--world", world, "--endpoints", str(sandbox.folder / "endpoints.json")]
    assert main(["dmp", "publish", *where]) == 0
    act, outcome, unique_id, *_ = capsys.readouterr().out.split()
    assert (act, outcome) == ("publish", "accepted")
    assert main(["dmp", "delete", unique_id, "--by", "hospital", *where]) == 1
    assert "DMP-UPDATE-OWNER" in capsys.readouterr().out
    assert main(["dmp", "delete", unique_id, *where]) == 0


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"name": "burn"}, 400),
        ({"name": "publish", "document": "1.2.3"}, 400),
        ({"name": "delete"}, 400),
        ({"name": "delete", "document": "1.2.3"}, 404),
        ({"name": "publish", "by": "nobody"}, 404),
        ({"name": "publish", "patient": "nobody"}, 404),
        ({"name": "publish", "patient": ""}, 404),
        ({"name": "publish", "kind": "novel"}, 400),
        ({"name": "publish", "by": "hospital-legal-entity"}, 409),
    ],
)
def test_an_act_that_cannot_be_played(control: Control, world: str, values: dict[str, str], status: int) -> None:
    name = values["name"]
    with pytest.raises(Refusal) as refused:
        act(control, world, name, **{key: value for key, value in values.items() if key != "name"})
    assert refused.value.status == status


def test_our_own_changes_are_accepted_in_the_strict_profile(control: Control, world: str, hospital: DmpClient) -> None:
    """What a search returned goes back as it was: nothing else differs."""
    control.call("PATCH", f"/worlds/{world}/policy", {"profile": "strict"})
    assert_accepted(hospital.authorise(ADULT.ins))
    unique_id = fed(hospital)
    for change in (hospital.mask, hospital.delete):
        assert_accepted(change(ADULT.ins, unique_id))
        assert row(control, world, hospital)["verdict"]["findings"] == []
