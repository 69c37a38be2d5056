"""The next version of a CDA: the same document under another identifier, which says what it replaces.

In indirect authentication nobody masks or shows a document by TD3.3: its author replaces it, with other visibility
codes (facts dmp §1.13). Order of the children: HL7 CDA R2.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lxml import etree

from simulators.core.xml import clark, parse, serialize
from simulators.documents.xds.values import write_ts

_AFTER: Final = tuple(map(clark, ("hl7:authorization", "hl7:componentOf", "hl7:component")))


def next_version(cda: bytes, unique_id: str, now: datetime, *, replaced: str) -> bytes:
    """``cda`` as ``unique_id`` (an OID), written at ``now``, instead of the document ``replaced``
    (``root`` or ``root^extension``). Raises ``XmlRefused``."""
    root = parse(cda)
    identifier = _child(root, "id")
    if identifier.get("extension") is not None:
        del identifier.attrib["extension"]
    identifier.set("root", unique_id)
    _child(root, "effectiveTime").set("value", write_ts(now))
    version = root.find(clark("hl7:versionNumber"))
    if version is not None and version.get("value", "").isdecimal():
        version.set("value", str(int(version.get("value", "")) + 1))
    _relate(root, replaced)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + serialize(root)


def _child(root: etree._Element, name: str) -> etree._Element:
    found = root.find(clark(f"hl7:{name}"))
    return etree.SubElement(root, clark(f"hl7:{name}")) if found is None else found


def _relate(root: etree._Element, replaced: str) -> None:
    """Says it replaces that one, and nothing else any more."""
    for old in root.findall(clark("hl7:relatedDocument")):
        root.remove(old)
    related = etree.Element(clark("hl7:relatedDocument"), {"typeCode": "RPLC"})
    number, _, extension = replaced.partition("^")
    told = {"root": number, **({"extension": extension} if extension else {})}
    etree.SubElement(etree.SubElement(related, clark("hl7:parentDocument")), clark("hl7:id"), told)
    after = next((child for child in root if child.tag in _AFTER), None)
    if after is None:
        root.append(related)
    else:
        after.addprevious(related)
