"""Pages speak both languages, whole."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from simulators.console.texts import TEXTS
from simulators.core.rules import Grade, Level
from simulators.dpi.life import Act, State
from simulators.pfi.log import EVENTS as PFI_EVENTS
from simulators.population.patient import DmpState

TEMPLATES = {path.name: path.read_text("utf-8") for path in (files("simulators.console") / "templates").iterdir()}


def test_both_languages_have_the_same_texts() -> None:
    assert TEXTS["fr"].keys() == TEXTS["en"].keys()
    for texts in TEXTS.values():
        assert all(value.strip() for value in texts.values())


def test_every_text_a_template_asks_for_exists() -> None:
    for name, template in TEMPLATES.items():
        for asked in re.findall(r"\bt\.(\w+)", template):
            assert asked in TEXTS["fr"], (name, asked)


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("", ("accepted", "refused", "failed", "incident")),
        ("level_", (Level.REFUSE, Level.WARN)),
        ("grade_", tuple(Grade)),
        ("dmp_", DmpState.__args__),  # type: ignore[attr-defined]
        ("dpi_state_", tuple(State)),
        ("dpi_act_", tuple(Act)),
        ("pfi_event_", PFI_EVENTS),
    ],
)
def test_every_value_shown_has_its_words(prefix: str, values: tuple[str, ...]) -> None:
    assert {f"{prefix}{value}" for value in values} <= TEXTS["en"].keys()


def test_no_text_is_left_over() -> None:
    whole = "".join(TEMPLATES.values()) + _code()
    built = sorted(set(re.findall(r"""\bt\[f?["'](\w+_)(?:["'] ~|\{)""", whole)))
    told = {name for name in TEXTS["fr"] if re.search(rf"(\bt\.|[\"']){name}\b", whole)}
    by_value = re.compile(
        r"(accepted|refused|failed|incident|(level|grade|dmp|mark|mail_(kind|state|family|use|dsn|mdn|channel))_\w+"
        rf"|({'|'.join(built)})\w+)"
    )
    by_name = {"structure", "professional", "product", "certificate", "address"}
    assert {name for name in TEXTS["fr"].keys() - told - by_name if not by_value.fullmatch(name)} == set()


def _code() -> str:
    """The code of webmail and worklist names some of the texts: why nothing was sent, the header of a CDA."""
    rooms = [files("simulators.console") / room for room in ("mail", "dpi")]
    return "".join(path.read_text("utf-8") for room in rooms for path in room.glob("*.py"))  # type: ignore[attr-defined]


def test_no_template_brings_script_or_outside_content() -> None:
    for name, template in TEMPLATES.items():
        if name == "config.html":  # its copy buttons and lights: one script, under the page's own nonce
            template, scripts = re.subn(r'<script nonce="\{\{ nonce \}\}">', "", template)
            assert scripts == 1
        assert not re.search(r"<script|javascript:|\son\w+=|https?://|\|\s*safe|\sstyle=", template), name
