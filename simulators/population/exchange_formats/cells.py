"""Cells of a CSV file: what a person types, and what is written so that it reads back equal.

Words may be French or English. Several values in one cell are separated by ``|``, the two parts of one by ``:``.
A backslash makes the next ``|``, ``:``, backslash or blank part of the value; alone it is an empty text given on
purpose. A cell that a spreadsheet would take for a formula is written after an apostrophe (CSV injection), which
reading takes away again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

_FORMULA = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_STARTS_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_FRENCH_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

ABSENT: Final = object()
"""What an empty cell means where it says nothing: the value stays as it is."""


class CellRefused(ValueError):
    """A cell has not the form expected; the message says which."""


@dataclass(frozen=True)
class CellKind:
    """How one kind of cell is read and written. ``read`` is never given a blank cell, which means ``blank``;
    it raises ``CellRefused``. ``write`` takes a value of the JSON form, ``None`` included."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    blank: Any = ABSENT


def unguarded(cell: str) -> str:
    """A cell as typed, without the apostrophe that keeps a spreadsheet from computing it."""
    return trimmed(cell[1:] if _FORMULA.match(cell) else cell)


def guarded(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return f"'{cell}" if _STARTS_FORMULA.match(cell) else cell


def trimmed(cell: str) -> str:
    """Without the blanks around, unless a backslash keeps the last one."""
    right = cell.rstrip()
    escaped = (len(right) - len(right.rstrip("\\"))) % 2 == 1
    return (right + cell[len(right) : len(right) + 1] if escaped else right).lstrip()


def split(cell: str, sign: str, most: int = -1) -> list[str]:
    """Cut at each ``sign`` that no backslash keeps."""
    parts: list[str] = []
    part, kept = "", False
    for character in cell:
        if character == sign and not kept and len(parts) != most:
            parts.append(part)
            part = ""
        else:
            part += character
        kept = character == "\\" and not kept
    return [*parts, part]


def plain(cell: str) -> str:
    """The value of a cell: blanks around and backslashes taken away."""
    cell = trimmed(cell)
    return "" if cell == "\\" else re.sub(r"\\([\\|:\s])", r"\1", cell)


def typed(value: str, signs: str = "") -> str:
    """Inverse of ``plain``; ``signs`` need a backslash too."""
    marked = re.sub(rf"[\\{re.escape(signs)}]", r"\\\g<0>", value) if signs else value.replace("\\", "\\\\")
    if marked and marked[0].isspace():
        marked = f"\\{marked}"
    if len(value) > 1 and value[-1].isspace():
        marked = f"{marked[:-1]}\\{marked[-1]}"
    return marked


def _listed(values: list[str]) -> str:
    """A last bar tells a list of one empty or spaced value from no list and from two values."""
    text = "|".join(values)
    return f"{text}|" if values and (not values[-1] or (len(values) == 1 and re.search(r"\s", text))) else text


def _items(cell: str) -> list[str]:
    parts = split(cell, "|")
    return parts[:-1] if len(parts) > 1 and not parts[-1].strip() else parts


def _read_list(cell: str) -> list[str]:
    return [plain(part) for part in _items(cell)]


def _read_names(cell: str) -> list[str]:
    return _read_list(cell) if len(split(cell, "|")) > 1 else [plain(name) for name in cell.split()]


def _write_list(values: Any) -> str:
    return _listed([typed(value, "|") for value in values or ()])


def pairs(first: str, second: str, default: str | None = None) -> CellKind:
    """Several ``first:second`` values; ``default`` is the second part of those that have none."""

    def read(cell: str) -> list[dict[str, str]]:
        found = []
        for item in _items(cell):
            left, *right = split(item, ":", 1)
            if not right and default is None:
                raise CellRefused(f"{first}:{second}, several separated by |")
            found.append({first: plain(left), second: plain(right[0]) if right else str(default)})
        return found

    def write(values: Any) -> str:
        return _listed([f"{typed(v[first], '|:')}:{typed(v[second], '|:')}" for v in values or ()])

    return CellKind(read, write, blank=[])


def choice(words: Mapping[str, str]) -> CellKind:
    """One of some words, whatever their case and accents; the first word of each value is the one written."""
    known = {_word(word): value for word, value in words.items()}
    written: dict[str, str] = {}
    for word, value in words.items():
        written.setdefault(value, word)

    def read(cell: str) -> str:
        found = known.get(_word(cell))
        if found is None:
            raise CellRefused(", ".join(written.values()))
        return found

    return CellKind(read, lambda value: written.get(value, "") if isinstance(value, str) else "")


def _word(cell: str) -> str:
    bare = unicodedata.normalize("NFKD", plain(cell).casefold())
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def _read_date(cell: str) -> str:
    french = _FRENCH_DATE.fullmatch(cell)
    text = f"{french[3]}-{french[2]}-{french[1]}" if french else cell
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise CellRefused("AAAA-MM-JJ, JJ/MM/AAAA")


_FLAGS: Final = {"oui": True, "non": False} | dict.fromkeys(("o", "vrai", "yes", "y", "true", "1"), True)
_NO: Final = dict.fromkeys(("n", "faux", "no", "false", "0"), False)


def _read_flag(cell: str) -> bool:
    found = {**_FLAGS, **_NO}.get(_word(cell))
    if found is None:
        raise CellRefused("oui, non")
    return found


def _write_optional(value: Any) -> str:
    return "\\" if value == "" else typed(value or "")


TEXT: Final = CellKind(plain, lambda value: typed(value or ""), blank="")
OPTIONAL: Final = CellKind(plain, _write_optional, blank=None)
IDENTIFIER: Final = CellKind(plain, lambda value: typed(value or ""))
DATE: Final = CellKind(_read_date, lambda value: value or "", blank=None)
FLAG: Final = CellKind(_read_flag, lambda value: "oui" if value else "non")
NAMES: Final = CellKind(_read_names, lambda values: _write_list(values), blank=[])
LIST: Final = CellKind(_read_list, lambda values: _write_list(values), blank=[])
