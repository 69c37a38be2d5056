"""The bodies of accepted registry and repository answers, in the prefixes of the field.

Refused ones are the funnel's (:mod:`simulators.dmp.errors`). Source: facts dmp §5.1, dmp-messages §5.5, §7.4 and §8.
Clients in the field cut the text of an answer, so prefixes and the order of attributes are part of the shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from simulators.core.rules import Finding, Level
from simulators.core.soap import include
from simulators.core.xml import NAMESPACES
from simulators.dmp.errors import PARTIAL, SUCCESS, registry_error_list

_RS, _QUERY, _RIM, _XDS = (NAMESPACES[prefix] for prefix in ("rs", "query", "rim", "xds"))
# Bound on the root whether used or not, as the field has them.
_QUERY_PREFIXES: Final[dict[str, str]] = {
    "ns2": _RS,
    "ns3": _QUERY,
    "ns4": _RIM,
    "ns5": NAMESPACES["lcm"],
    "ns6": NAMESPACES["hl7"],
}
_RETRIEVE_PREFIXES: Final[dict[str, str]] = {"ns2": _RS, "ns4": _XDS}


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One document of a retrieve answer; ``content_id`` names its MIME part, without ``<>``."""

    repository: str
    unique_id: str
    mime_type: str
    content_id: str


def registered() -> etree._Element:
    """``rs:RegistryResponse``, Success and empty."""
    return etree.Element(f"{{{_RS}}}RegistryResponse", {"status": SUCCESS}, nsmap={"ns2": _RS})


def found(objects: etree._Element) -> etree._Element:
    """``query:AdhocQueryResponse`` around a ``rim:RegistryObjectList``, whose children are counted."""
    attributes = {"startIndex": "0", "status": SUCCESS, "totalResultCount": str(len(objects))}
    root = etree.Element(f"{{{_QUERY}}}AdhocQueryResponse", attributes, nsmap=_QUERY_PREFIXES)
    root.append(objects)
    return root


def retrieved(documents: Sequence[Retrieved], missing: Sequence[Finding] = ()) -> etree._Element:
    """``xds:RetrieveDocumentSetResponse``: Success, or PartialSuccess when some documents are ``missing``."""
    root = etree.Element(f"{{{_XDS}}}RetrieveDocumentSetResponse", nsmap=_RETRIEVE_PREFIXES)
    status = PARTIAL if missing else SUCCESS
    response = etree.SubElement(root, f"{{{_RS}}}RegistryResponse", {"status": status})
    if missing:
        response.append(registry_error_list([replace(finding, level=Level.REFUSE) for finding in missing]))
    for document in documents:
        holder = etree.SubElement(root, f"{{{_XDS}}}DocumentResponse")
        _put(holder, "RepositoryUniqueId", document.repository)
        _put(holder, "DocumentUniqueId", document.unique_id)
        _put(holder, "mimeType", document.mime_type)
        etree.SubElement(holder, f"{{{_XDS}}}Document").append(include(document.content_id))
    return root


def _put(parent: etree._Element, name: str, value: str) -> None:
    etree.SubElement(parent, f"{{{_XDS}}}{name}").text = value
