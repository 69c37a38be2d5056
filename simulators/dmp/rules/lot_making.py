"""How the rules of a lot are written down, and the places of the lot their examples quote."""

from __future__ import annotations

from functools import partial
from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule
from simulators.dmp.rules.making import BODY, rule
from simulators.documents.xds import schemes

METADATA: Final = "XDSRegistryMetadataError"
REPOSITORY: Final = "XDSRepositoryMetadataError"
REPOSITORY_ERROR: Final = "XDSRepositoryError"
UNRESOLVED: Final = "UnresolvedReferenceException"

ITI_41: Final = "IHE ITI TF-2 §3.41, TF-3 §4.2"
MAPPING: Final = "ANS, transmission d'un document CDA en HL7v2, correspondances XDS"
PDSM: Final = "ANS, PDSm pour le DMP"
IPF: Final = "IHE ITI TF-3 §4.2.4, as implemented by IPF"
TRACKER: Final = "SEL-MP-037, quoted second hand by a homologation tracker"

REQUEST: Final = f"{BODY}/xds:ProvideAndRegisterDocumentSetRequest"
LIST: Final = f"{REQUEST}/lcm:SubmitObjectsRequest/rim:RegistryObjectList"
SET: Final = f"{LIST}/rim:RegistryPackage"
ENTRY: Final = f"{LIST}/rim:ExtrinsicObject[1]"
SIGNATURE: Final = f"{LIST}/rim:ExtrinsicObject[2]"
DOCUMENT: Final = f"{REQUEST}/xds:Document[1]"
SEAL: Final = f"{REQUEST}/xds:Document[2]"
"""The documents of the examples stand in the message itself (base64): in an MTOM package the places inside them begin
with ``part[n]`` instead."""


def registry_rule(
    family: str,
    id: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    source: str,
    grade: Grade,
    example: Example,
    code: str = METADATA,
    level: Level = Level.REFUSE,
    strict: Level | None = None,
    national: str | None = None,
    kind: str = "message",
    needs: tuple[str, ...] = (),
    switchable: bool = True,
) -> Rule:
    """A rule whose refusal is a RegistryResponse, ``DMP-<family>-<id>``; ``needs`` are of the same family. A warning
    that has a ``strict`` level refuses there."""
    return rule(
        f"{family}-{id}",
        looks_at,
        fr,
        en,
        mend_fr,
        mend_en,
        source=source,
        grade=grade,
        code=code,
        level=level,
        strict=strict,
        national=national,
        form="registry",
        kind=kind,
        needs=tuple(f"{family}-{need}" for need in needs),
        switchable=switchable,
        example=example,
    )


lot_rule: Final = partial(registry_rule, "LOT")
"""A rule of TD2.1."""


def slot(name: str, owner: str = ENTRY) -> str:
    """XPath of the only value of a slot."""
    return f"{owner}/rim:Slot[@name='{name}']/rim:ValueList/rim:Value"


def classified(scheme: str, owner: str = ENTRY) -> str:
    """XPath of the only classification of a scheme."""
    return f"{owner}/rim:Classification[@classificationScheme='{scheme}']"


def identified(scheme: str, owner: str = ENTRY) -> str:
    """XPath of the value of an external identifier."""
    return f"{owner}/rim:ExternalIdentifier[@identificationScheme='{scheme}']/@value"


def author_slot(name: str, owner: str = ENTRY, scheme: str = schemes.ENTRY_AUTHOR) -> str:
    """XPath of the only value of a slot of the author."""
    return slot(name, classified(scheme, owner))
