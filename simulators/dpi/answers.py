"""What an acknowledgement says to the one who sent the message (facts pfi §2.1, §2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.core.hl7 import Segment, acknowledged


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ack`` is AA, AE or AR, empty when nothing usable came: then ``problem`` says why. ``sent``: octets of the
    message left, so that it may have been handled."""

    ack: str = ""
    errors: tuple[str, ...] = ()
    problem: str = ""
    sent: bool = True
    raw: bytes = b""

    @property
    def final(self) -> bool:
        """Whether the PFI has said yes or no."""
        return self.ack in {"AA", "AE"}


def outcome_of(answer: bytes, control_id: str) -> Outcome:
    """The octets of an answer to the message ``control_id``; never raises."""
    said = acknowledged(answer, control_id, _words)
    return Outcome(said.code, said.errors, problem=said.problem, raw=answer)


def _words(err: Segment) -> str:
    """One ERR in words: where, the codes of ERR-3 and ERR-5, what the sender is told."""
    place = "^".join(filter(None, (err.get(2, number) for number in range(1, 7))))
    codes = [" ".join(filter(None, (err.get(field), err.get(field, 2)))) for field in (3, 5)]
    told = (f"[{place}]" if place else "", *codes, err.get(8), err.get(7))
    return " · ".join(filter(None, (part.strip() for part in told)))
