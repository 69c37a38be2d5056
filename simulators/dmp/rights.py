"""Who may do what: the functional matrices PDT-INF-526 v1.8 (direct, indirect) and PDT-INF-606 v1.3 (AIR) as data.

Cells: ``Y`` yes, ``-`` no, a digit = yes under that note. Notes, reworded: 1 the authorisation goes to the structure;
2 and 3 limits of TD0.4; 4 attributed to the structure; 5 look-up of a reference only; 6 own documents (the user is an
author); 7 when the patient allowed it for that emergency mode; 8 own documents only; 9 documents of the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simulators.dmp.vihf import AIR, DIRECT, CodedValue, Vihf

PROFESSIONS: Final = "1.2.250.1.71.1.2.7"
TRAINEES: Final = "1.2.250.1.71.1.2.8"
SPECIALITIES: Final = "1.2.250.1.71.4.2.5"
SECTIONS: Final = "1.2.250.1.71.4.2.6"
ROLES: Final = "1.2.250.1.213.1.6.1.107"
FUNCTIONS: Final = "1.2.250.1.213.1.6.1.17"
OTHERS: Final = "1.2.250.1.213.1.1.4.6"

_COLUMNS_526: Final = (
    *("PS n", "PS r", "PS b", "Med n", "Med r", "Med b"),
    *("MTrav", "MT n", "MT b", "CPE", "ORG n", "ORG r"),
)
_COLUMNS_606: Final = ("PS n", "PS r", "PS b", "Med n", "Med r", "Med b", "MT n", "MT b", "NP")

_ROWS_526: Final = {
    "TD0.1": "Y Y Y Y Y Y Y Y Y Y Y Y",
    "TD0.2": "Y Y Y Y Y Y Y Y Y Y Y Y",
    "TD0.3 declare": "Y - - Y - - - Y - 1 - -",
    "TD0.3 remove": "Y - - Y - - - Y - - - -",
    "TD0.3 drop MT": "- - - - - - - Y - - - -",
    "TD0.4": "Y Y Y Y Y Y Y Y Y 2 3 -",
    "TD0.5": "- Y - - Y - - - - - - Y",
    "TD0.9": "Y Y Y Y Y Y Y Y Y Y - -",
    "TD1.3a": "Y Y Y Y Y Y Y Y Y Y Y Y",
    "TD1.6": "Y - - Y - - Y Y - - - -",
    "TD2.1": "Y Y Y Y Y Y Y Y Y - 4 4",
    "TD2.2": "- - - - - - - - - 4 - -",
    "TD3.1": "Y Y Y Y Y Y Y Y Y - - -",
    "TD3.1b": "Y Y Y Y Y Y Y Y Y 5 5 5",
    "TD3.2": "Y Y Y Y Y Y - Y Y - - -",
    "TD3.2 masked": "6 7 7 6 7 7 - Y 7 - - -",
    "TD3.3a mask": "Y - - Y - - Y Y - - - -",
    "TD3.3a unmask": "8 - - 8 - - 8 Y - - - -",
    "TD3.3b": "Y - - Y - - Y Y - - - -",
    "TD3.3c": "8 8 8 8 8 8 8 8 8 9 9 9",
    "TD3.3d": "8 - - 8 Y Y 8 Y Y - - -",
}
_ROWS_606: Final = {
    "TD0.1": "Y Y Y Y Y Y Y Y Y",
    "TD0.2": "Y Y Y Y Y Y Y Y Y",
    "TD0.3 declare": "Y - - Y - - Y - 1",
    "TD0.3 remove": "Y - - Y - - Y - -",
    "TD0.4": "Y Y Y Y Y Y Y Y 3",
    "TD0.5": "- Y - - Y - - - -",
    "TD0.10": "Y Y Y Y Y Y Y Y Y",
    "TD1.3a": "Y Y Y Y Y Y Y Y Y",
    "TD1.6": "Y - - Y - - Y - -",
    "TD2.1": "- - - - - - - - -",
    "TD2.2": "- - - - - - - - -",
    "TD3.1": "Y Y Y Y Y Y Y Y -",
    "TD3.1b": "Y Y Y Y Y Y Y Y 5",
    "TD3.2": "Y Y Y Y Y Y Y Y -",
    "TD3.2 masked": "6 7 7 6 7 7 Y 7 -",
    "TD3.3a mask": "Y - - Y - - Y - -",
    "TD3.3a unmask": "8 - - 8 - - Y - -",
    "TD3.3b": "Y - - Y - - Y - -",
    "TD3.3c": "8 8 8 8 8 8 8 8 9",
    "TD3.3d": "8 - - Y Y Y Y Y -",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: allowed or not, and the number of the note that limits it."""

    allowed: bool
    note: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A caller's column: ``matrix`` is ``526`` or ``606``, ``name`` as in that matrix."""

    matrix: str
    name: str

    @property
    def emergency(self) -> bool:
        return self.name[-2:] in {" r", " b"}

    @property
    def treating(self) -> bool:
        return self.name.startswith("MT ")

    @property
    def physician(self) -> bool:
        return self.name[:3] in {"Med", "MT "} or self.name == "MTrav"

    def __str__(self) -> str:
        return f"{self.name} (PDT-INF-{self.matrix})"


def cell(row: str, column: Column) -> Cell:
    """The cell of ``row`` (``TD0.2``, ``TD0.3 declare``, ``TD3.2 masked``...) for ``column``.

    A row or a column that the matrix does not have is a refusal: an organisation has no bris de glace, and PDT-INF-606
    leaves out dropping the treating-physician status, which follows its row for removal (inferred).
    """
    columns, rows = (_COLUMNS_526, _ROWS_526) if column.matrix == "526" else (_COLUMNS_606, _ROWS_606)
    if row == "TD0.3 drop MT" and column.matrix == "606":
        return cell("TD0.3 remove", column) if column.treating else Cell(False)
    if row not in rows or column.name not in columns:
        return Cell(False)
    mark = rows[row].split()[columns.index(column.name)]
    return Cell(mark != "-", int(mark) if mark.isdigit() else None)


def column_of(vihf: Vihf, *, treating: bool) -> Column:
    """The caller's column; ``treating``: a treating physician of that patient (facts dmp §4.3, §4.4, inferred)."""
    access = {"bris_de_glace": "b", "centre_15": "r"}.get(vihf.purpose.code if vihf.purpose else "", "n")
    if vihf.mode not in (AIR, DIRECT):
        return Column("526", f"ORG {access}")
    matrix = "606" if vihf.air else "526"
    kind = _kind(vihf)
    if kind == "staff":
        return Column(matrix, "NP" if vihf.air else "CPE")
    if kind == "MTrav" and matrix == "526":
        return Column(matrix, "MTrav")
    if kind in ("Med", "MTrav"):
        # A treating physician has no regulation column: a regulating one acts as any physician.
        kind = "MT" if treating and access != "r" else "Med"
    return Column(matrix, f"{kind} {access}")


# Occupational medicine in TRE_R01 and TRE_R85.
_OCCUPATIONAL: Final = {"SM25", "SCH35", "C41", "CAPA11", "FON-29"}
_SECRETARIES: Final = {"331", "332"}


def _kind(vihf: Vihf) -> str:
    first = vihf.roles[0] if vihf.roles else CodedValue("", "", "")
    if is_physician(vihf.roles):
        return "MTrav" if any(role.code in _OCCUPATIONAL for role in vihf.roles[1:]) else "Med"
    staff = first.system == OTHERS or (first.system == ROLES and first.code in _SECRETARIES)
    # A PS_IdNat other than ADELI or RPPS is an identifier given by a structure to its own staff.
    return "staff" if staff or "/" in vihf.professional else "PS"


def is_physician(roles: Sequence[CodedValue]) -> bool:
    """Whether the first role is a physician, trainees included."""
    return bool(roles) and roles[0].code == "10" and roles[0].system in (PROFESSIONS, TRAINEES)


def is_pharmacist(roles: Sequence[CodedValue]) -> bool:
    """Whether the first role is a pharmacist, trainees included."""
    return bool(roles) and roles[0].code == "21" and roles[0].system in (PROFESSIONS, TRAINEES)
