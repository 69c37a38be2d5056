"""The only door to the data folders shipped with the package (``seed_data``, ``scenarios``).

In a checkout they stand beside ``simulators/``; the wheel carries a copy under ``simulators/_shipped/``.
"""

from __future__ import annotations

from pathlib import Path

import simulators

SHIPPED_FOLDERS = frozenset({"seed_data", "scenarios"})


class ShippedPathRefused(ValueError):
    """The parts do not name something inside a shipped folder (wrong root, ``..``, absolute, separator inside)."""


def shipped(*parts: str) -> Path:
    """Path of shipped data, e.g. ``shipped("seed_data", "codes", "README.md")``.

    The first part is one of ``SHIPPED_FOLDERS``; each part is one plain file or folder name.

    Raises ``ShippedPathRefused`` for parts that lead (or whose links lead) outside that folder, ``FileNotFoundError``
    when nothing is shipped under that name.
    """
    if not parts or parts[0] not in SHIPPED_FOLDERS:
        raise ShippedPathRefused(f"shipped data begin with one of {sorted(SHIPPED_FOLDERS)}, not {parts[:1]!r}")
    for part in parts[1:]:
        if part in {"", ".", ".."} or any(sign in part for sign in "/\\:\0"):
            raise ShippedPathRefused(f"{part!r} is not a plain file name")
    folder = (_base() / parts[0]).resolve()
    path = folder.joinpath(*parts[1:]).resolve()
    if not path.is_relative_to(folder):
        raise ShippedPathRefused(f"{'/'.join(parts)} leads outside the shipped data")
    if not path.exists():
        raise FileNotFoundError(f"nothing is shipped under {'/'.join(parts)}")
    return path


def _base() -> Path:
    package = Path(simulators.__file__).resolve().parent
    # The wheel's copy wins: beside an installed package stand other people's folders, which may bear the same names.
    inside = package / "_shipped"
    return inside if inside.is_dir() else package.parent
