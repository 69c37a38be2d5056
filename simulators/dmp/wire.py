"""From replies and verdicts to the bytes of an HTTP answer: the one funnel of the DMP."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from simulators.core.exchange import Answer, Call
from simulators.core.rules import Finding, Rule, Verdict
from simulators.core.soap import (
    CONTENT_TYPE,
    FAULT_STATUS,
    FINDING_NAMESPACE,
    Attachment,
    MtomRefused,
    answer,
    fault_answer,
    parse_media_type,
    read_multipart,
    readable_message_id,
    write_multipart,
)
from simulators.core.world import identifier
from simulators.core.xml import XmlRefused, escape, parse
from simulators.dmp import td0_2, td0_3
from simulators.dmp.errors import ANSWERS, fault_code, form_of, registry_failure, sentence_of
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.operations import Operation
from simulators.dmp.rules import transport

VERDICT_HEADER: Final = "X-Sandbox-Verdict"
# Messages that cannot be read as far as their MessageID: their forced refusals must not quote it either.
_UNREADABLE: Final = (transport.XML, transport.MTOM, transport.VERSION)


def accepted(call: Call, request: DmpRequest, reply: Reply) -> Answer:
    """A reply in its envelope, HTTP 200."""
    fresh = identifier(call.tx, "dmp-message")
    envelope = answer(
        reply.body, action=reply.action, message_id=f"urn:uuid:{fresh}", relates_to=request.soap.message_id
    )
    return _packed(200, envelope, reply, fresh)


def refused(call: Call, operation: Operation | None, request: DmpRequest | None, verdict: Verdict, href: str) -> Answer:
    """A refusing verdict as wire bytes; ``href`` leads to the full verdict and is a header of every refusal."""
    finding = (verdict.refusing or verdict.findings)[0]
    form = form_of(finding.rule, operation if request is not None else None)
    headers = {VERDICT_HEADER: href}
    fresh = _fresh(call, href)
    if request is None or operation is None or form == "fault":
        made = _fault(call, operation, request, verdict, href)
        return Answer(made.status, made.body, {**made.headers, **headers})
    reply = _business(call, operation, request, verdict, form, fresh)
    message_id = f"urn:uuid:{_fresh(call, f'{href}#envelope')}"
    envelope = answer(reply.body, action=reply.action, message_id=message_id, relates_to=request.soap.message_id)
    made = _packed(200, envelope, reply, fresh)
    return Answer(made.status, made.body, {**made.headers, **headers})


def _business(
    call: Call, operation: Operation, request: DmpRequest, verdict: Verdict, form: str, fresh: uuid.UUID
) -> Reply:
    finding = verdict.refusing[0]
    if form == "ack":
        return td0_2.refusal(call, request, finding, sentence_of(finding), str(fresh))
    if form == "status":
        return td0_3.refusal(finding, sentence_of(finding))
    body = registry_failure(operation, verdict.refusing)
    return Reply(body, ANSWERS[operation.name], multipart=operation.multipart)


def _fault(call: Call, operation: Operation | None, request: DmpRequest | None, verdict: Verdict, href: str) -> Answer:
    rule = (verdict.refusing or verdict.findings)[0].rule
    fresh = _fresh(call, href)
    envelope = fault_answer(
        rule.short(),
        message_id=f"urn:uuid:{fresh}",
        relates_to=_relates_to(call, request, rule),
        code=fault_code(rule),
        subcode=rule.code,
        findings=_ordered(verdict),
        href=href,
    )
    envelope = _with_differences(envelope, call.marks.get("vihf_diff"))
    if operation is not None and operation.multipart:
        return _multipart(FAULT_STATUS, envelope, (), fresh)
    return Answer(FAULT_STATUS, envelope, {"Content-Type": CONTENT_TYPE})


def _ordered(verdict: Verdict) -> Sequence[Finding]:
    """What refuses first, then the warnings of the same message."""
    return (*verdict.refusing, *verdict.warnings)


def _with_differences(envelope: bytes, found: Mapping[str, Any] | None) -> bytes:
    """Adds what distinguishes this VIHF from the last accepted one of the structure to the Detail of a Fault."""
    if not found:
        return envelope
    pieces = [f'<Differences xmlns="{FINDING_NAMESPACE}" exchange="{int(found["number"])}">']
    for one in found["differences"]:
        values = "".join(f"<{k}>{escape(one[k] or '')}</{k}>" for k in ("where", "old", "new"))
        pieces.append(f"<Difference>{values}</Difference>")
    pieces.append("</Differences></soap:Detail>")
    return envelope.replace(b"</soap:Detail>", "".join(pieces).encode(), 1)


def _packed(status: int, envelope: bytes, reply: Reply, fresh: uuid.UUID) -> Answer:
    if not reply.multipart:
        return Answer(status, envelope, {"Content-Type": CONTENT_TYPE})
    parts = tuple(Attachment(part.content_id, part.data, part.mime) for part in reply.attachments)
    return _multipart(status, envelope, parts, fresh)


def _multipart(status: int, envelope: bytes, parts: Sequence[Attachment], fresh: uuid.UUID) -> Answer:
    content_type, body = write_multipart(envelope, parts, boundary=f"uuid:{fresh}")
    return Answer(status, body, {"Content-Type": content_type})


def _relates_to(call: Call, request: DmpRequest | None, rule: Rule) -> str | None:
    if rule in _UNREADABLE:
        return None
    return request.soap.message_id if request is not None else _message_id(call)


def _message_id(call: Call) -> str | None:
    """The MessageID of a message refused before it became a request."""
    content_type, body = call.arrival.headers.get("Content-Type", ""), call.arrival.body
    try:
        if content_type.lstrip()[:10].lower() == "multipart/":
            body = read_multipart(content_type, body).root.content
        charset = parse_media_type(content_type).charset
        return readable_message_id(parse(body, charset=charset))
    except (MtomRefused, XmlRefused, ValueError):
        return None


def _fresh(call: Call, href: str) -> uuid.UUID:
    """An identifier of a refusal: its link is unique in the world, and no transaction is open to count in."""
    digest = hashlib.sha256(f"{call.world.seed}:{call.world.epoch}:{href}".encode()).digest()
    return uuid.UUID(bytes=digest[:16], version=4)
