"""The pages answer in both languages and show untrusted content as text."""

from __future__ import annotations

import pytest
import requests

from simulators.core import journal
from simulators.sandbox import Sandbox


@pytest.fixture
def http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@pytest.mark.parametrize(("lang", "word"), [("fr", "SIMULATION non officielle"), ("en", "Unofficial SIMULATION")])
def test_home_and_world_say_they_are_a_simulation(
    sandbox: Sandbox, http: requests.Session, lang: str, word: str
) -> None:
    for path in ("/", "/worlds/main"):
        answer = http.get(f"{sandbox.console_url}{path}?lang={lang}")
        assert answer.status_code == 200
        assert word in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_hostile_content_stays_text(sandbox: Sandbox, http: requests.Session, world: str) -> None:
    hostile = b"<script>alert(1)</script>"
    entry = journal.Entry("dmp.soap", "dmp.TD0.2", who={"structure": hostile.decode()}, request=hostile)
    here = sandbox.worlds.get(world)
    with sandbox.store.write(world) as tx:
        number = journal.record(tx, here, sandbox.now(), entry)
    for path in (f"/worlds/{world}", f"/exchanges/{world}/{number}"):
        page = http.get(sandbox.console_url + path).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


def test_unknown_world_and_exchange_are_not_found(sandbox: Sandbox, http: requests.Session) -> None:
    assert http.get(f"{sandbox.console_url}/worlds/nowhere").status_code == 404
    assert http.get(f"{sandbox.console_url}/exchanges/main/424242").status_code == 404
