"""What a CI job uses: a world in one request, the pytest fixture, baselines, pins and JUnit reports."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.cli.main import main
from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.support.running import ROOT, environment


def post(sandbox: Sandbox, world: str, body: bytes = b"<a/>") -> int:
    """A message of a product that has much to learn, over its own certificate; the HTTP status."""
    described = sandbox.describe(world)
    hospital = next(s for s in described["structures"] if s["slug"] == "hospital")["certificates"]["auth_cli"]
    session = requests.Session()
    session.trust_env = False
    session.verify = endpoints(sandbox)["trust"]["roots"]
    session.cert = (hospital["certificate"], hospital["key"])
    return session.post(described["services"]["dmp"]["patients"], body).status_code


# -- a world in one request -------------------------------------------------------------------------------------------


def test_a_product_that_shares_no_folder_has_everything_in_the_answer(sandbox: Sandbox, control: Control) -> None:
    made = control.call("POST", "/worlds", {"name": "inline", "certificates": True})
    document = control.call("GET", "/endpoints")
    roots = document["trust"]["pem"]
    direct = requests.Session()
    direct.trust_env = False
    assert direct.get(document["trust"]["roots_url"]).text == roots
    assert {name for structure in made["structures"] for name in structure["certificates"]} == {"pem"}
    assert not (sandbox.folder / "certificates" / "inline").exists()
    for structure in control.call("GET", "/worlds/inline?certificates=true")["structures"]:
        pem = structure["certificates"]["pem"]
        assert pem == next(s["certificates"]["pem"] for s in made["structures"] if s["id"] == structure["id"])
        for use in ("auth_cli", "sign"):
            files = structure["certificates"][use]
            for form in ("certificate", "key", "chain"):
                assert Path(files[form]).read_text("ascii") == pem[use][form]
    context = ssl.create_default_context(cadata=roots)
    assert context.get_ca_certs()
    control.call("DELETE", "/worlds/inline")


def test_the_control_url_is_the_one_that_answered(sandbox: Sandbox, control: Control) -> None:
    port = sandbox.ports.url("console").rsplit(":", 1)[1]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {sandbox.token}"
        found = session.get(f"http://{host}/_sandbox/endpoints").json()
        assert found["control"]["url"] == f"http://{host}/_sandbox"
        assert session.get(f"{found['control']['url']}/worlds").status_code == 200


def test_worlds_weigh_nothing_at_the_start(tmp_path: Path) -> None:
    where = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    settings = Settings(data=tmp_path / "d", durable=True, random_ports=True, publish=False, environment=where)
    with Sandbox(settings) as sandbox:
        control = Control(endpoints(sandbox))
        for n in range(9):
            control.call("POST", "/worlds", {"name": f"w{n}", "certificates": True})
        for n in range(20):
            sandbox.create_world(f"more{n}")
    files = tmp_path / "d" / "certificates"
    shutil.rmtree(files)
    with Sandbox(settings) as again:
        document = endpoints(again)
        assert len(document["worlds"]) == 30
        assert document["worlds"]["main"]["structures"]
        other = document["worlds"]["w3"]
        assert set(other) == {"name", "url"}
        asked = Control(document).call("GET", other["url"].split("/_sandbox")[1])
        assert asked["structures"][0]["certificates"]["pem"]
        assert {path.name for path in files.iterdir()} == {"main", "w3"}


# -- pytest -----------------------------------------------------------------------------------------------------------

SUITE = """
import ssl, urllib.error, urllib.request, uuid
from datetime import datetime, timezone
import pytest
from simulators.clients.dmp.access import dmp_client, patient_of

def speak(segur, body=b"<a/>"):
    files = segur.structure("hospital")["certificates"]["auth_cli"]
    context = ssl.create_default_context(cafile=segur.roots)
    context.load_cert_chain(files["certificate"], files["key"])
    https = urllib.request.HTTPSHandler(context=context)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), https)
    try:
        opener.open(segur.url("dmp", "patients"), body)
    except urllib.error.HTTPError as refused:
        return refused.code

def test_refused(segur):
    assert speak(segur) == 500
    assert segur.wait(outcome="refused", timeout=5)["verdict"]["findings"][0]["rule"]

def test_fails(segur):
    assert speak(segur) == 200

def test_fails_alone():
    assert False

def exists(segur):
    client = dmp_client(
        segur.description, segur.roots, "hospital", "hospital-specialist",
        ids=uuid.uuid4, now=lambda: datetime.now(timezone.utc),
    )
    with client:
        return client.exists(patient_of(segur.description, "adult").ins)

@pytest.mark.parametrize("n", range(4))
def test_own_world(segur, n):
    assert segur.journal() == []
    assert segur.description["policy"]["profile"] == "strict"
    assert segur.description["policy"]["unknown"]["*"] == "refuse"
    assert segur.patient("adult")["id"]
    assert segur.advance("P6M") == []
    assert exists(segur).outcome == "accepted"
    segur.fault("http_error", "dmp.*", params={"status": 503})
    assert exists(segur).http == 503
    segur.clear()
    segur.refuse("DMP-SOAP-ENVELOPE", "dmp.TD0.2")
    assert exists(segur).outcome == "refused"
    assert segur.wait(operation="dmp.TD0.2", outcome="refused", timeout=5)["marks"]["forced"]
    with pytest.raises(AssertionError, match="nothing with operation"):
        segur.wait(operation="dmp.TD2.1", timeout=0)
"""


def run_suite(folder: Path, cache: Path, *options: str, **more: str) -> tuple[int, str, etree._Element]:
    """A suite of a stranger's project, in a process of its own."""
    (folder / "test_product.py").write_text(SUITE, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nsegur_profile = strict\nsegur_unknown = refuse\n", "utf-8")
    report = folder / "report.xml"
    plugin = ["-p", "simulators.pytest_plugin", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, *options],
        cwd=folder,
        env=environment(cache, **more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, etree.parse(report).getroot()


def test_the_fixture_gives_each_test_a_world_and_explains_a_failure(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    code, told, report = run_suite(tmp_path, cache)
    assert code == 1, told
    failed = [case.get("name") for case in report.iter("testcase") if case.find("failure") is not None]
    assert failed == ["test_fails", "test_fails_alone"], told
    assert told.count("segur-sandbox: last refused exchanges") == 1
    for part in ("DMP-SOAP-ENVELOPE", "where     /a", "found     a", "expected  {", "mend      one Envelope"):
        assert part in told


def test_workers_have_their_own_sandbox_or_share_the_one_named(
    sandbox: Sandbox, control: Control, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    code, told, _ = run_suite(tmp_path, cache, "-n", "2")
    assert code == 1
    assert "2 failed, 5 passed" in told
    before = control.call("GET", "/worlds")["worlds"]
    named = {"SEGUR_SANDBOX_ENDPOINTS": str(sandbox.folder / "endpoints.json")}
    _, told, _ = run_suite(tmp_path, cache, "-n", "2", **named)
    assert "2 failed, 5 passed" in told
    assert "DMP-SOAP-ENVELOPE" in told
    assert control.call("GET", "/worlds")["worlds"] == before


# -- baselines --------------------------------------------------------------------------------------------------------

SCENARIO = """segur_scenario: 1
title: {fr: un, en: one}
world: WORLD
actors:
  h: {structure: hospital, professional: hospital-specialist}
steps:
  - say: {fr: "existe ?", en: "is there?"}
    as: h
    do: dmp.TD0.2
    patient: adult
    expect: {outcome: refused}
"""


WARNED = """segur_scenario: 1
title: {fr: un, en: one}
world: WORLD
actors:
  h: {structure: hospital, professional: hospital-specialist}
steps:
  - {say: {fr: "existe ?", en: "is there?"}, as: h, do: dmp.TD0.2, patient: adult}
  - {say: {fr: "accès", en: "access"}, as: h, do: dmp.TD0.3, patient: adult}
  - {say: {fr: "envoi", en: "sent"}, as: h, do: dmp.TD2.1, patient: adult}
  - {say: {fr: "cherché sans raison", en: "searched without a reason"}, as: h, do: dmp.TD3.1, patient: adult}
"""


class Job:
    """Commands on the session's sandbox, in this process."""

    def __init__(self, sandbox: Sandbox, world: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._sandbox, self.world, self.folder, self._capsys = sandbox, world, folder, capsys
        self.baseline = folder / "baseline.yaml"

    def __call__(self, *arguments: str, code: int = 0) -> str:
        found = main([*arguments, "--endpoints", str(self._sandbox.folder / "endpoints.json")])
        told = self._capsys.readouterr()
        assert found == code, told
        assert "Traceback" not in told.err
        return told.out

    def record(self, until: str, *more: str) -> str:
        return self("baseline", "record", "--world", self.world, "--out", str(self.baseline), "--until", until, *more)

    def check(self, *more: str, code: int = 0) -> str:
        return self("baseline", "check", "--world", self.world, "--baseline", str(self.baseline), *more, code=code)


@pytest.fixture
def job(sandbox: Sandbox, world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    return Job(sandbox, world, tmp_path, capsys)


def test_a_recorded_finding_passes_until_its_day_and_a_new_one_fails(sandbox: Sandbox, job: Job) -> None:
    post(sandbox, job.world)
    assert "DMP-SOAP-ENVELOPE on dmp.? at /a" in job.record("2999-12-31")
    assert "0 new, 0 expired" in job.check()
    post(sandbox, job.world, b"no XML at all")
    report = job.folder / "deep" / "report.xml"
    told = job.check("--junit", str(report), code=1)
    assert "1 new" in told
    assert "mend" in told
    failures = list(etree.parse(report).getroot().iter("failure"))
    assert len(failures) == 1
    assert "first in exchange" in str(failures[0].get("message"))
    assert "1 added" in job.record("2999-12-31")
    assert "0 new, 0 expired" in job.check()


def test_an_expired_entry_fails_and_an_unused_one_is_told(sandbox: Sandbox, job: Job) -> None:
    post(sandbox, job.world)
    job.record("2000-01-01", "--reason", "for 4.2")
    assert "expired on 2000-01-01" in job.check(code=1)
    assert "for 4.2" in job.check(code=1)
    told = job.check("--since", "1")
    assert "1 unused" in told
    assert "nothing like it was found" in told


def test_a_baseline_that_is_none_is_two(job: Job) -> None:
    job.check(code=2)
    job.baseline.write_text("findings: []\n", "utf-8")
    job.check(code=2)


def test_what_a_scenario_expects_is_no_finding(sandbox: Sandbox, job: Job) -> None:
    job.baseline.write_text("segur_baseline: 1\nfindings: []\n", "utf-8")
    told = job("run", str(ROOT / "scenarios" / "first-document.yaml"), "--baseline", str(job.baseline))
    assert "0 new, 0 expired" in told


def test_a_run_that_passes_fails_on_a_warning_nobody_knows(sandbox: Sandbox, job: Job) -> None:
    scenario = job.folder / "warned.yaml"
    scenario.write_text(WARNED.replace("WORLD", job.world), "utf-8")
    post(sandbox, job.world)  # before the run: not the run's
    job.baseline.write_text("segur_baseline: 1\nfindings: []\n", "utf-8")
    report = job.folder / "report.xml"
    gated = ["run", str(scenario), "--baseline", str(job.baseline), "--junit", str(report)]
    told = job(*gated, code=1)
    assert "4 passed, 0 failed" in told
    assert "1 new" in told
    assert "DMP-SOAP-ENVELOPE" not in told
    consumed(etree.parse(report).getroot())
    assert [suite.get("name") for suite in etree.parse(report).getroot()] == ["one", "Findings"]
    job.record("2999-12-31", "--since", "1")
    assert "1 known" in job(*gated)


def test_a_run_against_other_rules_fails_before_it_plays(job: Job) -> None:
    shown = ROOT / "scenarios" / "first-document.yaml"
    told = job("run", str(shown), "--rules-pin", "0" * 64, code=1)
    assert "pinned 000" in told
    assert "passed" not in told
    assert "pinned 000" in job.check("--rules-pin", "0" * 64, code=1)


# -- JUnit ------------------------------------------------------------------------------------------------------------


def consumed(root: etree._Element) -> list[dict[str, Any]]:
    """What Jenkins, GitLab and the GitHub reporters read; raises when something they need is not there."""
    assert root.tag == "testsuites"
    cases = []
    for suite in root:
        assert suite.tag == "testsuite"
        counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
        found = list(suite.iter("testcase"))
        tags = [child.tag for case in found for child in case]
        counted = {"tests": len(found), "failures": tags.count("failure"), "errors": tags.count("error")}
        assert counts == {**counted, "skipped": tags.count("skipped")}
        float(suite.attrib["time"])
        for case in found:
            assert case.attrib["name"]
            assert case.attrib["classname"].count(".") == 1
            assert float(case.attrib["time"]) >= 0
            assert len([c for c in case if c.tag in {"failure", "error", "skipped"}]) <= 1
            for bad in case.iter("failure", "error"):
                assert bad.attrib["message"]
                assert bad.attrib["type"]
                assert (bad.text or "").strip()
            cases.append(dict(case.attrib))
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    return cases


def test_reports_are_what_their_readers_expect(sandbox: Sandbox, job: Job) -> None:
    scenario = job.folder / "fails.yaml"
    scenario.write_text(SCENARIO.replace("WORLD", f"{job.world}-s"), "utf-8")
    post(sandbox, job.world)
    job.record("2999-12-31")
    report = job.folder / "report.xml"
    job("run", str(scenario), "--baseline", str(job.baseline), "--junit", str(report), code=1)
    root = etree.parse(report).getroot()
    cases = consumed(root)
    assert [case["classname"] for case in cases] == ["segur.fails", "segur.findings"]
    assert cases[0]["file"] == str(scenario)
    assert "expected outcome = 'refused', found 'accepted'" in str(next(root.iter("failure")).text)
