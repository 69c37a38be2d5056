"""Reads files with hl7apy's parser, TOLERANT, with and without groups. Arguments: the places, then the files.

Prints ``file <tab> what <tab> value``: the structure, errors, each place (``PID-3-1-1``, or ``PID-3:INS`` for the
number of that type). The tables of hl7apy know PRT from 2.7 on: a message that has one is read as of that version.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message, Segment
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message


def split(text: str, by: str, number: int) -> str:
    parts = text.split(by)
    return parts[number - 1] if len(parts) >= number else ""


def fields(segment: Segment, number: int) -> list[str]:
    """The repetitions of a field, as hl7apy gives them back."""
    found = [child for child in segment.children if child.name == f"{segment.name}_{number}"]
    return [str(one.to_er7()) for one in found]


def value(message: Message, place: str) -> str:
    name, _, rest = place.partition("-")
    segment = next((child for child in message.children if child.name == name), None)
    if segment is None:
        return ""
    if ":" in rest:
        number, kind = rest.split(":")
        found = (one for one in fields(segment, int(number)) if split(one, "^", 5) == kind)
        return split(next(found, ""), "^", 1)
    number, component, sub = (int(part) for part in [*rest.split("-"), "1", "1"][:3])
    repetitions = fields(segment, number)
    return split(split(repetitions[0], "^", component), "&", sub) if repetitions else ""


def with_prt(text: str) -> str:
    header, _, rest = text.partition("\r")
    parts = header.split("|")
    if "\rPRT|" in text:
        parts[11] = "2.7"
    return "|".join(parts) + "\r" + rest


def main(places: list[str], files: list[str]) -> None:
    for file in files:
        name, text = Path(file).name, with_prt(Path(file).read_bytes().decode())
        try:
            parse_message(text, VALIDATION_LEVEL.TOLERANT, find_groups=True)
            message = parse_message(text, VALIDATION_LEVEL.TOLERANT, find_groups=False)
            print(name, "class", message.name, sep="\t")
            for place in places:
                print(name, place, value(message, place), sep="\t")
        except HL7apyException as problem:
            print(name, "error", f"{type(problem).__name__} {problem}".replace("\n", " "), sep="\t")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main(sys.argv[1].split(","), sys.argv[2:])
