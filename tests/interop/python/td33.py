"""TD3.3c, deletion (ITI-57): one UpdateAvailabilityStatus in a fresh SubmissionSet (facts, dmp-messages 9.1)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from lxml import etree

from tests.interop.python.ebrim import Lot, slot
from tests.interop.python.identity import Identity
from tests.interop.python.metadata import Author
from tests.interop.python.names import DELETED, LCM, RIM, UPDATE_STATUS
from tests.interop.python.td21 import DAY_HOSPITAL


def delete(who: Identity, entry_uuid: str, status: str) -> etree._Element:
    """The SubmitObjectsRequest that takes the entry from ``status`` to Deleted."""
    number = uuid.uuid4().int >> 64  # an OID has 64 characters at most
    body = etree.Element(f"{{{LCM}}}SubmitObjectsRequest", nsmap={"lcm": LCM})
    writer = Lot(body)
    writer.package(
        "suppression", unique_id=f"{who.root}.1.{number}", source_id=who.root, patient_id=who.patient.cx,
        time=datetime.now(UTC).strftime("%Y%m%d%H%M%S"), title="Suppression", content_type=DAY_HOSPITAL,
        author=Author(who.professional.xcn, who.structure.xon, who.professional.specialty_ce),
    )  # fmt: skip
    ends = {"associationType": UPDATE_STATUS, "sourceObject": "suppression", "targetObject": entry_uuid}
    association = etree.SubElement(writer.list, f"{{{RIM}}}Association", {"id": "as1", **ends})
    slot(association, "OriginalStatus", [status])
    slot(association, "NewStatus", [DELETED])
    return body
