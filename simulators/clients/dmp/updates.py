"""ITI-57 requests: status updates and new versions of metadata (dmp-messages §9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from lxml import etree

from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, Code, DocumentEntry, Lot, SubmissionSet
from simulators.documents.xds.write import submit_objects_request

MASKED: Final = "MASQUE_PS"
FROM_PATIENT: Final = "INVISIBLE_PATIENT"
FROM_GUARDIANS: Final = "INVISIBLE_REPRESENTANTS_LEGAUX"
FLAGS: Final[Mapping[str, Code]] = {
    code: Code(code, "1.2.250.1.213.1.1.4.13", label)
    for code, label in (
        (MASKED, "Masqué aux professionnels de santé"),
        (FROM_PATIENT, "Non visible par le patient"),
        (FROM_GUARDIANS, "Non visible par les représentants légaux du patient"),
    )
}
"""The visibility codes of JDV_J58, in the order in which they are written."""


def with_flags(codes: Sequence[Code], flags: Collection[str]) -> tuple[Code, ...]:
    """``codes`` with these visibility codes and no other; the ordinary ones stay. Raises ``ValueError``."""
    unknown = set(flags) - FLAGS.keys()
    if unknown:
        raise ValueError(f"no visibility code: {', '.join(sorted(unknown))}; known: {', '.join(FLAGS)}")
    return (*(code for code in codes if code.code not in FLAGS), *(FLAGS[name] for name in FLAGS if name in flags))


def status_update(
    submission: SubmissionSet, entry_uuid: str, old: str, new: str, wrong: Mapping[str, str]
) -> etree._Element:
    """TD3.3c or TD3.3d by its statuses. ``wrong`` replaces ``OriginalStatus``, ``NewStatus``, ``targetObject`` or
    ``sourceObject``."""
    slots = {
        "OriginalStatus": (wrong.get("OriginalStatus", old),),
        "NewStatus": (wrong.get("NewStatus", new),),
    }
    tie = Association(
        "association1",
        type=schemes.UPDATES_STATUS,
        source_object=wrong.get("sourceObject", submission.entry_id),
        target_object=wrong.get("targetObject", entry_uuid),
        slots=slots,
    )
    return submit_objects_request(Lot((submission,), (), (tie,)))


def metadata_update(
    submission: SubmissionSet, entry: DocumentEntry, codes: Sequence[Code], wrong: Mapping[str, str]
) -> etree._Element:
    """TD3.3a or TD3.3b: ``entry`` as a search returned it, with other confidentiality codes. ``wrong`` replaces
    ``PreviousVersion`` or ``lid``."""
    sent = replace(
        entry,
        entry_id="Document01",
        logical_id=wrong.get("lid", entry.logical_id),
        confidentiality_codes=tuple(codes),
        source=None,
    )
    version = wrong.get("PreviousVersion", entry.version or "1")
    tie = Association(
        "assoc1",
        type=schemes.HAS_MEMBER,
        source_object=submission.entry_id,
        target_object=sent.entry_id,
        slots={"SubmissionSetStatus": ("Original",), "PreviousVersion": (version,)},
    )
    return submit_objects_request(Lot((submission,), (sent,), (tie,)))
