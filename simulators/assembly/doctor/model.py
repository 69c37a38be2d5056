"""One check: a light, and why, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulators.core.rules import Text

NOTHING = Text("", "")


class Light(StrEnum):
    """``grey`` is neither good nor bad: it could not be looked at, or it may matter to some products only."""

    GREEN = "green"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True)
class Check:
    """``id`` is stable (``port.dmp``); ``said`` what was found; ``mend`` what to change, for what is not green."""

    id: str
    light: Light
    said: Text
    mend: Text = NOTHING

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of ``doctor --json`` and of the control API."""
        shown: dict[str, Any] = {"id": self.id, "light": str(self.light), "said": _both(self.said)}
        return {**shown, "mend": _both(self.mend)} if self.mend.fr else shown

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Check:
        """The inverse of :meth:`as_json`."""
        mend = data.get("mend", {"fr": "", "en": ""})
        return cls(data["id"], Light(data["light"]), Text(**data["said"]), Text(**mend))


def green(id: str, fr: str, en: str) -> Check:
    """All is well."""
    return Check(id, Light.GREEN, Text(fr, en))


def red(id: str, said: Text, mend: Text) -> Check:
    """Something the product will stumble over."""
    return Check(id, Light.RED, said, mend)


def grey(id: str, said: Text, mend: Text = NOTHING) -> Check:
    """Something to know."""
    return Check(id, Light.GREY, said, mend)


def any_red(checks: Iterable[Check]) -> bool:
    """Whether something is to be mended."""
    return any(check.light is Light.RED for check in checks)


def _both(text: Text) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}
