"""Which segment says what: the document, the mail that brought it, the flags, the bodies, the note that ends a talk."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.core.hl7 import Message, Segment
from simulators.documents.hl7.names import BODIES, META_CODES, Flag, canonical


def document_obx(message: Message) -> Segment | None:
    """The OBX that carries the document: the first one, unless it is a flag or a mail body."""
    first = message.first("OBX")
    return first if first is not None and first.get(3).strip() not in META_CODES else None


def more_documents(message: Message, *, from_mail: bool) -> tuple[Segment, ...]:
    """The documents beyond the first: encapsulated data that are no mail body, nor (flow 6) the mail."""
    carried = [obx for obx in message.all("OBX") if obx.get(2) == "ED" and obx.get(3).strip() not in META_CODES]
    return tuple(carried[2 if from_mail else 1 :])


def mail_obx(message: Message) -> Segment | None:
    """The OBX that carries the mail in a flow 6: the encapsulated data after the document."""
    carried = [obx for obx in message.all("OBX")[1:] if obx.get(3).strip() not in META_CODES]
    return next((obx for obx in carried if obx.get(2) == "ED"), None)


def flag_segments(message: Message) -> Iterator[tuple[Flag, Segment]]:
    """Every OBX that is a flag, under its present name, in the order of the message."""
    for obx in message.all("OBX"):
        flag = canonical(obx.get(3))
        if flag is not None:
            yield flag, obx


def body_obx(message: Message, reader: str) -> Segment | None:
    """The OBX of the mail body written for ``ps`` or ``patient``."""
    return next((obx for obx in message.all("OBX") if obx.get(3).strip() == BODIES[reader]), None)


def fin_note(message: Message) -> Segment | None:
    """The NTE that forbids the patient to reply: NTE-4 FIN among the notes of DESTMSSANTEPAT."""
    return next((note for note, obx in ended(message) if obx is not None and _for_patient(obx)), None)


def ended(message: Message) -> Iterator[tuple[Segment, Segment | None]]:
    """Every NTE whose NTE-4 is FIN, with the OBX it follows; None when it follows another segment."""
    before: Segment | None = None
    for segment in message.segments:
        if segment.name != "NTE":
            before = segment if segment.name == "OBX" else None
        elif segment.get(4).strip() == "FIN":
            yield segment, before


def _for_patient(obx: Segment) -> bool:
    return canonical(obx.get(3)) is Flag.DESTMSSANTEPAT
