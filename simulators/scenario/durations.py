"""How long a step waits: whole seconds, or ``500ms``, ``10s``, ``5m``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

LONGEST_S: Final = 3600
_DURATION = re.compile(r"([0-9]{1,7})(ms|s|m|)")
_UNITS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}


def seconds(value: Any) -> float:
    """Raises ``ValueError``."""
    match = _DURATION.fullmatch(str(value))
    found = int(match[1]) * _UNITS[match[2]] if match else -1.0
    if not 0 < found <= LONGEST_S:
        raise ValueError(f"{value!r} is no time to wait: write 10, 500ms, 10s or 5m, at most one hour")
    return found
