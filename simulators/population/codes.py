"""The French code lists as data: tab-separated files of ``seed_data/codes`` with the version and source of each.

The files and their README are copies, unchanged, of the collected lists; nothing here is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from simulators.core.shipped import shipped

_COMMON_COLUMNS = ("code", "system_oid", "display_fr")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")


class UnknownCodeList(LookupError):
    """No list of that name is shipped."""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One line of a list.

    ``system`` is an OID (or ``URN`` / ``ASTM``, as ANS declares them), empty where ANS gives none; ``extra`` holds the
    list's further columns by name, e.g. ``row.extra["class_code"]``.
    """

    code: str
    system: str
    display: str
    extra: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class CodeList:
    """A value set (``JDV_``), terminology (``TRE_``) or association table (``ASS_``), rows in the order of the source.

    ``oid`` is None for the one table published without; ``version`` is the ANS stamp; ``source`` is the cell of the
    README with the key of the repository (``S1``...) written out; ``state`` tells whether the list is complete.
    """

    name: str
    oid: str | None
    version: str
    source: str
    state: str
    rows: tuple[CodeRow, ...]
    _by_code: Mapping[str, tuple[CodeRow, ...]] = field(repr=False, compare=False)

    def get(self, code: str, system: str | None = None) -> CodeRow | None:
        """First row with that code (and code system, when given); codes are compared exactly."""
        return next(iter(self.all(code, system)), None)

    def all(self, code: str, system: str | None = None) -> tuple[CodeRow, ...]:
        """Every row with that code: association tables hold several for one code."""
        rows = self._by_code.get(code, ())
        return rows if system is None else tuple(row for row in rows if row.system == system)

    def contains(self, code: str, system: str | None = None) -> bool:
        """Whether a row has that code (and code system, when given)."""
        return bool(self.all(code, system))

    def __iter__(self) -> Iterator[CodeRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@cache
def code_list(name: str) -> CodeList:
    """The list named as its file without ``.tsv``, e.g. ``code_list("JDV_J66_TypeCode_DMP")``; read once.

    Raises ``UnknownCodeList``.
    """
    if not _PLAIN_NAME.fullmatch(name) or name not in _catalogue():
        raise UnknownCodeList(f"no code list {name!r} is shipped")
    rows = tuple(_read_rows(shipped("seed_data", "codes", f"{name}.tsv").read_text(encoding="utf-8")))
    grouped: dict[str, tuple[CodeRow, ...]] = {}
    for row in rows:
        grouped[row.code] = (*grouped.get(row.code, ()), row)
    oid, version, source, state = _catalogue()[name]
    return CodeList(name, oid, version, source, state, rows, MappingProxyType(grouped))


def code_list_names() -> tuple[str, ...]:
    """Names of the lists shipped, in the order of their README."""
    return tuple(_catalogue())


def _read_rows(text: str) -> Iterator[CodeRow]:
    # Not splitlines(): it would also cut at the separators Unicode knows besides the line feed.
    header, *lines = (line.split("\t") for line in text.removesuffix("\n").split("\n"))
    if tuple(header[:3]) != _COMMON_COLUMNS:
        raise ValueError(f"a code list begins with the columns {_COMMON_COLUMNS}, not {header[:3]}")
    for code, system, display, *others in lines:
        yield CodeRow(code, system, display, MappingProxyType(dict(zip(header[3:], others, strict=True))))


@cache
def _catalogue() -> Mapping[str, tuple[str | None, str, str, str]]:
    """OID, version, source and state by list name, read from the tables of the README."""
    readme = shipped("seed_data", "codes", "README.md").read_text(encoding="utf-8")
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in readme.splitlines() if line[:1] == "|"]
    origins = {cells[0]: f"{cells[1]} ({cells[2]})" for cells in tables if re.fullmatch(r"S[0-9]+", cells[0])}
    found: dict[str, tuple[str | None, str, str, str]] = {}
    for cells in tables:
        if re.match(r"(?:JDV|TRE|ASS)_", cells[0]):
            name, oid, version, _count, source, state = cells
            found[name] = (oid if oid[0].isdigit() else None, version, _written_out(source, origins), state)
    return MappingProxyType(found)


def _written_out(source: str, origins: Mapping[str, str]) -> str:
    key = re.split(r"[,;]", source, maxsplit=1)[0]
    return f"{source}: {origins[key]}" if key in origins else source
