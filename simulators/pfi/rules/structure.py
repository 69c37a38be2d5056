"""Which segments there are, how often and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Finding
from simulators.documents.hl7.places import more_documents
from simulators.pfi.rules.making import OLD, STANDARD, WARN, rule
from simulators.pfi.rules.subject import Subject

_HEAD: Final = ("MSH", "SFT", "UAC", "EVN", "PID", "PD1", "NK1", "PV1", "PV2", "ORC", "OBR", "TXA", "OBX")
_SAME: Final = {"TQ1": "OBR", "TQ2": "OBR", "CTD": "OBR", "PRT": "OBX"}
_ANYWHERE: Final = frozenset({"NTE"})
_ONLY: Final = {"MDM": {"UAC", "EVN", "TXA"}, "ORU": {"PD1", "NK1", "PV2", "CTD"}}
_REQUIRED: Final = {
    "MDM": ("EVN", "PID", "PV1", "ORC", "OBR", "TXA", "OBX", "PRT"),
    "ORU": ("PID", "ORC", "OBR", "OBX", "PRT"),
}
_SINGLE: Final = ("EVN", "PID", "PV1", "ORC", "OBR", "TXA")

MISSING = rule(
    "SEGMENT-MISSING",
    "100",
    "segments",
    ("un segment obligatoire manque", "a required segment is missing"),
    (
        "ajoutez-le à sa place ; EVN et TXA pour MDM, PID, ORC, OBR, OBX et au moins un PRT toujours",
        "add it at its place; EVN and TXA for MDM, PID, ORC, OBR, OBX and at least one PRT always",
    ),
    ("TXA", "", "TXA"),
    needs=OLD,
)
REPEATED = rule(
    "SEGMENT-REPEATED",
    "198",
    "segments",
    ("un segment unique est répété", "a segment that must be alone is repeated"),
    ("un patient, une demande et un document par message", "one patient, one order and one document a message"),
    ("ORC[2]", "2", "1"),
)
ORDER = rule(
    "SEGMENT-ORDER",
    "100",
    "segments",
    ("un segment n'est pas à sa place", "a segment is out of its place"),
    (
        "MSH EVN PID PV1 ORC OBR TXA OBX PRT... OBX... (MDM) ; MSH PID PV1 ORC OBR OBX PRT... OBX... (ORU)",
        "MSH EVN PID PV1 ORC OBR TXA OBX PRT... OBX... (MDM); MSH PID PV1 ORC OBR OBX PRT... OBX... (ORU)",
    ),
    ("ORC", "after TXA", "before TXA"),
    needs=OLD,
)
UNKNOWN = rule(
    "SEGMENT-UNKNOWN",
    "199",
    "segments",
    ("segment étranger à la structure : il est ignoré", "a segment foreign to the structure: it is ignored"),
    ("retirez-le, ou vérifiez son nom", "remove it, or check its name"),
    ("ZZZ", "ZZZ", "a segment of MDM_T02"),
    level=WARN,
    source="HL7 v2.6 ch. 2.8: receivers ignore what they do not know",
    grade=STANDARD,
)
DOCUMENTS = rule(
    "DOCUMENT-COUNT",
    "198",
    "OBX",
    ("le message porte plus d'un document", "the message carries more than one document"),
    (
        "un document par MDM ; l'ORU à deux documents (N1 et N3) est hors du Ségur vague 2 : PDF dans le CDA N3",
        "one document a MDM; the ORU with two documents (N1 and N3) is out of Ségur wave 2: PDF inside the CDA N3",
    ),
    ("OBX[2]", "11490-0", "one document"),
)
PRT_PLACE = rule(
    "PRT-PLACE",
    "100",
    "PRT",
    ("un PRT ne suit pas l'OBX du document", "a PRT does not follow the OBX of the document"),
    ("placez tous les PRT juste après le premier OBX", "put all PRT right after the first OBX"),
    ("PRT[4]", "after OBX 2", "after OBX 1"),
    needs=("PFI-DOCUMENT-COUNT",),
)
RULES = (MISSING, REPEATED, UNKNOWN, ORDER, DOCUMENTS, PRT_PLACE)


def missing(subject: Subject) -> Iterator[Finding]:
    for name in _REQUIRED[subject.transmission.kind]:
        if subject.message.first(name) is None:
            yield MISSING.finding(name, found="", expected=name)


def repeated(subject: Subject) -> Iterator[Finding]:
    for name in _SINGLE:
        found = subject.message.all(name)
        if len(found) > 1:
            yield REPEATED.finding(found[1].where(), found=len(found), expected="1")


def unknown(subject: Subject) -> Iterator[Finding]:
    kind = subject.transmission.kind
    known = {*_HEAD, *_SAME, *_ANYWHERE} - _ONLY["ORU" if kind == "MDM" else "MDM"]
    structure = "MDM_T02" if kind == "MDM" else "ORU_R01"
    for segment in subject.message.segments:
        if segment.name not in known:
            yield UNKNOWN.finding(segment.where(), found=segment.name, expected=f"a segment of {structure}")


def order(subject: Subject) -> Iterator[Finding]:
    """The first segment that stands after one it should precede; a repeated one is told elsewhere."""
    last = "MSH"
    for segment in subject.message.segments:
        name = _SAME.get(segment.name, segment.name)
        if name not in _HEAD or (segment.name in _SINGLE and segment.occurrence > 1):
            continue
        if _HEAD.index(name) < _HEAD.index(last):
            yield ORDER.finding(segment.where(), found=f"after {last}", expected=f"before {last}")
            return
        last = name


def documents(subject: Subject) -> Iterator[Finding]:
    extra = more_documents(subject.message, from_mail=subject.transmission.from_mail)
    for obx in extra[:1]:
        yield DOCUMENTS.finding(obx.where(), found=obx.get(3), expected="one document")


def participations(subject: Subject) -> Iterator[Finding]:
    count = 0
    for segment in subject.message.segments if subject.obx is not None else ():
        count += segment.name == "OBX"
        if segment.name == "PRT" and count != 1:
            yield PRT_PLACE.finding(segment.where(), found=f"after OBX {count}", expected="after OBX 1")


CHECKS = (missing, repeated, unknown, order, documents, participations)
