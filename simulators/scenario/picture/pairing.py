"""Both sides of one exchange are one arrow: the row of our peer that called, and the row of who was called.

The called one journals in the transaction of its answer, so its row stands before the caller's, and after the caller's
row of the attempt before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.scenario.picture.joining import strong_keys
from simulators.scenario.picture.model import Row

OUT: Final = ".out."
TAKEN: Final = "MAIL"
"""What a peer of ours journals of a mail it fetched: its side of the reading."""
_SENT: Final = frozenset({"MESSAGE", "REPORT"})
_VARIANT: Final = re.compile(r"^(TD[0-9]\.[0-9])[ab]$")
"""A search by identifiers (TD3.1b) is a search to who asks."""
_OPERATOR: Final = "mssante"


@dataclass(frozen=True)
class Pair:
    """``called`` is the row of who was called, ``caller`` that of our peer who called; one of them may be missing."""

    called: Row | None
    caller: Row | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """The one that holds the verdict first."""
        return tuple(row for row in (self.called, self.caller) if row is not None)


def calls_out(row: Row) -> bool:
    """Whether one of our peers called: the other out rows (a relay, a ping) have no second side here."""
    return OUT in row["operation"] or _fetched(row)


def act_of(row: Row) -> str:
    """What was done, without who did it: ``MDM^T02``, ``TD2.1``, ``MESSAGE``."""
    operation = str(row["operation"])
    if _fetched(row):
        return "FETCH"
    if OUT not in operation:
        return operation.partition(".")[2] or operation
    act = operation.partition(OUT)[2]
    return "MESSAGE" if act in _SENT else act


def _fetched(row: Row) -> bool:
    return bool(row["protocol"] != _OPERATOR and str(row["operation"]).partition(".")[2] == TAKEN)


def paired(rows: Sequence[Row]) -> list[Pair]:
    """The exchanges of one journey, in the order of their first rows."""
    waiting: dict[tuple[str, str], list[Row]] = {}
    taken: set[int] = set()
    found: list[Pair] = []
    for row in rows:
        handles = _handles(row)
        if not calls_out(row):
            for handle in handles:
                waiting.setdefault(handle, []).append(row)
            continue
        answers = [one for handle in handles for one in waiting.get(handle, ()) if one["number"] not in taken]
        # Who has most in common with the call, then the newest.
        answer = max(answers, key=lambda one: (answers.count(one), int(one["number"])), default=None)
        # What came before an earlier attempt of the same call was that attempt's.
        for handle in handles:
            waiting.pop(handle, None)
        taken |= {answer["number"]} if answer is not None else set()
        found.append(Pair(answer, row))
    found += [Pair(row) for row in rows if not calls_out(row) and row["number"] not in taken]
    return sorted(found, key=lambda pair: min(int(row["number"]) for row in pair.rows))


def _handles(row: Row) -> list[tuple[str, str]]:
    """What both sides of a call have in common: the act, and what it is about."""
    return [(_VARIANT.sub(r"\1", act_of(row)), key) for key in strong_keys(row)]


def callers(pairs: Sequence[Pair]) -> dict[tuple[str, str], str]:
    """Which of our peers did what on what: who called in a row whose other side tells of another attempt, or comes
    too late to have one."""
    made = [pair.caller for pair in pairs if pair.caller is not None]
    return {handle: _peer(row) for row in made for handle in _handles(row) if not _shared(handle)}


def mailboxes(pairs: Iterable[Pair]) -> dict[str, str]:
    """The mailboxes that our peers write from and read, each with its peer."""
    found = {}
    for pair in pairs:
        for row in pair.rows if pair.caller is not None else ():
            if row["who"].get("mailbox") and pair.caller is not None:
                found[str(row["who"]["mailbox"])] = _peer(pair.caller)
    return found


def caller_of(row: Row, known: dict[tuple[str, str], str]) -> str:
    """The peer that called, by :func:`callers`; or empty."""
    return next((known[handle] for handle in sorted(_handles(row)) if handle in known), "")


def _shared(handle: tuple[str, str]) -> bool:
    """A document is sent by many, a message by one."""
    return handle[1].startswith("document:")


def _peer(row: Row) -> str:
    return str(row["operation"]).partition(".")[0]
