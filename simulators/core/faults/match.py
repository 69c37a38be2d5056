"""When a trigger is due: a match is data, compared with one call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from simulators.core.clock import parse_instant

if TYPE_CHECKING:
    from simulators.core.exchange import Call

KEYS = ("on", "structure", "patient", "professional", "nth", "between")
LONGEST = 200
_ON = re.compile(r"[\w.*^-]{1,120}")  # the caret is of HL7 v2 messages: pfi.MDM^T02


@dataclass(frozen=True)
class Match:
    """What a call must be. ``*`` in a text stands for any characters; case does not matter.

    ``on`` is ``simulator.operation`` (a listener's name for a fault on_accept); ``structure``, ``professional`` and
    ``patient`` are compared with who the call says it is and with its ``patient:`` keys; ``nth`` (from 1) is compared
    with the count of the calls that match all the rest; ``between`` is [start, end) in business time.
    """

    on: str
    structure: str | None = None
    patient: str | None = None
    professional: str | None = None
    nth: int | None = None
    between: tuple[datetime, datetime] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Match:
        """Reads what a command, a scenario or the control API gives; ``None`` values count as absent.

        Raises ``ValueError`` in plain words.
        """
        given = {key: value for key, value in data.items() if value is not None}
        for key in given:
            if key not in KEYS:
                raise ValueError(f"a trigger has no condition {key!r}; it has: {', '.join(KEYS)}")
        return cls(
            on=_on(given.get("on")),
            structure=_text("structure", given.get("structure")),
            patient=_text("patient", given.get("patient")),
            professional=_text("professional", given.get("professional")),
            nth=_nth(given.get("nth")),
            between=_between(given.get("between")),
        )

    def as_json(self) -> dict[str, Any]:
        """The inverse of :meth:`from_json`, without the absent conditions; instants in ISO 8601 UTC."""
        shown: dict[str, Any] = {key: getattr(self, key) for key in KEYS[:-1]}
        if self.between is not None:
            shown["between"] = [instant.isoformat() for instant in self.between]
        return {key: value for key, value in shown.items() if value is not None}

    def holds(self, call: Call) -> bool:
        """Whether ``call`` meets every condition but ``nth``."""
        who = call.who
        return (
            _like(self.on)(call.operation)
            and (self.structure is None or _like(self.structure)(who.get("structure", "")))
            and (self.professional is None or _like(self.professional)(who.get("professional", "")))
            and (self.patient is None or any(map(_like(self.patient), _patients(call))))
            and self.within(call.business_now)
        )

    def holds_at(self, listener: str, instant: datetime) -> bool:
        """The same for a connection that nobody has identified yet."""
        return _like(self.on)(listener) and self.within(instant)

    def meets_any(self, operations: Iterable[str]) -> bool:
        """Whether ``on`` means at least one of ``operations``."""
        return any(map(_like(self.on), operations))

    def within(self, instant: datetime) -> bool:
        """Whether ``between`` is absent or holds ``instant``."""
        return self.between is None or self.between[0] <= instant < self.between[1]


def _patients(call: Call) -> Iterable[str]:
    """The call's patients, each also without the authority of a ``id^^^authority`` form."""
    named = [key.removeprefix("patient:") for key in call.keys if key.startswith("patient:")]
    for patient in (*named, call.who.get("patient", "")):
        yield patient
        yield patient.partition("^")[0]


@lru_cache(maxsize=512)
def _like(pattern: str) -> Callable[[str], bool]:
    found = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE | re.DOTALL)
    return lambda text: found.fullmatch(text) is not None


def _on(value: object) -> str:
    if not isinstance(value, str) or not _ON.fullmatch(value):
        raise ValueError(f"on: the operation to act on, like dmp.TD2.1 or dmp.*, not {value!r}")
    return value


def _text(key: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise ValueError(f"{key}: an identifier (text of at most {LONGEST} characters), not {value!r}")
    return value.strip()


def _nth(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)) or int(str(value)) < 1:
        raise ValueError(f"nth: a whole number from 1 (the first call), not {value!r}")
    return int(str(value))


def _between(value: object) -> tuple[datetime, datetime] | None:
    if value is None:
        return None
    parts: Sequence[object] = ()
    if isinstance(value, str):
        parts = value.split(",")
    elif isinstance(value, (list, tuple)):
        parts = value
    wanted = "between: two ISO 8601 instants, start,end (business time; without a zone, Europe/Paris)"
    if len(parts) != 2:
        raise ValueError(f"{wanted}, not {value!r}")
    try:
        start, end = (parse_instant(str(part).strip()) for part in parts)
    except ValueError as error:
        raise ValueError(f"{wanted}: {error}") from None
    if start >= end:
        raise ValueError(f"between: the start {start.isoformat()} is not before the end {end.isoformat()}")
    return start, end
