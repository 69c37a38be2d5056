"""OID as used in uniqueId and sourceId (facts dmp-messages §13.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulators.population.single_value import Identifier
from simulators.population.validity import Validity

_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")


def is_valid_oid(value: str) -> Validity:
    """First arc 0 to 2, then arcs without leading zero separated by dots, 64 characters at most."""
    if len(value) > 64:
        return Validity("oid", value, "length", "64 characters at most")
    if not _OID.fullmatch(value):
        return Validity("oid", value, "shape", "0, 1 or 2, then arcs without leading zero, separated by dots")
    return Validity("oid", value)


@dataclass(frozen=True, slots=True)
class Oid(Identifier):
    """An object identifier in dotted form."""

    @property
    def validity(self) -> Validity:
        return is_valid_oid(self.value)
