"""The worklist in a real browser: both languages, a document written and validated, its frame, no policy violation."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.assembly.settings import Settings
from simulators.core.rules import Policy
from simulators.sandbox import Sandbox
from tests.support.chromium import Chromium
from tests.support.scripted_pfi import ScriptedPfi

ADULT = "185010099900171"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    settings = Settings(random_ports=True, publish=False, environment=environment)
    with ScriptedPfi() as pfi, Sandbox(settings) as running:
        running.worlds.set_policy("main", Policy(settings={"dpi.pfi": pfi.url}))
        yield running


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    program = shutil.which("chromium")
    if program is None:
        why = "no chromium on this machine (Debian package chromium)"
        (pytest.fail if os.environ.get("SEGUR_REQUIRE") == "1" else pytest.skip)(why)
    assert program is not None
    with Chromium(program, tmp_path / "profile") as running:
        yield running


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", ("SIMULATION", "Écrire un document", "Documents à envoyer")), ("en", ("SIMULATION", "Write a document"))],
)
def test_a_letter_is_written_validated_and_shown(
    house: Sandbox, browser: Chromium, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    base = f"{house.console_url.rstrip('/')}/dpi/main"
    browser.open(f"{base}?lang={language}")
    assert all(word in browser.text for word in words)
    browser.open(f"{base}/new?lang={language}")
    browser.fill("patient", ADULT)
    browser.fill("title", f"Lettre {language} <b>")
    browser.click("button[name=validate]")
    assert f"Lettre {language} <b>" in browser.text
    house.due.advance_by("main", "PT0S")
    browser.open(f"{base}?lang={language}")
    assert {"fr": "accepté par le PFI", "en": "accepted by the PFI"}[language] in browser.text
    browser.picture(tmp_path / "worklist.png", width=1000)
    assert browser.violations == []
