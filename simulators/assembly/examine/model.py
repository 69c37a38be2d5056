"""What an examination gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.core.errors import SandboxError
from simulators.core.rules import Grade, Level, Rule, Text

UNREADABLE = Rule(
    id="CHECK-UNREADABLE",
    level=Level.REFUSE,
    looks_at="file",
    source="IHE ITI TF-2 3.32, HL7 CDA R2",
    grade=Grade.STANDARD,
    sentence=Text("le fichier ne peut pas être lu", "the file cannot be read"),
    mend=Text("corrigez l'endroit indiqué", "mend the place named here"),
    switchable=False,
)


class NotKnown(SandboxError):
    """The file is none of the kinds that can be checked."""


@dataclass(frozen=True)
class Examined:
    """``kind`` says what the file is; ``findings`` have the JSON shape of a verdict's; ``facts`` are
    deviations nobody judges; ``inside`` is what an archive holds; ``data`` the bytes looked at."""

    name: str
    kind: str
    findings: tuple[Mapping[str, Any], ...] = ()
    facts: tuple[str, ...] = ()
    inside: tuple[Examined, ...] = ()
    data: bytes = field(default=b"", repr=False)

    @property
    def refused(self) -> bool:
        """Whether at least one finding, here or inside, would refuse."""
        return any(f["level"] == "refuse" for f in self.findings) or any(part.refused for part in self.inside)

    def flat(self) -> Iterator[Examined]:
        """This one, then what it holds."""
        yield self
        for part in self.inside:
            yield from part.flat()

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "findings": [dict(f) for f in self.findings],
            "facts": list(self.facts),
            "inside": [part.as_json() for part in self.inside],
        }
