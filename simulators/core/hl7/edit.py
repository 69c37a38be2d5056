"""One value of a message changed on purpose: where a finding points, or where a scenario wants a defect."""

from __future__ import annotations

from simulators.core.hl7.places import Place

_LEVELS = ("|", "~", "^", "&")


def edit(octets: bytes, where: str, value: str | None) -> bytes:
    """The message with ``value``, as it is to be written, at the location; missing fields are added. A location that
    is only a segment replaces the whole segment (by a text that begins with its name), and None removes it.

    For messages with the usual delimiters and CR, LF or CR LF line ends. Raises ``ValueError``, ``KeyError``: no such
    segment.
    """
    place = Place.read(where)
    text = octets.decode("utf-8", "surrogateescape").replace("\r\n", "\r").replace("\n", "\r")
    lines = text.split("\r")
    at = _line(lines, place)
    if not place.field:
        lines[at : at + 1] = [] if value is None else [value]
    else:
        lines[at] = _edited(lines[at], place, value or "")
    return "\r".join(lines).encode("utf-8", "surrogateescape")


def _line(lines: list[str], place: Place) -> int:
    found = [number for number, line in enumerate(lines) if line[:3] == place.segment]
    if len(found) < place.occurrence:
        raise KeyError(f"the message has no {place.segment}[{place.occurrence}]")
    return found[place.occurrence - 1]


def _edited(line: str, place: Place, value: str) -> str:
    # MSH-1 is the separator itself, so that the fields of MSH stand one place earlier.
    number = place.field - 1 if place.segment == "MSH" else place.field
    numbers = [number, place.repetition - 1]
    if place.component:
        numbers.append(place.component - 1)
    if place.sub:
        numbers.append(place.sub - 1)
    if not place.component and place.repetition == 1:
        numbers = [number]  # the whole field
    return _put(line, numbers, _LEVELS, value)


def _put(text: str, numbers: list[int], levels: tuple[str, ...], value: str) -> str:
    if not numbers:
        return value
    parts = text.split(levels[0])
    parts += [""] * (numbers[0] + 1 - len(parts))
    parts[numbers[0]] = _put(parts[numbers[0]], numbers[1:], levels[1:], value)
    return levels[0].join(parts)
