"""TD3.2, retrieve (ITI-43): several documents in one call, bytes from the MIME parts (facts, dmp-messages 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from tests.interop.python import mtom
from tests.interop.python.names import RS, XDS, default
from tests.interop.python.soap import Answer, Unreadable, require_success


@dataclass(frozen=True)
class Retrieved:
    """A document that came back."""

    unique_id: str
    mime_type: str
    content: bytes


def request(wanted: Iterable[tuple[str, str]]) -> etree._Element:
    """Body for the pairs (repositoryUniqueId, uniqueId) of ``wanted``."""
    root = etree.Element(f"{{{XDS}}}RetrieveDocumentSetRequest", nsmap=default(XDS))
    for repository, unique_id in wanted:
        one = etree.SubElement(root, f"{{{XDS}}}DocumentRequest")
        etree.SubElement(one, f"{{{XDS}}}RepositoryUniqueId").text = repository
        etree.SubElement(one, f"{{{XDS}}}DocumentUniqueId").text = unique_id
    return root


def read(answer: Answer) -> list[Retrieved]:
    """Documents of an answer, in its order. Raises RegistryFailure, Unreadable, MimeError."""
    status = answer.body.find(f"{{{RS}}}RegistryResponse")
    if status is None:
        raise Unreadable("RetrieveDocumentSetResponse without RegistryResponse")
    require_success(status)
    return [_document(one, answer.parts) for one in answer.body.findall(f"{{{XDS}}}DocumentResponse")]


def _document(one: etree._Element, parts: mtom.Parts) -> Retrieved:
    holder = one.find(f"{{{XDS}}}Document")
    if holder is None:
        raise Unreadable("DocumentResponse without Document")
    unique_id = one.findtext(f"{{{XDS}}}DocumentUniqueId", "")
    return Retrieved(unique_id, one.findtext(f"{{{XDS}}}mimeType", ""), mtom.resolve(holder, parts))
