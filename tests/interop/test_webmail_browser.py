"""The webmail in a real browser: both languages, a document in its frame, forms sent, hostile mails inert.

Chromium is the Debian package, headless, with an empty profile; no name but this machine's leads anywhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.assembly.settings import Settings
from simulators.mssante import folders, messages
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, SPECIALIST, House
from tests.support.chromium import Chromium
from tests.support.hostile_mails import HOSTILE, MARK

Start = Callable[..., Chromium]
ADULT = "185010099900171@patient.mssante.test"
MATRICULE = "185010099900171"
FIRST = "table.messages td.subject a"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, publish=False, environment=environment)) as running:
        yield House(running, "main")


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


def at(house: House, path: str) -> str:
    return f"{house.sandbox.console_url.rstrip('/')}/mail/{house.world}/{path}".rstrip("/")


def write(browser: Chromium, house: House, sender: str, to: str, **fields: str) -> None:
    """Through the form, as a person does."""
    browser.open(at(house, f"{sender}/compose"))
    for name, value in {"to": to, "text": "Bonjour", **fields}.items():
        if name in {"delivery_receipt", "read_receipt", "end"}:
            browser.choose(f"[name={name}]")
        else:
            browser.fill(name, value)
    browser.click("#send")


def picture(browser: Chromium, path: Path, *, width: int = 1000) -> None:
    """The page is drawn: our banner, and more than a blank."""
    from PIL import Image

    with Image.open(browser.picture(path, width=width)) as drawn:
        colours = drawn.convert("RGB").getcolors(1 << 22) or []
    assert (0x3B, 0x2F, 0x63) in {colour for _, colour in colours} and len(colours) > 20


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Boîtes aux lettres", "Usagers (Mon espace santé)", "professionnel", "conformes aux métadonnées")),
        ("en", ("Mailboxes", "Citizens (Mon espace santé)", "professional", "agree with the metadata")),
    ],
)
def test_a_document_from_one_mailbox_to_another(
    start: Start, house: House, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    browser, (boxes, citizens, professional, intact) = start(language), words
    sender, to = house.box("APP", house.structure("hospital")), house.box("PER", GENERALIST)
    browser.open(at(house, ""))
    assert boxes in browser.text and citizens in browser.text and to in browser.text
    picture(browser, tmp_path / "boxes.png")
    write(browser, house, sender, to, patient=MATRICULE, read_receipt="1")
    assert "XDM" in browser.text and "Lettre de liaison" in browser.text
    browser.open(at(house, to))
    assert professional in browser.text and "XDM/1.0/DDM" not in browser.text
    picture(browser, tmp_path / "folder.png")
    browser.click(FIRST)
    assert intact in browser.text
    picture(browser, tmp_path / "message.png")
    browser.open(str(browser.run("document.querySelector('iframe.cda').src")))
    assert MATRICULE in browser.text and "Lettre de liaison" in browser.text
    assert browser.run("getComputedStyle(document.querySelector('th')).borderTopStyle") == "solid"
    assert browser.run("origin") == "null"
    assert not browser.violations


def test_the_frame_is_drawn_in_its_page(start: Start, house: House, tmp_path: Path) -> None:
    """The frame of a document shows ink of its own, so no policy of ours keeps it from its page."""
    from PIL import Image

    browser = start()
    write(browser, house, house.box("PER", SPECIALIST), house.box("PER", SPECIALIST), patient=MATRICULE)
    browser.open(at(house, house.box("PER", SPECIALIST)))
    browser.click(FIRST)
    browser.run("document.querySelector('iframe.cda').scrollIntoView()")
    place = browser.run("JSON.stringify(document.querySelector('iframe.cda').getBoundingClientRect())")
    assert place
    shot = browser.picture(tmp_path / "frame.png")
    x, y, width, height = browser.run(
        "(() => { const r = document.querySelector('iframe.cda').getBoundingClientRect();"
        "return [r.x, r.y + scrollY, r.width, r.height].map(Math.round) })()"
    )
    with Image.open(shot) as drawn:
        frame = drawn.convert("RGB").crop((x + 2, y + 2, x + width - 2, min(y + height, drawn.height) - 2))
        assert len(frame.getcolors(1 << 20) or []) > 10
    assert not browser.violations


def test_a_patient_answers_then_is_refused(start: Start, house: House, tmp_path: Path) -> None:
    browser, doctor = start("en"), house.box("PER", SPECIALIST)
    write(browser, house, doctor, ADULT, subject="Votre rendez-vous")
    browser.open(at(house, ADULT))
    message = browser.click(FIRST)
    assert "Conversation open" in browser.text
    browser.click("a[href*='/reply']")
    browser.click("#send")
    assert "Re: Votre rendez-vous" in browser.text
    browser.open(at(house, doctor))
    browser.click(FIRST)
    assert "patient" in browser.text and MATRICULE in browser.text
    browser.click("button.close")
    assert "[FIN]" in browser.text
    browser.open(message)
    assert "Conversation closed" in browser.text
    browser.click("a[href*='/reply']")
    browser.click("#send")
    assert "Nothing was sent" in browser.text and "MSS-MES-OPENS" in browser.text
    picture(browser, tmp_path / "refused.png")
    assert not browser.violations


def test_receipts_from_the_page(start: Start, house: House) -> None:
    browser, sender, to = start("en"), house.box("APP", house.structure("hospital")), house.box("PER", GENERALIST)
    write(browser, house, sender, to, subject="essai", read_receipt="1", delivery_receipt="1")
    browser.open(at(house, to))
    browser.click(FIRST)
    browser.run("document.querySelector('form.receipt select').value = 'error 902'")
    browser.click("form.receipt button")
    browser.open(at(house, sender))
    browser.click(FIRST)
    assert "The message could not be integrated" in browser.text and "902" in browser.text
    assert not browser.violations


@pytest.mark.parametrize(
    "name", ["subject", "html", "utf-7", "file-name", "cda-narrative", "cda-sheet", "cda-xsl", "mdn"]
)
def test_hostile_mails_are_inert(start: Start, house: House, tmp_path: Path, name: str) -> None:
    browser, address = start("en"), house.box("PER", GENERALIST)
    with house.sandbox.store.write(house.world) as tx:
        inbox = folders.get(tx, address, folders.INBOX)
        uid = messages.append(tx, inbox.folder, HOSTILE[name], received=house.sandbox.now())
    inert(browser, at(house, f"{address}/{inbox.folder}"))
    inert(browser, at(house, f"{address}/{inbox.folder}/{uid}"))
    picture(browser, tmp_path / "hostile.png")
    frames = browser.run("[...document.querySelectorAll('iframe')].map(frame => frame.src)")
    assert bool(frames) == (name in {"html", "cda-narrative", "cda-sheet", "cda-xsl"})
    for frame in frames:
        inert(browser, frame)
        browser.picture(tmp_path / "frame.png")  # as long as a redirection of the page would have taken
        assert browser.address == frame


def inert(browser: Chromium, address: str) -> None:
    """Nothing ran, nothing was hidden, nobody was sent elsewhere."""
    assert browser.open(address).partition("?")[0] == address.partition("?")[0]
    assert browser.run(f"document.documentElement.dataset.{MARK} === undefined")
    assert not browser.run("document.querySelectorAll('iframe:not([sandbox=\"\"])').length") or "/html/" in address
