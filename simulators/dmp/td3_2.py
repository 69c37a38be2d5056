"""TD3.2, retrieving (ITI-43): the exact bytes, in a multipart answer (facts dmp §1.12, dmp-messages §8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lxml import etree

from simulators.core.exchange import Call
from simulators.core.rules import Finding, Level, Verdict
from simulators.core.world import identifier
from simulators.core.xml import clark, text, where
from simulators.dmp import registry_store as store
from simulators.dmp.errors import ANSWERS
from simulators.dmp.model import Attachment, DmpRequest, Reply
from simulators.dmp.registry_store import Stored
from simulators.dmp.rules import retrieve as rules
from simulators.dmp.visibility import Reader
from simulators.dmp.xds_answer import Retrieved, retrieved

DOMAIN: Final = "urn:ihe:iti:xds-b:2007"


def retrieve_document_set(call: Call, request: DmpRequest) -> Reply:
    """Success when all are found, PartialSuccess when some are, a refusal when none is. Raises ``Refused``."""
    body = request.soap.body
    reader = Reader(request, call.world.policy)
    case = rules.Retrieval(tuple(_asked(call, request, body, reader)), where(body), call.world.policy)
    call.judge([rules.empty], case)
    call.keys |= {f"document:{asked.unique_id}" for asked in case.asked}
    missing = [finding for asked in case.asked if (finding := rules.missing(case, asked)) is not None]
    present = [asked for asked in case.asked if rules.missing(case, asked) is None]
    if not present:
        call.find(*missing)
    call.verdict = call.verdict + Verdict(tuple(replace(finding, level=Level.WARN) for finding in missing))
    return _reply(call, request, present, [rules.as_registry_error(finding) for finding in missing])


def _asked(call: Call, request: DmpRequest, body: etree._Element, reader: Reader) -> Iterator[rules.Asked]:
    matricule = request.vihf.patient[0] if request.vihf.patient else ""
    for element in body.iterchildren(clark("xds:DocumentRequest")):
        repository, repository_at = _child(element, "RepositoryUniqueId")
        unique_id, unique_id_at = _child(element, "DocumentUniqueId")
        stored = store.current(call.tx, unique_id) if unique_id else None
        if stored is not None and (stored.matricule != matricule or not reader.may_read(stored)):
            stored = None
        yield rules.Asked(repository, unique_id, repository_at, unique_id_at, stored)


def _child(element: etree._Element, name: str) -> tuple[str, str]:
    found = element.find(clark(f"xds:{name}"))
    return (text(found).strip(), where(found)) if found is not None else ("", f"{where(element)}/xds:{name}")


def _reply(call: Call, request: DmpRequest, present: list[rules.Asked], missing: list[Finding]) -> Reply:
    fresh = identifier(call.tx, "dmp-part")
    documents: list[Retrieved] = []
    attachments: list[Attachment] = []
    for number, asked in enumerate(present, start=1):
        stored: Stored | None = asked.stored
        assert stored is not None
        content_id = f"{fresh}-{number}@{DOMAIN}"
        mime = stored.entry.mime_type or "text/xml"
        documents.append(Retrieved(asked.repository, asked.unique_id, mime, content_id))
        attachments.append(Attachment(content_id, call.tx.blob_bytes(stored.sha256)))
    body = retrieved(documents, missing)
    return Reply(body, ANSWERS[request.operation], tuple(attachments), multipart=True)
