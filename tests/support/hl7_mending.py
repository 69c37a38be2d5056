"""Messages mended exactly where a finding points: the value, or the segment, that the whole message has there."""

from __future__ import annotations

from collections import Counter
from datetime import date

from simulators.core.hl7 import Place, edit, read_message
from simulators.core.rules import Finding, Policy, judge
from simulators.documents.hl7.read import read_transmission
from simulators.pfi.rules.catalogue import CHECKS
from simulators.pfi.rules.subject import Ledger, subject_of

TODAY = date(2026, 11, 21)


def judged(octets: bytes, ledger: Ledger | None = None) -> tuple[Finding, ...]:
    """What the PFI finds in a message."""
    message = read_message(octets)
    return judge(Policy(), CHECKS, subject_of(message, read_transmission(message), TODAY, ledger)).findings


def lines(octets: bytes) -> list[str]:
    return octets.decode().rstrip("\r").split("\r")


def joined(segments: list[str]) -> bytes:
    return "".join(f"{segment}\r" for segment in segments).encode()


def put(octets: bytes, at: int, segment: str) -> bytes:
    """``segment`` before the one of this position; -1 puts it at the end."""
    all_lines = lines(octets)
    all_lines.insert(len(all_lines) if at < 0 else at, segment)
    return joined(all_lines)


def moved(octets: bytes, place: str, after: str) -> bytes:
    """The segment of ``place`` put right after the one of ``after``."""
    all_lines = lines(octets)
    line, anchor = all_lines[_position(all_lines, place)], all_lines[_position(all_lines, after)]
    all_lines.remove(line)
    all_lines.insert(all_lines.index(anchor) + 1, line)
    return joined(all_lines)


def mended(where: str, broken: bytes, whole: bytes) -> bytes:
    """``broken`` with what ``whole`` has at ``where``, and nothing else."""
    place, short = Place.read(where), where.partition(" ")[0]
    return edit(broken, short, _value(whole, place)) if place.field else _segment(short, lines(broken), lines(whole))


def _segment(place: str, mine: list[str], theirs: list[str]) -> bytes:
    lost, added = Counter(theirs) - Counter(mine), Counter(mine) - Counter(theirs)
    if lost:  # a segment that is missing
        position = _position(theirs, place)
        assert theirs[position] in lost
        mine.insert(position, theirs[position])
    elif added:  # one too many
        assert mine[_position(mine, place)] in added or Counter(mine)[mine[_position(mine, place)]] > 1
        del mine[_position(mine, place)]
    else:  # out of its place
        line = mine.pop(_position(mine, place))
        mine.insert(theirs.index(line), line)
    return joined(mine)


def _position(all_lines: list[str], where: str) -> int:
    place = Place.read(where)
    found = [number for number, line in enumerate(all_lines) if line[:3] == place.segment]
    return found[place.occurrence - 1]


def _value(octets: bytes, place: Place) -> str:
    found = [line for line in lines(octets) if line[:3] == place.segment]
    if len(found) < place.occurrence:
        return ""
    text = found[place.occurrence - 1]
    number = place.field - (place.segment == "MSH")
    steps = [("|", number)]
    if place.component or place.repetition > 1:
        steps += [("~", place.repetition - 1)]
    steps += [(mark, at - 1) for mark, at in (("^", place.component), ("&", place.sub)) if at]
    for mark, at in steps:
        parts = text.split(mark)
        text = parts[at] if len(parts) > at else ""
    return text
