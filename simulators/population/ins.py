"""INS: a matricule of 15 characters (13 + key) and the OID of the authority that assigned it.

Sources: facts dmp-messages §13.1 and §7.2, dmp §3.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from simulators.population.keys import ins_key
from simulators.population.validity import InvalidIdentifier, Validity

INS_NIR_OID: Final = "1.2.250.1.213.1.4.8"
INS_NIA_OID: Final = "1.2.250.1.213.1.4.9"
INS_TEST_OID: Final = "1.2.250.1.213.1.4.10"
INS_OIDS: Final = (INS_NIR_OID, INS_NIA_OID, INS_TEST_OID)
INS_PRODUCTION_OIDS: Final = (INS_NIR_OID, INS_NIA_OID)

_SHAPE = re.compile(r"[123478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{8}")
_SHAPE_IN_WORDS = "15 characters: 1, 2, 3, 4, 7 or 8, then digits (2A or 2B at positions 6-7 possible), then a key"


def is_valid_ins(matricule: str, oid: str | None = None) -> Validity:
    """Verdict on a matricule with its key and, when given, on the assigning authority."""
    if len(matricule) != 15:
        return Validity("ins", matricule, "length", _SHAPE_IN_WORDS)
    if not _SHAPE.fullmatch(matricule):
        return Validity("ins", matricule, "characters", _SHAPE_IN_WORDS)
    expected = ins_key(matricule[:13])
    if matricule[13:] != expected:
        return Validity("ins", matricule, "key", expected)
    if oid is not None and oid not in INS_OIDS:
        return Validity("ins", matricule, "oid", " or ".join(INS_OIDS))
    return Validity("ins", matricule)


@dataclass(frozen=True, slots=True)
class Ins:
    """An INS whose key and authority are right; the constructor raises ``InvalidIdentifier`` otherwise."""

    matricule: str
    oid: str

    def __post_init__(self) -> None:
        is_valid_ins(self.matricule, self.oid).raise_if_invalid()

    @classmethod
    def of_payload(cls, n13: str, oid: str) -> Self:
        """The INS of a 13-character matricule, its key computed. Raises ``ValueError`` on another shape."""
        return cls(n13 + ins_key(n13), oid)

    @classmethod
    def as_received(cls, matricule: str, oid: str) -> Self:
        """Keep an adopted INS as the wire gave it, unchecked; ``validity`` still tells what is wrong with it."""
        received = object.__new__(cls)
        object.__setattr__(received, "matricule", matricule)
        object.__setattr__(received, "oid", oid)
        return received

    @classmethod
    def parse_cx(cls, text: str) -> Self:
        """Read ``<INS>^^^&<OID>&ISO^NH``; components 1, 4 and 5 count, a sixth (date) is ignored (dmp-messages §7.2).

        Raises ``InvalidIdentifier``: reason "system" when it is no such CX, else as the constructor.
        """
        return cls(*split_ins_cx(text))

    @property
    def validity(self) -> Validity:
        """Verdict on this value; false only for one made by ``as_received``."""
        return is_valid_ins(self.matricule, self.oid)

    @property
    def is_nia(self) -> bool:
        """Waiting number rather than NIR: production NIA authority, or a first digit that no NIR has."""
        return self.oid == INS_NIA_OID or self.matricule[:1] in {"3", "4", "7", "8"}

    def cx(self) -> str:
        """HL7 CX form ``<INS>^^^&<OID>&ISO^NH``."""
        return f"{self.matricule}^^^&{self.oid}&ISO^NH"

    def __str__(self) -> str:
        return self.cx()


def split_ins_cx(text: str) -> tuple[str, str]:
    """Matricule and OID of a CX, unchecked, for wire rules that only warn on a key.

    Raises ``InvalidIdentifier`` (reason "system") when components 4 or 5 are not ``[name]&<OID>&ISO`` and ``NH``.
    """
    components = text.split("^")
    authority = components[3].split("&") if 5 <= len(components) <= 10 else []
    if len(authority) != 3 or not authority[1] or authority[2] != "ISO" or components[4] != "NH":
        raise InvalidIdentifier("ins", text, "system", "<INS>^^^&<OID>&ISO^NH")
    return components[0], authority[1]
