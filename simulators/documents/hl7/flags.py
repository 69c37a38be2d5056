"""The ten flags of a document, as segments and as a value."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.core.hl7 import Message, seg
from simulators.documents.hl7.model import Flags, Kind
from simulators.documents.hl7.names import CDA_FLAGS, FLAG_LABELS, LPS_FLAGS, META, YES_NO, Flag
from simulators.documents.hl7.places import flag_segments


def read_flags(message: Message) -> Flags:
    """What the flags say; of a flag met twice, the first one counts."""
    said: dict[str, bool] = {}
    for flag, obx in flag_segments(message):
        said.setdefault(flag.name.lower(), obx.get(5).strip() == "Y")
    return Flags(**said)


def flag_lines(flags: Flags, kind: Kind, *, from_mail: bool, first: int) -> Iterator[tuple[Flag, str]]:
    """Each flag with its OBX, numbered from ``first``; a flow 6 has four of them."""
    data_type = "CE" if kind == "ORU" else "CWE"
    for number, flag in enumerate(LPS_FLAGS if from_mail else CDA_FLAGS, start=first):
        value = "Y" if getattr(flags, flag.name.lower()) else "N"
        name = [flag.value, FLAG_LABELS[flag], META]
        yield flag, seg("OBX", {1: str(number), 2: data_type, 3: name, 5: [value, "", YES_NO], 11: "F"})
