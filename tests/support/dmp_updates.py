"""TD3.3 messages for tests, on the letter of :mod:`tests.support.dmp_lots` once it is registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from simulators.core.store.api import Tx
from simulators.core.xml import serialize
from simulators.dmp import registry_store as store
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Association, Code, DocumentEntry, Lot, SubmissionSet
from simulators.documents.xds.write import submit_objects_request
from tests.support.dmp_lots import AUTHOR, CONTENT_TYPE, SOURCE_ID, plain
from tests.support.dmp_messages import AIR, INDIRECT, INS, OTHER_INS, VihfPlan, envelope
from tests.support.dmp_room import NOW

OLD, OTHER_PATIENT, OTHER_AUTHOR, REPLACED, BY_PATIENT = (
    f"urn:uuid:00000000-0000-4000-8000-0000000001{number:02d}" for number in range(1, 6)
)
NORMAL = Code("N", "2.16.840.1.113883.5.25", "Normal")
VISIBILITY = "1.2.250.1.213.1.1.4.13"


def codes(*names: str) -> tuple[Code, ...]:
    """N and visibility codes."""
    return (NORMAL, *(Code(name, VISIBILITY, "Visibilité") for name in names))


def registered(unique: str = "0", **values: object) -> DocumentEntry:
    """The letter as the registry keeps it."""
    entry, _ = plain().documents[0]
    held = replace(
        entry,
        entry_id=OLD,
        logical_id=OLD,
        version="1",
        status=schemes.APPROVED,
        unique_id=f"1.2.250.1.999.9.1.2.{unique}",
    )
    return replace(held, **values)  # type: ignore[arg-type]


def register(tx: Tx, entry: DocumentEntry, matricule: str = INS) -> None:
    """Puts one entry into the registry."""
    store.add_document(tx, entry, matricule=matricule, submission_set="urn:uuid:0", sha256="", registered=NOW)


def register_all(tx: Tx, entry: DocumentEntry | None = None) -> None:
    """The document to change (``entry``), and those one must not."""
    elsewhere = replace(AUTHOR, institutions=(AUTHOR.institutions[0].replace("10B0999009", "10B0999025"),))
    register(tx, entry or registered())
    register(tx, _other("3", OTHER_PATIENT), OTHER_INS)
    register(tx, replace(_other("4", OTHER_AUTHOR), authors=(elsewhere,)))
    register(tx, replace(_other("5", REPLACED), status=schemes.DEPRECATED))
    register(tx, replace(_other("6", BY_PATIENT), class_code=Code("90", "1.2.250.1.213.1.1.4.1", "Patient")))


def _other(unique: str, uuid: str) -> DocumentEntry:
    return registered(unique, entry_id=uuid, logical_id=uuid)


def _envelope(lot: Lot, operation: str, vihf: VihfPlan) -> bytes:
    return envelope(operation, serialize(submit_objects_request(lot)).decode(), vihf)


def _set(number: int, patient_cx: str = "") -> SubmissionSet:
    return SubmissionSet(
        "SubmissionSet01",
        unique_id=f"1.2.250.1.999.9.1.1.{number}",
        source_id=SOURCE_ID,
        patient_id=patient_cx or plain().patient_cx,
        title="Lot fictif",
        authors=(AUTHOR,),
        content_type=CONTENT_TYPE,
        submission_time="20260105083000",
    )


def status(
    *targets: str,
    old: str = schemes.APPROVED,
    new: str = schemes.DELETED,
    vihf: VihfPlan = INDIRECT,
    number: int = 2,
    patient_cx: str = "",
) -> bytes:
    """TD3.3c, or TD3.3d by its statuses, unsigned."""
    slots = MappingProxyType({"OriginalStatus": (old,), "NewStatus": (new,)})
    ties = [
        Association(
            f"assoc{rank}",
            type=schemes.UPDATES_STATUS,
            source_object="SubmissionSet01",
            target_object=target,
            slots=slots,
        )
        for rank, target in enumerate(targets or (OLD,), start=1)
    ]
    return _envelope(Lot((_set(number, patient_cx),), (), tuple(ties)), "TD3.3c", vihf)


def metadata(
    entry: DocumentEntry | None = None,
    wanted: Sequence[Code] = codes("MASQUE_PS"),
    *,
    previous: str = "1",
    vihf: VihfPlan = AIR,
    number: int = 2,
) -> bytes:
    """TD3.3a or TD3.3b: ``entry`` as registered, with other confidentiality codes, unsigned."""
    sent = replace(entry or registered(), entry_id="Document01", confidentiality_codes=tuple(wanted))
    slots = MappingProxyType({"SubmissionSetStatus": ("Original",), "PreviousVersion": (previous,)})
    tie = Association(
        "assoc1", type=schemes.HAS_MEMBER, source_object="SubmissionSet01", target_object="Document01", slots=slots
    )
    return _envelope(Lot((_set(number),), (sent,), (tie,)), "TD3.3a", vihf)
