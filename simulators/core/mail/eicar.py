"""The EICAR test file, put together at run time: written out, it would have our own files quarantined.

Source: EICAR, anti-malware test file (68 bytes that every scanner reports and that harm nothing).
"""

from __future__ import annotations

_PIECES = ("X5O!P%@AP[4", "PZX54(P^)7CC)7}$EI", "CAR-STANDARD-ANTI", "VIRUS-TEST-FILE!$H+H*")


def eicar() -> bytes:
    """The file. A constant expression would be folded into the compiled module, hence the join at run time."""
    first, *others = _PIECES
    return "".join([first, "\\", *others]).encode("ascii")
