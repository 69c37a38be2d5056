"""The console in a real browser: both languages, a refusal explained, hostile content inert.

Chromium is the Debian package, headless, with an empty profile, and a resolver that knows nobody but this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control
from simulators.core import journal
from simulators.core.clock import system_now
from simulators.core.shipped import shipped
from simulators.sandbox import Sandbox
from simulators.scenario.load import load
from simulators.scenario.play import play

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1200,1400",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
PATIENCE_S = 90
Browse = Callable[..., str]


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        why = "no chromium on this machine (Debian package chromium)"
        (pytest.fail if os.environ.get("SEGUR_REQUIRE") == "1" else pytest.skip)(why)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in whose world ``demo`` the first journey was played, six refusals included."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, publish=False, environment=environment)) as running:
        scenario = load(shipped("scenarios", "first-document.yaml"))
        assert play(scenario, Control(endpoints(running)), system_now, lambda _: None).passed
        yield running


@pytest.fixture
def browse(chromium: str, sandbox: Sandbox, tmp_path: Path) -> Browse:
    """The DOM of a page of the console once loaded; with ``shot``, its picture in that file instead."""

    def browse(path: str, *, accept: str = "en", shot: Path | None = None) -> str:
        what = "--dump-dom" if shot is None else f"--screenshot={shot}"
        profile = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", f"--accept-lang={accept}", what]
        done = subprocess.run(
            [*command, sandbox.console_url + path],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return browse


def refused(sandbox: Sandbox) -> journal.Exchange:
    """The first refusal of the journey: one byte of the signature."""
    return next(row for row in journal.read(sandbox.store, "demo") if row.outcome == "refused")


@pytest.mark.parametrize(
    ("accept", "words"),
    [
        ("fr", ("SIMULATION non officielle", "Bac à sable Ségur", "Mondes", "Connexions sans échange")),
        ("en", ("Unofficial SIMULATION", "Ségur sandbox", "Worlds", "Connections without an exchange")),
    ],
)
def test_home_speaks_the_language_of_the_browser(
    browse: Browse, sandbox: Sandbox, accept: str, words: tuple[str, ...]
) -> None:
    page = browse("/", accept=accept)
    assert f'<html lang="{accept}">' in page
    for word in words:
        assert word in page
    assert f"{sandbox.url('dmp')}/si-dmp-server/v2/services/registry" in page
    assert 'href="/worlds/demo?lang=' in page


@pytest.mark.parametrize(("lang", "words"), [("fr", ("accepté", "refusé")), ("en", ("accepted", "refused"))])
def test_the_journal_of_a_world(browse: Browse, lang: str, words: tuple[str, str]) -> None:
    page = browse(f"/worlds/demo?lang={lang}")
    badges = re.findall(r'<span class="badge (\w+)">([^<]+)</span>', page)
    assert badges.count(("accepted", words[0])) == 5
    assert badges.count(("refused", words[1])) == 6
    assert "DMP-SEC-SIGNATURE" in page


@pytest.mark.parametrize(("lang", "labels"), [("fr", ("Où", "Comment réparer")), ("en", ("Where", "How to mend"))])
def test_a_refusal_is_explained(browse: Browse, sandbox: Sandbox, lang: str, labels: tuple[str, str]) -> None:
    row = refused(sandbox)
    page = browse(f"/exchanges/demo/{row.number}?lang={lang}")
    (finding,) = row.verdict["findings"]
    assert re.search(r'<p class="lead">([^<]+)</p>', page)
    for label in labels:
        assert f"<dt>{label}</dt>" in page
    assert finding["where"] in page
    assert finding["mend"][lang].replace("'", "&#39;") in page or finding["mend"][lang] in page


HOSTILE = (
    "<script>document.documentElement.dataset.owned='yes'</script>"
    "<img src=x onerror=\"document.documentElement.dataset.owned='yes'\">"
    "<svg onload=\"document.documentElement.dataset.owned='yes'\"></svg>"
    "</pre></table><style>body{display:none}</style><iframe src='javascript:1'></iframe><a href='javascript:1'>x</a>"
)


def test_hostile_content_is_inert(browse: Browse, sandbox: Sandbox) -> None:
    sandbox.create_world("hostile")
    here = sandbox.worlds.get("hostile")
    with sandbox.store.write("hostile") as tx:
        entry = journal.Entry(
            "dmp",
            f"dmp.{HOSTILE}",
            who={"structure": HOSTILE, "professional": HOSTILE},
            marks={"adopted": [HOSTILE]},
            request_head=HOSTILE,
            request=HOSTILE.encode(),
            answer=HOSTILE.encode(),
        )
        number = journal.record(tx, here, sandbox.now(), entry)
    for path in ("/worlds/hostile", f"/exchanges/hostile/{number}"):
        page = browse(path)
        assert "data-owned" not in page
        page = re.sub(r'<svg [^>]*class="segno".*?</svg>', "", page, count=1, flags=re.DOTALL)  # the phone's QR code
        assert not re.search(r"<(script|img|svg|iframe)\b", page)
        assert page.count("<style") == 1
        assert "&lt;script&gt;" in page


def test_a_dead_link_has_a_page(browse: Browse) -> None:
    assert "There is nothing at this address" in browse("/worlds/nowhere?lang=en")


def test_pages_are_drawn(browse: Browse, sandbox: Sandbox, tmp_path: Path) -> None:
    from PIL import Image

    for name, path in (
        ("home", "/"),
        ("world", "/worlds/demo"),
        ("exchange", f"/exchanges/demo/{refused(sandbox).number}"),
    ):
        shot = tmp_path / f"{name}.png"
        browse(path, shot=shot)
        with Image.open(shot) as picture:
            assert picture.size == (1200, 1400)
            colours = picture.convert("RGB").getcolors(1 << 20) or []
        seen = {colour for _, colour in colours}
        assert (0x3B, 0x2F, 0x63) in seen  # the notice
        assert len(seen) > 20
        assert (0xB3, 0x26, 0x1E) in seen or name == "home"  # a refusal
