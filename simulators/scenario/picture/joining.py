"""Which rows belong together: by the keys they share.

``document:``, ``hl7:``, ``message:``, ``queue:``, ``submission:``, ``order:``, ``session:`` and ``ciba:`` join whatever
they are on. A patient has many journeys, so ``patient:`` only brings a row that nothing else joins to what came just
before or after it; a connection to a mailbox and its owner likewise, for the commands around a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from simulators.scenario.picture.model import Row

STRONG: Final = ("document", "hl7", "message", "queue", "submission", "order", "session", "ciba")
ANCHORS: Final = ("document", "hl7", "submission")
"""A row that has one of these stands for a journey of its own."""
PATIENT_WITHIN: Final = timedelta(minutes=10)
MAILBOX_WITHIN: Final = timedelta(seconds=5)


def strong_keys(row: Row) -> frozenset[str]:
    """The keys that join; a Message-ID is the same with and without its angle brackets."""
    return frozenset(_normal(key) for key in row["keys"] if key.partition(":")[0] in STRONG)


def patient_of(row: Row) -> str:
    """The matricule INS a row tells of, or empty."""
    return next((key.partition(":")[2] for key in row["keys"] if key.startswith("patient:")), "")


def normal_key(key: str) -> str:
    """A key as :func:`strong_keys` gives it."""
    return _normal(key)


def _normal(key: str) -> str:
    kind, _, value = key.partition(":")
    return f"{kind}:{value.strip('<> ')}"


class _Forest:
    """Union-find over positions; a root is ``firm`` once a strong key joined it or an anchor stands in it. What tells
    of a patient and not of a document stays loose."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.parent = list(range(len(rows)))
        self.loose = [".ADT^" in row["operation"] for row in rows]
        anchored = [any(key.partition(":")[0] in ANCHORS for key in row["keys"]) for row in rows]
        self.firm = [held and not loose for held, loose in zip(anchored, self.loose, strict=True)]

    def root(self, at: int) -> int:
        while self.parent[at] != at:
            self.parent[at] = at = self.parent[self.parent[at]]
        return at

    def join(self, one: int, other: int) -> None:
        """By a key they share."""
        self._join(one, other, firm=not (self.loose[one] and self.loose[other]))

    def join_loosely(self, one: int, other: int) -> None:
        """Unless both already stand for something."""
        if not (self.firm[self.root(one)] and self.firm[self.root(other)]):
            self._join(one, other, firm=False)

    def _join(self, one: int, other: int, *, firm: bool) -> None:
        one, other = sorted((self.root(one), self.root(other)))
        self.firm[one] = self.firm[one] or self.firm[other] or firm
        self.parent[other] = one


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each journey in order of their numbers, the journeys in order of their first."""
    ordered = sorted(rows, key=lambda row: int(row["number"]))
    forest = _Forest(ordered)
    seen: dict[str, int] = {}
    for at, row in enumerate(ordered):
        for key in sorted(strong_keys(row)):
            if key in seen:
                forest.join(seen[key], at)
            seen.setdefault(key, at)
    for one, other in (*_near(ordered, "connection"), *_near(ordered, "patient"), *_near(ordered, "mailbox")):
        forest.join_loosely(one, other)
    groups: dict[int, list[Row]] = {}
    for at, row in enumerate(ordered):
        groups.setdefault(forest.root(at), []).append(row)
    return [groups[root] for root in sorted(groups)]


_WITHIN: Final = {"connection": MAILBOX_WITHIN, "patient": PATIENT_WITHIN, "mailbox": MAILBOX_WITHIN}


def _near(rows: Sequence[Row], what: str) -> Iterator[tuple[int, int]]:
    """Neighbours of the same patient, of the same mailbox or connection, within their delay of wire time."""
    last: dict[str, tuple[int, datetime]] = {}
    for at, row in enumerate(rows):
        name = _named(row, what)
        if not name:
            continue
        now = datetime.fromisoformat(row["wire_time"])
        if name in last and abs(now - last[name][1]) <= _WITHIN[what]:
            yield last[name][0], at
        last[name] = at, now


def _named(row: Row, what: str) -> str:
    if what == "patient":
        return patient_of(row)
    mailbox = str(row["who"].get("mailbox", ""))
    return mailbox and f"{mailbox} {row['who'].get('address', '')}" if what == "connection" else mailbox
