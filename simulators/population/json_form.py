"""Small steps shared by the JSON forms of patients, professionals and structures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulators.population.idnat import PsIdNat
from simulators.population.ins import Ins
from simulators.population.validity import Validity

Json = dict[str, Any]


def require_valid(kept: bool, verdicts: Iterable[Validity]) -> None:
    """Raise ``InvalidIdentifier`` at the first verdict that is no, unless the identifiers were kept as received."""
    if not kept:
        for verdict in verdicts:
            verdict.raise_if_invalid()


def kept_as_received(data: Json) -> bool:
    """Whether the identifiers of this member were kept whatever their key: adopted, promoted or tolerated at import."""
    return bool(data.get("adopted") or data.get("as_received"))


def said_if_kept(as_received: bool) -> Json:
    """The entry ``as_received``, only written for the few who need it."""
    return {"as_received": True} if as_received else {}


def present(data: Json, names: Iterable[str]) -> Json:
    """The entries of ``data`` under those names that are there: the others take the defaults of their class."""
    return {name: data[name] for name in names if name in data}


def ins_to_json(ins: Ins) -> Json:
    """``{"matricule", "oid"}``."""
    return {"matricule": ins.matricule, "oid": ins.oid}


def ins_from_json(data: Json, adopted: bool) -> Ins:
    """Inverse of ``ins_to_json``, unchecked when adopted."""
    return (Ins.as_received if adopted else Ins)(data["matricule"], data["oid"])


def ps_idnats(values: Iterable[str], adopted: bool) -> tuple[PsIdNat, ...]:
    """PS_IdNat values, unchecked when adopted."""
    return tuple((PsIdNat.as_received if adopted else PsIdNat)(value) for value in values)
