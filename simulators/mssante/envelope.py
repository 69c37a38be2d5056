"""The envelope of one mail transaction. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT. ``notify`` holds NEVER, or some of SUCCESS, FAILURE, DELAY; empty: nothing was said (RFC 3461 §4.1).
    ``orcpt`` is ``type;address`` decoded from xtext."""

    address: str
    notify: frozenset[str] = frozenset()
    orcpt: str = ""

    def wants(self, event: str) -> bool:
        """Whether a report of ``event`` is due; FAILURE and DELAY when nothing was said."""
        return event in self.notify if self.notify else event in {"FAILURE", "DELAY"}

    def to_json(self) -> dict[str, Any]:
        return {"address": self.address, "notify": sorted(self.notify), "orcpt": self.orcpt}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["address"], frozenset(data["notify"]), data["orcpt"])


@dataclass(frozen=True, slots=True)
class Envelope:
    """One MAIL and its RCPTs. ``sender`` is empty for the null sender; ``ret`` is FULL, HDRS or empty."""

    sender: str
    recipients: Sequence[Recipient] = field(default=())
    size: int = 0
    body: str = ""
    ret: str = ""
    envid: str = ""
    smtputf8: bool = False
