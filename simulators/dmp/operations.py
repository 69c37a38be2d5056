"""The operations of the LPS interface as one list: body, service path, canonical Action, carrier.

Source: facts dmp §1.1 and §1.2. Which one a request is for is decided by the element in its Body alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from simulators.core.soap import Dispatch, SoapRequest
from simulators.core.xml import clark, text
from simulators.documents.xds.schemes import APPROVED, ARCHIVED, UPDATES_STATUS

BASE: Final = "/si-dmp-server/v2/services"
SERVICES: Final = ("patients", "patientsSpecific", "habilitations", "registry", "repository")
# A /v1 tree and a double slash are known from the field.
_PATH = re.compile(r"/si-dmp-server/v[12]/services/{1,2}(?P<service>[A-Za-z]+)/?")
GET_DOCUMENTS: Final = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the table. ``multipart``: its answers travel as multipart/related, Faults too."""

    name: str
    body: str
    service: str
    action: str
    other_actions: tuple[str, ...] = ()
    multipart: bool = False

    @property
    def path(self) -> str:
        return f"{BASE}/{self.service}"


TD0_2: Final = Operation(
    "TD0.2",
    "hl7:PRPA_IN201307UV02",
    "patients",
    "urn:hl7-org:v3:PRPA_IN201307UV02",
    ("urn:hl7-org:v3:PRPA_IN201308UV02",),
)
TD0_3: Final = Operation(
    "TD0.3",
    "hab:setAuthorization",
    "habilitations",
    "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization",
    ("urn:hl7-org:v3:setAuthorization",),
)
TD2_1: Final = Operation(
    "TD2.1",
    "xds:ProvideAndRegisterDocumentSetRequest",
    "repository",
    "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
    ("urn:ihe:iti:xds-b:2007:ProvideAndRegisterDocumentSet-b",),
)
TD3_1: Final = Operation(
    "TD3.1",
    "query:AdhocQueryRequest",
    "registry",
    "urn:ihe:iti:2007:RegistryStoredQuery",
    ("urn:ihe:iti:xds-b:2007:RegistryStoredQuery-b",),
)
TD3_1B: Final = Operation("TD3.1b", TD3_1.body, TD3_1.service, TD3_1.action, TD3_1.other_actions)
TD3_2: Final = Operation(
    "TD3.2",
    "xds:RetrieveDocumentSetRequest",
    "repository",
    "urn:ihe:iti:2007:RetrieveDocumentSet",
    ("urn:ihe:iti:xds-b:2007:RetrieveDocumentSet-b",),
    multipart=True,
)
TD3_3A: Final = Operation(
    "TD3.3a",
    "lcm:SubmitObjectsRequest",
    "registry",
    "urn:ihe:iti:2010:UpdateDocumentSet",
    ("urn:ihe:iti:xds-b:2007:UpdateDocumentSet-b",),
)
"""Metadata update. It carries TD3.3b too: only the registry knows whether a resent list of codes unmasks or reveals."""
TD3_3C: Final = Operation("TD3.3c", TD3_3A.body, TD3_3A.service, TD3_3A.action, TD3_3A.other_actions)
TD3_3D: Final = Operation("TD3.3d", TD3_3A.body, TD3_3A.service, TD3_3A.action, TD3_3A.other_actions)
UPDATES: Final = (TD3_3A, TD3_3C, TD3_3D)
OPERATIONS: Final = (TD0_2, TD0_3, TD2_1, TD3_1, TD3_1B, TD3_2, *UPDATES)
BY_NAME: Final = {operation.name: operation for operation in OPERATIONS}

_BY_CONTENT: Final = (TD3_1B, TD3_3C, TD3_3D)
_DISPATCH: Final = Dispatch({operation.body: operation for operation in OPERATIONS if operation not in _BY_CONTENT})


def find_operation(request: SoapRequest) -> Operation:
    """The operation of a request; GetDocuments with ObjectRef is the look-up of a reference, TD3.1b, and what an
    ITI-57 request updates tells which TD3.3 it is.

    Raises ``SoapRefused``.
    """
    operation = _DISPATCH.find(request)
    if operation is TD3_3A:
        return _update(request.body)
    return TD3_1B if operation is TD3_1 and _looks_up_reference(request.body) else operation


def service_of(path: str) -> str | None:
    """The service a path leads to, tolerated variants included; None for any other path."""
    match = _PATH.fullmatch(path)
    return match["service"] if match and match["service"] in SERVICES else None


def _looks_up_reference(body: etree._Element) -> bool:
    option = body.find(clark("query:ResponseOption"))
    query = body.find(clark("rim:AdhocQuery"))
    return (
        option is not None
        and query is not None
        and option.get("returnType") == "ObjectRef"
        and (query.get("id") or "").lower() == GET_DOCUMENTS
    )


def _update(body: etree._Element) -> Operation:
    """New metadata when there is an entry; else the first status asked for decides: what archives nothing deletes."""
    if next(body.iter(clark("rim:ExtrinsicObject")), None) is not None:
        return TD3_3A
    for element in body.iter(clark("rim:Association")):
        if element.get("associationType") == UPDATES_STATUS:
            wanted = next((text(value).strip() for value in _new_status(element)), "")
            return TD3_3D if wanted in (APPROVED, ARCHIVED) else TD3_3C
    return TD3_3C


def _new_status(association: etree._Element) -> list[etree._Element]:
    slots = (slot for slot in association.iterchildren(clark("rim:Slot")) if slot.get("name") == "NewStatus")
    return [value for slot in slots for value in slot.iter(clark("rim:Value"))]
