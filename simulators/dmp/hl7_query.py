"""The HL7 V3 query of TD0.2 as a value (facts dmp-messages §3.1). Prefixes and order of namespaces do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from simulators.core.xml import clark, text, where
from simulators.population.identifiers import INS_OIDS

_QUERY: Final = "hl7:controlActProcess/hl7:queryByParameter"
_VALUES: Final = f"{_QUERY}/hl7:parameterList/hl7:patientIdentifier/hl7:value"
_WANTED: Final = (
    *("hl7:id", "hl7:interactionId", "hl7:sender/hl7:device/hl7:id", "hl7:controlActProcess/hl7:reasonCode"),
    *(f"{_QUERY}/hl7:queryId", _VALUES),
)


@dataclass(frozen=True, slots=True)
class Id:
    """An II: root and extension as written, None when the attribute is absent."""

    root: str | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class PatientId:
    """The identifier asked about, and the XPath of its ``value`` element."""

    matricule: str
    oid: str
    at: str


@dataclass(frozen=True, slots=True)
class ExistenceQuery:
    """``missing`` are the paths of the mandatory elements that are not there, relative to ``at``, the root's XPath.

    ``reason_attributes`` are those of reasonCode, to be echoed in their order.
    """

    at: str
    missing: tuple[str, ...]
    id: Id
    query_id: Id
    sender: Id
    sender_name: str | None
    interaction: str
    reason: str
    reason_attributes: tuple[tuple[str, str], ...]
    patient: PatientId | None


def read_existence_query(body: etree._Element) -> ExistenceQuery:
    """Reads PRPA_IN201307UV02; never raises, what is missing is told."""
    reason = _find(body, "hl7:controlActProcess/hl7:reasonCode")
    interaction = _find(body, "hl7:interactionId")
    name = _find(body, "hl7:sender/hl7:device/hl7:softwareName")
    return ExistenceQuery(
        at=where(body),
        missing=tuple(path for path in _WANTED if _find(body, path) is None),
        id=_id(_find(body, "hl7:id")),
        query_id=_id(_find(body, f"{_QUERY}/hl7:queryId")),
        sender=_id(_find(body, "hl7:sender/hl7:device/hl7:id")),
        sender_name=None if name is None else text(name).strip(),
        interaction="" if interaction is None else interaction.get("extension", ""),
        reason="" if reason is None else reason.get("code", ""),
        reason_attributes=() if reason is None else tuple((str(k), str(v)) for k, v in reason.attrib.items()),
        patient=_patient(body),
    )


def _patient(body: etree._Element) -> PatientId | None:
    """The first INS among the values (an INS-C may stand beside it), else the first value."""
    values = body.findall("/".join(clark(step) for step in _VALUES.split("/")))
    chosen = next((value for value in values if value.get("root") in INS_OIDS), next(iter(values), None))
    if chosen is None:
        return None
    return PatientId(chosen.get("extension", "").strip(), chosen.get("root", "").strip(), where(chosen))


def _find(body: etree._Element, path: str) -> etree._Element | None:
    return body.find("/".join(clark(step) for step in path.split("/")))


def _id(element: etree._Element | None) -> Id:
    return Id() if element is None else Id(element.get("root"), element.get("extension"))
