"""Check-digit arithmetic of the national identifiers: the 97 rule and Luhn. Pure functions of strings.

Sources: facts dmp-messages §13.1. Letters count A = 1, B = 2 in Luhn (inferred for B from five published test FINESS
out of six; the same values fit the Corsican numbers 2A… and 2B…).
"""

from __future__ import annotations

import re

_MATRICULE_13 = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}")
_LUHN_VALUES = {**{str(digit): digit for digit in range(10)}, "A": 1, "B": 2}


def ins_key(n13: str) -> str:
    """Two-digit key of a 13-character matricule: ``97 - (N mod 97)``, department 2A counted as 19 and 2B as 18.

    Raises ``ValueError`` when ``n13`` is not 13 characters of that shape.
    """
    if not _MATRICULE_13.fullmatch(n13):
        raise ValueError(f"{n13!r} is not a 13-character matricule")
    number = int(n13[:5] + {"2A": "19", "2B": "18"}.get(n13[5:7], n13[5:7]) + n13[7:])
    return f"{97 - number % 97:02d}"


def luhn_digit(payload: str) -> str:
    """Check digit that makes ``payload`` + digit satisfy Luhn.

    Raises ``ValueError`` on an empty payload or a character other than 0-9, A, B.
    """
    if not payload or any(character not in _LUHN_VALUES for character in payload):
        raise ValueError(f"{payload!r} cannot be given a Luhn digit")
    total = 0
    for rank, character in enumerate(reversed(payload)):
        value = _LUHN_VALUES[character] * (2 if rank % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
