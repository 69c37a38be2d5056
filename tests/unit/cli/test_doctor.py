"""How a light is printed, and in which language."""

from __future__ import annotations

import pytest

from simulators.assembly.doctor.model import green, red
from simulators.cli.doctor import line
from simulators.cli.remote import language
from simulators.core.rules import Text


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        (None, {}, "fr"),
        (None, {"LANG": "fr_FR.UTF-8"}, "fr"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {"LC_ALL": "fr_CA", "LANG": "en_US"}, "fr"),
        (None, {"LC_ALL": "", "LANG": "en_US"}, "en"),
        ("en", {"LANG": "fr_FR"}, "en"),
    ],
)
def test_the_language(given: str | None, environment: dict[str, str], expected: str) -> None:
    assert language(given, environment) == expected


def test_one_line_a_check() -> None:
    assert line(green("port.dmp", "répond\nici", "answers"), "fr").split() == ["vert", "port.dmp", "répond", "ici"]
    bad = red("name", Text("inconnu", "unknown"), Text("réparez", "mend it"))
    assert line(bad, "en") == f"RED    {'name':24} unknown -> mend it"
    assert "ROUGE" in line(bad, "fr")
