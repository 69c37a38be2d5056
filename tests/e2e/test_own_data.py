"""The product's own data over the real wire: imported, exchanged with the DMP, exported, adopted, promoted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.cli.main import main
from simulators.clients.control import Control, Refusal
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.clients.dmp.client import DmpClient
from simulators.population.fictitious import FictitiousIdentifiers
from simulators.population.ins import INS_TEST_OID, Ins
from simulators.population.reference import reference_population
from simulators.sandbox import Sandbox
from tests.support.ledger_feeder import small_document

INS = Ins.of_payload("1850100999777", INS_TEST_OID)
FRESH = FictitiousIdentifiers(4242)
FINESS, RPPS = FRESH.finess().value, FRESH.rpps().value
STRUCTURES = f"finess;nom;type;secteur;reference\r\n{FINESS};CLINIQUE DU VENDEUR;hopital;SA01;mine\r\n".replace(
    "finess", "identifiant_structure"
)
PEOPLE = (
    "rpps;nom;prenom;profession;specialite;structure;secteur;reference\r\n"
    f"{RPPS};VENDEUR;ALIX;10;SM26;{FINESS};SA01;doctor\r\n"
)
PATIENTS = (
    "ins;nom_naissance;prenoms;sexe;date_naissance;lieu_naissance;reference\r\n"
    f"{INS.matricule};ÉPREUVE;ALIX CAMILLE;M;15/01/1985;75056;own\r\n"
)
FILES = {"structures.csv": STRUCTURES, "professionals.csv": PEOPLE, "patients.csv": PATIENTS}
ADT = (
    "MSH|^~\\&|DPI|ORG|SB|ORG|20260301120000||ADT^A28^ADT_A05|42|D|2.5^FRA^2.11|||||FRA|UNICODE UTF-8\r"
    "EVN||20260301120000\r"
    f"PID|||{INS.matricule}^^^ASIP-SANTE-INS-NIR&{INS_TEST_OID}&ISO^INS~77^^^HOP^PI||ÉPREUVE^ALIX^ALIX CAMILLE^^^^L||"
    "19850115|M|||^^^^^^BDL^^75056|||||||||||||||||||||VALI\rPV1|1|N\rZFA|ACTIF|||||||||IC\r"
)

Run = Callable[..., str]


@pytest.fixture
def ran(sandbox: Sandbox, world: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """A verb of ``population`` on the test's world; standard output and error together."""

    def run(*arguments: str, code: int = 0) -> str:
        endpoints = str(sandbox.folder / "endpoints.json")
        assert main(["population", "--world", world, *arguments, "--endpoints", endpoints]) == code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return captured.out + captured.err

    return run


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8", newline="")
    return [str(tmp_path / name) for name in FILES]


def strict(control: Control, world: str, **families: str) -> None:
    control.call("PATCH", f"/worlds/{world}/policy", {"unknown": families or {"*": "refuse"}})


def at_the_dmp(sandbox: Sandbox, control: Control, world: str, place: str, person: str) -> DmpClient:
    described = control.call("GET", f"/worlds/{world}?certificates=true")
    roots = Path(control.document["trust"]["roots"])
    return dmp_client(described, roots, place, person, ids=uuid.uuid4, now=sandbox.now)


def population(control: Control, world: str) -> dict[str, Any]:
    found: dict[str, Any] = control.call("GET", f"/worlds/{world}/population")
    return found


# -- import -----------------------------------------------------------------------------------------------------------


def test_a_product_brings_its_own_and_works_where_strangers_are_refused(
    sandbox: Sandbox, control: Control, world: str, ran: Run, files: list[str]
) -> None:
    strict(control, world)
    told = ran("import", *files)
    assert "patients.csv:2     imported  patients" in told
    assert "professionals.csv: 1 imported" in told
    patient = patient_of(control.call("GET", f"/worlds/{world}"), "own")
    with at_the_dmp(sandbox, control, world, "mine", "doctor") as client:
        existence = client.exists(patient.ins)
        assert (existence.outcome, existence.values["state"]) == ("accepted", "active")
        assert client.authorise(patient.ins).outcome == "accepted"
        document = small_document(client, patient, client.oid(), b"%PDF-1.4 fictif", sandbox.now())
        fed, unique_id = client.feed(patient.ins, [document])
        assert fed.outcome == "accepted", fed
        assert client.search(patient.ins).values["count"] == 1
        assert client.retrieve(patient.ins, [unique_id]).outcome == "accepted"


def test_a_patient_out_of_an_adt_message_is_at_the_dmp(
    sandbox: Sandbox, control: Control, world: str, ran: Run, tmp_path: Path
) -> None:
    strict(control, world, patients="refuse")
    (tmp_path / "admission.hl7").write_bytes(b"\x0b" + ADT.encode() + b"\x1c\r")
    assert "admission.hl7:1     imported" in ran("import", str(tmp_path / "admission.hl7"))
    with at_the_dmp(sandbox, control, world, "hospital", "hospital-specialist") as client:
        assert client.exists(INS).values["state"] == "active"
    assert {p["slug"] for p in population(control, world)["patients"] if p["birth_name"] == "ÉPREUVE"} == {"77"}


def test_a_refused_row_is_explained_in_both_languages_and_nothing_is_imported(
    control: Control, world: str, ran: Run, tmp_path: Path
) -> None:
    before = population(control, world)
    wrong = PATIENTS + f"{INS.matricule[:-2]}00;FAUX;A;M;1985-01-15;;\r\n"
    (tmp_path / "p.csv").write_text(wrong, "utf-8", newline="")
    told = ran("import", str(tmp_path / "p.csv"), code=1)
    assert "p.csv:2     withheld" in told
    assert "p.csv:3     refused" in told
    for line in ("SIM-IMPORT-INS-KEY  ins", "La clé de l'INS est fausse.", "The key of the INS is wrong.", "->"):
        assert line in told
    assert "nothing was imported / rien n'a été importé" in told
    assert population(control, world) == before
    report = json.loads(ran("import", "--json", str(tmp_path / "p.csv"), code=1))[0]
    assert report["rows"][1]["remarks"][0] | {"sentence": 0, "mend": 0} == {
        "code": "SIM-IMPORT-INS-KEY",
        "level": "refuse",
        "column": "ins",
        "found": f"{INS.matricule[:-2]}00",
        "expected": f"…{INS.matricule[-2:]}",
        "sentence": 0,
        "mend": 0,
    }
    assert "imported" in ran("import", "--skip-refused", str(tmp_path / "p.csv"), code=1)
    assert len(population(control, world)["patients"]) == len(before["patients"]) + 1


def test_a_dry_run_writes_nothing_and_keep_survives_a_reset(
    control: Control, world: str, ran: Run, files: list[str]
) -> None:
    before = population(control, world)
    assert "dry run" in ran("import", "--dry-run", *files)
    assert population(control, world) == before
    ran("import", files[0])
    ran("import", "--keep", files[2])
    control.call("POST", f"/worlds/{world}/reset")
    after = population(control, world)
    assert [p["slug"] for p in after["patients"] if p not in before["patients"]] == ["own"]
    assert after["structures"] == before["structures"]


def test_any_http_client_may_import(sandbox: Sandbox, control: Control, world: str) -> None:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {sandbox.token}"
    url = f"{control.document['control']['url']}/worlds/{world}/population"
    good = session.post(f"{url}/import", json={"name": "p.csv", "text": PATIENTS})
    assert (good.status_code, good.json()["counts"]) == (200, {"imported": 1})
    bad = session.post(f"{url}/import", json={"name": "p.csv", "text": PATIENTS.replace(";M;", ";X;")})
    assert (bad.status_code, bad.headers["Content-Type"]) == (422, "application/problem+json")
    assert bad.json()["rows"][0]["remarks"][0]["column"] == "sexe"
    assert "nothing was imported" in bad.json()["detail"]
    exported = session.get(f"{url}/export", params={"format": "csv", "family": "patients"})
    assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "ÉPREUVE" in exported.content.decode("utf-8-sig")
    assert session.get(f"{url}/export", params={"format": "csv"}).status_code == 400
    families = session.get(f"{control.document['control']['url']}/families").json()["families"]
    assert {"patients", "professionals", "structures"} <= {family["name"] for family in families}


# -- export -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_one_world_exports_another_imports(
    sandbox: Sandbox, control: Control, world: str, ran: Run, tmp_path: Path, kind: str
) -> None:
    ran("import", "--json", *_written(tmp_path / "in", FILES))
    out = tmp_path / "out"
    told = ran("export", "--format", kind, "--out", str(out if kind == "csv" else tmp_path / "all.json"))
    paths = [line for line in told.splitlines() if Path(line).name in {f"{n}.csv" for n in OWN} | {"all.json"}]
    assert "unchanged" in ran("import", *paths)
    other = f"{world}-copy"
    sandbox.create_world(other)
    ran("import", "--world", other, *paths)
    first, second = population(control, world), population(control, other)
    for family in ("patients", "professionals"):
        assert second[family] == first[family]
    theirs = {place["struct_idnat"]: place for place in second["structures"]}
    for place in first["structures"]:  # each world has a hospital of its own: the second one keeps the name
        assert theirs[place["struct_idnat"]] == place | {"slug": theirs[place["struct_idnat"]]["slug"]}
    assert theirs[f"1{FINESS}"]["slug"] == "mine"


OWN = ("patients", "professionals", "structures")


def _written(folder: Path, files: dict[str, str]) -> list[str]:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="")
    return [str(folder / name) for name in files]


def test_the_patients_as_adt_messages(control: Control, world: str, ran: Run, tmp_path: Path) -> None:
    before = population(control, world)
    path = str(tmp_path / "patients.hl7")
    ran("export", "--format", "adt", "--out", path)
    told = ran("import", path)
    assert f"{len(before['patients'])} unchanged" in told
    assert population(control, world) == before
    assert len(before["patients"]) == len(reference_population().patients)


def test_the_template_needs_no_sandbox_and_imports(
    ran: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["population", "template", "--format", "csv", "--family", "structures"]) == 0
    (tmp_path / "s.csv").write_text(capsys.readouterr().out, "utf-8")
    assert main(["population", "template", "--out", str(tmp_path / "all")]) == 0
    assert {path.name for path in (tmp_path / "all").iterdir()} >= {f"{name}.csv" for name in OWN}
    assert "1 " in ran("import", "--dry-run", str(tmp_path / "s.csv"))


# -- adoption ---------------------------------------------------------------------------------------------------------


def test_who_came_over_the_wire_is_listed_edited_and_stays(
    sandbox: Sandbox, control: Control, world: str, ran: Run
) -> None:
    stranger = Ins.of_payload("2900475999123", INS_TEST_OID)
    with at_the_dmp(sandbox, control, world, "hospital", "hospital-specialist") as client:
        assert client.exists(stranger).values["state"] == "active"
    assert f"patients:{stranger.matricule}  INCONNU" in ran("adopted")
    row = control.call("GET", f"/worlds/{world}/exchanges?last=1")["exchanges"][0]
    assert row["marks"]["adopted"] == [f"patients:{stranger.matricule}"]
    flagged = [p for p in population(control, world)["patients"] if p["adopted"]]
    assert [p["id"] if "id" in p else p["ins"]["matricule"] for p in flagged] == [stranger.matricule]
    edits = ("--set", "nom_naissance=RECONNUE", "--set", "prenoms=ZOE ANNE")
    assert "RECONNUE ZOE ANNE" in ran("promote", f"patients:{stranger.matricule}", *edits)
    assert "0 adopted" in ran("adopted")
    control.call("POST", f"/worlds/{world}/reset")
    strict(control, world)
    with at_the_dmp(sandbox, control, world, "hospital", "hospital-specialist") as client:
        assert client.exists(stranger).values["state"] == "active"
    assert json.loads(ran("adopted", "--json")) == []


def test_everybody_adopted_is_promoted_at_once(sandbox: Sandbox, control: Control, world: str, ran: Run) -> None:
    with at_the_dmp(sandbox, control, world, "hospital", "hospital-specialist") as client:
        for order in ("001", "002"):
            client.exists(Ins.of_payload(f"1900475999{order}", INS_TEST_OID))
    assert len(ran("promote", "--all").splitlines()) == 2
    control.call("POST", f"/worlds/{world}/reset")
    assert "0 adopted" in ran("adopted")
    assert len(population(control, world)["patients"]) == len(reference_population().patients) + 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", "patients:1"), "has no 1 among its patients"),
        (("promote", "martians:1"), "there is no family"),
        (("promote",), "FAMILY:ID"),
        (("promote", "--all", "patients:1"), "FAMILY:ID"),
        (("promote", "patients:1", "--set", "nom"), "COLUMN=VALUE"),
        (("export", "--family", "martians", "--out", "x.json"), "there is no family"),
        (("export", "--format", "adt", "--family", "structures", "--out", "x"), "patients only"),
    ],
)
def test_what_cannot_be_done_is_said(ran: Run, arguments: tuple[str, ...], said: str) -> None:
    assert said in ran(*arguments, code=2)


# -- policy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family", ["structures", "professionals", "patients", "mailboxes", "clients", "redirects", "*"]
)
def test_each_family_has_its_own_policy(control: Control, world: str, family: str) -> None:
    told = control.call("PATCH", f"/worlds/{world}/policy", {"unknown": {family: "warn"}})
    assert told["unknown"][family] == "warn"


@pytest.mark.parametrize("missing", ["structures", "professionals", "patients"])
def test_what_was_not_imported_is_refused(
    sandbox: Sandbox, control: Control, world: str, ran: Run, files: list[str], missing: str
) -> None:
    """The same journey with one file less: the DMP refuses for that family, and serves once it is there."""
    ran("import", *files)
    client = at_the_dmp(sandbox, control, world, "mine", "doctor")
    control.call("POST", f"/worlds/{world}/reset")
    strict(control, world)
    ran("import", *[path for path in files if missing not in path])
    with client:
        told = client.exists(INS)
        refused = (told.outcome, told.values.get("state"), told.rule)
        rules = {"structures": "DMP-STRUCTURE-UNKNOWN", "professionals": "DMP-PROFESSIONAL-UNKNOWN"}
        assert refused == (("accepted", "none", "") if missing == "patients" else ("refused", None, rules[missing]))
        ran("import", *files)
        assert client.exists(INS).values["state"] == "active"


def test_a_name_already_borne_is_refused_by_the_whole_population_too(control: Control, world: str) -> None:
    adult, woman = (population(control, world)["patients"][rank] for rank in (0, 1))
    with pytest.raises(Refusal, match="nothing was imported"):
        control.call("PUT", f"/worlds/{world}/population", {"patients": [woman | {"slug": adult["slug"]}]})
    assert woman in population(control, world)["patients"]
