"""The pages answer in both languages, show untrusted content as text, and mask what looks real."""

from __future__ import annotations

import logging
import re
import socket
from pathlib import Path

import pytest
import requests

from simulators.cli.main import main
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.clients.dmp.client import DmpClient
from simulators.core import journal
from simulators.core.expect import Expectation, wait_for
from simulators.core.faults.effects import Disconnect
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.population.ins import Ins
from simulators.sandbox import Sandbox

PRODUCTION = "1.2.250.1.213.1.4.8"
# Department 00 belongs to nobody; under a production authority the guard cannot know that it is a test.
REAL = [Ins.of_payload(f"18501009990{order}", PRODUCTION).matricule for order in (77, 78)]


@pytest.fixture
def http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def client(sandbox: Sandbox, world: str) -> DmpClient:
    described = sandbox.describe(world)
    roots = Path(sandbox.folder / "trust" / "roots.pem")
    ids = replayable_ids(world)
    return dmp_client(described, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", ("SIMULATION non officielle", "Bac à sable", "Mondes")),
        ("en", ("Unofficial SIMULATION", "sandbox", "Worlds")),
    ],
)
def test_home_and_world_say_they_are_a_simulation(
    sandbox: Sandbox, http: requests.Session, lang: str, words: tuple[str, str, str]
) -> None:
    for path in ("/", "/worlds/main", "/worlds/-"):
        answer = http.get(f"{sandbox.console_url}{path}?lang={lang}")
        assert answer.status_code == 200
        assert all(word in answer.text for word in words[:2])
        assert f'<html lang="{lang}">' in answer.text
    assert words[2] in http.get(f"{sandbox.console_url}/?lang={lang}").text


@pytest.mark.parametrize(("accept", "lang"), [("fr-FR,fr;q=0.9", "fr"), ("en-GB", "en"), ("de", "fr"), ("", "fr")])
def test_the_browsers_language_is_taken(sandbox: Sandbox, http: requests.Session, accept: str, lang: str) -> None:
    page = http.get(f"{sandbox.console_url}/", headers={"Accept-Language": accept}).text
    assert f'<html lang="{lang}">' in page
    assert '<html lang="fr">' in http.get(f"{sandbox.console_url}/?lang=xx", headers={"Accept-Language": "de"}).text


def test_no_page_may_run_anything(sandbox: Sandbox, http: requests.Session) -> None:
    for path in ("/", "/worlds/main", "/worlds/nowhere"):
        answer = http.get(sandbox.console_url + path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        nonce = re.search(r"style-src 'nonce-([^']+)'", policy)
        assert nonce
        assert f'<style nonce="{nonce[1]}">' in answer.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_hostile_content_stays_text(sandbox: Sandbox, http: requests.Session, world: str) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    here = sandbox.worlds.get(world)
    with sandbox.store.write(world) as tx:
        entry = journal.Entry(
            hostile,
            hostile,
            who={"structure": hostile, hostile: hostile},
            marks={hostile: [hostile], "adopted": hostile},
            request_head=hostile,
            request=hostile.encode(),
            answer=hostile.encode(),
        )
        number = journal.record(tx, here, sandbox.now(), entry)
    for path in (f"/worlds/{world}", f"/exchanges/{world}/{number}"):
        page = http.get(sandbox.console_url + path).text
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page


def test_a_refusal_is_explained(sandbox: Sandbox, http: requests.Session, world: str) -> None:
    with client(sandbox, world) as speaker:
        patient = patient_of(sandbox.describe(world, certificates=False), "adult")
        speaker.exists(patient.ins)
        speaker.broken({"existence.ins": "185010099900172"}, "TD0.2").exists(patient.ins)
    for lang, mend in (("fr", "97"), ("en", "97")):
        page = http.get(f"{sandbox.console_url}/exchanges/{world}/2?lang={lang}").text
        rule = sandbox.catalogue.get("DMP-TD02-INS-KEY")
        assert rule is not None
        assert rule.id in page
        assert "185010099900172" in page
        assert "patientIdentifier" in page
        assert mend in page
        assert f'href="/exchanges/{world}/1?lang={lang}"' in page  # the good one, and the same journey
    assert 'class="badge refused"' in http.get(f"{sandbox.console_url}/worlds/{world}").text


def test_what_was_cut_before_any_request_has_a_page(sandbox: Sandbox, http: requests.Session) -> None:
    since = journal.cursor(sandbox.store, PSEUDO_WORLD)
    port = int(sandbox.url("dmp").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while plain.recv(4096):
            pass
    expected = Expectation({"rule": "CORE-PLAIN-ON-TLS-PORT"})
    row = wait_for(sandbox.store, PSEUDO_WORLD, expected, since=since, timeout=20).exchange
    assert row is not None
    page = http.get(f"{sandbox.console_url}/exchanges/-/{row.number}?lang=en").text
    assert "replace http:// by https://" in page
    assert "CORE-PLAIN-ON-TLS-PORT" in http.get(f"{sandbox.console_url}/worlds/-").text


def test_unknown_world_and_exchange_are_pages_that_say_so(sandbox: Sandbox, http: requests.Session) -> None:
    for path in (
        "/worlds/nowhere",
        "/exchanges/main/424242",
        f"/exchanges/main/{10**30}",
        "/exchanges/nowhere/1",
        "/nothing",
        "/worlds/a%2Fb",
    ):
        for lang, words in (("fr", "Il n&#39;y a rien"), ("en", "There is nothing")):
            answer = http.get(f"{sandbox.console_url}{path}?lang={lang}")
            assert (answer.status_code, words in answer.text) == (404, True), path
            assert answer.headers["Content-Type"].startswith("text/html")


def test_pages_are_for_reading_only(sandbox: Sandbox, http: requests.Session) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert http.request(method, f"{sandbox.console_url}/worlds/main").status_code == 405


# -- identifiers that look real ---------------------------------------------------------------------------------------


def test_a_real_looking_identifier_is_masked_for_people_only(
    sandbox: Sandbox,
    http: requests.Session,
    world: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = [Ins.as_received(matricule, PRODUCTION) for matricule in REAL]
    with caplog.at_level(logging.WARNING, "simulators"), client(sandbox, world) as speaker:
        for ins in (*asked, *asked):
            speaker.exists(ins)
    warned = [record.getMessage() for record in caplog.records if "looks like a real person" in record.getMessage()]
    assert len(warned) == len(asked)  # once each, although they begin alike
    assert not any(matricule in line for line in warned for matricule in REAL)
    # Wire and store hold what came.
    sent, _ = journal.bodies(sandbox.store, world, 1)
    assert REAL[0].encode() in sent
    options = ["--world", world, "--endpoints", str(sandbox.folder / "endpoints.json")]
    shown = [http.get(f"{sandbox.console_url}{path}").text for path in (f"/worlds/{world}", f"/exchanges/{world}/1")]
    for arguments in (["journal", "tail"], ["journal", "show", "1"]):
        assert main([*arguments, *options]) == 0
        shown.append(capsys.readouterr().out)
    for text in shown:
        for matricule in REAL:
            at = text.find(matricule)
            assert at < 0, text[max(at - 200, 0) : at + 60]
    assert "1850*******" in shown[1]
    assert main(["journal", "show", "1", "--raw", "request", *options]) == 0
    assert REAL[0] in capsys.readouterr().out


def test_an_adopted_professional_is_masked_on_the_page_of_the_world(
    sandbox: Sandbox, http: requests.Session, world: str
) -> None:
    rpps = "00000000018"  # RPPS numbers never begin with 0
    with client(sandbox, world) as speaker:
        patient = patient_of(sandbox.describe(world, certificates=False), "adult")
        assert speaker.broken({"vihf.NameID": f"8{rpps}"}, "TD0.2").exists(patient.ins).outcome == "accepted"
    page = http.get(f"{sandbox.console_url}/worlds/{world}?lang=en").text
    assert rpps not in page
    assert "8000*******" in page
    assert "(adopted)" in page


def test_another_world_is_warned_too(sandbox: Sandbox, world: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "simulators"), client(sandbox, world) as speaker:
        speaker.exists(Ins.as_received(REAL[0], PRODUCTION))
    assert [line for line in caplog.messages if line.startswith(f"world {world}: 1850*******")]


def test_a_fault_never_shuts_the_console(sandbox: Sandbox, http: requests.Session) -> None:
    fault = sandbox.faults.add_fault("-", "refuse_connection", {"on": "*"})
    try:
        assert sandbox.ports._accept("dmp") in {"close", "reset"}
        assert isinstance(sandbox.faults.accept_plan("console")[0].effect, Disconnect)
        assert http.get(f"{sandbox.console_url}/").status_code == 200
    finally:
        sandbox.faults.remove("-", fault)
