"""What a fault of the catalogue is: a value with a name, a hook, typed parameters and an effect."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from simulators.core.faults.effects import Effect
from simulators.core.rules import Text

if TYPE_CHECKING:
    from simulators.core.exchange import Call

Hook = Literal["on_accept", "on_request", "before_commit", "after_commit_before_answer", "on_answer"]
LONGEST_TEXT = 10_000
Value = int | float | str


@dataclass(frozen=True)
class Param:
    """One parameter: ``integer`` and ``number`` have bounds and a unit, ``choice`` its words."""

    name: str
    type: Literal["integer", "number", "text", "choice"]
    default: Value
    text: Text
    unit: str = ""
    least: float = 0
    most: float = math.inf
    choices: tuple[str, ...] = ()

    def value(self, given: object) -> Value:
        """``given`` (a value, or its text from a command line) as this parameter's type.

        Raises ``ValueError`` in plain words.
        """
        if self.type == "choice":
            return self._choice(str(given))
        if self.type == "text":
            return self._text(str(given))
        return self._number(given)

    def as_json(self) -> dict[str, Any]:
        """What the catalogue's pages show of it."""
        shown: dict[str, Any] = {"name": self.name, "type": self.type, "default": self.default, "unit": self.unit}
        if self.choices:
            shown["choices"] = list(self.choices)
        if self.type in {"integer", "number"}:
            shown |= {"least": self.least, "most": self.most if math.isfinite(self.most) else None}
        return shown | {"text": {"fr": self.text.fr, "en": self.text.en}}

    def _choice(self, word: str) -> str:
        if word not in self.choices:
            raise ValueError(f"{self.name}: one of {', '.join(self.choices)}, not {word!r}")
        return word

    def _text(self, text: str) -> str:
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"{self.name}: at most {LONGEST_TEXT} characters, not {len(text)}")
        return text

    def _number(self, given: object) -> int | float:
        kind, wanted = (int, "a whole number") if self.type == "integer" else (float, "a number")
        try:
            if isinstance(given, bool) or (kind is int and isinstance(given, float)):
                raise ValueError
            number: int | float = kind(str(given))
        except ValueError:
            raise ValueError(f"{self.name}: {wanted}, not {given!r}") from None
        # Written so that NaN fails it too.
        if not self.least <= number <= self.most:
            raise ValueError(f"{self.name}: between {self.least:g} and {self.most:g} {self.unit}".rstrip())
        return number


@dataclass(frozen=True)
class Fault:
    """One fault. ``effect(params, call)`` gives what happens at ``hook``; ``call`` is None on_accept."""

    name: str
    hook: Hook
    text: Text
    effect: Callable[[Mapping[str, Any], Call | None], Effect]
    params: tuple[Param, ...] = ()

    @property
    def reach(self) -> str:
        """``listener`` when nobody is identified yet (every world is touched), else ``world``."""
        return "listener" if self.hook == "on_accept" else "world"

    def values(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Every parameter with its value or its default. Raises ``ValueError`` in plain words."""
        known = {param.name: param for param in self.params}
        for name in given:
            if name not in known:
                words = ", ".join(known) or "none"
                raise ValueError(f"fault {self.name} has no parameter {name!r}; it has: {words}")
        return {name: param.value(given.get(name, param.default)) for name, param in known.items()}

    def as_json(self) -> dict[str, Any]:
        """What the catalogue's pages, ``fault list`` and the documents show of it."""
        return {
            "name": self.name,
            "hook": self.hook,
            "reach": self.reach,
            "text": {"fr": self.text.fr, "en": self.text.en},
            "params": [param.as_json() for param in self.params],
        }
