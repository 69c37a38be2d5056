"""The live picture of a journey in a real browser: drawn, clicked, followed, in both languages, on paper.

Chromium as in the tests of the webmail. The rows of the peers are written as the peers write them; those of the DMP and
of the mail come over the wire.
"""

from __future__ import annotations

import os
import shutil
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control
from simulators.core import journal
from simulators.core.expect import Expectation, wait_for
from simulators.sandbox import Sandbox
from simulators.scenario.load import load
from simulators.scenario.play import play
from tests.e2e.mssante.conftest import GENERALIST, House
from tests.support.chromium import Chromium
from tests.support.journey_rows import DOCUMENT, LOT, PATIENT, discharge, entry

Start = Callable[..., Chromium]
SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
# Two texts of a picture that share a point, as the browser drew them.
OVERLAPS = """(() => { const all = [...document.querySelectorAll('figure svg text')].map(t => [t, t.getBBox()]);
const found = []; all.forEach(([a, p], i) => all.slice(0, i).forEach(([b, q]) => {
if (p.x < q.x + q.width && q.x < p.x + p.width && p.y < q.y + q.height && q.y < p.y + p.height)
found.push(a.textContent + ' | ' + b.textContent) })); return found })()"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, publish=False, environment=environment)) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a browser that speaks a language."""
    program = shutil.which("chromium")
    if program is None:
        why = "no chromium on this machine (Debian package chromium)"
        (pytest.fail if os.environ.get("SEGUR_REQUIRE") == "1" else pytest.skip)(why)
    assert program is not None
    running: list[Chromium] = []

    def begin(language: str = "fr") -> Chromium:
        running.append(Chromium(program, tmp_path / f"profile-{len(running)}", language=language))
        return running[-1]

    yield begin
    for browser in running:
        browser.close()


def at(sandbox: Sandbox, path: str) -> str:
    return f"{sandbox.console_url.rstrip('/')}/journeys/{path}"


def write(sandbox: Sandbox, world: str, *entries: journal.Entry) -> None:
    """As if peers had exchanged."""
    here = sandbox.worlds.get(world)
    for one in entries:
        with sandbox.store.write(world, here.epoch) as tx:
            journal.record(tx, here, sandbox.now(), one)


@pytest.fixture(scope="module")
def letters(sandbox: Sandbox) -> str:
    """A world where a discharge letter was sent; half a year later it was read."""
    sandbox.create_world("letters")
    write(sandbox, "letters", *discharge())
    sandbox.advance("letters", period="P6M")
    write(sandbox, "letters", entry("dmp.TD3.2", DOCUMENT, LOT, PATIENT, status="200", who={"product": "Vendor 3"}))
    return "letters"


def picture(browser: Chromium, path: Path) -> Path:
    from PIL import Image

    with Image.open(browser.picture(path, width=1280)) as drawn:
        colours = drawn.convert("RGB").getcolors(1 << 22) or []
    assert (0x3B, 0x2F, 0x63) in {colour for _, colour in colours} and len(colours) > 20
    return path


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Parcours 1", "refusé", "temps métier +P6M", "Produit testé", "remis dans la boîte")),
        ("en", ("Journey 1", "refused", "business time +P6M", "Product under test", "put into the mailbox")),
    ],
)
def test_a_journey_is_drawn(
    start: Start, sandbox: Sandbox, letters: str, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    browser = start(language)
    browser.open(at(sandbox, f"{letters}?live=0"))
    assert words[0].split()[0] in browser.text
    picture(browser, tmp_path / "list.png")
    browser.click("table.journal a")
    assert all(word in browser.text for word in words)
    browser.open(at(sandbox, f"{letters}/1?live=0"))
    picture(browser, tmp_path / f"journey-{language}.png")
    assert browser.run(OVERLAPS) == []
    browser.call("Emulation.setDeviceMetricsOverride", width=1280, height=800, deviceScaleFactor=1, mobile=False)
    width, room = browser.run(
        "(() => { const s = document.querySelector('figure svg').getBoundingClientRect();"
        "return [s.width, document.querySelector('figure').clientWidth] })()"
    )
    assert width <= room
    assert not browser.violations


def test_an_arrow_leads_to_the_raw_exchange_and_its_verdict(start: Start, sandbox: Sandbox, letters: str) -> None:
    browser = start("en")
    browser.open(at(sandbox, f"{letters}/1?live=0"))
    box = browser.run(
        "(() => { const a = document.querySelector('figure svg a path[pointer-events]');"
        "const r = a.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2 + 5] })()"
    )
    shown = browser.run(f"document.elementFromPoint({box[0]}, {box[1]}).closest('a').href.baseVal")
    assert shown == f"/exchanges/{letters}/1?lang=en"
    browser.run("document.querySelector('figure svg a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    browser.open(f"{sandbox.console_url.rstrip('/')}{shown}")
    assert "pfi.MDM^T02" in browser.text and "Request" in browser.text
    browser.click("a[href*='/journeys/']")
    assert "Journey 1" in browser.text


def test_it_is_followed_live_without_script(start: Start, sandbox: Sandbox) -> None:
    sandbox.create_world("live")
    write(sandbox, "live", discharge()[0])
    browser = start("fr")
    browser.open(at(sandbox, "live/1"))
    assert browser.run("document.querySelectorAll('figure g[data-exchange]').length") == 1
    write(sandbox, "live", *discharge()[1:4])
    # The next page comes by itself: nothing is asked for here.
    for _ in range(1000):
        if browser.run("document.querySelectorAll('figure g[data-exchange]').length") == 2:
            break
        browser.wait()
    assert browser.run("document.querySelectorAll('figure g[data-exchange]').length") == 2
    browser.click("p.tools a")
    assert "Suivre en direct" in browser.text and browser.address.endswith("live=0")
    assert not browser.violations and browser.run("document.scripts.length") == 0


def test_what_came_over_the_wire(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """The DMP scenario, a sign-in, and a mail to a professional and a patient."""
    control = Control(endpoints(sandbox))
    for name in ("first-document", "first-sign-in"):
        scenario = load(SCENARIOS / f"{name}.yaml")
        assert play(scenario, control, sandbox.now, lambda played: None).passed
        found = control.call("GET", f"/worlds/{scenario.world}/journeys")
        assert found["complete"] and found["journeys"]
        browser = start("fr")
        for one in found["journeys"][-2:]:
            browser.open(at(sandbox, f"{scenario.world}/{one['key']}?live=0"))
            assert browser.run(OVERLAPS) == []
            picture(browser, tmp_path / f"{name}-{one['key']}.png")
    sandbox.create_world("post")
    house = House(sandbox, "post")
    client, sender = house.applicative()
    with client:
        send(client, sender, [house.box("PER", GENERALIST), "185010099900171@patient.mssante.test"])
    (journey,) = control.call("GET", "/worlds/post/journeys")["journeys"]
    browser = start("en")
    browser.open(at(sandbox, f"post/{journey['key']}?live=0"))
    assert all(words in browser.text for words in ("put into the mailbox", "delivery notice", "Professional"))
    assert browser.run(OVERLAPS) == []
    picture(browser, tmp_path / "mail.png")


def test_our_own_peers_play_the_discharge_letter(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """From the record to the DMP, a professional and the patient, and all receipts back: one journey, no stranger."""
    control, world = Control(endpoints(sandbox)), "peers"
    sandbox.create_world(world)
    doctor = House(sandbox, world).box("PER", GENERALIST)
    letter = {"patient": "185010099900171", "kind": "discharge-letter", "recipients": [doctor], "to_patient": True}
    control.call("POST", f"/worlds/{world}/dpi/documents", {**letter, "ack_lecture": True, "validate": True})
    for kind, count in (("Z01", 1), ("Z02", 2)):
        awaited(sandbox, world, f"pfi.out.ZAM^{kind}", count)
    control.call("POST", f"/worlds/{world}/mailboxes/{doctor}/messages/1/receipt", {"kind": "displayed"})
    awaited(sandbox, world, "pfi.out.ZAM^Z03", 1)
    found = control.call("GET", f"/worlds/{world}/journeys")["journeys"]
    longest = max(found, key=lambda one: len(one["rows"]))
    shown = control.call("GET", f"/worlds/{world}/journeys/{longest['key']}")
    assert longest["outcome"] == "accepted"
    labels = [one["label"] for one in shown["exchanges"] if one["kind"] == "exchange"]
    assert sorted(one for one in labels if one.startswith("ZAM")) == ["ZAM^Z01 Y", *["ZAM^Z02 Y"] * 2, "ZAM^Z03 Y"]
    assert {"MDM^T02", "TD2.1", "MESSAGE", "FETCH mdn"} <= set(labels)
    browser = start("fr")
    browser.open(at(sandbox, f"{world}/{longest['key']}?live=0"))
    assert "Produit testé" not in browser.run("document.querySelector('figure svg').textContent")
    assert browser.run(OVERLAPS) == []
    picture(browser, tmp_path / "peers.png")


def awaited(sandbox: Sandbox, world: str, operation: str, count: int) -> None:
    """Until so many exchanges of the operation came."""
    since = 0
    for _ in range(count):
        seen = wait_for(sandbox.store, world, Expectation({"operation": operation}), since=since, timeout=60)
        assert seen.exchange is not None, operation
        since = seen.exchange.number


def send(client: smtplib.SMTP, sender: str, to: list[str]) -> Any:
    head = f"From: <{sender}>\r\nTo: {', '.join(f'<{one}>' for one in to)}\r\nSubject: x\r\nMessage-ID: <a@test>\r\n"
    return client.sendmail(sender, to, f"{head}\r\nBonjour\r\n".encode(), [], ["NOTIFY=SUCCESS"])
