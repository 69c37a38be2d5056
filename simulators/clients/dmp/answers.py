"""Reads what the DMP answers: faults, registry errors, the five answers, multipart ones included."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from simulators.clients.transport import HttpAnswer
from simulators.core.soap import FINDING_NAMESPACE, MtomLimits, MtomRefused, Multipart, read_multipart
from simulators.core.soap.mtom import is_multipart
from simulators.core.xml import NAMESPACES, XmlRefused, parse, text

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
OURS = FINDING_NAMESPACE
LIMITS = MtomLimits(parts=10_000)
_COUNT = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class DmpAnswer:
    """``outcome`` is ``accepted`` or ``refused``; ``code`` and ``text`` are the protocol's own words;
    ``rule`` is our finding's, when the answer tells it; ``values`` holds what the operation found
    (``state``, ``authorisation``, ``count``, ``status``...); ``documents`` the bytes by uniqueId."""

    outcome: str
    http: int
    code: str = ""
    text: str = ""
    rule: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    body: bytes = b""


def read_answer(answer: HttpAnswer) -> DmpAnswer:
    """Whatever came, without raising; an answer that is no SOAP is a refusal with the HTTP status as its code."""
    try:
        multipart = _multipart(answer)
        root = parse(answer.body if multipart is None else multipart.root.content)
    except (MtomRefused, XmlRefused) as problem:
        return DmpAnswer("refused", answer.status, f"HTTP {answer.status}", str(problem), body=answer.body)
    fault = root.find(".//soap:Fault", dict(NAMESPACES))
    if fault is not None:
        return _fault(fault, answer)
    body = root.find("soap:Body", dict(NAMESPACES))
    content = None if body is None else next(body.iterchildren("*"), None)
    if content is None:
        return DmpAnswer("refused", answer.status, f"HTTP {answer.status}", "no SOAP body", body=answer.body)
    return _content(content, multipart, answer)


def _multipart(answer: HttpAnswer) -> Multipart | None:
    kind = answer.headers.get("content-type", "")
    return read_multipart(kind, answer.body, limits=LIMITS) if is_multipart(kind) else None


def _content(content: etree._Element, multipart: Multipart | None, answer: HttpAnswer) -> DmpAnswer:
    name = etree.QName(content).localname
    if name == "PRPA_IN201308UV02":
        return _existence(content, answer)
    if name == "setAuthorizationResponse":
        status = content.findtext(".//hab:status", "", dict(NAMESPACES))
        context = content.findtext(".//hab:context", "", dict(NAMESPACES))
        outcome = "accepted" if status == "DMPOk" else "refused"
        return DmpAnswer(outcome, answer.status, status, context or "", values={"status": status}, body=answer.body)
    return _registry(content, multipart, answer)


def _fault(fault: etree._Element, answer: HttpAnswer) -> DmpAnswer:
    names = dict(NAMESPACES)
    code = fault.findtext("soap:Code/soap:Subcode/soap:Value", "", names) or fault.findtext(
        "soap:Code/soap:Value", "", names
    )
    reason = fault.findtext("soap:Reason/soap:Text", "", names)
    rule = fault.findtext(f"soap:Detail/{{{OURS}}}Finding/{{{OURS}}}rule", "", names)
    return DmpAnswer("refused", answer.status, code or "", reason or "", rule or "", body=answer.body)


def _existence(content: etree._Element, answer: HttpAnswer) -> DmpAnswer:
    names = dict(NAMESPACES)

    def attribute(path: str, name: str = "code") -> str:
        found = content.find(path, names)
        return found.get(name, "") if found is not None else ""

    if attribute("hl7:acknowledgement", "typeCode") != "AA":
        detail = ".//hl7:acknowledgementDetail"
        reason = content.findtext(f"{detail}/hl7:text", "", names)
        return DmpAnswer("refused", answer.status, attribute(f"{detail}/hl7:code"), reason or "", body=answer.body)
    found = attribute(".//hl7:queryResponseCode")
    state = attribute(".//hl7:patient/hl7:statusCode") if found == "OK" else "none"
    values = {"state": state, "authorisation": attribute("hl7:attentionLine/hl7:value")}
    return DmpAnswer("accepted", answer.status, "AA", values=values, body=answer.body)


def _registry(content: etree._Element, multipart: Multipart | None, answer: HttpAnswer) -> DmpAnswer:
    names = dict(NAMESPACES)
    holder = content.find("rs:RegistryResponse", names)
    status = (holder if holder is not None else content).get("status", "")
    error = content.find(".//rs:RegistryError", names)
    code, context = (error.get("errorCode", ""), error.get("codeContext", "")) if error is not None else ("", "")
    values: dict[str, object] = {"status": status.rsplit(":", 1)[-1]}
    entries = _ids(content, "ExtrinsicObject") or _ids(content, "ObjectRef")
    counted = content.get("totalResultCount")
    if counted is not None:
        values |= {"count": int(counted) if _COUNT.fullmatch(counted) else counted, "entries": entries}
    said, _, rule = context.rpartition(" | ")
    return DmpAnswer(
        "accepted" if status == SUCCESS else "refused",
        answer.status,
        code,
        said or context,
        rule if said else "",
        values,
        _documents(content, multipart),
        answer.body,
    )


def _ids(content: etree._Element, name: str) -> list[str]:
    return [found.get("id", "") for found in content.iter(f"{{{NAMESPACES['rim']}}}{name}")]


def _documents(content: etree._Element, multipart: Multipart | None) -> dict[str, bytes]:
    """By uniqueId the bytes of its attachment; a document whose attachment is missing is left out."""
    names = dict(NAMESPACES)
    found: dict[str, bytes] = {}
    for response in content.iterfind("xds:DocumentResponse", names):
        include = response.find("xds:Document/xop:Include", names)
        unique_id = response.find("xds:DocumentUniqueId", names)
        if include is None or unique_id is None or multipart is None:
            continue
        part = multipart.part(unquote(include.get("href", "").removeprefix("cid:")))
        if part is not None:
            found[text(unique_id).strip()] = part.content
    return found
