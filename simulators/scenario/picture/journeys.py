"""From rows of the journal to journeys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from simulators.scenario.picture import parties
from simulators.scenario.picture.joining import grouped, normal_key, patient_of
from simulators.scenario.picture.model import FAILED, Actor, Exchange, Journey, Known, Party, Row
from simulators.scenario.picture.pairing import Pair, act_of, callers, mailboxes, paired

NOBODY: Final = Known()
# From left to right as the journey of a discharge letter goes; who is not named stands where it first comes.
_ORDER: Final = (
    *(parties.IDENTITY, parties.DPI, "sut:dpi", "structure", parties.CLIENT, "sut", "sut:pfi", parties.PFI),
    *(parties.DMP, parties.MSSANTE, parties.PSC, parties.HOSPITAL_IDP, parties.OPERATOR),
    *(parties.HOUSE, parties.MAILBOX, parties.PROFESSIONAL, parties.PATIENT, parties.INTERNET, parties.PHONE),
)


def journeys(rows: Iterable[Row], known: Known = NOBODY) -> list[Journey]:
    """Every journey of these rows, the oldest first; each row is in exactly one."""
    groups = [(group, paired(group)) for group in grouped(rows)]
    every = [pair for _, pairs in groups for pair in pairs]
    told = replace(known, peers={**mailboxes(every), **known.peers})
    met = parties.lines(every, known)
    return [_journey(group, pairs, told, met) for group, pairs in groups]


def journey_of(rows: Sequence[Row], known: Known = NOBODY) -> Journey:
    """All of these rows as one journey. Raises ``ValueError`` when there is none."""
    if not rows:
        raise ValueError("a journey has at least one exchange")
    ordered = sorted(rows, key=lambda row: int(row["number"]))
    pairs = paired(ordered)
    told = replace(known, peers={**mailboxes(pairs), **known.peers})
    return _journey(ordered, pairs, told, parties.lines(pairs, known))


def _journey(ordered: Sequence[Row], pairs: Sequence[Pair], known: Known, met: parties.Lines) -> Journey:
    told, played = callers(pairs), frozenset(str(row["protocol"]) for row in ordered)
    exchanges = [one for pair in pairs for one in _drawn(pair, known, *parties.sides(pair, known, told, met, played))]
    numbers = tuple(int(row["number"]) for row in ordered)
    keys = frozenset(key for row in ordered for key in row["keys"])
    patient = next(filter(None, map(patient_of, ordered)), "")
    return Journey(numbers[0], numbers, _actors(exchanges, known), tuple(exchanges), patient, keys)


def find(found: Iterable[Journey], key: str) -> Journey | None:
    """The journey that holds the exchange of this number, or one with this key of the journal; the newest first."""
    newest = list(found)[::-1]
    if key.isascii() and key.isdecimal() and len(key) < 19:
        return next((journey for journey in newest if int(key) in journey.rows), None)
    wanted = normal_key(key)
    return next((journey for journey in newest if wanted in {normal_key(one) for one in journey.keys}), None)


def _drawn(pair: Pair, known: Known, source: Party, target: Party) -> Iterator[Exchange]:
    row, first = pair.rows[0], min(pair.rows, key=lambda one: int(one["number"]))
    outcome, lost = _outcome(pair)
    findings = row["verdict"].get("findings", ())
    yield Exchange(
        numbers=tuple(int(one["number"]) for one in pair.rows),
        source=source,
        target=target,
        operation=str(row["operation"]),
        label=_label(pair),
        wire=datetime.fromisoformat(first["wire_time"]),
        business=datetime.fromisoformat(first["business_time"]),
        outcome=outcome,
        status=str(row["status"]),
        rules=tuple(str(one["rule"]) for one in findings if one["level"] == "refuse") if outcome == "refused" else (),
        warnings=sum(one["level"] == "warn" for one in findings),
        detail=_detail(pair),
        lost=lost,
        note=_note(pair),
        attempt=_attempt(pair),
        kind="command" if _prepares(row) else "exchange",
    )
    yield from _deliveries(row, known, target, outcome)


_MESSAGES: Final = frozenset({"MESSAGE", "FETCH", "APPEND", "RELAY", "INTERNET", "SMS"})


def _prepares(row: Row) -> bool:
    """Whether it is a command around a mail, of which there is nothing to say."""
    plain = row["protocol"] == parties.MSSANTE and row["outcome"] == "accepted"
    return plain and act_of(row) not in _MESSAGES


def _label(pair: Pair) -> str:
    """The act; a business acknowledgement with its answer and a reading with what was read, when a row tells it."""
    act = act_of(pair.rows[0])
    mark = "zam" if act.startswith("ZAM") else "kind" if act == "FETCH" else ""
    said = next((row["marks"][mark] for row in pair.rows if isinstance(row["marks"].get(mark), str)), "")
    if mark == "zam" and not said:  # our PFI names its work after the request, the kind and the answer
        works = (str(row["marks"].get("work", "")).rpartition(".")[2] for row in pair.rows)
        said = next((word for word in works if word in ("Y", "N")), "")
    return f"{act} {said}".strip()


def _outcome(pair: Pair) -> tuple[str, bool]:
    """The verdict of who was called; a caller that got no answer tells that it was lost."""
    outcomes = [str(row["outcome"]) for row in pair.rows]
    lost = len(outcomes) == 2 and outcomes[0] == "accepted" and outcomes[1] == FAILED
    return (FAILED if lost else outcomes[0]), lost


_NOTES: Final = {"given_up": "given_up", "again": "again", "already_accepted": "twice"}


def _note(pair: Pair) -> str:
    """What the rows tell of what comes next, or came before."""
    marks = {name for row in pair.rows for name in row["marks"]}
    return next((note for mark, note in _NOTES.items() if mark in marks), "")


def _attempt(pair: Pair) -> int:
    found = pair.rows[-1]["marks"].get("attempt", 0)
    return found if isinstance(found, int) else 0


def _detail(pair: Pair) -> str:
    who = {name: value for row in reversed(pair.rows) for name, value in row["who"].items()}
    if who.get("sender") and who.get("recipient"):
        return f"{who['sender']} → {who['recipient']}"
    return str(who.get("sender") or who.get("mailbox") or "")


def _deliveries(row: Row, known: Known, operator: Party, outcome: str) -> Iterator[Exchange]:
    """What an accepted mail put into mailboxes of this world, reports to its sender included."""
    if row["direction"] == "out" or outcome not in ("accepted", FAILED) or row["protocol"] != parties.MSSANTE:
        return
    done = row["marks"].get("delivered") or {}
    into = [("MAILBOX", str(address)) for address, action in done.items() if action == "delivered"]
    into += [("FORWARD", str(one).partition(" to ")[2]) for one in row["marks"].get("forwarded") or ()]
    for report in row["marks"].get("reports") or ():
        action, _, rest = str(report).partition(" to ")
        if ": no way back" not in rest:
            into.append((f"DSN {action}", rest))
    for label, address in into:
        yield Exchange(
            numbers=(int(row["number"]),),
            source=operator,
            target=parties.owner(address, known),
            operation=str(row["operation"]),
            label=label,
            wire=datetime.fromisoformat(row["wire_time"]),
            business=datetime.fromisoformat(row["business_time"]),
            outcome="accepted",
            detail=address,
            kind="delivery",
        )


def _actors(exchanges: Sequence[Exchange], known: Known) -> tuple[Actor, ...]:
    roles: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for party in (side for exchange in exchanges for side in (exchange.source, exchange.target)):
        played = roles.setdefault(party.code, [])
        names.setdefault(party.code, parties.name_of(party, known))
        if party.role and party.role not in played:
            played.append(party.role)
    found = [Actor(code, names[code], tuple(played)) for code, played in roles.items()]
    return tuple(sorted(found, key=_place))


def _place(actor: Actor) -> int:
    kind = actor.code.partition(":")[0]
    wanted = f"{kind}:{actor.roles[0]}" if kind == "sut" and actor.roles else kind
    return _ORDER.index(wanted) if wanted in _ORDER else _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
