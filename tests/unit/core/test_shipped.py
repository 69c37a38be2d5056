from __future__ import annotations

from pathlib import Path

import pytest

import simulators
from simulators.core.shipped import ShippedPathRefused, shipped


def test_a_checkout_serves_its_own_folder() -> None:
    path = shipped("seed_data", "codes", "README.md")
    assert path == Path(__file__).resolve().parents[3] / "seed_data" / "codes" / "README.md"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("tests",),
        ("..", "seed_data"),
        ("seed_data", ".."),
        ("seed_data", "codes", "..", "..", "pyproject.toml"),
        ("seed_data", "../pyproject.toml"),
        ("seed_data", "codes\\README.md"),
        ("seed_data", "/etc"),
        ("seed_data", "C:"),
        ("seed_data", ""),
        ("seed_data", "README\0"),
    ],
)
def test_what_leads_elsewhere_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ShippedPathRefused):
        shipped(*parts)


def test_what_is_not_shipped_is_said() -> None:
    with pytest.raises(FileNotFoundError, match="seed_data/nothing"):
        shipped("seed_data", "nothing")


def test_an_installed_package_serves_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "simulators"
    (package / "_shipped" / "seed_data").mkdir(parents=True)
    (tmp_path / "seed_data").mkdir()
    (package / "_shipped" / "seed_data" / "mine").write_text("copy")
    (tmp_path / "seed_data" / "mine").write_text("someone else's")
    monkeypatch.setattr(simulators, "__file__", str(package / "__init__.py"))
    assert shipped("seed_data", "mine").read_text() == "copy"


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "simulators" / "_shipped" / "seed_data"
    inside.mkdir(parents=True)
    (tmp_path / "secret").write_text("no")
    try:
        (inside / "link").symlink_to(tmp_path / "secret")
    except OSError:
        pytest.skip("this system refuses symbolic links")
    monkeypatch.setattr(simulators, "__file__", str(tmp_path / "simulators" / "__init__.py"))
    with pytest.raises(ShippedPathRefused):
        shipped("seed_data", "link")
